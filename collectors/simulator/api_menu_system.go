package simulator

import (
	"strconv"
	"strings"
	"time"
)

// canary stands in every field that holds a secret: whoever reads it has asked for too much.
const canary = "canary-of-a-secret"

// systemMenus are about the router itself.
func systemMenus() map[string]apiMenu {
	return map[string]apiMenu{
		"/system/clock":          {print: printClock},
		"/system/package/update": {print: printPackageUpdate},
		"/system/ntp/client":     {print: printNTP},
		"/system/ups":            {print: printUPS, monitor: monitorUPS, picked: true, on: with("ups")},
		"/system/gps":            {print: printGPS, monitor: monitorGPS, on: with("gps")},
		"/ip/dns":                {print: printDNS},
		"/ip/dns/adlist":         {print: printAdlists, on: since7(15)},
		"/ip/cloud":              {print: printCloud, on: func(r *Router) bool { return r.model.product != "" }},
		"/tool/netwatch":         {print: printNetwatch},
		"/routing/stats/process": {print: printRoutingProcesses, on: since7(0)},
		"/dude":                  {print: printDude, on: with("dude")},
	}
}

// grown is a counter that began with the boot: so much a second on an average day.
func (v *view) grown(seed uint64, perSecond float64) uint64 {
	return uint64(perSecond * volume(hash(v.router.seed, seed), v.effort()))
}

// offset is how far the router's clock is ahead of UTC: one in three was never told its time zone.
func (r *Router) offset() time.Duration {
	return [...]time.Duration{3 * time.Hour, 0, 5*time.Hour + 30*time.Minute}[r.index%3]
}

func printClock(v *view, row *apiRow, emit func()) {
	offset := v.router.offset()
	now := time.UnixMilli(v.now).UTC().Add(offset)
	row.string("time", now.Format(time.TimeOnly))
	if v.router.model.atLeast(7, 10) {
		row.string("date", now.Format(time.DateOnly))
	} else {
		row.string("date", strings.ToLower(now.Format("Jan/02/2006")))
	}
	row.flag("time-zone-autodetect", true)
	row.string("time-zone-name", [...]string{"Africa/Nairobi", "manual", "Asia/Kolkata"}[v.router.index%3])
	row.string("gmt-offset", time.Time{}.In(time.FixedZone("", int(offset.Seconds()))).Format("-07:00"))
	row.flag("dst-active", false)
	emit()
}

// printPackageUpdate: what the router found when somebody last let it look, if ever.
func printPackageUpdate(v *view, row *apiRow, emit func()) {
	m := v.router.model
	row.string("channel", m.channel)
	row.string("installed-version", m.version)
	switch v.router.seed % 3 {
	case 0:
		row.string("latest-version", m.version)
		row.string("status", "System is already up to date")
	case 1:
		row.string("latest-version", m.successor())
		row.string("status", "New version is available")
	}
	emit()
}

func (m *model) successor() string {
	if m.atLeast(7, 0) {
		return "7.20.7"
	}
	return "6.49.19"
}

func printNTP(v *view, row *apiRow, emit func()) {
	server := [4]byte{192, 0, 2, byte(1 + v.router.seed%4)}
	off := v.wave(hash(v.router.seed, 701), 240_000) - 0.5
	row.flag("enabled", true)
	row.string("mode", "unicast")
	if !v.router.model.atLeast(7, 0) {
		row.address("primary-ntp", server)
		row.address("secondary-ntp", [4]byte{})
		row.address("active-server", server)
		row.string("poll-interval", "15m")
		row.begin("last-adjustment")
		row.text = appendMicroseconds(row.text, int64(off*9_000))
		row.end()
		emit()
		return
	}
	row.address("servers", server)
	row.string("vrf", "main")
	row.float("freq-drift", off*40, 3, " PPM")
	if v.uptime() < 90_000 {
		row.string("status", "waiting")
		emit()
		return
	}
	row.string("status", "synchronized")
	row.address("synced-server", server)
	row.number("synced-stratum", int64(1+v.router.seed%3))
	row.float("system-offset", off*6, 3, " ms")
	emit()
}

// appendMicroseconds writes a short time as RouterOS does, -2ms481us.
func appendMicroseconds(b []byte, us int64) []byte {
	if us < 0 {
		b, us = append(b, '-'), -us
	}
	if us >= 1000 {
		b = append(strconv.AppendInt(b, us/1000, 10), "ms"...)
	}
	if us%1000 != 0 || us == 0 {
		b = append(strconv.AppendInt(b, us%1000, 10), "us"...)
	}
	return b
}

func printUPS(v *view, row *apiRow, emit func()) {
	row.id(1)
	row.string("name", "ups1")
	row.string("port", "usbhid1")
	row.string("offline-time", "0s")
	row.string("min-runtime", "never")
	row.string("alarm-setting", "immediate")
	row.string("model", "Back-UPS BX1600MI")
	row.string("version", "FW:295202G -302202G")
	row.begin("serial")
	row.text = strconv.AppendUint(append(row.text, "9B"...), hash(v.router.seed, 702)%1e10, 10)
	row.end()
	row.string("manufacture-date", "2023/04/18")
	row.number("nominal-battery-voltage", 24)
	row.flag("on-line", true)
	row.number("load", v.upsLoad())
	row.flag("invalid", false)
	row.flag("disabled", false)
	emit()
}

func (v *view) upsLoad() int64 { return int64(12 + 14*v.wave(hash(v.router.seed, 703), 60_000)) }

func monitorUPS(v *view, row *apiRow, emit func()) {
	row.string("name", "ups1")
	row.hide()
	row.flag("on-line", true)
	row.flag("on-battery", false)
	row.string("transfer-cause", "")
	row.flag("rtc-running", false)
	row.duration("runtime-left", 5_400_000-v.upsLoad()*60_000)
	row.string("offline-after", "0s")
	row.number("battery-charge", 100)
	row.float("battery-voltage", 27.1+0.3*v.wave(hash(v.router.seed, 704), 90_000), 1, "")
	row.float("line-voltage", 228+9*v.wave(hash(v.router.seed, 705), 45_000), 1, "")
	row.number("output-voltage", 230)
	row.number("load", v.upsLoad())
	row.string("temperature", "31.4")
	row.string("frequency", "50")
	row.flag("replace-battery", false)
	row.flag("smart-boost", false)
	row.flag("smart-trim", false)
	row.flag("overload", false)
	row.flag("low-battery", false)
	emit()
}

func printGPS(_ *view, row *apiRow, emit func()) {
	row.flag("enabled", true)
	row.string("port", "usb1")
	row.string("channel", "0")
	row.string("init-string", "")
	row.flag("set-system-time", false)
	emit()
}

// monitorGPS: the position in degrees with a sign, as with coordinate-format dd. A receiver that has
// just been switched on knows nothing.
func monitorGPS(v *view, row *apiRow, emit func()) {
	if v.uptime() < 60_000 {
		row.flag("valid", false)
		row.number("satellites", 0)
		row.string("data-age", "never")
		emit()
		return
	}
	spread := func(n uint64, low, high float64) float64 { return between(hash(v.router.seed, n), low, high) }
	row.universal("date-and-time", v, v.now-1000)
	row.float("latitude", spread(706, -4.5, 1.5), 6, "")
	row.float("longitude", spread(707, 34, 41), 6, "")
	row.float("altitude", spread(708, 2, 2400), 1, "m")
	row.string("speed", "0.120000 km/h")
	row.string("destination-bearing", "none")
	row.string("true-bearing", "91.300000 deg. True")
	row.string("magnetic-bearing", "0.000000 deg. Mag")
	row.flag("valid", true)
	row.number("satellites", int64(8+v.router.seed%5))
	row.number("fix-quality", 1)
	row.string("horizontal-dilution", "0.9")
	row.string("data-age", "1s")
	emit()
}

func printDNS(v *view, row *apiRow, emit func()) {
	m := v.router.model
	unit := "" // of the two sizes
	if !m.atLeast(7, 0) {
		unit = "KiB"
	}
	row.string("servers", "192.0.2.53")
	row.string("dynamic-servers", "")
	row.flag("allow-remote-requests", true)
	row.number("max-udp-packet-size", 4096)
	row.string("cache-size", "2048"+unit)
	row.string("cache-max-ttl", "1w")
	row.string("cache-used", itoa(40+int(900*v.wave(hash(v.router.seed, 709), 600_000)))+unit)
	emit()
}

func printAdlists(v *view, row *apiRow, emit func()) {
	if v.router.role != roleHotspot && v.router.role != roleOffice {
		return
	}
	for i, url := range []string{"https://lists.example.net/ads.txt", "https://lists.example.net/malware.txt"} {
		row.id(uint32(i) + 1)
		row.string("url", url)
		row.flag("ssl-verify", false)
		row.count("match-count", v.grown(710+uint64(i), 0.3))
		row.number("name-count", int64(81_342-70_000*i))
		row.flag("disabled", i == 1)
		emit()
	}
}

func printCloud(v *view, row *apiRow, emit func()) {
	m := v.router.model
	row.flag("ddns-enabled", true)
	row.string("ddns-update-interval", "none")
	row.flag("update-time", true)
	row.address("public-address", [4]byte{198, 51, 100, byte(v.router.seed)})
	row.string("dns-name", v.router.serial()+".sn.mynetname.net")
	row.string("status", "updated")
	if v.router.seed%2 == 0 {
		row.string("warning", "Router is behind a NAT. Remote connection might not work.")
	}
	if m.atLeast(7, 12) && (m.architecture == "arm" || m.architecture == "arm64") {
		row.string("back-to-home-vpn", "enabled")
		row.string("vpn-status", "running")
		row.string("vpn-dns-name", v.router.serial()+".vpn.mynetname.net")
		row.number("vpn-port", 33_434)
		row.string("vpn-private-key", canary)
		row.string("vpn-public-key", "x8bCk0Dq3cWz1mT8oQ4rW5yK7uJ9hG2fD6sA1pL0eRk=")
		row.string("vpn-peer-private-key", canary)
		row.string("vpn-wireguard-client-config", canary)
		row.string("vpn-wireguard-client-config-qrcode", canary)
	}
	emit()
}

// netwatches are two hosts, the second of which is away now and then. Their kinds came with 7.5.
func printNetwatch(v *view, row *apiRow, emit func()) {
	for i, host := range []string{"192.0.2.1", "198.51.100.7"} {
		up := i == 0 || v.wave(hash(v.router.seed, 720), 300_000) > 0.2
		row.id(uint32(i) + 1)
		row.string("host", host)
		row.string("timeout", "1s")
		row.string("interval", "1m")
		row.timestamp("since", v, v.boot+20_000)
		row.string("status", map[bool]string{true: "up", false: "down"}[up])
		row.flag("disabled", false)
		if i == 0 {
			row.string("comment", "upstream")
		}
		if v.router.model.atLeast(7, 5) {
			v.watchKinds(i, up, row)
		}
		emit()
	}
}

func (v *view) watchKinds(i int, up bool, row *apiRow) {
	tests := v.uptime() / 60_000
	row.number("done-tests", tests)
	row.number("failed-tests", tests*int64(i)/7)
	if i == 0 {
		row.string("name", "gateway")
		row.string("type", "icmp")
		row.number("sent-count", 10)
		row.number("response-count", 10)
		row.number("loss-count", 0)
		row.number("loss-percent", 0)
		row.string("rtt-avg", "1ms"+itoa(100+int(800*v.wave(hash(v.router.seed, 721), 60_000)))+"us")
		row.string("rtt-min", "902us")
		row.string("rtt-max", "4ms17us")
		row.string("rtt-jitter", "3ms115us")
		row.string("rtt-stdev", "641us")
		return
	}
	row.string("name", "")
	row.string("type", "http-get")
	if up {
		row.string("tcp-connect-time", "12ms310us")
		row.string("http-resp-time", "25ms2us")
		row.number("http-status-code", 200)
	}
}

func printRoutingProcesses(v *view, row *apiRow, emit func()) {
	for i, name := range []string{"main", "rib", "connected", "fib", "bgp", "bgp"} {
		row.id(uint32(i) + 1)
		row.string("tasks", name)
		row.number("private-mem-blocks", int64(600+40*i))
		row.number("shared-mem-blocks", 0)
		row.number("pss", int64(9_437_184/(i+1)))
		row.number("rss", int64(23_068_672/(i+1)))
		row.number("vms", int64(61_865_984/(i+1)))
		row.number("retired", 0)
		row.string("id", name)
		row.number("pid", int64(180+i))
		row.number("rpid", int64(i))
		row.number("task-count", int64(1+7*i))
		row.string("process-time", itoa(int(v.uptime()/3_600_000)+1)+"s310ms")
		row.string("kernel-time", itoa(int(v.uptime()/9_000_000)+1)+"s90ms")
		row.string("cur-busy", "0ms")
		row.string("max-busy", "40ms")
		row.string("cur-calc", "0ms")
		row.string("max-calc", "120ms")
		emit()
	}
}

func printDude(_ *view, row *apiRow, emit func()) {
	row.flag("enabled", true)
	row.string("data-directory", "dude")
	row.string("status", "running")
	emit()
}

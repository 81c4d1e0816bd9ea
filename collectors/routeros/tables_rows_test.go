package routeros

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
)

// linkTables are those of ports, radios, routing and tunnels, and the users' interfaces.
func linkTables() map[string]bool {
	names := map[string]bool{"ppp_session": true}
	for _, t := range slices.Concat(portTables(), wirelessTables(), routingTables(), tunnelTables()) {
		names[t.name] = true
	}
	return names
}

// TestRowsOfLinkTables reads the tables over the real protocol, from routers of versions 6 and 7, and
// compares whole rows, field by field.
func TestRowsOfLinkTables(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "expected_rows.txt"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 10, 7, 14, 0, time.UTC)
	f := openFleet(t, simulator.Options{Routers: 30, Seed: 7, Quiet: true, Clock: func() time.Time { return now }})
	tables, compared := linkTables(), map[string]int{}
	known := map[string][]pipeline.TableRead{}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), "|", 4)
		if strings.HasPrefix(line, "#") || len(parts) < 4 {
			continue
		}
		router, table, row := parts[0], parts[1], parts[2]
		if known[router] == nil {
			c := collect(t, plainTarget(f, f.Router(router)), newShared(t))
			known[router], err = c.Collect(within(t, 20*time.Second), pipeline.LaneSlow, func(name string) bool { return tables[name] })
			if err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]string{}
		for part := range strings.SplitSeq(parts[3], " | ") {
			name, value, _ := strings.Cut(part, "=")
			want[name] = value
		}
		read := find(t, known[router], table)
		if diff := cmp.Diff(want, shown(read)[row]); read.Status != pipeline.Whole || diff != "" {
			t.Errorf("%s %s %q: %s %s %s", router, table, row, read.Status, read.Reason, diff)
		}
		compared[table]++
	}
	for name := range tables {
		if compared[name] == 0 && name != "w60g" { // the simulator has none
			t.Errorf("no row of %s is compared", name)
		}
	}
	for _, read := range known["core-1"] { // 7.20 says !empty where there are no rows
		if n := read.Table.Name; (n == "tunnel" || n == "lte" || n == "wireguard_peer") && (read.Status != pipeline.Whole || len(read.Samples) != 0) {
			t.Errorf("%s: %s, %d rows", n, read.Status, len(read.Samples))
		}
	}
}

// readOne reads one table of a router.
func readOne(t *testing.T, c *Collector, table string) pipeline.TableRead {
	t.Helper()
	reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneSlow, func(name string) bool { return name == table })
	if err != nil || len(reads) != 1 {
		t.Fatal(err, names(reads))
	}
	return reads[0]
}

// compareRead is for a table that must be whole and have these rows.
func compareRead(t *testing.T, read pipeline.TableRead, want map[string]map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, shown(read)); read.Status != pipeline.Whole || diff != "" {
		t.Errorf("%s: %s %s %s", read.Table.Name, read.Status, read.Reason, diff)
	}
}

// version6 is a router of that version, with some menus.
func version6(m menus) menus {
	m["/system/resource"] = [][]string{{"=uptime=1h", "=version=6.49.10 (long-term)"}}
	return m
}

func version7(m menus) menus {
	m["/system/resource"] = [][]string{{"=uptime=1h", "=version=7.20.6 (stable)"}}
	return m
}

// TestLinkRatesAreHeld: what a link negotiated is asked for once, again when the link went down and up,
// and after five minutes: not at each poll.
func TestLinkRatesAreHeld(t *testing.T) {
	port := func(id, name, downs, up string) []string {
		return []string{"=.id=" + id, "=name=" + name, "=type=ether", "=running=true", "=disabled=false", "=link-downs=" + downs,
			"=last-link-up-time=2026-03-02 10:07:" + up, "=rx-byte=5"}
	}
	router := v7()
	router["/system/clock"] = [][]string{{"=gmt-offset=+00:00"}}
	router["/interface"] = [][]string{port("*1", "ether1", "0", "10"), port("*2", "ether2", "3", "20"), {"=.id=*3", "=name=bridge", "=type=bridge", "=rx-byte=1"}}
	router["/interface/ethernet/monitor"] = [][]string{{"=name=ether1", "=status=link-ok", "=rate=10Gbps", "=full-duplex=true"}, {"=name=ether2", "=rate=100Mbps", "=full-duplex=false"}}
	stub := newStub(t, router.serve)
	c := stub.collector()
	asked := func(want int, speed, up string) {
		t.Helper()
		rows := shown(readOne(t, c, "interface"))
		if got := rows["ether1"]; got["speed_bits_per_second"] != "10000000000" || got["full_duplex"] != "true" {
			t.Errorf("ether1: %v", got)
		}
		if got := rows["ether2"]; got["speed_bits_per_second"] != speed || got["full_duplex"] != "false" || got["last_up_timestamp_seconds"] != up {
			t.Errorf("ether2: %v", got)
		}
		if _, ok := rows["bridge"]["speed_bits_per_second"]; ok {
			t.Errorf("bridge: %v", rows["bridge"])
		}
		if n := strings.Count(stub.heard(), "/interface/ethernet/monitor=numbers=ether1,ether2=once="); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
	}
	for range 4 {
		asked(1, "100000000", "1772446040")
	}
	stub.hangUp() // the router's answers may be changed while nobody asks
	router["/interface"][1], router["/interface/ethernet/monitor"][1] = port("*2", "ether2", "4", "50"), []string{"=name=ether2", "=rate=1Gbps", "=full-duplex=false"}
	for range 3 {
		asked(2, "1000000000", "1772446070")
	}
	held := c.memory.tables[c.shared.plan.table("interface").position].held
	if left := time.Until(held[0].until); left > 5*time.Minute || left < 4*time.Minute {
		t.Errorf("it is held for %s more", left)
	}
	held[0].until = time.Now().Add(-time.Second)
	for range 3 {
		asked(3, "1000000000", "1772446070")
	}
	stub.hangUp()
	router["/interface"] = append(router["/interface"], port("*4", "ether3", "0", "10"))
	rows := shown(readOne(t, c, "interface"))
	if n := strings.Count(stub.heard(), "/interface/ethernet/monitor=numbers=ether1,ether2,ether3=once="); n != 1 || rows["ether1"]["speed_bits_per_second"] == "" {
		t.Errorf("a port more: asked %d times, %v", n, rows["ether1"])
	}
}

// TestBytesOfSessions: a session's counters are those of its interface; one whose interface is not there
// keeps its other fields.
func TestBytesOfSessions(t *testing.T) {
	stub := newStub(t, version7(menus{
		"/ppp/active": {{"=.id=*1", "=name=ann", "=service=pppoe", "=uptime=1h2m3s"}, {"=.id=*2", "=name=bob", "=service=l2tp", "=uptime=never"},
			{"=.id=*3", "=name=late", "=service=pppoe", "=uptime=1s"}},
		"/interface": {{"=name=<pppoe-ann>", "=rx-byte=10", "=tx-byte=18446744073709551615", "=rx-packet=1", "=tx-packet=2"},
			{"=name=<l2tp-bob>", "=rx-byte=30", "=tx-byte=40"}, {"=name=<pppoe-gone>", "=rx-byte=1"}},
	}).serve)
	compareRead(t, readOne(t, stub.collector(), "ppp_session"), map[string]map[string]string{
		"ann/pppoe": {"uptime_seconds": "3723", "interface_name": "<pppoe-ann>", "rx_bytes": "10", "tx_bytes": "9223372036854775807",
			"rx_packets": "1", "tx_packets": "2"},
		"bob/l2tp":   {"interface_name": "<l2tp-bob>", "rx_bytes": "30", "tx_bytes": "40"},
		"late/pppoe": {"uptime_seconds": "1"},
	})
	if heard := stub.heard(); !strings.Contains(heard, "?type=pppoe-in?type=pptp-in?type=l2tp-in?type=sstp-in?type=ovpn-in?type=ppp-in?#|||||") {
		t.Error("all interfaces are asked for")
	}
}

// TestThreeWirelessStacks: routers with the packages of both generations have all of them.
func TestThreeWirelessStacks(t *testing.T) {
	router := version7(menus{
		"/interface/wifi":             {{"=.id=*1", "=name=wifi1", "=configuration.ssid=new", "=configuration.mode=ap"}},
		"/interface/wifi/monitor":     {{"=state=running", "=channel=5180/ax/Ceee", "=registered-peers=3", "=authorized-peers=2", "=tx-power=17"}},
		"/interface/wireless":         {{"=.id=*2", "=name=wlan1", "=ssid=old", "=mode=station", "=band=5ghz-a/n", "=frequency=auto", "=mac-address=48:A9:8A:00:00:01"}},
		"/interface/wireless/monitor": {{"=status=connected-to-ess", "=channel=5180/20-Ceee/ac(20dBm)", "=signal-strength=-67dBm", "=noise-floor=-104dBm", "=tx-ccq=91%", "=tx-rate=130Mbps-20MHz/2S/SGI", "=rx-rate=6Mbps", "=current-distance=3"}},
		"/caps-man/interface":         {{"=.id=*1", "=name=cap1", "=mac-address=48:A9:8A:00:00:02", "=current-state=running-ap", "=current-channel=2412/20-eC/gn(18dBm)", "=current-registered-clients=4", "=current-authorized-clients=4"}},
		"/interface/wifi/registration-table": {{"=.id=*1", "=interface=wifi1", "=mac-address=AA:BB:CC:00:00:01", "=signal=-61", "=tx-rate=864800000", "=rx-rate=6000000",
			"=bytes=100,200", "=packets=1,2", "=uptime=never", "=last-activity=10ms", "=authorized=true", "=vlan-id=10"}},
		"/interface/wireless/registration-table": {{"=.id=*1", "=interface=wlan1", "=mac-address=AA:BB:CC:00:00:02", "=signal-strength=-67@6Mbps", "=tx-rate=130Mbps-20MHz/2S/SGI",
			"=rx-rate=5.5Mbps", "=bytes=300,400", "=packets=3,x", "=signal-to-noise=40dB", "=tx-signal-strength=-60,-71"}},
		"/caps-man/registration-table": {{"=.id=*1", "=interface=cap1", "=mac-address=AA:BB:CC:00:00:03", "=rx-signal=-49", "=bytes=5"}},
	})
	compareRead(t, readOne(t, newStub(t, router.serve).collector(), "wireless_interface"), map[string]map[string]string{
		"wifi1": {"driver": "wifi", "ssid": "new", "radio_mode": "ap", "state": "running", "channel_name": "5180/ax/Ceee", "frequency_hertz": "5180000000",
			"clients": "3", "authorized_clients": "2", "tx_power_dbm": "17"},
		"wlan1": {"driver": "wireless", "ssid": "old", "radio_mode": "station", "band": "5ghz-a/n", "bssid": "48:a9:8a:00:00:01", "state": "connected-to-ess",
			"channel_name": "5180/20-Ceee/ac(20dBm)", "signal_dbm": "-67", "noise_floor_dbm": "-104", "tx_ccq_percent": "91",
			"tx_rate_bits_per_second": "130000000", "rx_rate_bits_per_second": "6000000", "distance_meters": "3"},
		"cap1": {"driver": "caps-man", "bssid": "48:a9:8a:00:00:02", "state": "running-ap", "channel_name": "2412/20-eC/gn(18dBm)",
			"frequency_hertz": "2412000000", "clients": "4", "authorized_clients": "4"},
	})
	compareRead(t, readOne(t, newStub(t, router.serve).collector(), "wireless_client"), map[string]map[string]string{
		"wifi1/aa:bb:cc:00:00:01": {"signal_dbm": "-61", "tx_rate_bits_per_second": "864800000", "rx_rate_bits_per_second": "6000000", "tx_bytes": "100",
			"rx_bytes": "200", "tx_packets": "1", "rx_packets": "2", "last_activity_seconds": "0.01", "authorized": "true", "vlan": "10"},
		"wlan1/aa:bb:cc:00:00:02": {"signal_dbm": "-67", "tx_signal_dbm": "-60", "snr_decibels": "40", "tx_rate_bits_per_second": "130000000",
			"rx_rate_bits_per_second": "5500000", "tx_bytes": "300", "rx_bytes": "400", "tx_packets": "3"},
		"cap1/aa:bb:cc:00:00:03": {"signal_dbm": "-49", "tx_bytes": "5"},
	})
}

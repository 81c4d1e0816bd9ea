package snmp

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

func linesOf(s string) string {
	var b strings.Builder
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func wantDump(t *testing.T, reads []pipeline.TableRead, want string) {
	t.Helper()
	if diff := cmp.Diff(linesOf(want), dump(reads...)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// onDevice leaves out the tables that a device does not have.
func onDevice(reads []pipeline.TableRead) (out []pipeline.TableRead) {
	for _, r := range reads {
		if r.Status != pipeline.Skipped {
			out = append(out, r)
		}
	}
	return out
}

func TestARouterOSBoard(t *testing.T) {
	c := newAgent(t, aRouter(2)...).collector(t)
	want := `
		router[] identity=core-1 model=RB5009UPr+S+ version=7.20.6 description=RouterOS RB5009UPr+S+ location=Nairobi object_id=1.3.6.1.4.1.14988.1 uptime_seconds=1000 cpu_frequency_hertz=1400000000 cpu_percent=5.5 cpu_count=4 memory_total_bytes=1073741824 memory_used_bytes=268435456 memory_percent=25 disk_total_bytes=1073741824 disk_used_bytes=536870912 disk_percent=50
		cpu[0] load_percent=7
		cpu[1] load_percent=12
		cpu[2] load_percent=0
		cpu[3] load_percent=3
		storage[main memory] type=ram total_bytes=1073741824 used_bytes=268435456 used_percent=25
		storage[system disk] type=fixed-disk total_bytes=1073741824 used_bytes=536870912 used_percent=50
		health[voltage] voltage_volts=24.2
		health[cpu-temperature] temperature_celsius=51
		interface[ether1] comment=to ether1 type=ether mac_address=0a:00:00:00:00:01 admin_status=1 oper_status=1 speed_bits_per_second=1000000000 mtu_bytes=1500 rx_bytes=1001 tx_bytes=1005 rx_packets=1005 tx_packets=1013 rx_errors=1004(32) tx_errors=1008(32) rx_discards=1003(32) tx_discards=1007(32) rx_unicast_packets=1002 tx_unicast_packets=1006 rx_multicast_packets=1 tx_multicast_packets=3 rx_broadcast_packets=2 tx_broadcast_packets=4
		interface[ether2] comment=to ether2 type=ether mac_address=0a:00:00:00:00:02 admin_status=1 oper_status=1 speed_bits_per_second=1000000000 mtu_bytes=1500 rx_bytes=2001 tx_bytes=2005 rx_packets=2005 tx_packets=2013 rx_errors=2004(32) tx_errors=2008(32) rx_discards=2003(32) tx_discards=2007(32) rx_unicast_packets=2002 tx_unicast_packets=2006 rx_multicast_packets=1 tx_multicast_packets=3 rx_broadcast_packets=2 tx_broadcast_packets=4`
	for range 3 { // the first poll walks, the others ask for what they know
		wantDump(t, onDevice(mustCollect(t, c)), want)
	}
}

// SNMPv1 has no 64-bit counters and no GETBULK, and one missing name spoils a request.
func TestSNMPv1(t *testing.T) {
	a := newAgent(t, without(aRouter(2), mikrotik+".3.14.0", ".1.3.6.1.2.1.1.6.0")...)
	c := a.collector(t, version1)
	want := `
		interface[ether1] comment=to ether1 type=ether mac_address=0a:00:00:00:00:01 admin_status=1 oper_status=1 speed_bits_per_second=1000000000 mtu_bytes=1500 rx_bytes=1001(32) tx_bytes=1005(32) rx_packets=1005(32) tx_packets=1013(32) rx_errors=1004(32) tx_errors=1008(32) rx_discards=1003(32) tx_discards=1007(32) rx_unicast_packets=1002(32) tx_unicast_packets=1006(32) rx_multicast_packets=1(32) tx_multicast_packets=3(32) rx_broadcast_packets=2(32) tx_broadcast_packets=4(32)
		interface[ether2] comment=to ether2 type=ether mac_address=0a:00:00:00:00:02 admin_status=1 oper_status=1 speed_bits_per_second=1000000000 mtu_bytes=1500 rx_bytes=2001(32) tx_bytes=2005(32) rx_packets=2005(32) tx_packets=2013(32) rx_errors=2004(32) tx_errors=2008(32) rx_discards=2003(32) tx_discards=2007(32) rx_unicast_packets=2002(32) tx_unicast_packets=2006(32) rx_multicast_packets=1(32) tx_multicast_packets=3(32) rx_broadcast_packets=2(32) tx_broadcast_packets=4(32)`
	for range 2 {
		reads := mustCollect(t, c)
		wantDump(t, []pipeline.TableRead{tableOf(t, reads, "interface")}, want)
		router := tableOf(t, reads, "router").Samples[0]
		if router.Value("cpu_count").Float() != 4 || router.Value("version").Text() != "7.20.6" {
			t.Error(dump(reads...))
		}
		if !router.Value("location").IsNone() || !router.Value("cpu_frequency_hertz").IsNone() {
			t.Error("values that the device does not have")
		}
	}
	first := len(a.taken())
	mustCollect(t, c)
	if n := len(a.taken()); n > 8 || n > first {
		t.Errorf("%d requests once it is known what the device does not have", n)
	}
}

func TestADeviceWithoutIfXTable(t *testing.T) {
	mib := vendor(append(system("box"), without(ports(1), ifXEntry)...), ".1.3.6.1.4.1.8072.3.2.10")
	mib = append(mib, entry{ifEntry + ".12.1", tCount, uint32(5)}, entry{ifEntry + ".18.1", tCount, uint32(6)})
	c := newAgent(t, mib...).collector(t)
	want := `interface[ether1] type=ether mac_address=0a:00:00:00:00:01 admin_status=1 oper_status=1 speed_bits_per_second=1000000000 mtu_bytes=1500 rx_bytes=1001(32) tx_bytes=1005(32) rx_packets=1007(32) tx_packets=1012(32) rx_errors=1004(32) tx_errors=1008(32) rx_discards=1003(32) tx_discards=1007(32) rx_unicast_packets=1002(32) tx_unicast_packets=1006(32)`
	for range 3 {
		wantDump(t, mustCollect(t, c, "interface"), want)
	}
}

func TestInterfaceValues(t *testing.T) {
	at := func(base, column string) string { return base + "." + column + ".1" }
	for name, test := range map[string]struct {
		change func([]entry) []entry
		field  string
		want   string
	}{
		"64-bit counter at 0, 32-bit one not": {func(m []entry) []entry { return with(m, at(ifXEntry, "6"), tCount64, uint64(0)) }, "rx_bytes", "1001 counter32"},
		"both at 0": {func(m []entry) []entry {
			return with(with(m, at(ifXEntry, "6"), tCount64, uint64(0)), at(ifEntry, "10"), tCount, uint32(0))
		}, "rx_bytes", "0 counter"},
		"64-bit packets at 0, 32-bit ones not": {func(m []entry) []entry {
			for _, c := range []string{"7", "8", "9"} {
				m = with(m, at(ifXEntry, c), tCount64, uint64(0))
			}
			return m
		}, "rx_packets", "1005 counter32"},
		"sum of 32-bit counters wraps as one does": {func(m []entry) []entry {
			m = with(without(m, ifXEntry+".7", ifXEntry+".8", ifXEntry+".9"), at(ifEntry, "11"), tCount, uint32(math.MaxUint32))
			return with(m, at(ifXEntry, "3"), tCount, uint32(10))
		}, "rx_packets", "10 counter32"},
		"no multicast counters": {func(m []entry) []entry {
			return without(m, ifXEntry+".2", ifXEntry+".3", ifXEntry+".8", ifXEntry+".9")
		}, "rx_packets", "1002 counter"},
		"counter near 2^64":  {func(m []entry) []entry { return with(m, at(ifXEntry, "6"), tCount64, uint64(math.MaxUint64)) }, "rx_bytes", "9223372036854775807 counter"},
		"counter above 2^53": {func(m []entry) []entry { return with(m, at(ifXEntry, "6"), tCount64, uint64(1<<53+1)) }, "rx_bytes", "9007199254740993 counter"},
		"ifHighSpeed of 0":   {func(m []entry) []entry { return with(m, at(ifXEntry, "15"), tGauge, uint32(0)) }, "speed_bits_per_second", "1000000000 gauge"},
		"10 Gbit/s":          {func(m []entry) []entry { return with(m, at(ifXEntry, "15"), tGauge, uint32(10000)) }, "speed_bits_per_second", "10000000000 gauge"},
		"both speeds unknown": {func(m []entry) []entry {
			return with(with(m, at(ifXEntry, "15"), tGauge, uint32(0)), at(ifEntry, "5"), tGauge, uint32(math.MaxUint32))
		}, "speed_bits_per_second", " none"},
		"no speed at all":                     {func(m []entry) []entry { return without(m, at(ifXEntry, "15"), at(ifEntry, "5")) }, "speed_bits_per_second", " none"},
		"MAC of one byte":                     {func(m []entry) []entry { return with(m, at(ifEntry, "6"), tText, []byte{1}) }, "mac_address", " none"},
		"MAC of 16 bytes":                     {func(m []entry) []entry { return with(m, at(ifEntry, "6"), tText, make([]byte, 16)) }, "mac_address", " none"},
		"no MAC":                              {func(m []entry) []entry { return with(m, at(ifEntry, "6"), tText, "") }, "mac_address", " none"},
		"no comment":                          {func(m []entry) []entry { return with(m, at(ifXEntry, "18"), tText, "") }, "comment", " none"},
		"comment in latin-1":                  {func(m []entry) []entry { return with(m, at(ifXEntry, "18"), tText, []byte("caf\xe9")) }, "comment", "café text"},
		"comment of two lines":                {func(m []entry) []entry { return with(m, at(ifXEntry, "18"), tText, "a\r\nb") }, "comment", "a b text"},
		"VLAN":                                {func(m []entry) []entry { return with(m, at(ifEntry, "3"), tInt, 135) }, "type", "vlan text"},
		"unheard-of type":                     {func(m []entry) []entry { return with(m, at(ifEntry, "3"), tInt, 299) }, "type", "iana-299 text"},
		"not present":                         {func(m []entry) []entry { return with(m, at(ifEntry, "8"), tInt, 6) }, "oper_status", "6 enum"},
		"a counter of the wrong type":         {func(m []entry) []entry { return with(m, at(ifXEntry, "6"), tText, "many") }, "rx_bytes", "1001 counter32"},
		"a status of the wrong type":          {func(m []entry) []entry { return with(m, at(ifEntry, "8"), tText, "up") }, "oper_status", " none"},
		"errors as a gauge, as switches send": {func(m []entry) []entry { return with(m, at(ifEntry, "14"), tGauge, uint32(9)) }, "rx_errors", "9 counter32"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newAgent(t, test.change(aRouter(1))...).collector(t)
			for range 3 {
				reads := mustCollect(t, c, "interface")
				if got := reads[0].Samples[0].Value(test.field); got.String()+" "+got.Kind().String() != test.want {
					t.Errorf("%s = %s %s, want %s", test.field, got, got.Kind(), test.want)
				}
			}
		})
	}
}

// A session's interface is not a row on RouterOS; elsewhere such a name means nothing.
func TestDynamicInterfaces(t *testing.T) {
	mib := append(aRouter(1), port(15728641, "<pppoe-ann>")...)
	for id, want := range map[string]string{".1.3.6.1.4.1.14988.1": "ether1", ".1.3.6.1.4.1.9.1.1": "ether1 <pppoe-ann>"} {
		c := newAgent(t, vendor(mib, id)...).collector(t)
		for range 2 {
			if got := rowNames(mustCollect(t, c, "interface")[0]); got != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
	}
}

func rowNames(r pipeline.TableRead) string {
	names := make([]string, 0, len(r.Samples))
	for _, s := range r.Samples {
		names = append(names, s.Series.Row())
	}
	return strings.Join(names, " ")
}

func TestInterfacesOfOneName(t *testing.T) {
	mib := append(system("x"), port(3, "lan")...)
	mib = append(mib, port(9, "lan")...)
	mib = append(mib, port(10, "")...)
	mib = with(mib, ifEntry+".2.10", tText, "")
	c := newAgent(t, mib...).collector(t)
	for range 2 {
		if got := rowNames(mustCollect(t, c, "interface")[0]); got != "lan~3 lan~9 ~10" {
			t.Error(got)
		}
	}
}

func TestInterfaceNamesOfAnyBytes(t *testing.T) {
	name := "a\nb,c=d \"e\"\x00\xff\\"
	c := newAgent(t, append(system("x"), port(1, name)...)...).collector(t)
	s := mustCollect(t, c, "interface")[0].Samples[0]
	if want := pipeline.CleanName(name); s.Series.Row() != want || strings.ContainsAny(s.Series.Key(), "\n\x00") {
		t.Errorf("%q", s.Series.Key())
	}
}

func TestStorageValues(t *testing.T) {
	net := ".1.3.6.1.4.1.8072.3.2.10"
	for name, test := range map[string]struct {
		objectID string
		disks    []entry
		want     string
	}{
		"counted past 2^31": {net, disk(31, "/", 4, 4096, -2147483648, -2147483647),
			"storage[/] type=fixed-disk total_bytes=8796093022208 used_bytes=8796093026304 used_percent=100.00000004656613"},
		"allocation unit of 0": {net, disk(31, "/", 4, 0, 100, 50), "storage[/] type=fixed-disk used_percent=50"},
		"size of 0":            {net, disk(31, "/sys", 4, 4096, 0, 0), "storage[/sys] type=fixed-disk total_bytes=0 used_bytes=0"},
		"no type": {net, without(disk(31, "/", 4, 1024, 10, 5), hrStorageEntry+".2"),
			"storage[/] total_bytes=10240 used_bytes=5120 used_percent=50"},
		"a type of its own": {net, with(disk(31, "/", 4, 1024, 10, 5), hrStorageEntry+".2.31", tOID, ".1.3.6.1.2.1.25.3.9.3"),
			"storage[/] type=other total_bytes=10240 used_bytes=5120 used_percent=50"},
		"tmpfs elsewhere than on RouterOS": {net, disk(40, "tmpfs, mounted on: /tmp", 4, 1024, 10, 5),
			"storage[tmpfs, mounted on: /tmp] type=fixed-disk total_bytes=10240 used_bytes=5120 used_percent=50"},
		"tmpfs on RouterOS": {"", disk(262145, "disk: tmpfs", 3, 1024, 10, 5), "storage: skipped: not on this device"},
	} {
		t.Run(name, func(t *testing.T) {
			mib := append(system("box"), test.disks...)
			if test.objectID != "" {
				mib = vendor(mib, test.objectID)
			}
			c := newAgent(t, mib...).collector(t)
			for range 2 {
				wantDump(t, mustCollect(t, c, "storage"), test.want)
			}
		})
	}
}

// The main memory has many names, and net-snmp counts caches as used.
func TestMainMemory(t *testing.T) {
	linux := append(disk(1, "Physical memory", 2, 1024, 1000, 900), disk(6, "Memory buffers", 1, 1024, 1000, 100)...)
	linux = append(linux, disk(7, "Cached memory", 1, 1024, 300, 300)...)
	for name, test := range map[string]struct {
		disks []entry
		want  string
	}{
		"RouterOS":                {disk(65536, "main memory", 2, 1024, 1000, 250), "1024000 256000 25"},
		"net-snmp":                {linux, "1024000 512000 50"},
		"net-snmp and a doublet":  {append(disk(2, "Real memory", 2, 1024, 500, 500), linux...), "1024000 512000 50"},
		"caches not part of used": {append(disk(1, "Physical memory", 2, 1024, 1000, 200), disk(7, "Cached memory", 1, 1024, 300, 300)...), "1024000 204800 20"},
		"BSD":                     {disk(1, "Real Memory", 2, 4096, 10, 5), "40960 20480 50"},
		"some other name":         {append(disk(1, "flash", 9, 1, 9, 9), disk(5, "DRAM", 2, 100, 10, 1)...), "1000 100 10"},
		"none":                    {disk(31, "/", 4, 1024, 10, 5), "  "},
		"of size 0":               {disk(1, "Physical memory", 2, 1024, 0, 0), "  "},
	} {
		t.Run(name, func(t *testing.T) {
			c := newAgent(t, append(vendor(system("box"), ".1.3.6.1.4.1.8072"), test.disks...)...).collector(t)
			s := mustCollect(t, c, "router")[0].Samples[0]
			got := s.Value("memory_total_bytes").String() + " " + s.Value("memory_used_bytes").String() + " " + s.Value("memory_percent").String()
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestHealthScalars(t *testing.T) {
	scalar := func(n string, value int) entry { return entry{mikrotik + ".3." + n + ".0", tInt, value} }
	for name, test := range map[string]struct {
		mib  []entry
		want string
	}{
		"all of an old board": {[]entry{scalar("1", 12), scalar("2", 33), scalar("3", 50), scalar("4", 121), scalar("5", 300),
			scalar("6", 355), scalar("7", -50), scalar("8", 237), scalar("10", 0), scalar("11", 440), scalar("12", 105), scalar("13", 437),
			scalar("15", 1), scalar("16", 0), scalar("17", 4200), scalar("18", 0)},
			`health[core] voltage_volts=1.2
			health[3.3v] voltage_volts=3.3
			health[5v] voltage_volts=5
			health[12v] voltage_volts=12.1
			health[lm87-temp] temperature_celsius=30
			health[cpu-temp] temperature_celsius=35.5
			health[board-temp] temperature_celsius=-5
			health[voltage] voltage_volts=23.7
			health[temperature] temperature_celsius=0
			health[cpu-temperature] temperature_celsius=44
			health[power-consumption] power_watts=10.5
			health[current] current_amperes=0.437
			health[psu1-state] state=0
			health[psu2-state] state=1
			health[fan1-speed] speed_rpm=4200
			health[fan2-speed] speed_rpm=0`},
		"a virtual router": {[]entry{scalar("1", 0), scalar("2", 0), scalar("3", 0), scalar("4", 0), scalar("5", 0), scalar("6", 0),
			scalar("7", 0), scalar("8", 0), scalar("12", 0), scalar("13", 0)}, "health: skipped: not on this device"},
		"no sensor, as a number": {[]entry{scalar("10", -128), {mikrotik + ".3.11.0", tGauge, uint32(noReading32)}, scalar("7", noReading16)},
			"health: skipped: not on this device"},
		"in both places": {append(append(gaugeRow(14, "temperature", 45, 1), gaugeRow(7401, "psu2-state", 1, 6)...),
			scalar("10", 470), scalar("16", 1), scalar("8", 240)),
			`health[temperature] temperature_celsius=45
			health[psu2-state] state=1
			health[voltage] voltage_volts=24`},
		"every unit": {append(append(append(append(append(append(gaugeRow(1, "board-temperature1", 51, 1), gaugeRow(2, "fan1-speed", 3900, 2)...),
			gaugeRow(3, "jack-voltage", 493, 3)...), gaugeRow(4, "poe-out-current", 3, 4)...), gaugeRow(5, "poe-out-consumption", 176, 5)...),
			gaugeRow(6, "fan-state", 3, 6)...), gaugeRow(7, "unheard of", 3, 9)...),
			`health[board-temperature1] temperature_celsius=51
			health[fan1-speed] speed_rpm=3900
			health[jack-voltage] voltage_volts=49.3
			health[poe-out-current] current_amperes=0.3
			health[poe-out-consumption] power_watts=17.6
			health[fan-state] state=3`},
		"a module that is not there": {append(gaugeRow(1, "sfp-temperature", -128, 1), gaugeRow(2, "temperature", -12, 1)...),
			`health[temperature] temperature_celsius=-12`},
		"frost, as an unsigned number": {append(cells(gaugeEntry, "14", map[int]any{2: "temperature", 3: uint32(4294967284), 4: 1}),
			entry{mikrotik + ".3.11.0", tGauge, uint32(4294967176)}),
			`health[temperature] temperature_celsius=-12
			health[cpu-temperature] temperature_celsius=-12`},
	} {
		t.Run(name, func(t *testing.T) {
			c := newAgent(t, append(system("RouterOS x"), test.mib...)...).collector(t)
			for range 2 {
				wantDump(t, mustCollect(t, c, "health"), test.want)
			}
		})
	}
}

func TestModelAndVersion(t *testing.T) {
	for descr, want := range map[string]string{
		"RouterOS RB433GL":           "RB433GL / 7.20.6",
		"router":                     "RB5009UPr+S+ / 7.20.6",
		"CSS106-1G-4P-1S SwOS v2.11": "CSS106-1G-4P-1S / 7.20.6",
	} {
		c := newAgent(t, append(system(descr), routerBoard()...)...).collector(t)
		s := mustCollect(t, c, "router")[0].Samples[0]
		if got := s.Value("model").Text() + " / " + s.Value("version").Text(); got != want {
			t.Errorf("%s: %s, want %s", descr, got, want)
		}
	}
	for descr, want := range map[string]string{"CSS106-1G-4P-1S SwOS v2.11": "CSS106-1G-4P-1S / 2.11", "CSS610-8G-2S+ SwOS Lite v2.21": "CSS610-8G-2S+ / 2.21"} {
		c := newAgent(t, system(descr)...).collector(t)
		s := mustCollect(t, c, "router")[0].Samples[0]
		if got := s.Value("model").Text() + " / " + s.Value("version").Text(); got != want {
			t.Errorf("%s: %s, want %s", descr, got, want)
		}
	}
}

// A vendor's tables and scalars are not asked of others.
func TestOtherVendorsAreNotAskedForMikroTiksObjects(t *testing.T) {
	a := newAgent(t, vendor(aRouter(1), ".1.3.6.1.4.1.8072.3.2.10")...)
	c := a.collector(t)
	reads := mustCollect(t, c)
	if health := tableOf(t, reads, "health"); health.Status != pipeline.Skipped || health.Reason != "not on this device" {
		t.Errorf("%s", dump(health))
	}
	for _, r := range a.taken() {
		for _, v := range r.Variables {
			if inside(v.Name, mikrotik) {
				t.Errorf("%v asked for %s", r.PDUType, v.Name)
			}
		}
	}
}

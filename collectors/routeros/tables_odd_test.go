package routeros

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestOddRows: what routers say that is not a plain value. What is not understood is left out, and is
// not 0.
func TestOddRows(t *testing.T) {
	for name, c := range map[string]struct {
		table, path string
		rows        [][]string
		want        map[string]map[string]string
	}{
		"nothing but names": {"queue_simple", "/queue/simple", [][]string{{"=.id=*1", "=name=a"}, {"=.id=*2", "=name=b", "=bytes=5"}},
			map[string]map[string]string{"b": {"upload_bytes": "5"}}},
		"half pairs, words, minus": {"queue_simple", "/queue/simple", [][]string{{"=.id=*1", "=name=a", "=bytes=1/x", "=packets=-1/2", "=dropped=/",
			"=max-limit=unlimited/10M", "=limit-at=0/0", "=queued-bytes=1/2/3"}},
			map[string]map[string]string{"a": {"upload_bytes": "1", "download_packets": "2", "download_limit_bits_per_second": "10000000",
				"upload_queued_bytes": "1", "download_queued_bytes": "2"}}},
		"counters of 64 bits": {"queue_tree", "/queue/tree", [][]string{{"=.id=*1", "=name=a", "=bytes=18446744073709551615", "=packets=18446744073709551616"}},
			map[string]map[string]string{"a": {"tx_bytes": "9223372036854775807"}}},
		"two of one name": {"queue_tree", "/queue/tree", [][]string{{"=.id=*1", "=name=a", "=dropped=1"}, {"=.id=*F", "=name=a", "=dropped=2"}},
			map[string]map[string]string{"a~1": {"drops": "1"}, "a~15": {"drops": "2"}}},
		"a lease that nobody has": {"dhcp_lease", "/ip/dhcp-server/lease", [][]string{
			{"=.id=*1", "=address=10.0.0.9", "=mac-address=AA:BB:CC:00:00:01", "=status=waiting", "=last-seen=never", "=radius=maybe"},
			{"=.id=*2", "=active-address=10.0.0.7", "=active-server=lan", "=expires-after="}},
			map[string]map[string]string{"all/10.0.0.9": {"mac_address": "aa:bb:cc:00:00:01", "status": "waiting"}}},
		"leases without a status": {"dhcp_lease_count", "/ip/dhcp-server/lease", [][]string{{"=server=lan", "=status=bound"}, {"=server=lan"},
			{"=status=bound"}, {"=server=lan", "=status=bound"}, {"=server=", "=active-server=lan", "=status=bound"}},
			map[string]map[string]string{"lan/bound": {"leases": "3"}, "lan/none": {"leases": "1"}, "all/bound": {"leases": "1"}}},
		"a certificate that was revoked": {"certificate", "/certificate", [][]string{{"=.id=*1", "=name=c", "=revoked=mar/02/2024 10:07:14",
			"=expires-after=", "=invalid-after=never", "=invalid-before=jan/02/1970 00:00:00"}},
			map[string]map[string]string{"c": {"expired": "false", "revoked": "true", "trusted": "false", "authority": "false"}}},
		"a container that is new": {"container", "/container", [][]string{{"=.id=*1", "=name=c", "=status=pulling"}, {"=.id=*2", "=name=d", "=unhealthy=true",
			"=running=false", "=status=error", "=memory-current=12.5MiB", "=cpu-usage=0.7"}, {"=.id=*3", "=name=e", "=restart-count=1"}},
			map[string]map[string]string{"c": {"state": "0"}, "d": {"state": "7", "healthy": "false", "memory_bytes": "13107200", "cpu_percent": "0.7"},
				"e": {"restarts": "1"}}},
		"a watch in a state nobody knows": {"netwatch", "/tool/netwatch", [][]string{{"=.id=*1", "=name=", "=host=10.0.0.1", "=status=probing",
			"=since=jan/01/1970 02:00:00", "=rtt-avg=", "=loss-percent=33%", "=http-status-code=timeout"}},
			map[string]map[string]string{"10.0.0.1": {"host": "10.0.0.1", "loss_percent": "33"}}},
		"a watch from the future": {"netwatch", "/tool/netwatch", [][]string{{"=.id=*1", "=host=10.0.0.1", "=since=2031-01-01 00:00:00", "=status=down"}},
			map[string]map[string]string{"10.0.0.1": {"host": "10.0.0.1", "status": "2", "since_timestamp_seconds": "1924992000"}}},
		"a disk without a medium": {"disk", "/disk", [][]string{{"=.id=*1", "=slot=usb1", "=empty=true", "=size=0", "=free=0"}, {"=.id=*2", "=slot=sata1",
			"=size=100", "=free=200", "=temperature=-5"}},
			map[string]map[string]string{"usb1": {"empty": "true", "size_bytes": "0", "free_bytes": "0"},
				"sata1": {"size_bytes": "100", "free_bytes": "200", "temperature_celsius": "-5"}}},
		"ports with two lanes": {"switch_port", "/interface/ethernet/switch/port", [][]string{{"=.id=*1", "=name=switch1-cpu", "=switch=switch1",
			"=rx-bytes=1031871042,1168942227", "=tx-bytes=5", "=rx-packet=7,", "=tx-packet=1,x"}},
			map[string]map[string]string{"switch1/switch1-cpu": {"rx_bytes": "2200813269", "tx_bytes": "5"}}},
		"a disk with units": {"disk", "/disk", [][]string{{"=.id=*1", "=slot=nvme1", "=size=1.5TiB", "=free=768GiB", "=temperature=41C"}},
			map[string]map[string]string{"nvme1": {"size_bytes": "1649267441664", "free_bytes": "824633720832", "used_percent": "50", "temperature_celsius": "41"}}},
		"sensors without a unit": {"health", "/system/health", [][]string{{"=name=voltage", "=value=241"}, {"=name=jack-voltage", "=value=24.1"},
			{"=name=temperature", "=value=390"}, {"=name=cpu-temperature", "=value=-12"}, {"=name=current", "=value=643"}, {"=name=psu1-current", "=value=5.2"},
			{"=name=board-temperature1", "=value=390", "=type=C"}},
			map[string]map[string]string{"voltage": {"voltage_volts": "24.1"}, "jack-voltage": {"voltage_volts": "24.1"},
				"temperature": {"temperature_celsius": "39"}, "cpu-temperature": {"temperature_celsius": "-12"}, "current": {"current_amperes": "0.643"},
				"psu1-current": {"current_amperes": "5.2"}, "board-temperature1": {"temperature_celsius": "390"}}},
		"a package that could be there": {"package", "/system/package", [][]string{{"=.id=*1", "=name=ups", "=available=true", "=size=1"},
			{"=.id=*2", "=name=routeros", "=available=false", "=build-time=soon", "=disabled=no"}},
			map[string]map[string]string{"routeros": {"disabled": "false"}}},
		"a pool of anything": {"ip_pool", "/ip/pool", [][]string{{"=.id=*1", "=name=six", "=ranges=2001:db8::/48"}, {"=.id=*2", "=name=one", "=ranges=10.0.0.1"},
			{"=.id=*3", "=name=odd", "=ranges=10.0.0.9-10.0.0.1", "=total=0", "=used=0"}},
			map[string]map[string]string{"six": {"ranges": "2001:db8::/48"}, "one": {"ranges": "10.0.0.1", "addresses": "1"},
				"odd": {"ranges": "10.0.0.9-10.0.0.1", "addresses": "0", "used": "0"}}},
		"a neighbour without a MAC": {"neighbor", "/ip/neighbor", [][]string{{"=.id=*1", "=interface=ether1,bridge", "=identity=sw\x00\x00", "=age=5s"},
			{"=.id=*2", "=interface=ether2", "=uptime=1d02:03:04"}},
			map[string]map[string]string{"ether1/sw": {"identity": "sw", "age_seconds": "5"}, "ether2/": {"uptime_seconds": "93784"}}},
		"a clock that is far off": {"ntp", "/system/ntp/client", [][]string{{"=enabled=yes", "=system-offset=-86400000.5", "=freq-drift=", "=synced-stratum=-"}},
			map[string]map[string]string{"": {"enabled": "true", "offset_seconds": "-86400.0005"}}},
		"sizes with a unit": {"dns", "/ip/dns", [][]string{{"=cache-size=2MiB", "=cache-used=512 KiB"}},
			map[string]map[string]string{"": {"cache_size_bytes": "2097152", "cache_used_bytes": "524288", "cache_used_percent": "25"}}},
		"a resolver without a cache": {"dns", "/ip/dns", [][]string{{"=cache-size=0", "=cache-used=none"}},
			map[string]map[string]string{"": {"cache_size_bytes": "0"}}},
		"an empty menu":                  {"dns_adlist", "/ip/dns/adlist", nil, map[string]map[string]string{}},
		"an answer of nothing we know":   {"dude", "/dude", [][]string{{"=colour=blue"}}, map[string]map[string]string{}},
		"a rule without a comment":       {"firewall_rule", "/ip/firewall/raw", [][]string{{"=.id=*A", "=chain=prerouting", "=action=drop", "=bytes=", "=packets=3"}}, map[string]map[string]string{"drop *A/ipv4/raw/prerouting": {"action": "drop", "matched_packets": "3"}}},
		"connections, room not told":     {"conntrack", "/ip/firewall/connection/tracking", [][]string{{"=total-entries=12"}}, map[string]map[string]string{"": {"entries": "12"}}},
		"logins of one user, three ways": {"login_session", "/user/active", [][]string{{"=name=a", "=via=api", "=address=10.0.0.1", "=when=never"}, {"=name=a", "=via=api", "=address=10.0.0.1"}, {"=name=a", "=via=ssh", "=address=10.0.0.1"}}, map[string]map[string]string{"a/api/10.0.0.1": {"logins": "2"}, "a/ssh/10.0.0.1": {"logins": "1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			read := readStub(t, c.table, menus{c.path: c.rows})
			if read.Status != pipeline.Whole {
				t.Fatalf("%s %s", read.Status, read.Reason)
			}
			if diff := cmp.Diff(c.want, shown(read)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// readStub reads one table of a router of version 7.20 that has these menus.
func readStub(t *testing.T, name string, m menus) pipeline.TableRead {
	t.Helper()
	m["/system/resource"] = [][]string{{"=uptime=1h", "=version=7.20.6 (stable)"}}
	m["/system/clock"] = [][]string{{"=gmt-offset=+00:00"}}
	c := newStub(t, m.serve).collector()
	reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneSlow, func(table string) bool { return table == name })
	if err != nil {
		t.Fatal(err)
	}
	return find(t, reads, name)
}

// TestUPSThatCannotBeAsked: one that is disabled, or whose monitor is refused, keeps its row.
func TestUPSThatCannotBeAsked(t *testing.T) {
	read := readStub(t, "ups", menus{
		"/system/ups": {{"=.id=*1", "=name=a", "=model=X", "=disabled=false"}, {"=.id=*2", "=name=b", "=model=Y", "=disabled=true"}},
	})
	want := map[string]map[string]string{"a": {"model": "X"}, "b": {"model": "Y"}}
	if diff := cmp.Diff(want, shown(read)); read.Status != pipeline.Whole || diff != "" {
		t.Error(read.Status, read.Reason, diff)
	}
}

func TestDegrees(t *testing.T) {
	for in, want := range map[string]float64{"-1.286389": -1.286389, "36.817223": 36.817223, "S 1*17'11.4''": -(1 + 17.0/60 + 11.4/3600),
		"E 36 49' 2''": 36 + 49.0/60 + 2.0/3600, "N 0*0'0''": 0} {
		if got, ok := parseDegrees(in); !ok || got-want > 1e-9 || want-got > 1e-9 {
			t.Errorf("%q: %v %v, want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "none", "N 1*61'0''", "1.2.3", "1 2 3 4", "181", "N *"} {
		if got, ok := parseDegrees(in); ok {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestCountAddresses(t *testing.T) {
	for in, want := range map[string]float64{"10.0.0.2-10.0.0.254": 253, "10.0.0.0/24,10.1.0.1": 257, "0.0.0.0/0": 1 << 32, "0.0.0.0-255.255.255.255": 1 << 32} {
		if got, ok := countAddresses([]byte(in)); !ok || got != want {
			t.Errorf("%s: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "10.0.0.5-10.0.0.1", "2001:db8::1-2001:db8::2", "10.0.0.1,", "10.0.0.0/33", "a-b"} {
		if got, ok := countAddresses([]byte(in)); ok {
			t.Errorf("%q: %v", in, got)
		}
	}
}

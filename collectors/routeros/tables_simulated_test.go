package routeros

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
)

// still is a fleet at one instant, the same in every run.
func still(t testing.TB, routers int) *simulator.Fleet {
	t.Helper()
	now := time.Date(2026, 3, 2, 10, 7, 14, 0, time.UTC)
	return openFleet(t, simulator.Options{Routers: routers, Seed: 7, Quiet: true, Clock: func() time.Time { return now }})
}

// fieldsOf reads "a=1 | b=x y".
func fieldsOf(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, " | ") {
		name, value, _ := strings.Cut(part, "=")
		out[strings.TrimSpace(name)] = value
	}
	return out
}

// rowCase is one row of a table that a router must give.
type rowCase struct{ router, table, row, want string }

// compareRows reads the tables over the real protocol, from routers of versions 6 and 7.
func compareRows(t *testing.T, cases []rowCase) {
	t.Helper()
	f := still(t, 30)
	known := map[string]map[string]pipeline.TableRead{}
	for _, c := range cases {
		if known[c.router] == nil {
			known[c.router] = everyTable(t, plainTarget(f, f.Router(c.router)))
		}
		read := known[c.router][c.table]
		if read.Status != pipeline.Whole {
			t.Errorf("%s %s: %s %s", c.router, c.table, read.Status, read.Reason)
			continue
		}
		rows := shown(read)
		if diff := cmp.Diff(fieldsOf(c.want), rows[c.row]); diff != "" {
			t.Errorf("%s %s %q: %s", c.router, c.table, c.row, diff)
		}
	}
}

// everyTable reads every table once, by name.
func everyTable(t testing.TB, target Target) map[string]pipeline.TableRead {
	t.Helper()
	c := collect(t, target, newShared(t))
	out := map[string]pipeline.TableRead{}
	for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
		reads, err := c.Collect(within(t, 20*time.Second), lane, nil) // the costly ones, too
		if err != nil {
			t.Fatal(err)
		}
		for _, read := range reads {
			out[read.Table.Name] = read
		}
	}
	return out
}

func TestInventoryTables(t *testing.T) {
	compareRows(t, []rowCase{
		{"core-1", "inventory", "", "board_model=CCR2116-12G-4S+ | board_name=CCR2116-12G-4S+ | build_time=2025-11-05 12:11:46 | " +
			"firmware_factory_version=7.4.1 | firmware_type=arm64 | firmware_upgrade_version=7.20.4 | firmware_version=7.20.4 | " +
			"license_level=6 | serial_number=HE5C3A6333A1 | software_id=MTN7-6TGL"},
		{"edge-2", "inventory", "", "board_model=CCR1036-8G-2S+ | board_name=CCR1036-8G-2S+ | build_time=Aug/06/2024 11:08:18 | " +
			"firmware_factory_version=6.40.5 | firmware_type=tile | firmware_upgrade_version=6.49.17 | firmware_version=6.49.17 | " +
			"license_level=6 | serial_number=HEAB65544201 | software_id=5EA2-JZR9"},
		// a virtual machine has no board
		{"office-2", "inventory", "", "build_time=2025-07-22 12:15:48 | license_level=p1 | software_id=HU1R-I8TV"},
		{"hotspot-2", "inventory", "", "board_model=C53UiG+5HPaxD2HPaxD | board_name=hAP ax^3 | build_time=2025-12-01 08:24:07 | " +
			"firmware_factory_version=7.4.1 | firmware_type=arm64 | firmware_upgrade_version=7.20.6 | firmware_version=7.20.6 | " +
			"license_level=6 | serial_number=HE40231DF4AC | software_id=6FZ6-SX16"},
		// 2024-08-06 11:08:18 UTC: when something was built does not follow the router's zone
		{"edge-2", "package", "routeros-tile", "build_timestamp_seconds=1722942498 | disabled=false | scheduled= | version=6.49.17"},
		{"hotspot-2", "package", "wifi-qcom", "build_timestamp_seconds=1764577447 | disabled=false | scheduled= | size_bytes=8146429 | version=7.20.6"},
		{"edge-2", "package_update", "", "installed_version=6.49.17 | latest_version=6.49.19 | status=New version is available | " +
			"update_available=true | update_channel=long-term"},
		// it has never looked: nothing is known of updates
		{"core-1", "package_update", "", "installed_version=7.20.4 | update_channel=stable"},
		{"edge-2", "partition", "part1", "active=false | running=false | size_bytes=536870912 | version=RouterOS v6.49.17 Aug/06/2024 11:08:18"},
		{"core-1", "disk", "nvme1", "active_seconds=868 | empty=false | file_system=ext4 | firmware_version=3B4QFXO7 | free_bytes=321304376239 | " +
			"io_errors=0 | model=Samsung SSD 980 500GB | mounted=true | power_cycles=31 | read_bytes=224756515 | read_operations=9999 | " +
			"serial_number=HE5C3A6333A1 | size_bytes=500107862016 | state=mounted | temperature_celsius=43 | unsafe_shutdowns=7 | " +
			"used_percent=35.75298437745406 | wear_percent=4 | write_bytes=750303649 | write_operations=30011"},
		{"edge-2", "disk", "disk1", "file_system=fat32 | free_bytes=7180000000 | model=Flash Disk | size_bytes=8004304896 | used_percent=10.29826957756108"},
		{"core-1", "certificate", "old", "authority=false | common_name=old.core-1.example.net | expired=true | expires_seconds=-41074726 | " +
			"fingerprint=d0804204b99a004c4491ebadcad411be6fdb4f82dbb0384a3a523be2cbd1d86a | not_after_timestamp_seconds=1731371307 | " +
			"not_before_timestamp_seconds=1699835307 | revoked=false | subject_alt_name=IP:127.64.0.1 | trusted=false"},
		{"edge-2", "certificate", "local-ca", "authority=true | common_name=local-ca.edge-2.example.net | expired=false | expires_seconds=310717598 | " +
			"fingerprint=5d1f91fd949bd20ae02cf4a74dca58c5a19cb4cea686c3d7b0f667e4a3f262bf | not_after_timestamp_seconds=2083163632 | " +
			"not_before_timestamp_seconds=1767803632 | revoked=false | subject_alt_name=IP:127.64.0.12 | trusted=true"},
		// 7.20 has flags, 7.18 a status
		{"core-1", "container", "probe", "architecture=arm64 | image=registry.example.net/probe:latest | interface_name=veth2 | os=linux | restarts=3 | " +
			"size_bytes=182452224 | state=2"},
		{"tower-4", "container", "pihole", "architecture=arm64 | cpu_percent=2.3 | healthy=true | image=registry.example.net/pihole:latest | " +
			"interface_name=veth1 | memory_bytes=55111185 | os=linux | restarts=0 | size_bytes=91226112 | state=1"},
	})
}

func TestSystemTables(t *testing.T) {
	compareRows(t, []rowCase{
		{"core-1", "ntp", "", "enabled=true | frequency_drift_ppm=-0.533 | offset_seconds=-0.00008 | status=synchronized | stratum=3 | synced_server=192.0.2.3"},
		{"edge-2", "ntp", "", "enabled=true | last_adjustment_seconds=-0.00042 | synced_server=192.0.2.2"},
		{"core-1", "dns", "", "cache_size_bytes=2097152 | cache_used_bytes=646144 | cache_used_percent=30.810546875"},
		{"edge-2", "dns", "", "cache_size_bytes=2097152 | cache_used_bytes=210944 | cache_used_percent=10.05859375"}, // 2048KiB, 206KiB
		{"office-2", "dns_adlist", "https://lists.example.net/malware.txt", "disabled=true | matches=101483 | names=11342"},
		{"core-1", "cloud", "", "ddns_enabled=true | dns_name=HE5C3A6333A1.sn.mynetname.net | public_address=198.51.100.178 | status=updated | " +
			"vpn_status=running | warning=Router is behind a NAT. Remote connection might not work."},
		{"edge-2", "cloud", "", "ddns_enabled=true | dns_name=HEAB65544201.sn.mynetname.net | public_address=198.51.100.65 | status=updated"},
		{"edge-2", "ups", "ups1", "battery_temperature_celsius=31.4 | battery_voltage_volts=27.3 | charge_percent=100 | firmware_version=FW:295202G -302202G | " +
			"input_voltage_volts=229.2 | load_percent=24 | low_battery=false | model=Back-UPS BX1600MI | on_battery=false | online=true | " +
			"output_frequency_hertz=50 | output_voltage_volts=230 | overload=false | replace_battery=false | runtime_seconds=3960 | " +
			"serial_number=9B8346516645 | transfer_cause="},
		{"tower-1", "gps", "", "altitude_meters=2384.5 | data_age_seconds=1 | fix_quality=1 | horizontal_dilution=0.9 | latitude_degrees=0.38763 | " +
			"longitude_degrees=38.46994 | satellites=10 | speed_kilometers_per_hour=0.12 | time_timestamp_seconds=1772446033 | valid=true"},
		{"hotspot-2", "radius", "192.0.2.18", "accepts=19488 | bad_replies=0 | last_rtt_seconds=0.03 | pending=0 | rejects=1025 | requests=20513 | " +
			"resends=410 | services=ppp,hotspot | timeouts=0"},
		{"hotspot-2", "radius", "192.0.2.19", "accepts=0 | bad_replies=0 | last_rtt_seconds=0 | pending=0 | rejects=0 | requests=20513 | resends=41026 | " +
			"services=ppp,hotspot | timeouts=20513"},
		{"edge-2", "radius_incoming", "", "acks=1003 | bad_requests=29 | naks=119 | requests=1190"},
		{"office-2", "dude", "", "enabled=true | status=running"},
		{"core-1", "netwatch", "gateway", "comment=upstream | disabled=false | host=192.0.2.1 | loss_percent=0 | rtt_jitter_seconds=0.003115 | " +
			"rtt_max_seconds=0.004017 | rtt_min_seconds=0.000902 | rtt_seconds=0.001585 | rtt_stdev_seconds=0.000641 | " +
			"since_timestamp_seconds=1772411327 | status=1 | tests_done=578 | tests_failed=0 | watch_type=icmp"},
		{"core-1", "netwatch", "198.51.100.7", "connect_seconds=0.01231 | disabled=false | host=198.51.100.7 | http_response_seconds=0.025002 | " +
			"http_status_code=200 | since_timestamp_seconds=1772411327 | status=1 | tests_done=578 | tests_failed=82 | watch_type=http-get"},
		{"tower-3", "netwatch", "192.0.2.1", "comment=upstream | disabled=false | host=192.0.2.1 | since_timestamp_seconds=1772332310 | status=1"},
		{"core-1", "login_session", "telemetry/api/10.0.0.10", "logins=2 | radius=false | since_timestamp_seconds=1772411337 | user_group=telemetry"},
		{"edge-2", "login_session", "amina/winbox/10.0.0.44", "logins=1 | radius=true | since_timestamp_seconds=1771259722 | user_group=full"},
		{"hotspot-2", "kid_control_device", "console", "activity= | blocked=true | idle_seconds=14 | inactive=false | kid=juma | limited=false | " +
			"mac_address=74:4d:a5:20:80:e6 | rx_bytes=1538421355 | tx_bytes=20512734451"},
		{"hotspot-2", "kid_control_device", "74:4d:77:61:ea:25", "activity= | blocked=false | idle_seconds=14 | inactive=true | kid= | limited=false | " +
			"mac_address=74:4d:77:61:ea:25 | rx_bytes=1538428477 | tx_bytes=20511949499"},
		{"core-1", "routing_process", "rib", "busy_max_seconds=0.04 | kernel_seconds=4.09 | private_blocks=640 | process_seconds=10.31 | " +
			"resident_bytes=11534336 | shared_blocks=0 | tasks=8 | virtual_bytes=30932992"},
		{"core-1", "routing_process", "bgp~5", "busy_max_seconds=0.04 | kernel_seconds=4.09 | private_blocks=760 | process_seconds=10.31 | " +
			"resident_bytes=4613734 | shared_blocks=0 | tasks=29 | virtual_bytes=12373196"},
	})
}

func TestServiceTables(t *testing.T) {
	compareRows(t, []rowCase{
		{"hotspot-2", "dhcp_lease_count", "dhcp1/bound", "leases=126"},
		{"hotspot-2", "dhcp_lease_count", "guests/waiting", "leases=2"},
		{"edge-2", "dhcp_lease_count", "guests/bound", "leases=2"},
		{"hotspot-2", "dhcpv6_binding_count", "dhcpv6/waiting", "bindings=8"},
		{"edge-2", "dhcp_lease", "dhcp1/192.168.80.2", "blocked=false | class_id=MSFT 5.0 | comment=Küche 0 | disabled=false | dynamic=false | " +
			"expires_seconds=247 | host_name=android-2b1c | last_seen_seconds=1553 | mac_address=74:4d:64:47:cf:fc | radius=false | status=bound"},
		{"hotspot-2", "ip_pool", "dhcp-pool", "addresses=253 | available=53 | ranges=192.168.80.2-192.168.80.254 | used=200 | used_percent=79.05138339920948"},
		{"edge-2", "ip_pool", "ppp-pool", "addresses=1034 | ranges=100.64.0.0/22,100.64.8.10-100.64.8.19"}, // counted here
		{"hotspot-2", "arp_entry", "ether1/192.168.80.2", "complete=true | dynamic=true | mac_address=74:4d:72:87:5a:73 | status=reachable"},
		{"edge-2", "arp_entry", "ether1/192.168.80.3", "complete=true | dynamic=true | mac_address=74:4d:4b:7e:4b:cc"},
		{"core-1", "neighbor", "sfp-sfpplus1/48:8f:5a:00:01:00", "address=127.64.0.2 | age_seconds=12 | board_name=RB4011iGS+ | capabilities=bridge,router | " +
			"description=MikroTik RouterOS 7.16.2 RB4011iGS+ | identity=edge-1 | mac_address=48:8f:5a:00:01:00 | platform=MikroTik | " +
			"remote_port=bridge-lan/ether1 | software_id=KS75-NB7G | uptime_seconds=17363 | version=7.16.2 (stable)"},
		{"core-1", "neighbor", "ether3/74:4d:6e:79:c2:eb", "age_seconds=25 | identity=sw- | mac_address=74:4d:6e:79:c2:eb | platform= | remote_port=gi0/7"},
		{"hotspot-2", "hotspot_host", "74:4d:80:b4:21:52", "address=10.5.50.10 | authorized=true | bypassed=false | found_by=ARP | idle_seconds=2 | " +
			"rx_bytes=11529561318 | rx_packets=44344465 | server=hotspot1 | to_address=10.5.50.10 | tx_bytes=117454353244 | tx_packets=124951438 | " +
			"uptime_seconds=1021197"},
		{"tower-1", "queue_simple", "<pppoe-wanjiku00>", "disabled=false | download_bytes=127051264439 | download_drops=317628 | " +
			"download_limit_bits_per_second=20000000 | download_packets=135160919 | download_pcq_queues=0 | download_queued_bytes=2820 | " +
			"download_queued_packets=3 | dynamic=true | parent_queue=none | target=100.64.2.10 | upload_bytes=11374308891 | upload_drops=12638 | " +
			"upload_limit_bits_per_second=5000000 | upload_packets=43747341 | upload_pcq_queues=0 | upload_queued_bytes=0 | upload_queued_packets=0"},
		// 6 writes 2M/10M, and 0/0 is no limit
		{"edge-2", "queue_simple", "cust-101", "disabled=false | download_bytes=59523015874 | download_drops=148807 | " +
			"download_guaranteed_bits_per_second=4000000 | download_limit_bits_per_second=10000000 | download_packets=63322357 | " +
			"download_queued_bytes=2820 | download_queued_packets=3 | dynamic=false | parent_queue=cust-100 | target=10.20.0.3 | " +
			"upload_bytes=4761848685 | upload_drops=5290 | upload_guaranteed_bits_per_second=1000000 | upload_limit_bits_per_second=2000000 | " +
			"upload_packets=18314802 | upload_queued_bytes=0 | upload_queued_packets=0"},
		{"edge-2", "queue_simple", "cust-100", "comment=contract 4000 | disabled=false | download_bytes=59525203792 | download_drops=148813 | " +
			"download_packets=63324684 | download_queued_bytes=0 | download_queued_packets=0 | dynamic=false | parent_queue=none | target=10.20.0.2 | " +
			"upload_bytes=4761913230 | upload_drops=5291 | upload_packets=18315050 | upload_queued_bytes=0 | upload_queued_packets=0"},
		{"edge-2", "queue_tree", "voip", "disabled=false | drops=59523 | guaranteed_bits_per_second=4000000 | limit_bits_per_second=20000000 | " +
			"packet_mark=voip | parent_queue=down | pcq_queues=0 | queued_bytes=820 | queued_packets=1 | tx_bytes=41666442434 | tx_packets=50812734"},
		{"edge-2", "queue_tree", "bulk", "disabled=false | drops=39682 | packet_mark=bulk | parent_queue=down | pcq_queues=0 | queued_bytes=1640 | " +
			"queued_packets=2 | tx_bytes=27777483926 | tx_packets=33874980"},
		{"core-1", "conntrack", "", "entries=702 | ipv4_entries=624 | ipv6_entries=78 | max_entries=1048576 | used_percent=0.06694793701171875"},
		{"edge-2", "conntrack", "", "entries=676 | max_entries=1048576 | used_percent=0.0644683837890625"},
		{"hotspot-2", "fast_path", "", "ipv4_fast_path_active=false | ipv4_fast_path_bytes=307695169130 | ipv4_fast_path_packets=410243123 | " +
			"ipv4_fasttrack_active=true | ipv4_fasttrack_bytes=31794141685 | ipv4_fasttrack_packets=41025027"},
		{"core-1", "firewall_rule", "drop *2/ipv4/filter/input", "action=drop | comment= | disabled=false | logged=false | matched_bytes=74900626 | matched_packets=241614"},
		{"core-1", "firewall_rule", "defconf: rule 0~1/ipv4/filter/input", "action=accept | comment=defconf: rule 0 | disabled=false | logged=false | " +
			"matched_bytes=74874264 | matched_packets=241529"},
		{"hotspot-2", "firewall_rule", "special dummy rule to show fasttrack counters/ipv4/filter/forward", "action=passthrough | " +
			"comment=special dummy rule to show fasttrack counters | disabled=false | logged=false | matched_bytes=3076924395 | matched_packets=9925562"},
	})
}

// TestWhatARouterLacks: a menu that is not there is no failure, whatever the version.
func TestWhatARouterLacks(t *testing.T) {
	f := still(t, 30)
	for router, lacks := range map[string]string{
		"edge-2":    "container dns_adlist routing_process dhcpv6_binding_count gps",
		"office-2":  "partition cloud gps ups container",
		"hotspot-2": "ups gps dude container",
	} {
		reads := everyTable(t, plainTarget(f, f.Router(router)))
		for _, table := range strings.Fields(lacks) {
			if read := reads[table]; read.Status != pipeline.Skipped || len(read.Samples) > 0 {
				t.Errorf("%s %s: %s, %d rows", router, table, read.Status, len(read.Samples))
			}
		}
		for name, read := range reads {
			if read.Status == pipeline.Failed {
				t.Errorf("%s %s: %s", router, name, read.Reason)
			}
		}
	}
	// The IPv6 firewall is missing, the IPv4 one is read nevertheless.
	if rules := shown(everyTable(t, plainTarget(f, f.Router("edge-2")))["firewall_rule"]); len(rules) != 18 {
		t.Errorf("%d rules", len(rules))
	}
}

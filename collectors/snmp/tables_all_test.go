package snmp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// cells are the columns of one row: column number, value. Numbers are INTEGERs; a Counter64, a text, bytes
// and an address keep their types.
func cells(base, index string, columns map[int]any) (mib []entry) {
	for column, v := range columns {
		e := entry{oid: fmt.Sprintf("%s.%d.%s", base, column, index), value: v}
		switch v := v.(type) {
		case int:
			e.typ = tInt
		case uint32:
			e.typ = tGauge
		case uint64:
			e.typ = tCount64
		case address:
			e.typ, e.value = gosnmp.IPAddress, string(v)
		case ticks:
			e.typ, e.value = tTicks, uint32(v)
		default:
			e.typ = tText
		}
		mib = append(mib, e)
	}
	return mib
}

type address string

type ticks uint32

// scalars are objects without an index.
func scalars(values map[string]any) (mib []entry) {
	for oid, v := range values {
		cut := strings.LastIndex(oid, ".")
		e := cells(oid[:cut], "x", map[int]any{0: v})[0]
		e.oid = oid
		mib = append(mib, e)
	}
	return mib
}

// laneOf is the lane of a table.
func laneOf(t *testing.T, c *Collector, table string) pipeline.Lane {
	t.Helper()
	for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
		if slices.Contains(c.Tables(lane), table) {
			return lane
		}
	}
	t.Fatalf("no lane reads %s", table)
	return ""
}

// Each table: what an agent has, and the rows that are made of it, in the first poll and in later ones.
func TestEveryTable(t *testing.T) {
	for name, test := range map[string]struct {
		table    string
		objectID string // "" is RouterOS
		mib      []entry
		want     string
	}{
		"PoE": {"poe", "", slices.Concat(ports(3), cells(poeEntry, "2", map[int]any{2: "ether2", 3: 3, 4: 487, 5: 184, 6: 91}),
			cells(poeEntry, "3", map[int]any{2: "ether3", 3: 5, 4: 0, 5: 0, 6: 0})),
			`poe[ether2] status=3 voltage_volts=48.7 current_amperes=0.184 power_watts=9.1
			poe[ether3] status=5 voltage_volts=0 current_amperes=0 power_watts=0`},
		"PoE in hundredths, as some SwOS switches say it": {"poe", ".1.3.6.1.4.1.14988.2",
			slices.Concat(ports(1), cells(poeEntry, "1", map[int]any{2: "Port1", 3: 3, 4: 4870, 5: 184, 6: 896})),
			`poe[Port1] status=3 voltage_volts=48.7 current_amperes=0.184 power_watts=8.96`},
		"PoE status outside the enumeration": {"poe", "", slices.Concat(ports(1), cells(poeEntry, "1", map[int]any{2: "ether1", 3: 77})), `poe[ether1] status=77`},
		"PoE budget": {"poe_supply", ".1.3.6.1.4.1.9.1.1", cells(pethMainEntry, "1", map[int]any{2: uint32(370), 3: 1, 4: uint32(115), 5: 80}),
			`poe_supply[1] status=1 rated_watts=370 power_watts=115 threshold_percent=80`},
		"optics": {"optics", "", slices.Concat(
			cells(opticalEntry, "1", map[int]any{2: "sfp1", 3: 0, 4: 0, 5: uint32(85000), 6: uint32(40), 7: uint32(3302), 8: uint32(7), 9: -4879, 10: -5673, 11: "ACME", 12: "S1"}),
			cells(opticalEntry, "2", map[int]any{2: "cold", 3: 1, 4: 0, 5: uint32(131000), 6: uint32(4294967291), 7: uint32(3302), 8: uint32(7), 9: 1000, 10: -40000}),
			cells(opticalEntry, "3", map[int]any{2: "empty", 3: 1, 4: 0, 5: uint32(6553500), 6: uint32(4294967168), 7: uint32(0), 8: uint32(0), 9: 0, 10: 0}),
			cells(opticalEntry, "4", map[int]any{2: "short", 3: 1, 4: 0, 5: uint32(0), 6: uint32(65408), 7: uint32(0), 8: uint32(0), 9: 0, 10: 0}),
			cells(opticalEntry, "5", map[int]any{2: "copper", 3: 0, 4: 0, 5: uint32(0), 6: uint32(0), 7: uint32(0), 8: uint32(0), 9: 0, 10: 0}),
			cells(opticalEntry, "6", map[int]any{2: "", 6: uint32(0), 7: uint32(0)})),
			`optics[sfp1] module_present=true rx_loss=false tx_fault=false wavelength_nanometers=850 temperature_celsius=40 supply_voltage_volts=3.302 tx_bias_amperes=0.007 tx_power_dbm=-4.879 rx_power_dbm=-5.673 vendor_name=ACME serial_number=S1
			optics[cold] module_present=true rx_loss=true tx_fault=false wavelength_nanometers=1310 temperature_celsius=-5 supply_voltage_volts=3.302 tx_bias_amperes=0.007 tx_power_dbm=1 rx_power_dbm=-40
			optics[empty] module_present=false rx_loss=true tx_fault=false
			optics[short] module_present=false rx_loss=true tx_fault=false
			optics[copper] rx_loss=false tx_fault=false`},
		"SwOS in hundredths of a volt": {"health", ".1.3.6.1.4.1.14988.2", scalars(map[string]any{mikrotik + ".3.8.0": 2380, mikrotik + ".3.10.0": 240}),
			`health[voltage] voltage_volts=23.8
			health[temperature] temperature_celsius=24`},
		"SwOS gauges": {"health", ".1.3.6.1.4.1.14988.2", slices.Concat(
			cells(gaugeEntry, "52.0", map[int]any{2: "cpu-temperature", 3: uint32(60), 4: 1}),
			cells(gaugeEntry, "7201.0", map[int]any{2: "psu1-voltage", 3: uint32(2405), 4: 3}),
			cells(gaugeEntry, "7301.0", map[int]any{2: "psu1-current", 3: uint32(415), 4: 4})),
			`health[cpu-temperature] temperature_celsius=60
			health[psu1-voltage] voltage_volts=24.05
			health[psu1-current] current_amperes=0.415`},
		"SwOS gauges without names and units": {"health", ".1.3.6.1.4.1.14988.2", slices.Concat(
			cells(gaugeEntry, "16.0", map[int]any{3: uint32(105)}), cells(gaugeEntry, "52.0", map[int]any{3: uint32(60)}),
			cells(gaugeEntry, "7202.0", map[int]any{3: uint32(2405)}), cells(gaugeEntry, "7302.0", map[int]any{3: uint32(415)}),
			cells(gaugeEntry, "9999.0", map[int]any{3: uint32(1)})),
			`health[power-consumption] power_watts=10.5
			health[cpu-temperature] temperature_celsius=60
			health[psu2-voltage] voltage_volts=24.05
			health[psu2-current] current_amperes=0.415`},
		"RouterOS gauges": {"health", "", slices.Concat(
			cells(gaugeEntry, "7201", map[int]any{2: "psu1-voltage", 3: 121, 4: 3}),
			cells(gaugeEntry, "7301", map[int]any{2: "psu1-current", 3: 14, 4: 4})),
			`health[psu1-voltage] voltage_volts=12.1
			health[psu1-current] current_amperes=1.4`},
		"words and contacts": {"health", "", scalars(map[string]any{mikrotik + ".3.9.0": "fan1", mikrotik + ".3.19.0": 1}),
			`health[active-fan] words=fan1
			health[alarm-socket] truth=true`},
		"sensors of others": {"health", ".1.3.6.1.4.1.47196.4", slices.Concat(
			[]entry{{entPhysicalEntry + ".7.1", tText, "PSU 1 inlet"}, {entPhysicalEntry + ".2.2", tText, "input"}},
			cells(entSensorEntry, "1", map[int]any{1: 8, 2: 8, 3: 0, 4: 24500, 5: 1, 6: "C"}),
			cells(entSensorEntry, "2", map[int]any{1: 3, 2: 9, 3: 2, 4: 23012, 5: 1}),
			cells(entSensorEntry, "3", map[int]any{1: 6, 2: 10, 3: 1, 4: 15, 5: 1}),
			cells(entSensorEntry, "4", map[int]any{1: 10, 2: 9, 3: 0, 4: 3969, 5: 2}),
			cells(entSensorEntry, "5", map[int]any{1: 12, 2: 9, 3: 0, 4: 2, 5: 1}),
			cells(entSensorEntry, "6", map[int]any{1: 8, 2: 99, 3: 0, 4: 1, 5: 1}),
			cells(entSensorEntry, "7", map[int]any{1: 11, 2: 9, 3: -3, 4: 120, 5: 1, 6: "CMM"}),
			cells(entSensorEntry, "8", map[int]any{1: 14, 2: 8, 3: 0, 4: -7500, 5: 1}),
			cells(entSensorEntry, "9", map[int]any{1: 8, 2: 9, 3: 0, 4: -1000000000, 5: 1}),
			cells(entSensorEntry, "10", map[int]any{1: 8, 2: 9, 3: 0, 4: -127, 5: 1}),
			cells(entSensorEntry, "11", map[int]any{1: 8, 2: 9, 3: 1, 4: -127, 5: 1}),
			cells(entSensorEntry, "12", map[int]any{1: 8, 2: 1, 3: 0, 4: 41, 5: 1})),
			`health[PSU 1 inlet] temperature_celsius=24.5 units=C sensor_status=1
			health[input] voltage_volts=230.12 sensor_status=1
			health[3] power_watts=1500 sensor_status=1
			health[4] sensor_status=2
			health[5] truth=false sensor_status=1
			health[6] sensor_status=1
			health[7] value=120 units=CMM sensor_status=1
			health[8] power_dbm=-7.5 sensor_status=1
			health[9] sensor_status=1
			health[10] sensor_status=1
			health[11] temperature_celsius=-12.7 sensor_status=1
			health[12] temperature_celsius=41 sensor_status=1`},
		"UPS": {"ups", ".1.3.6.1.4.1.2254", slices.Concat(scalars(map[string]any{upsMIB + ".1.2.0": "Powerhouse", upsMIB + ".2.1.0": 3, upsMIB + ".2.2.0": 61,
			upsMIB + ".2.3.0": 22, upsMIB + ".2.4.0": 40, upsMIB + ".2.5.0": 412, upsMIB + ".2.6.0": -15, upsMIB + ".2.7.0": 23, upsMIB + ".4.1.0": 5, upsMIB + ".4.2.0": 600}),
			cells(upsMIB+".3.3.1", "1", map[int]any{2: 0, 3: 0}), cells(upsMIB+".4.4.1", "1", map[int]any{2: 121, 5: 20}), cells(upsMIB+".4.4.1", "2", map[int]any{2: 122, 5: 79})),
			`ups[ups] model=Powerhouse battery_status=3 output_source=5 online=false on_battery=true low_battery=true on_battery_seconds=61 charge_percent=40 battery_voltage_volts=41.2 battery_current_amperes=-1.5 battery_temperature_celsius=23 output_frequency_hertz=60 runtime_seconds=1320 input_voltage_volts=0 output_voltage_volts=121 load_percent=79`},
		"UPS that cannot measure, in other units": {"ups", ".1.3.6.1.4.1.2254", slices.Concat(scalars(map[string]any{upsMIB + ".2.1.0": 2, upsMIB + ".2.2.0": -1, upsMIB + ".2.3.0": -1,
			upsMIB + ".2.4.0": 65535, upsMIB + ".2.5.0": -1, upsMIB + ".2.6.0": -1, upsMIB + ".2.7.0": 2147483647, upsMIB + ".4.2.0": 4998, upsMIB + ".5.1.0": 50}),
			cells(upsMIB+".3.3.1", "1.0", map[int]any{2: 4998, 3: 2301}), cells(upsMIB+".4.4.1", "1.0", map[int]any{2: 1201, 3: -1, 5: 17})),
			`ups[ups] battery_status=2 low_battery=false battery_current_amperes=-0.1 output_frequency_hertz=49.98 bypass_frequency_hertz=50 input_voltage_volts=230.1 output_voltage_volts=120.1 load_percent=17`},
		"UPS on an old RouterOS, which counts seconds": {"ups", "", scalars(map[string]any{mikrotik + ".4.4.0": "6.46.8", upsMIB + ".2.1.0": 2, upsMIB + ".2.3.0": 1320}),
			`ups[ups] battery_status=2 low_battery=false runtime_seconds=1320`},
		"UPS on RouterOS": {"ups", "", scalars(map[string]any{mikrotik + ".4.4.0": "7.16", upsMIB + ".2.1.0": 2, upsMIB + ".2.3.0": 22}),
			`ups[ups] battery_status=2 low_battery=false runtime_seconds=1320`},
		"UPS lines of indexes that end in 0, in other units": {"ups_line", ".1.3.6.1.4.1.2254", slices.Concat(cells(upsMIB+".3.3.1", "1.0", map[int]any{2: 4998, 3: 2301, 4: 0}),
			cells(upsMIB+".3.3.1", "2.0", map[int]any{2: 0, 3: 0}), cells(upsMIB+".4.4.1", "1.0", map[int]any{2: 1201, 3: -1, 4: 65535, 5: 17})),
			`ups_line[input/1] frequency_hertz=49.98 voltage_volts=230.1 current_amperes=0
			ups_line[input/2] frequency_hertz=0 voltage_volts=0
			ups_line[output/1] voltage_volts=120.1 load_percent=17`},
		"UPS lines": {"ups_line", ".1.3.6.1.4.1.2254", slices.Concat(cells(upsMIB+".3.3.1", "1", map[int]any{2: 599, 3: 121}),
			cells(upsMIB+".4.4.1", "1", map[int]any{2: 121, 3: 81, 4: 951, 5: 79}), cells(upsMIB+".5.3.1", "1", map[int]any{2: 119})),
			`ups_line[input/1] frequency_hertz=59.9 voltage_volts=121
			ups_line[output/1] voltage_volts=121 current_amperes=8.1 power_watts=951 load_percent=79
			ups_line[bypass/1] voltage_volts=119`},
		"radios of three packages": {"wireless_interface", "", slices.Concat(ports(4),
			cells(wlApEntry, "1", map[int]any{2: uint32(0), 4: "free wifi", 5: []byte{0, 0, 0, 0, 0, 0}, 6: uint32(3), 7: 2412, 8: "2412/20-Ce/gn", 9: -117, 10: uint32(70), 11: uint32(2)}),
			cells(wlStatEntry, "2", map[int]any{2: uint32(150000000), 4: -47, 5: "up", 6: []byte{0, 0x80, 0x48, 0x70, 0x70, 0x3f}, 7: 5745, 9: uint32(100), 10: uint32(80)}),
			cells(wlStatEntry, "1", map[int]any{4: -1}), // an interface is what the earlier table says
			cells(wlCMEntry, "3", map[int]any{2: uint32(5), 3: uint32(4), 4: "running-ap", 5: "5180/20-Ceee/ac(20dBm)"}),
			cells(wifiEntry, "9", map[int]any{2: "wifi1", 3: "new", 4: "5180/ax/Ceee"})),
			`wireless_interface[ether1] driver=wireless radio_mode=ap ssid=free wifi band=2412/20-Ce/gn frequency_hertz=2412000000 clients=3 authorized_clients=2 noise_floor_dbm=-117 tx_ccq_percent=70 tx_rate_bits_per_second=0
			wireless_interface[ether2] driver=wireless radio_mode=station ssid=up bssid=00:80:48:70:70:3f frequency_hertz=5745000000 signal_dbm=-47 tx_ccq_percent=100 rx_ccq_percent=80 tx_rate_bits_per_second=150000000
			wireless_interface[ether3] driver=caps-man channel_name=5180/20-Ceee/ac(20dBm) state=running-ap frequency_hertz=5180000000 clients=5 authorized_clients=4
			wireless_interface[wifi1] driver=wifi ssid=new channel_name=5180/ax/Ceee frequency_hertz=5180000000`},
		"clients of three packages": {"wireless_client", "", slices.Concat(ports(2),
			cells(wlRegEntry, "170.187.204.221.238.255.1", map[int]any{3: -63, 4: uint32(1), 5: uint32(2), 8: uint32(6000000), 10: "6.49", 11: ticks(12345), 12: 30, 13: 0, 14: -64, 20: "cpe"}),
			cells(wlCMRegEntry, "0.0.0.0.0.1.2", map[int]any{3: ticks(100), 4: uint32(7), 11: -70, 12: "net", 13: "bob"}),
			cells(wifiRegEntry, "0.0.0.0.0.2.77", map[int]any{3: "net", 4: ticks(250), 6: -55, 9: uint32(4000000000), 13: uint64(1 << 40), 14: uint64(5), 17: 0, 18: 1})),
			`wireless_client[ether1/aa:bb:cc:dd:ee:ff] radio_name=cpe client_version=6.49 signal_dbm=-63 signal_chain0_dbm=-64 snr_decibels=30 tx_rate_bits_per_second=6000000 uptime_seconds=123.45 rx_bytes=2(32) tx_bytes=1(32)
			wireless_client[ether2/00:00:00:00:00:01] ssid=net eap_identity=bob signal_dbm=-70 uptime_seconds=1 tx_bytes=7(32)
			wireless_client[77/00:00:00:00:00:02] ssid=net authorized=true signal_dbm=-55 tx_rate_bits_per_second=4000000000 uptime_seconds=2.5 rx_bytes=5 tx_bytes=1099511627776`},
		"60 GHz": {"w60g", "", slices.Concat(ports(1), cells(w60gEntry, "1", map[int]any{2: 1, 3: "s", 4: 1, 5: []byte{4, 0xd6, 0xaa, 0xa8, 0xe, 0xd3}, 6: 58320, 7: 8, 8: 80, 9: 34, 11: "right", 12: -55, 13: uint32(2310)})),
			`w60g[ether1] radio_mode=1 ssid=s remote_mac_address=04:d6:aa:a8:0e:d3 connected=true frequency_hertz=58320000000 mcs=8 signal_percent=80 rssi_dbm=-55 tx_sector=34 tx_sector_info=right phy_rate_bits_per_second=2310000000`},
		"60 GHz stations, whose distance is in centimetres": {"w60g_station", "", slices.Concat(ports(1), cells(w60gStationEntry, "1", map[int]any{2: 0, 3: []byte{4, 0xd6, 0xaa, 0xa8, 0xf, 0x89}, 10: 18545})),
			`w60g_station[ether1/04:d6:aa:a8:0f:89] connected=false distance_meters=185.45`},
		"nstreme dual": {"nstreme_dual", "", slices.Concat(ports(1), cells(nstremeDualEntry, "1", map[int]any{2: uint32(54000000), 4: -60, 5: 0, 6: 1})),
			`nstreme_dual[ether1] connected=true tx_rate_bits_per_second=54000000 tx_signal_dbm=-60`},
		"LTE whose technology is -1": {"lte", "", slices.Concat(ports(2), cells(lteEntry, "1", map[int]any{2: -65, 3: -8, 4: -97, 5: 27447297, 6: -1, 7: 23, 14: "LTE"})),
			`lte[ether1] access_technology=LTE cell_id=27447297 rssi_dbm=-65 rsrp_dbm=-97 rsrq_decibels=-8 sinr_decibels=23`},
		"LTE of new firmware without 5G": {"lte", "", slices.Concat(ports(2), cells(lteEntry, "2", map[int]any{2: 0, 4: -97, 6: 7, 16: ticks(6000), 19: "R11e", 22: 0, 23: 0, 24: 0, 25: -85})),
			`lte[ether2] model=R11e access_technology=LTE rsrp_dbm=-97 rsrq_decibels=-8.5 session_uptime_seconds=60`},
		"carriers": {"lte_carrier", "", slices.Concat(ports(1), cells(lteEntry, "1", map[int]any{4: -97}), cells(lteCarrierEntry, "1.2", map[int]any{3: 3, 4: 1300, 5: 20, 8: -97, 9: -8, 12: 0, 13: 1})),
			`lte_carrier[ether1/2] band=3 earfcn=1300 bandwidth_hertz=20000000 rsrp_dbm=-97 rsrq_decibels=-8 nr=false uplink=true`},
		"modem": {"modem", "", scalars(map[string]any{mikrotik + ".13.1.0": -71, mikrotik + ".13.3.0": "ZTE", mikrotik + ".13.10.0": 0, mikrotik + ".13.12.0": 0}),
			`modem[] vendor_name=ZTE rssi_dbm=-71`},
		"position": {"gps", "", scalars(map[string]any{mikrotik + ".12.1.0": 1760000000, mikrotik + ".12.2.0": "W 24 6' 0.000''", mikrotik + ".12.3.0": "56.969490",
			mikrotik + ".12.4.0": "31.5m", mikrotik + ".12.5.0": "0.7 km/h", mikrotik + ".12.6.0": 9, mikrotik + ".12.7.0": 1}),
			`gps[] valid=true latitude_degrees=56.96949 longitude_degrees=-24.1 altitude_meters=31.5 speed_kilometers_per_hour=0.7 satellites=9 time_timestamp_seconds=1760000000`},
		"hotspot": {"hotspot_session", "", slices.Concat(cells(hotspotEntry, "1", map[int]any{3: "ann", 4: "", 5: address("10.5.50.2"), 6: []byte{1, 2, 3, 4, 5, 6}, 7: 5, 12: uint64(10), 13: uint64(20), 16: uint64(0), 19: 1, 20: 0}),
			cells(hotspotEntry, "2", map[int]any{3: "", 6: []byte{1, 2, 3, 4, 5, 7}, 12: uint64(1), 19: 0})),
			`hotspot_session[ann] address=10.5.50.2 mac_address=01:02:03:04:05:06 radius=true blocked=false rx_bytes=10 tx_bytes=20 limit_in_bytes=0
			hotspot_session[01:02:03:04:05:07] mac_address=01:02:03:04:05:07 radius=false rx_bytes=1`},
		"counts": {"session_count", "", scalars(map[string]any{".1.3.6.1.4.1.9.9.150.1.1.1.0": uint32(12), mikrotik + ".1.4.0": uint32(3), mikrotik + ".1.6.0": uint32(4), mikrotik + ".6.1.0": uint32(33)}),
			`session_count[] ppp=12 wireless=7 dhcp_leases=33`},
		"connections up to 7.23":   {"conntrack", "", scalars(map[string]any{mikrotik + ".22.1.1.0": uint32(900), mikrotik + ".22.1.2.0": uint32(800), mikrotik + ".22.1.3.0": uint32(100)}), `conntrack[] entries=900 ipv4_entries=800 ipv6_entries=100`},
		"connections from 7.24 on": {"conntrack", "", scalars(map[string]any{mikrotik + ".22.1.0": uint32(901), mikrotik + ".22.2.0": uint32(801), mikrotik + ".22.3.0": uint32(100)}), `conntrack[] entries=901 ipv4_entries=801 ipv6_entries=100`},
		"simple queues": {"queue_simple", "", slices.Concat(ports(1), cells(queueSimpleEntry, "22", map[int]any{2: "dhcp-ds<00:30:67:A7:56:D0>", 3: address("0.0.0.0"), 4: address("0.0.0.0"), 7: 0, 8: uint64(5), 9: uint64(6), 12: uint32(2), 14: uint32(1)}),
			cells(queueSimpleEntry, "21", map[int]any{2: "guest", 3: address("198.19.3.64"), 4: address("255.255.255.192"), 7: 1, 8: uint64(1 << 33)})),
			`queue_simple[guest] target=198.19.3.64/26 interface_name=ether1 upload_bytes=8589934592
			queue_simple[dhcp-ds<00:30:67:A7:56:D0>] upload_bytes=5 download_bytes=6 upload_drops=1(32) upload_pcq_queues=2`},
		"queue tree": {"queue_tree", "", slices.Concat(ports(1), cells(queueTreeEntry, "16777216", map[int]any{2: "root", 3: "", 4: 1, 5: uint32(7), 7: uint64(0), 9: uint32(2)}),
			cells(queueTreeEntry, "16777217", map[int]any{2: "leaf", 3: "voip", 4: 16777216, 5: uint32(8), 7: uint64(1 << 33)}),
			cells(queueTreeEntry, "16777218", map[int]any{2: "all", 4: 16777204, 7: uint64(1)})),
			`queue_tree[root] parent_queue=ether1 tx_bytes=7(32) drops=2(32)
			queue_tree[leaf] parent_queue=root packet_mark=voip tx_bytes=8589934592
			queue_tree[all] tx_bytes=1`},
		"IKE": {"ipsec_peer", "", cells(ikeSAEntry, "1", map[int]any{4: 0, 5: 1, 6: uint32(2), 7: 2, 8: ticks(6000), 9: ticks(150), 10: "peer", 11: uint32(1), 13: []byte{192, 0, 2, 1}, 16: []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 17: 4500, 20: uint64(3), 21: uint64(4)}),
			`ipsec_peer[2001:db8::1/4500] state=2 peer_identity=peer local_address=192.0.2.1 responder=false nat_traversal=true ike_version=2 phase2_count=1 uptime_seconds=60 last_seen_seconds=1.5 rx_bytes=4 tx_bytes=3`},
		"IKE associations where 6.48 has them": {"ipsec", "", scalars(map[string]any{mikrotik + ".20.1.1.0": uint32(4)}), `ipsec[] associations=4`},
		"CAPsMAN": {"capsman", "", scalars(map[string]any{wifiCapsman + ".1.0": 1, wifiCapsman + ".5.0": 2, mikrotik + ".1.6.0": uint32(9), mikrotik + ".1.10.0": uint32(2)}),
			`capsman[] enabled=true require_peer_certificate=false client_count=9 remote_cap_count=2`},
		"access points of both managers": {"capsman_remote_cap", "", slices.Concat(cells(remoteCapEntry, "1", map[int]any{2: "10.0.0.2", 3: "cap-1", 4: "cAP ax", 7: []byte{1, 2, 3, 4, 5, 6}, 9: "Ok"}),
			cells(wlCMRemoteEntry, "1", map[int]any{2: "[aa]", 3: "Run", 4: "10.0.0.3/6", 5: uint32(2)})),
			`capsman_remote_cap[cap-1] identity=cap-1 address=10.0.0.2 board_name=cAP ax base_mac_address=01:02:03:04:05:06 state=Ok
			capsman_remote_cap[\[aa\]] identity=[aa] address=10.0.0.3/6 state=Run radios=2`},
		"an access point itself": {"cap", "", scalars(map[string]any{wifiCap + ".1.0": 1, wifiCap + ".7.0": 2, wifiCap + ".12.0": "10.0.0.1", wifiCap + ".13.0": "manager"}),
			`cap[] enabled=true capsman_address=10.0.0.1 capsman_identity=manager locked=false`},
		"neighbours of RouterOS, which are not taken from LLDP too": {"neighbor", "", slices.Concat(ports(2),
			cells(neighborEntry, "5", map[int]any{2: address("10.0.0.9"), 3: []byte{1, 2, 3, 4, 5, 6}, 4: "7.20", 5: "MikroTik", 6: "core\x00\x00", 7: "AAAA", 8: 2}),
			cells(neighborEntry, "6", map[int]any{2: address("0.0.0.0"), 3: []byte{1, 2, 3, 4, 5, 7}, 6: "", 8: 1}),
			cells(lldpRemEntry, "0.1.1", map[int]any{4: 4, 5: "01:02:03:04:05:06", 9: "core"})),
			`neighbor[ether2/core] identity=core mac_address=01:02:03:04:05:06 address=10.0.0.9 platform=MikroTik version=7.20 software_id=AAAA
			neighbor[ether1/01:02:03:04:05:07] mac_address=01:02:03:04:05:07`},
		"neighbours of others": {"neighbor", ".1.3.6.1.4.1.9.1.1", slices.Concat(ports(2),
			cells(lldpLocalEntry, "501", map[int]any{3: "1/1/1"}), cells(lldpLocalEntry, "2", map[int]any{3: []byte{1, 2, 3, 4, 5, 6}}), cells(lldpLocalEntry, "3", map[int]any{3: "3", 4: "uplink"}),
			cells(lldpRemEntry, "7.501.1", map[int]any{4: 4, 5: []byte{0xb8, 0x69, 0xf4, 0x7f, 0x41, 0x70}, 6: 5, 7: "gi1/0/9", 9: "sw", 10: "a\r\nswitch", 12: []byte{0x28, 0}}),
			cells(lldpRemEntry, "0.2.2", map[int]any{4: 5, 5: []byte{1, 10, 0, 0, 7}, 9: ""}), cells(lldpRemEntry, "0.3.3", map[int]any{4: 7, 5: "local id", 9: "x"})),
			`neighbor[ether2/01:0a:00:00:07] address=10.0.0.7
			neighbor[uplink/x] identity=x
			neighbor[1/1/1/sw] identity=sw mac_address=b8:69:f4:7f:41:70 remote_port=gi1/0/9 description=a switch capabilities=bridge,router`},
		"statistics of ports": {"ethernet", "", slices.Concat(ports(2), port(9, "<pppoe-ann>"), cells(interfaceStatsEntry, "1", map[int]any{2: "ether1", 11: uint64(5), 45: uint64(6), 90: uint32(2)}),
			cells(interfaceStatsEntry, "2", map[int]any{2: "ether2"}), cells(interfaceStatsEntry, "9", map[int]any{2: "<pppoe-ann>", 11: uint64(1)})),
			`ethernet[ether1] driver_rx_bytes=5 rx_fcs_errors=6 link_downs=2(32)`},
		"statistics of others' ports": {"ethernet", ".1.3.6.1.4.1.9.1.1", slices.Concat(ports(1), cells(dot3StatsEntry, "1", map[int]any{2: uint32(1), 3: uint32(2), 8: uint32(3)})),
			`ethernet[ether1] rx_align_errors=1(32) rx_fcs_errors=2(32) tx_late_collisions=3(32)`},
		"partitions": {"partition", "", slices.Concat(cells(partitionEntry, "1", map[int]any{2: "part0", 3: 64, 4: "RouterOS 7.20", 5: 1, 6: 1}), cells(partitionEntry, "2", map[int]any{2: "part1", 3: 64, 5: 0, 6: 0})),
			`partition[part0] size_bytes=64000000 version=RouterOS 7.20 active=true running=true
			partition[part1] size_bytes=64000000 active=false running=false`},
		"parts": {"entity", ".1.3.6.1.4.1.9.1.1", slices.Concat(cells(entPhysicalEntry, "1", map[int]any{2: "Stack", 5: 11, 7: "", 10: "FL.10", 16: 2}), cells(entPhysicalEntry, "2", map[int]any{2: "", 5: 6, 11: "SG19", 16: 1})),
			`entity[Stack] description=Stack entity_class=stack software_version=FL.10 replaceable=false
			entity[2] entity_class=powerSupply serial_number=SG19 replaceable=true`},
		"inventory": {"inventory", "", scalars(map[string]any{".1.3.6.1.2.1.1.4.0": "noc", mikrotik + ".4.1.0": "AAAA-BBBB", mikrotik + ".4.2.0": []byte{0x07, 0xdc, 2, 30, 0, 0, 0, 0}, mikrotik + ".4.3.0": 5, mikrotik + ".4.5.0": 8,
			mikrotik + ".7.3.0": "HE1", mikrotik + ".7.5.0": "do not reboot", mikrotik + ".7.8.0": "hAP ax3", mikrotik + ".7.9.0": "C53UiG"}),
			`inventory[] board_name=hAP ax3 board_model=C53UiG serial_number=HE1 software_id=AAAA-BBBB license_level=5 license_upgradable_to=8 contact=noc note=do not reboot`},
		"IP, with its scalars": {"ip", ".1.3.6.1.4.1.9.1.1", scalars(map[string]any{ipGroup + ".3.0": uint32(10), ipGroup + ".6.0": uint32(4)}), `ip[ipv4] rx_packets=10(32) forwarded_packets=4(32)`},
		"IP, with its table": {"ip", ".1.3.6.1.4.1.9.1.1", slices.Concat(scalars(map[string]any{ipGroup + ".3.0": uint32(10)}), cells(ipSystemEntry, "2", map[int]any{4: uint64(1 << 40), 7: uint32(1)}),
			cells(ipSystemEntry, "1", map[int]any{4: uint64(0), 3: uint32(9)})),
			`ip[ipv4] rx_packets=9(32)
			ip[ipv6] rx_packets=1099511627776 rx_header_errors=1(32)`},
		"TCP":               {"tcp", ".1.3.6.1.4.1.9.1.1", scalars(map[string]any{tcpGroup + ".9.0": uint32(7), tcpGroup + ".10.0": uint32(5), tcpGroup + ".17.0": uint64(1 << 35)}), `tcp[] established=7 rx_segments=34359738368`},
		"UDP":               {"udp", ".1.3.6.1.4.1.9.1.1", scalars(map[string]any{udpGroup + ".1.0": uint32(7), udpGroup + ".2.0": uint32(5)}), `udp[] rx_packets=7(32) no_ports=5(32)`},
		"numbers of routes": {"route_count", "", scalars(map[string]any{".1.3.6.1.2.1.4.24.3.0": uint32(900), ".1.3.6.1.2.1.4.24.6.0": uint32(1000)}), "route_count[ipv4/all] routes=900\nroute_count[all/all] routes=1000"},
		"BGP": {"bgp_session", ".1.3.6.1.4.1.2636.1.1", slices.Concat(scalars(map[string]any{".1.3.6.1.2.1.15.2.0": 64512}), cells(bgpPeerEntry, "192.0.2.9", map[int]any{1: address("10.1.1.1"), 2: 6, 3: 2, 5: address("192.0.2.1"), 9: 65001, 12: uint32(5), 14: []byte{4, 0}, 16: uint32(600), 18: 90}),
			cells(bgpPeerEntry, "192.0.2.10", map[int]any{1: address("0.0.0.0"), 2: 3, 3: 1, 9: 65002, 14: []byte{0, 0}, 16: uint32(77)})),
			`bgp_session[192.0.2.9] state=6 established=true enabled=true remote_address=192.0.2.9 local_address=192.0.2.1 remote_id=10.1.1.1 remote_as=65001 local_as=64512 last_error=4/0 uptime_seconds=600 hold_seconds=90 rx_messages=5(32)
			bgp_session[192.0.2.10] state=3 established=false enabled=false remote_address=192.0.2.10 remote_as=65002 local_as=64512`},
		"OSPF": {"ospf", ".1.3.6.1.4.1.2636.1.1", scalars(map[string]any{ospfGroup + ".1.1.0": address("10.1.1.1"), ospfGroup + ".1.2.0": 1, ospfGroup + ".1.4.0": 2, ospfGroup + ".1.10.0": uint32(3)}),
			`ospf[] router_id=10.1.1.1 enabled=true area_border=false rx_lsas=3(32)`},
		"OSPF interfaces": {"ospf_interface", ".1.3.6.1.4.1.2636.1.1", slices.Concat(ports(2), []entry{{".1.3.6.1.2.1.4.20.1.2.10.0.0.1", tInt, 1}},
			cells(ospfIfEntry, "10.0.0.1.0", map[int]any{3: address("0.0.0.0"), 4: 3, 6: 1, 12: 4, 13: address("0.0.0.0"), 15: uint32(2)}), cells(ospfIfEntry, "0.0.0.0.2", map[int]any{4: 1, 12: 5, 13: address("10.0.0.5")})),
			`ospf_interface[ether2/0.0.0.0] network_type=broadcast state=5 dr=10.0.0.5
			ospf_interface[ether1/10.0.0.1] ospf_area=0.0.0.0 network_type=point-to-point priority=1 state=4 events=2(32)`},
		"OSPF neighbours": {"ospf_neighbor", ".1.3.6.1.4.1.2636.1.1", cells(ospfNbrEntry, "10.0.0.2.0", map[int]any{3: address("10.9.9.9"), 5: 1, 6: 8, 7: uint32(6), 8: uint32(0)}),
			`ospf_neighbor[10.9.9.9/10.0.0.2] state=8 priority=1 state_changes=6(32) retransmits=0`},
		"spanning tree": {"bridge_port", "", slices.Concat(ports(2), []entry{{bridgeGroup + ".1.4.1.2.7", tInt, 2}}, cells(stpPortEntry, "7", map[int]any{3: 5, 5: 19, 7: 38, 8: []byte{0x80, 0, 0x6c, 0x3b, 0x6b, 0xf6, 0x24, 0xe6}, 10: uint32(1)}),
			cells(stpPortEntry, "8", map[int]any{3: 2})),
			`bridge_port[bridge/ether2] stp_state=5 learning=true forwarding=true path_cost=19 root_path_cost=38 designated_bridge=0x8000.6c:3b:6b:f6:24:e6 topology_changes=1(32)
			bridge_port[bridge/8] stp_state=2 learning=false forwarding=false`},
		"VLANs": {"bridge_vlan", "", cells(bridgeGroup+".7.1.4.3.1", "10", map[int]any{1: "guests", 5: 1}), `bridge_vlan[bridge/10] comment=guests disabled=false`},
	} {
		t.Run(name, func(t *testing.T) {
			mib := append(system("RouterOS x"), test.mib...)
			if test.objectID != "" {
				mib = vendor(mib, test.objectID)
			}
			c := newAgent(t, slices.CompactFunc(mib, func(a, b entry) bool { return a.oid == b.oid })...).collector(t)
			lane := laneOf(t, c, test.table)
			for range 3 {
				wantDump(t, []pipeline.TableRead{tableOf(t, mustCollectLane(t, c, lane), test.table)}, strings.ReplaceAll(test.want, `\`, ""))
			}
		})
	}
}

package snmp

import "strings"

// oracleObject says which field of ours an object of the oracle is.
type oracleObject struct {
	oid   string // a column, or a scalar with its ".0"
	table string
	row   func(d *replayed, e expectation) []string
	field string
	// fields are by the oracle's class, where one object holds several kinds of values.
	fields map[string]string
	factor float64 // our unit in the oracle's; 0 is 1
}

func (o oracleObject) fieldOf(e expectation) string {
	if o.fields != nil {
		return o.fields[e.class]
	}
	return o.field
}

func (o oracleObject) factorOf() float64 {
	if o.factor == 0 {
		return 1
	}
	return o.factor
}

// The rows of tables.

func oneRow(*replayed, expectation) []string { return nil }

func fixedRow(keys ...string) func(*replayed, expectation) []string {
	return func(*replayed, expectation) []string { return append([]string(nil), keys...) }
}

// namedBy is the row that another column of the same table names.
func namedBy(column string) func(*replayed, expectation) []string {
	return func(d *replayed, e expectation) []string { return []string{d.text(column + "." + e.index())} }
}

func ofPort(d *replayed, e expectation) []string { return []string{d.port(e.index())} }

func ofIndex(before ...string) func(*replayed, expectation) []string {
	return func(_ *replayed, e expectation) []string { return append(append([]string(nil), before...), e.index()) }
}

func objectsOf() []oracleObject {
	list := []oracleObject{
		{oid: mikrotik + ".3.8.0", table: "health", row: fixedRow("voltage"), field: "voltage_volts"},
		{oid: mikrotik + ".3.10.0", table: "health", row: fixedRow("temperature"), field: "temperature_celsius"},
		{oid: gaugeEntry + ".3", table: "health", row: namedBy(gaugeEntry + ".2"), fields: map[string]string{"voltage": "voltage_volts",
			"temperature": "temperature_celsius", "fanspeed": "speed_rpm", "state": "state", "current": "current_amperes", "power": "power_watts"}},
		{oid: mikrotik + ".6.1.0", table: "session_count", row: oneRow, field: "dhcp_leases"},
		{oid: entSensorEntry + ".4", table: "health", row: sensorRow, fields: map[string]string{"fanspeed": "speed_rpm",
			"power": "power_watts", "temperature": "temperature_celsius"}},
		{oid: entSensorEntry + ".5", table: "health", row: sensorRow, field: "sensor_status"},
	}
	add := func(entry, table string, row func(*replayed, expectation) []string, columns ...oracleObject) {
		for _, c := range columns {
			c.oid, c.table, c.row = entry+"."+c.oid, table, row
			list = append(list, c)
		}
	}
	add(poeEntry, "poe", namedBy(poeEntry+".2"), oracleObject{oid: "3", field: "status"}, oracleObject{oid: "4", field: "voltage_volts"},
		oracleObject{oid: "5", field: "current_amperes"}, oracleObject{oid: "6", field: "power_watts"})
	add(opticalEntry, "optics", namedBy(opticalEntry+".2"), oracleObject{oid: "3", field: "rx_loss"}, oracleObject{oid: "4", field: "tx_fault"},
		oracleObject{oid: "6", field: "temperature_celsius"}, oracleObject{oid: "7", field: "supply_voltage_volts"},
		oracleObject{oid: "8", field: "tx_bias_amperes"}, oracleObject{oid: "9", field: "tx_power_dbm"}, oracleObject{oid: "10", field: "rx_power_dbm"})
	add(wlApEntry, "wireless_interface", ofPort, oracleObject{oid: "2", field: "tx_rate_bits_per_second"},
		oracleObject{oid: "3", field: "rx_rate_bits_per_second"}, oracleObject{oid: "6", field: "clients"},
		oracleObject{oid: "7", field: "frequency_hertz", factor: 1e6}, oracleObject{oid: "9", field: "noise_floor_dbm"},
		oracleObject{oid: "10", field: "tx_ccq_percent"})
	add(wlStatEntry, "wireless_interface", ofPort, oracleObject{oid: "2", field: "tx_rate_bits_per_second"},
		oracleObject{oid: "3", field: "rx_rate_bits_per_second"}, oracleObject{oid: "7", field: "frequency_hertz", factor: 1e6},
		oracleObject{oid: "9", field: "tx_ccq_percent"}, oracleObject{oid: "10", field: "rx_ccq_percent"})
	add(w60gEntry, "w60g", ofPort, oracleObject{oid: "2", field: "radio_mode"}, oracleObject{oid: "4", field: "connected"},
		oracleObject{oid: "6", field: "frequency_hertz", factor: 1e6}, oracleObject{oid: "8", field: "signal_percent"},
		oracleObject{oid: "12", field: "rssi_dbm"}, oracleObject{oid: "13", field: "phy_rate_bits_per_second"})
	add(w60gStationEntry, "w60g_station", stationRow, oracleObject{oid: "10", field: "distance_meters", factor: 1000}) // from km
	add(lteEntry, "lte", ofPort, oracleObject{oid: "3", field: "rsrq_decibels"}, oracleObject{oid: "4", field: "rsrp_dbm"},
		oracleObject{oid: "7", field: "sinr_decibels"})
	add(pethMainEntry, "poe_supply", ofIndex(), oracleObject{oid: "2", field: "rated_watts"}, oracleObject{oid: "4", field: "power_watts"})
	add(upsMIB, "ups", fixedRow("ups"), oracleObject{oid: "2.1.0", field: "battery_status"}, oracleObject{oid: "2.2.0", field: "on_battery_seconds", factor: 60},
		oracleObject{oid: "2.3.0", field: "runtime_seconds", factor: 60}, oracleObject{oid: "2.4.0", field: "charge_percent"}, // from minutes
		oracleObject{oid: "2.5.0", field: "battery_voltage_volts"}, oracleObject{oid: "2.7.0", field: "battery_temperature_celsius"},
		oracleObject{oid: "4.1.0", field: "output_source"}, oracleObject{oid: "4.2.0", field: "output_frequency_hertz"})
	add(upsMIB+".3.3.1", "ups_line", ofIndex("input"), oracleObject{oid: "2", field: "frequency_hertz"}, oracleObject{oid: "3", field: "voltage_volts"})
	add(upsMIB+".4.4.1", "ups_line", ofIndex("output"), oracleObject{oid: "2", field: "voltage_volts"}, oracleObject{oid: "3", field: "current_amperes"},
		oracleObject{oid: "4", field: "power_watts"}, oracleObject{oid: "5", field: "load_percent"})
	return list
}

// sensorRow is the part's name, else its index.
func sensorRow(d *replayed, e expectation) []string {
	for _, column := range []string{".7.", ".2."} {
		if name := d.text(entPhysicalEntry + column + e.index()); name != "" {
			return []string{name}
		}
	}
	return []string{e.index()}
}

func stationRow(d *replayed, e expectation) []string {
	address := d.text(w60gStationEntry + ".3." + e.index())
	var b strings.Builder
	for i := range len(address) {
		if i > 0 {
			b.WriteByte(':')
		}
		const hex = "0123456789abcdef"
		b.WriteByte(hex[address[i]>>4])
		b.WriteByte(hex[address[i]&15])
	}
	return []string{d.port(e.index()), b.String()}
}

// reached is how many values of each recording matched when this was written: never fewer.
func reached() map[string]map[string]int {
	return map[string]map[string]int{
		"mikrotik": {
			"routeros": 127, "routeros_crs317": 187, "routeros_rb433gl": 128, "routeros_rb760igs": 94, "routeros_rblhgr": 23,
			"routeros_station": 5, "swos": 68, "swos_css106-1g-4p-1s": 62,
		},
		"other": {
			"airos_airos8": 72, "arubaos-cx_6300m": 34, "deltaups": 54, "edgeos": 144, "epmp": 16, "fortigate": 280,
			"hatteras_hn4000-i": 1408, "ios_2960x": 1106, "junos_ber": 1704, "junos_vmx": 469, "linux": 8, "openwrt": 11, "pfsense": 46,
			"unifi": 1, "vrp_5720-vrf": 1304,
		},
	}
}

package snmp

import "strconv"

const entSensorEntry = ".1.3.6.1.2.1.99.1.1.1"

// entitySensors are ENTITY-SENSOR-MIB's (RFC 3433): each row says what it measures, in which power of
// ten, and with how many digits behind the point.
func entitySensors() tableDef {
	of := func(kind int64) reading {
		r := read("entPhySensorValue").where("entPhySensorType", kind).dropping(-1e9, 1e9) // beyond its range
		r.decimal = &decimal{"entPhySensorScale", "entPhySensorPrecision"}
		return r.except(condition{"entPhySensorOperStatus", 2}, condition{"entPhySensorOperStatus", 3})
	}
	return tableDef{
		rows: &mib{
			name: "entPhySensorTable", index: []part{{"entPhysicalIndex", arc}},
			joins: []join{{name: "entity", rows: entityNames(), take: []string{"entPhysicalName", "entPhysicalDescr"}, by: []string{"entPhysicalIndex"}}},
			key:   [][]string{{"entity", "entPhysicalIndex"}},
			columns: []object{
				{name: "entPhySensorType", oid: entSensorEntry + ".1", slow: true},
				{name: "entPhySensorScale", oid: entSensorEntry + ".2", slow: true},
				{name: "entPhySensorPrecision", oid: entSensorEntry + ".3", slow: true},
				{name: "entPhySensorValue", oid: entSensorEntry + ".4"},
				{name: "entPhySensorOperStatus", oid: entSensorEntry + ".5"},
				{name: "entPhySensorUnitsDisplay", oid: entSensorEntry + ".6", slow: true},
			},
		},
		fields: []rule{
			{"voltage_volts", from(of(3), of(4))},
			{"current_amperes", from(of(5))},
			{"power_watts", from(of(6))},
			{"frequency_hertz", from(of(7))},
			{"temperature_celsius", from(of(8).between(-100, 200))}, // -127, 255, 6553.5: no sensor
			{"humidity_percent", from(of(9))},
			{"speed_rpm", from(of(10))},
			{"power_dbm", from(of(14))}, // Cisco's, and what others took from them
			{"truth", from(read("entPhySensorValue").where("entPhySensorType", 12))},
			{"value", from(of(1), of(2), of(11))},
			{"units", from(read("entPhySensorUnitsDisplay"))},
			{"sensor_status", from(read("entPhySensorOperStatus"))},
		},
	}
}

// entityNames are the names of parts, for tables that know a part by its index.
func entityNames() *mib {
	return &mib{
		name: "entity names", key: [][]string{{"entPhysicalName", "entPhysicalDescr"}},
		columns: []object{
			{name: "entPhysicalName", oid: entPhysicalEntry + ".7", slow: true},
			{name: "entPhysicalDescr", oid: entPhysicalEntry + ".2", slow: true},
		},
	}
}

// digits spells a number.
func digits(c cell) string {
	if !c.isNumber() {
		return c.text
	}
	return strconv.FormatInt(c.integer(), 10)
}

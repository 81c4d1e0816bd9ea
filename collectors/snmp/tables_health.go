package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const gaugeEntry = mikrotik + ".3.100.1"

// swOS is the sysObjectID of switches with SwOS, whose gauges are in hundredths of a volt and in
// milliamperes, as its scalars and its PoE are.
const swOS = mikrotikEnterprise + ".2"

// gaugeTable is MIKROTIK-MIB's mtxrGaugeTable: the sensors of newer boards, each with its unit.
func gaugeTable() *mib {
	return &mib{
		name:  "mtxrGaugeTable",
		index: []part{{"mtxrGaugeIndex", arc}},
		key:   [][]string{{"mtxrGaugeName", "mtxrGaugeIndex"}},
		columns: []object{
			{name: "mtxrGaugeName", oid: gaugeEntry + ".2", slow: true},
			{name: "mtxrGaugeValue", oid: gaugeEntry + ".3"},
			{name: "mtxrGaugeUnit", oid: gaugeEntry + ".4"},
		},
	}
}

// What sensors say instead of a value: -128 °C, also as an unsigned number of 32 or 16 bits.
const (
	noReading   = -128
	noReading32 = 4294967168
	noReading16 = 65408
)

// nameGauge gives a gauge without a name the one that RouterOS has for its index.
func nameGauge(keys []string) {
	switch keys[0] {
	case "16":
		keys[0] = "power-consumption"
	case "52":
		keys[0] = "cpu-temperature"
	case "7201":
		keys[0] = "psu1-voltage"
	case "7202":
		keys[0] = "psu2-voltage"
	case "7301":
		keys[0] = "psu1-current"
	case "7302":
		keys[0] = "psu2-current"
	}
}

func healthTable(rows *mib) tableDef {
	gauge := func(unit int64, scale float64) reading {
		return read("mtxrGaugeValue").scaled(scale).where("mtxrGaugeUnit", unit)
	}
	// What has a value and no unit, on SwOS: the index says what it is, as that of RouterOS does.
	bare := func(index int64, scale float64) reading {
		return read("mtxrGaugeValue").scaled(scale).where("mtxrGaugeIndex", index).onlyOn(swOS)
	}
	return tableDef{
		name:    "health",
		lane:    pipeline.LaneLive,
		rows:    rows,
		nameRow: nameGauge,
		fields: []rule{
			{"temperature_celsius", from( // whole degrees
				gauge(1, 1).withSign().dropping(noReading, noReading32, noReading16),
				bare(52, 1).withSign().dropping(noReading, noReading32, noReading16))},
			{"speed_rpm", from(gauge(2, 1))},
			{"voltage_volts", from(gauge(3, 0.01).whereAbove("mtxrGaugeValue", mostTenths), gauge(3, 0.1),
				bare(7201, 0.01), bare(7202, 0.01))},
			{"current_amperes", from(gauge(4, 0.001).onlyOn(swOS), gauge(4, 0.1), bare(7301, 0.001), bare(7302, 0.001))},
			{"power_watts", from(gauge(5, 0.1), bare(16, 0.1))},
			{"state", from(gauge(6, 1))},
		},
		sensors: healthScalars(),
		more:    []tableDef{entitySensors()},
	}
}

// healthScalars are the sensors of older boards, by the names that /system/health has for them.
// Voltages, currents and powers of 0 are sensors that a board does not have (virtual routers list
// them all), and so are temperatures of 0 on the oldest ones.
func healthScalars() []scalarRow {
	row := func(sensor, name, oid, field string, r reading) scalarRow {
		r.of = []string{name}
		return scalarRow{key: sensor, object: object{name: name, oid: mikrotik + ".3." + oid + ".0"},
			rule: rule{field, from(r)}}
	}
	volts := reading{scale: 0.1, drop: []int64{0}}
	fed := row("voltage", "mtxrHlVoltage", "8", "voltage_volts", volts)
	fed.from = from(read("mtxrHlVoltage").scaled(0.01).whereAbove("mtxrHlVoltage", mostTenths), fed.from[0])
	oldCelsius := reading{scale: 0.1, signed: true, drop: []int64{0, 10 * noReading, noReading, noReading32, noReading16}}
	celsius := reading{scale: 0.1, signed: true, drop: []int64{10 * noReading, noReading, noReading32, noReading16}}
	supply := reading{codes: map[int64]int64{1: 0, 0: 1}} // BoolValue: 1 is ok; the table has ok 0, fail 1
	return []scalarRow{
		row("core", "mtxrHlCoreVoltage", "1", "voltage_volts", volts),
		row("3.3v", "mtxrHlThreeDotThreeVoltage", "2", "voltage_volts", volts),
		row("5v", "mtxrHlFiveVoltage", "3", "voltage_volts", volts),
		row("12v", "mtxrHlTwelveVoltage", "4", "voltage_volts", volts),
		row("lm87-temp", "mtxrHlSensorTemperature", "5", "temperature_celsius", oldCelsius),
		row("cpu-temp", "mtxrHlCpuTemperature", "6", "temperature_celsius", oldCelsius),
		row("board-temp", "mtxrHlBoardTemperature", "7", "temperature_celsius", oldCelsius),
		fed,
		row("temperature", "mtxrHlTemperature", "10", "temperature_celsius", celsius),
		row("cpu-temperature", "mtxrHlProcessorTemperature", "11", "temperature_celsius", celsius),
		row("power-consumption", "mtxrHlPower", "12", "power_watts", volts),
		row("current", "mtxrHlCurrent", "13", "current_amperes", reading{scale: 0.001, drop: []int64{0}}), // mA
		row("psu1-state", "mtxrHlPowerSupplyState", "15", "state", supply),
		row("psu2-state", "mtxrHlBackupPowerSupplyState", "16", "state", supply),
		row("fan1-speed", "mtxrHlFanSpeed1", "17", "speed_rpm", reading{}),
		row("fan2-speed", "mtxrHlFanSpeed2", "18", "speed_rpm", reading{}),
		row("active-fan", "mtxrHlActiveFan", "9", "words", reading{}),
		row("alarm-socket", "mtxrAlarmSocketStatus", "19", "truth", reading{}),
	}
}

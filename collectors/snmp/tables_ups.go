package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const upsMIB = ".1.3.6.1.2.1.33.1"

// upsTable is UPS-MIB's (RFC 1628) one UPS. What it says of a battery that it cannot measure is 0 or
// absent, by maker.
func upsTable(input, output *mib) tableDef {
	return tableDef{
		name: "ups",
		lane: pipeline.LaneSessions,
		solo: []string{"ups"},
		also: []*mib{input, output},
		scalars: []object{
			{name: "upsIdentManufacturer", oid: upsMIB + ".1.1.0", slow: true},
			{name: "upsIdentModel", oid: upsMIB + ".1.2.0"},
			{name: "upsIdentUPSSoftwareVersion", oid: upsMIB + ".1.3.0"},
			{name: "upsBatteryStatus", oid: upsMIB + ".2.1.0"},
			{name: "upsSecondsOnBattery", oid: upsMIB + ".2.2.0"},
			{name: "upsEstimatedMinutesRemaining", oid: upsMIB + ".2.3.0"},
			{name: "upsEstimatedChargeRemaining", oid: upsMIB + ".2.4.0"},
			{name: "upsBatteryVoltage", oid: upsMIB + ".2.5.0"},
			{name: "upsBatteryCurrent", oid: upsMIB + ".2.6.0"},
			{name: "upsBatteryTemperature", oid: upsMIB + ".2.7.0"},
			{name: "upsOutputSource", oid: upsMIB + ".4.1.0"},
			{name: "upsOutputFrequency", oid: upsMIB + ".4.2.0"},
			{name: "upsAlarmsPresent", oid: upsMIB + ".6.1.0"},
		},
		fields: []rule{
			{"model", from(read("upsIdentModel"))},
			{"firmware_version", from(read("upsIdentUPSSoftwareVersion"))},
			{"battery_status", from(read("upsBatteryStatus"))},
			{"output_source", from(read("upsOutputSource"))},
			{"online", from(read("upsOutputSource").trueIf(3, 6, 7))}, // normal, booster, reducer
			{"on_battery", from(read("upsOutputSource").trueIf(5))},
			{"low_battery", from(read("upsBatteryStatus").dropping(1).trueIf(3, 4))},
			{"on_battery_seconds", from(read("upsSecondsOnBattery"))},
			{"runtime_seconds", from(read("upsEstimatedMinutesRemaining").scaled(60))},
			{"charge_percent", from(read("upsEstimatedChargeRemaining"))},
			{"battery_voltage_volts", from(read("upsBatteryVoltage").scaled(0.1))},
			{"battery_current_amperes", from(read("upsBatteryCurrent").scaled(0.1))},
			{"battery_temperature_celsius", from(read("upsBatteryTemperature"))},
			{"output_frequency_hertz", from(read("upsOutputFrequency").scaled(0.1))},
			{"alarms", from(read("upsAlarmsPresent"))},
		},
		derive: deriveUPS,
	}
}

// deriveUPS takes the first line's voltages, and the load of the line that bears most.
func deriveUPS(v *view, set func(string, pipeline.Value)) {
	if c := v.mib("upsInputTable").get(0, "upsInputVoltage"); c.isNumber() {
		set("input_voltage_volts", pipeline.GaugeValue(c.float(false)))
	}
	output := v.mib("upsOutputTable")
	if c := output.get(0, "upsOutputVoltage"); c.isNumber() {
		set("output_voltage_volts", pipeline.GaugeValue(c.float(false)))
	}
	most, found := 0.0, false
	for row := range output.len() {
		if c := output.get(row, "upsOutputPercentLoad"); c.isNumber() {
			most, found = max(most, c.float(false)), true
		}
	}
	if found {
		set("load_percent", pipeline.GaugeValue(most))
	}
}

func upsInputs() *mib {
	return &mib{
		name: "upsInputTable", index: []part{{"line", arc}}, key: [][]string{{}, {"line"}},
		columns: []object{
			{name: "upsInputFrequency", oid: upsMIB + ".3.3.1.2"},
			{name: "upsInputVoltage", oid: upsMIB + ".3.3.1.3"},
			{name: "upsInputCurrent", oid: upsMIB + ".3.3.1.4"},
			{name: "upsInputTruePower", oid: upsMIB + ".3.3.1.5"},
		},
	}
}

func upsOutputs() *mib {
	return &mib{
		name: "upsOutputTable", index: []part{{"line", arc}}, key: [][]string{{}, {"line"}},
		columns: []object{
			{name: "upsOutputVoltage", oid: upsMIB + ".4.4.1.2"},
			{name: "upsOutputCurrent", oid: upsMIB + ".4.4.1.3"},
			{name: "upsOutputPower", oid: upsMIB + ".4.4.1.4"},
			{name: "upsOutputPercentLoad", oid: upsMIB + ".4.4.1.5"},
		},
	}
}

// upsLineTable is the three tables of lines.
func upsLineTable(input, output *mib) tableDef {
	return tableDef{
		name:    "ups_line",
		lane:    pipeline.LaneSessions,
		rows:    input,
		nameRow: func(keys []string) { keys[0] = "input" },
		fields: []rule{
			{"frequency_hertz", from(read("upsInputFrequency").scaled(0.1))},
			{"voltage_volts", from(read("upsInputVoltage"))},
			{"current_amperes", from(read("upsInputCurrent").scaled(0.1))},
			{"power_watts", from(read("upsInputTruePower"))},
		},
		more: []tableDef{
			{
				rows:    output,
				nameRow: func(keys []string) { keys[0] = "output" },
				fields: []rule{
					{"voltage_volts", from(read("upsOutputVoltage"))},
					{"current_amperes", from(read("upsOutputCurrent").scaled(0.1))},
					{"power_watts", from(read("upsOutputPower"))},
					{"load_percent", from(read("upsOutputPercentLoad"))},
				},
			},
			{
				rows: &mib{
					name: "upsBypassTable", index: []part{{"line", arc}}, key: [][]string{{}, {"line"}},
					columns: []object{
						{name: "upsBypassVoltage", oid: upsMIB + ".5.3.1.2"},
						{name: "upsBypassCurrent", oid: upsMIB + ".5.3.1.3"},
						{name: "upsBypassPower", oid: upsMIB + ".5.3.1.4"},
					},
				},
				nameRow: func(keys []string) { keys[0] = "bypass" },
				fields: []rule{
					{"voltage_volts", from(read("upsBypassVoltage"))},
					{"current_amperes", from(read("upsBypassCurrent").scaled(0.1))},
					{"power_watts", from(read("upsBypassPower"))},
				},
			},
		},
	}
}

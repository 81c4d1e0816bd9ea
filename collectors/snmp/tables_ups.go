package snmp

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

const upsMIB = ".1.3.6.1.2.1.33.1"

// The makers of UPSs differ in the units of what is fed in and out. No line has more than 999 V, nor a
// frequency below 10 Hz or above 440 Hz, so the number shows its unit.
const (
	mostVolts       = 999  // what is above is in tenths of a volt; UPS-MIB says volts
	mostTenthsHertz = 4400 // what is above is in hundredths of a hertz; UPS-MIB says tenths
	mostHertz       = 99   // what is not above is in hertz
)

// noMeasure is what UPSs send for what they cannot measure, and -1 where it is no value.
func noMeasure() []int64 { return []int64{math.MaxUint16, math.MaxInt32, math.MaxUint32} }

// measured leaves out what is no measure, of what is never negative.
func measured(object string) reading { return read(object).dropping(append(noMeasure(), -1)...) }

func isMeasured(c cell) bool {
	return c.isNumber() && c.float(false) >= 0 && !slices.Contains(noMeasure(), c.integer())
}

func lineVolts(object string) []reading {
	return from(measured(object).scaled(0.1).whereAbove(object, mostVolts), measured(object))
}

func lineHertz(object string) []reading {
	return from(measured(object).scaled(0.01).whereAbove(object, mostTenthsHertz),
		measured(object).scaled(0.1).whereAbove(object, mostHertz), measured(object))
}

// upsTable is UPS-MIB's (RFC 1628) one UPS. What it says of a battery that it cannot measure is 0, -1 or
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
			{name: "upsBypassFrequency", oid: upsMIB + ".5.1.0"},
			{name: "upsAlarmsPresent", oid: upsMIB + ".6.1.0"},
			{name: "mtxrLicVersion", oid: mikrotik + ".4.4.0"},
		},
		fields: []rule{
			{"model", from(read("upsIdentModel"))},
			{"firmware_version", from(read("upsIdentUPSSoftwareVersion"))},
			{"battery_status", from(read("upsBatteryStatus"))},
			{"output_source", from(read("upsOutputSource"))},
			{"online", from(read("upsOutputSource").trueIf(3, 6, 7))}, // normal, booster, reducer
			{"on_battery", from(read("upsOutputSource").trueIf(5))},
			{"low_battery", from(read("upsBatteryStatus").dropping(1).trueIf(3, 4))},
			{"on_battery_seconds", from(measured("upsSecondsOnBattery"))},
			{"charge_percent", from(measured("upsEstimatedChargeRemaining"))},
			{"battery_voltage_volts", from(measured("upsBatteryVoltage").scaled(0.1))},
			{"battery_current_amperes", from(read("upsBatteryCurrent").scaled(0.1).dropping(noMeasure()...))},
			{"battery_temperature_celsius", from(read("upsBatteryTemperature").dropping(noMeasure()...))},
			{"output_frequency_hertz", lineHertz("upsOutputFrequency")},
			{"bypass_frequency_hertz", lineHertz("upsBypassFrequency")},
			{"alarms", from(read("upsAlarmsPresent"))},
		},
		derive:  deriveUPS,
		derives: []string{"runtime_seconds", "input_voltage_volts", "output_voltage_volts", "load_percent"},
	}
}

// deriveUPS takes the first line's voltages, and the load of the line that bears most.
func deriveUPS(v *view, set func(string, pipeline.Value)) {
	if c := v.scalar("upsEstimatedMinutesRemaining"); isMeasured(c) {
		set("runtime_seconds", pipeline.DurationValue(time.Duration(c.integer())*runtimeUnit(v.scalar("mtxrLicVersion").text)))
	}
	output := v.mib("upsOutputTable")
	setVolts(v.mib("upsInputTable").get(0, "upsInputVoltage"), "input_voltage_volts", set)
	setVolts(output.get(0, "upsOutputVoltage"), "output_voltage_volts", set)
	most, found := 0.0, false
	for row := range output.len() {
		if c := output.get(row, "upsOutputPercentLoad"); isMeasured(c) {
			most, found = max(most, c.float(false)), true
		}
	}
	if found {
		set("load_percent", pipeline.GaugeValue(most))
	}
}

// setVolts is lineVolts of a cell.
func setVolts(c cell, field string, set func(string, pipeline.Value)) {
	switch n := c.float(false); {
	case !isMeasured(c):
	case n > mostVolts:
		set(field, pipeline.GaugeValue(n/10))
	default:
		set(field, pipeline.GaugeValue(n))
	}
}

// runtimeUnit is what RouterOS counts the remaining time in: before 6.47 it said seconds where UPS-MIB
// has minutes. Others have no version here.
func runtimeUnit(routerOS string) time.Duration {
	minor, is6 := strings.CutPrefix(routerOS, "6.")
	minor, _, _ = strings.Cut(minor, ".")
	if n, err := strconv.Atoi(minor); is6 && err == nil && n < 47 {
		return time.Second
	}
	return time.Minute
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
			{"frequency_hertz", lineHertz("upsInputFrequency")},
			{"voltage_volts", lineVolts("upsInputVoltage")},
			{"current_amperes", from(measured("upsInputCurrent").scaled(0.1))},
			{"power_watts", from(measured("upsInputTruePower"))},
		},
		more: []tableDef{
			{
				rows:    output,
				nameRow: func(keys []string) { keys[0] = "output" },
				fields: []rule{
					{"voltage_volts", lineVolts("upsOutputVoltage")},
					{"current_amperes", from(measured("upsOutputCurrent").scaled(0.1))},
					{"power_watts", from(measured("upsOutputPower"))},
					{"load_percent", from(measured("upsOutputPercentLoad"))},
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
					{"voltage_volts", lineVolts("upsBypassVoltage")},
					{"current_amperes", from(measured("upsBypassCurrent").scaled(0.1))},
					{"power_watts", from(measured("upsBypassPower"))},
				},
			},
		},
	}
}

package routeros

import (
	"bytes"

	"github.com/routerpulse/routerpulse/pipeline"
)

// healthTable reads sensors. RouterOS 7 lists them, one row each, with a unit; RouterOS 6 has one row
// with a column for each, which is turned into the same shape, the unit told by the name.
func healthTable() table {
	return table{
		name: "health", lane: pipeline.LaneLive,
		sources: []source{
			{since: version{7, 0}, requests: []request{{path: "/system/health"}}},
			{until: version{7, 0}, requests: []request{{path: "/system/health", props: healthColumns}}, split: &split{props: "name,value,type", rows: splitHealth}},
		},
		key: by("name"),
		columns: []column{
			sensor("temperature_celsius", "C"),
			sensor("voltage_volts", "V"),
			sensor("current_amperes", "A"),
			sensor("power_watts", "W"),
			sensor("speed_rpm", "RPM"),
			{field: "state", kind: pipeline.Enum, reads: []string{"name", "value", "type"}, value: sensorState},
		},
	}
}

// healthColumns are the sensors that boards with RouterOS 6 are known to have.
const healthColumns = "voltage,current,temperature,cpu-temperature,cpu-temp,board-temp,lm87-temp,phy-temperature," +
	"switch-temperature,sfp-temperature,board-temperature1,board-temperature2,temp1,temp2,temp3," +
	"fan1,fan2,fan3,fan1-speed,fan2-speed,fan3-speed,fan4-speed,fan-state,power-consumption,poe-out-consumption," +
	"psu1-voltage,psu2-voltage,psu1-current,psu2-current,psu1-state,psu2-state," +
	"jack-voltage,2pin-voltage,poe-in-voltage,3.3v,5v,12v," +
	"voltage1,voltage2,voltage3,voltage4,voltage5,voltage6,voltage7,voltage8,voltage9,voltage10"

func splitHealth(in, out *row, emit func()) {
	for i, name := range in.shape.names {
		if value := in.values[i]; len(value) > 0 {
			out.set("name", []byte(name))
			out.set("value", value)
			emit()
		}
	}
}

// sensor is a reading in one unit; a row in another unit has none.
func sensor(field, unit string) column {
	return column{field: field, kind: pipeline.Gauge, reads: []string{"name", "value", "type"}, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		if sensorUnit(r) != unit {
			return pipeline.Value{}
		}
		return gauge(r.get("value"), sensorScale(r, unit), unit)
	}}
}

// sensorScale is 1, but where the router does not name the unit: old versions say tenths of a volt and
// of a degree, and milliamperes, in place of what the terminal shows. Nothing is so hot, nor fed with so
// much, that the number does not show it.
func sensorScale(r *row, unit string) float64 {
	n, ok := parseDecimal(r.get("value"), unit)
	switch {
	case !ok || len(r.get("type")) > 0:
		return 1
	case unit == "V" && n > 60, unit == "C" && n > 150:
		return 0.1
	case unit == "A" && n > 60:
		return 0.001
	}
	return 1
}

func sensorState(def *pipeline.FieldDef, r *row) pipeline.Value {
	if sensorUnit(r) == "state" {
		if code, ok := codeOf(def, r.get("value")); ok {
			return pipeline.EnumValue(code)
		}
	}
	return pipeline.Value{}
}

// sensorUnit is the unit that the router gives, else the one that the name implies.
func sensorUnit(r *row) string {
	switch string(r.get("type")) {
	case "C":
		return "C"
	case "V":
		return "V"
	case "A":
		return "A"
	case "W":
		return "W"
	case "RPM":
		return "RPM"
	case "":
		return impliedUnit(r.get("name"))
	}
	return ""
}

func impliedUnit(name []byte) string {
	contains := func(part string) bool { return bytes.Contains(name, []byte(part)) }
	switch n := string(name); {
	case bytes.HasSuffix(name, []byte("-state")):
		return "state"
	case contains("temp"):
		return "C"
	case contains("voltage"), n == "3.3v", n == "5v", n == "12v":
		return "V"
	case bytes.HasSuffix(name, []byte("current")):
		return "A"
	case bytes.HasSuffix(name, []byte("consumption")):
		return "W"
	case bytes.HasPrefix(name, []byte("fan")):
		return "RPM"
	}
	return ""
}

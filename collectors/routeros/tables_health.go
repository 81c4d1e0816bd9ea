package routeros

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

// healthTable reads sensors. RouterOS 7 lists them, one row each, with a unit; RouterOS 6 has one row
// with a column for each, which is turned into the same shape, the unit told by the name.
func healthTable() table {
	return table{
		name: "health", lane: pipeline.LaneLive,
		sources: []source{
			{since: version{7, 0}, requests: []request{{path: "/system/health", props: ".id,name,value,type"}}},
			{requests: []request{{path: "/system/health", props: healthColumns}}, split: splitHealth},
		},
		key: func(a attrs) []string { return []string{a["name"]} },
		columns: []column{
			sensor("temperature_celsius", "C"),
			sensor("voltage_volts", "V"),
			sensor("current_amperes", "A"),
			sensor("power_watts", "W"),
			sensor("speed_rpm", "RPM"),
			{"state", pipeline.Enum, []string{"name", "value", "type"}, sensorState},
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

func splitHealth(row attrs) []attrs {
	if _, listed := row["name"]; listed {
		return []attrs{row} // the shape of 7: the version was not known in time
	}
	var rows []attrs
	for name := range strings.SplitSeq(healthColumns, ",") {
		if value := row[name]; value != "" {
			rows = append(rows, attrs{"name": name, "value": value})
		}
	}
	return rows
}

// sensor is a reading in one unit; a row in another unit has none.
func sensor(field, unit string) column {
	return column{field, pipeline.Gauge, []string{"name", "value", "type"}, func(_ *pipeline.FieldDef, a attrs) pipeline.Value {
		if sensorUnit(a) != unit {
			return pipeline.Value{}
		}
		if f, ok := parseDecimal(a["value"], unit); ok {
			return pipeline.GaugeValue(f)
		}
		return pipeline.Value{}
	}}
}

func sensorState(def *pipeline.FieldDef, a attrs) pipeline.Value {
	if sensorUnit(a) == "state" {
		if code, ok := codeOf(def, a["value"]); ok {
			return pipeline.EnumValue(code)
		}
	}
	return pipeline.Value{}
}

// sensorUnit is the unit that the router gives, else the one that the name implies.
func sensorUnit(a attrs) string {
	if a["type"] != "" {
		return a["type"]
	}
	name := a["name"]
	switch {
	case strings.HasSuffix(name, "-state"):
		return "state"
	case strings.Contains(name, "temp"):
		return "C"
	case strings.Contains(name, "voltage"), name == "3.3v", name == "5v", name == "12v":
		return "V"
	case strings.HasSuffix(name, "current"):
		return "A"
	case strings.HasSuffix(name, "consumption"):
		return "W"
	case strings.HasPrefix(name, "fan"):
		return "RPM"
	}
	return ""
}

package dashboards

import (
	"strconv"

	"github.com/routerpulse/routerpulse/pipeline"
)

// unit is Grafana's name of a unit of the schema.
func (b *builder) unit(f *pipeline.FieldDef) string {
	units := map[string]string{"": "short", "percent": "percent", "bytes": "bytes", "bits/s": "bps", "packets": "short",
		"packets/s": "pps", "celsius": "celsius", "volts": "volt", "amperes": "amp", "watts": "watt", "seconds": "s",
		"hertz": "hertz", "rpm": "rotrpm"}
	u, ok := units[f.Unit]
	if !ok {
		b.fail("field %s: no unit of Grafana for %q", f.Name, f.Unit)
	}
	if f.Kind == pipeline.Text || f.Kind == pipeline.Bool {
		return "string"
	}
	return u
}

// stateColor is the colour of a device state, the same on every board.
func stateColor(state string) string {
	colors := map[string]string{"unknown": "text", "online": "green", "degraded": "yellow", "stale": "orange",
		"offline": "red", "auth-failed": "purple"}
	return colors[state]
}

// states maps the codes of an enum to words in colour.
func states(f *pipeline.FieldDef) []Mapping {
	options := map[string]Shown{}
	for i, e := range f.Enum {
		options[strconv.FormatInt(e.Code, 10)] = Shown{Text: e.Name, Color: stateColor(e.Name), Index: i}
	}
	return []Mapping{{Type: "value", Options: options}}
}

// share colours a percentage that should stay low.
func share() *Thresholds {
	warn, bad := 80.0, 90.0
	return &Thresholds{Mode: "absolute", Steps: []Step{{"green", nil}, {"yellow", &warn}, {"red", &bad}}}
}

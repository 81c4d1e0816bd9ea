package pipeline

import (
	"regexp"
	"strings"
	"testing"
)

func TestSchemaNames(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	metrics := map[string]string{}
	for _, table := range NewSchema().Tables {
		if table.Doc == "" || !name.MatchString(table.Name) {
			t.Errorf("table %q: name or doc", table.Name)
		}
		tags := map[string]bool{"device": true}
		for _, k := range table.Keys {
			if tags[k] || !name.MatchString(k) {
				t.Errorf("%s: key %q", table.Name, k)
			}
			tags[k] = true
		}
		for _, f := range table.Fields {
			if f.Doc == "" || !name.MatchString(f.Name) || f.Kind == None || f.Kind == Counter32 {
				t.Errorf("%s.%s: name, doc or kind", table.Name, f.Name)
			}
			if tags[f.Name] || f.Name == "time" {
				t.Errorf("%s.%s is also a tag: InfluxDB 3 refuses that", table.Name, f.Name)
			}
			if f.Kind == Enum && len(f.Enum) == 0 {
				t.Errorf("%s.%s: an enum without names", table.Name, f.Name)
			}
			metric := table.Name + "_" + f.Name
			if f.Kind == Text {
				metric = table.Name + "_info"
			} else if other, ok := metrics[metric]; ok || f.Name == "info" {
				t.Errorf("%s.%s and %s are one metric %s", table.Name, f.Name, other, metric)
			}
			metrics[metric] = table.Name + "." + f.Name
		}
	}
}

func TestSchemaUnitsAreSuffixes(t *testing.T) {
	suffix := map[string]string{"bytes": "_bytes", "percent": "percent", "celsius": "_celsius", "volts": "_volts", "amperes": "_amperes",
		"watts": "_watts", "seconds": "_seconds", "hertz": "_hertz", "bits/s": "_bits_per_second", "packets/s": "_per_second", "rpm": "_rpm",
		"dbm": "_dbm", "decibels": "_decibels", "meters": "_meters", "nanometers": "_nanometers"}
	for _, table := range NewSchema().Tables {
		for _, f := range table.Fields {
			want, ok := suffix[f.Unit]
			if f.Unit != "" && f.Unit != "packets" && !ok {
				t.Errorf("%s.%s: unit %q has no suffix", table.Name, f.Name, f.Unit)
			}
			if !strings.HasSuffix(f.Name, want) {
				t.Errorf("%s.%s does not end in %s", table.Name, f.Name, want)
			}
			if f.Rate != nil && table.Field(f.Rate.Name) != f.Rate {
				t.Errorf("%s.%s: its rate is no field", table.Name, f.Name)
			}
		}
	}
}

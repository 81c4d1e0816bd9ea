package dashboards_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// devices are hard on a regular expression: one name holds its special characters, one begins the other.
var devices = []string{"core-1", "core-1.site(b)+", "tower/7"}

// TestEveryQueryShowsData fills a real InfluxDB with every field of the schema and asks every query of
// every board, as Grafana would send it: for all routers, for one, and for the one with a hard name.
func TestEveryQueryShowsData(t *testing.T) {
	server := sinktest.StartInfluxd(t)
	sinktest.QueryInfluxQL(t, server, "", `CREATE DATABASE "routers"`)
	now := time.Now().Truncate(time.Millisecond)
	write(t, server, everything(now))

	choices := map[string]struct {
		value   string
		devices []string
	}{
		"all":   {".*", devices},
		"one":   {"core-1", devices[:1]},
		"hard":  {`(core-1|core-1\.site\(b\)\+|tower\/7)`, devices},
		"slash": {`tower\/7`, devices[2:]},
	}
	for path, d := range generated(t) {
		for title, query := range queries(d) {
			for choice, c := range choices {
				asked := asGrafana(query, c.value, now)
				series := sinktest.QueryInfluxQL(t, server, "routers", asked)
				if rowsOf(series) == 0 {
					t.Errorf("%s: %s, %s: no data: %s", path, title, choice, asked)
				}
				if hasDevices(query) {
					if got := devicesOf(series); !slices.Equal(got, slices.Sorted(slices.Values(c.devices))) {
						t.Errorf("%s: %s, %s: shows %q, not %q", path, title, choice, got, c.devices)
					}
				}
			}
		}
	}
}

// asGrafana replaces what Grafana replaces.
func asGrafana(query, device string, now time.Time) string {
	return strings.NewReplacer("${device:regex}", device, "$__interval", "30s",
		"$timeFilter", fmt.Sprintf("time >= %dms AND time <= %dms", now.Add(-time.Hour).UnixMilli(), now.UnixMilli())).Replace(query)
}

func hasDevices(query string) bool {
	return strings.Contains(query, `GROUP BY`) && strings.Contains(query, `"device" =~`)
}

func rowsOf(series []sinktest.InfluxSeries) (n int) {
	for _, s := range series {
		n += len(s.Values)
	}
	return n
}

// devicesOf finds the devices of an answer, in tags or in a column.
func devicesOf(series []sinktest.InfluxSeries) []string {
	found := map[string]bool{}
	for _, s := range series {
		if name, ok := s.Tags["device"]; ok {
			found[name] = true
		}
		column := slices.Index(s.Columns, "device")
		for _, row := range s.Values {
			if column >= 0 {
				found[fmt.Sprint(row[column])] = true
			}
		}
	}
	var names []string
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// everything is line protocol with two polls of every table and field, the types as they are stored.
func everything(now time.Time) string {
	var b strings.Builder
	for _, table := range pipeline.NewSchema().Tables {
		of := devices
		if table.Name == "fleet" {
			of = []string{""}
		}
		for _, device := range of {
			row := make([]string, len(table.Keys))
			for i, key := range table.Keys {
				row[i] = key + "1"
			}
			series := pipeline.NewSeries(table, device, []pipeline.Tag{{Key: "site", Value: "a b"}}, row...)
			for _, ago := range []time.Duration{time.Minute, 30 * time.Second} {
				fields := make([]string, len(table.Fields))
				for i, f := range table.Fields {
					fields[i] = f.Name + "=" + literal(f.Kind)
				}
				fmt.Fprintf(&b, "%s %s %d\n", series.Key(), strings.Join(fields, ","), now.Add(-ago).UnixMilli())
			}
		}
	}
	return b.String()
}

// literal is a value of a kind in line protocol.
func literal(k pipeline.Kind) string {
	switch k {
	case pipeline.Counter, pipeline.Counter32, pipeline.Enum:
		return "1i"
	case pipeline.Bool:
		return "true"
	case pipeline.Text:
		return `"text"`
	}
	return "1.5"
}

func write(t *testing.T, server, lines string) {
	t.Helper()
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server+"/write?db=routers&precision=ms", bytes.NewBufferString(lines))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("write: %s", resp.Status)
	}
}

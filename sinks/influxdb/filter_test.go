package influxdb

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestFilter: which devices' rows go to a destination.
func TestFilter(t *testing.T) {
	devices := map[string][]pipeline.Tag{
		"a": {{Key: "site", Value: "nairobi"}, {Key: "role", Value: "core"}},
		"b": {{Key: "site", Value: "mombasa"}},
		"c": nil,
	}
	type tags = map[string][]string
	for name, tc := range map[string]struct {
		cfg  Config
		want string // devices
	}{
		"none":              {Config{}, "a b c"},
		"a site":            {Config{Tags: tags{"site": {"nairobi"}}}, "a"},
		"either site":       {Config{Tags: tags{"site": {"nairobi", "mombasa"}}}, "a b"},
		"site and role":     {Config{Tags: tags{"site": {"nairobi", "mombasa"}, "role": {"core"}}}, "a"},
		"by name":           {Config{Tags: tags{"device": {"c", "b"}}}, "b c"},
		"not a site":        {Config{NotTags: tags{"site": {"nairobi"}}}, "b c"},
		"site, not by name": {Config{Tags: tags{"site": {"nairobi", "mombasa"}}, NotTags: tags{"device": {"b"}}}, "a"},
		"without the tag":   {Config{Tags: tags{"site": {""}}}, "c"},
		"another table":     {Config{NotTables: []string{"interface"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDatabase()
				s := openTo(t, tc.cfg, d)
				table := testTable()
				for device, tags := range devices {
					b := batchOf(table, 1, 0)
					b.Device = device
					b.Tables[0].Samples = []pipeline.Sample{{Series: pipeline.NewSeries(table, device, tags, "ether1"),
						Fields: []pipeline.Field{{Def: table.Fields[0], Value: pipeline.CounterValue(1)}}}}
					mustWrite(t, s, b)
				}
				time.Sleep(2 * linger)
				synctest.Wait()
				var got []string
				for line := range d.stored {
					_, rest, _ := strings.Cut(line, "device=")
					got = append(got, rest[:1])
				}
				slices.Sort(got)
				if strings.Join(got, " ") != tc.want {
					t.Errorf("rows of %q, want %q", got, tc.want)
				}
			})
		})
	}
}

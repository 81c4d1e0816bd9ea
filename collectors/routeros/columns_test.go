package routeros

import (
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestColumns: what each kind of column makes of what a router says; "" is no field.
func TestColumns(t *testing.T) {
	states := &pipeline.FieldDef{Enum: []pipeline.EnumName{{Code: 0, Name: "ok"}, {Code: 7, Name: "short-circuit"}}}
	tests := []struct {
		name string
		c    column
		said map[string]string // by what comes; the value that is made of it
	}{
		{"count", count("f", "a"), map[string]string{"12": "12", "18446744073709551615": "9223372036854775807", "-1": "", "1.5": "", "": ""}},
		{"percent", percent("f", "a"), map[string]string{"12": "12", "12%": "12", "12.5%": "12.5", "%": ""}},
		{"signal", signal("f", "a"), map[string]string{"-67@5GHz-N": "-67", "-67": "-67", "-60,-71": "-60", "-67dBm": "-67", "": "", "@": ""}},
		{"rate", rate("f", "a"), map[string]string{"1Gbps": "1000000000", "2.5Gbps": "2500000000", "100Mbps": "100000000", "10M-full": "10000000",
			"130Mbps-20MHz/1S/SGI": "130000000", "512k": "512000", "5760000": "5760000", "0bps": "0", "10G": "10000000000", "": "", "fast": "", "1Xbps": "", "10Mfoo": ""}},
		{"queue's first", countOf("f", "a", slash, 0), map[string]string{"12/34": "12", "12": "12", "/34": "", "": ""}},
		{"queue's second", countOf("f", "a", slash, 1), map[string]string{"12/34": "34", "12": "", "12/": ""}},
		{"wireless' second", numberOf("f", "a", comma, 1), map[string]string{"12,-34": "-34", "12/34": ""}},
		{"limit", rateOf("f", "a", slash, 1), map[string]string{"10M/2M": "2000000", "0/0": "0", "10M": ""}},
		{"flag", flag("f", "a"), map[string]string{"true": "true", "no": "false", "": "", "maybe": ""}},
		{"flagged", flagged("f", "a"), map[string]string{"true": "true", "false": "false", "": "false"}},
		{"when", when("f", is("a", "up")), map[string]string{"up": "true", "down": "false"}},
		{"duration", duration("f", "a"), map[string]string{"1m30s": "90", "never": "", "59": "", "-10ms": "-0.01"}},
		{"enum", enum("f", "a"), map[string]string{"ok": "0", "short-circuit": "7", "on fire": "", "": ""}},
		{"listed", listed("f", "a"), map[string]string{"a,b,c": "3", "a": "1", "": "0"}},
		{"first of two", number("f", "a|b"), map[string]string{"5": "5", "": "9"}},
		{"timestamp", timestamp("f", "a"), map[string]string{"2026-03-02 12:07:14": "1772446034", "mar/02/2026 12:07:14": "1772446034", "never": ""}},
	}
	shape := newShape([]string{"a", "b"})
	for _, tt := range tests {
		for said, want := range tt.said {
			var r row
			r.take(shape)
			r.fill([][]byte{[]byte("=a=" + said), []byte("=b=9")})
			r.clock = clock{2 * time.Hour, true}
			b := bound{column: &tt.c, def: states, fixed: -1}
			for _, name := range alternatives(tt.c.reads[0]) {
				b.slots = append(b.slots, shape.slots[name])
			}
			set := rowset{memory: &tableMemory{}, table: &plannedTable{}}
			if got := set.value(&b, &r, 0); got.String() != want || (!got.IsNone() && got.Kind() != tt.c.kind && got.Kind() != pipeline.Counter) {
				t.Errorf("%s of %q: got %q, want %q", tt.name, said, got, want)
			}
		}
	}
}

// TestRow: attributes in another order than before, some missing, some that nobody asked for.
func TestRow(t *testing.T) {
	shape := newShape([]string{"name", ".id", "x"})
	var r row
	for _, tt := range []struct {
		words []string
		want  [3]string
	}{
		{[]string{"=.id=*1", "=name=a", "=x=1"}, [3]string{"a", "*1", "1"}},
		{[]string{"=.id=*2", "=name=b", "=x="}, [3]string{"b", "*2", ""}},
		{[]string{"=name=c=d", "=.section=0", "=.id=*3"}, [3]string{"c=d", "*3", "-"}},
		{[]string{"=x", "=namely=1", "=nam=2", "=", "name=e"}, [3]string{"-", "-", ""}},
		{nil, [3]string{"-", "-", "-"}},
	} {
		var words [][]byte
		for _, w := range tt.words {
			words = append(words, []byte(w))
		}
		r.take(shape)
		r.fill(words)
		for i, name := range shape.names {
			got := r.text(name)
			if !r.has(name) {
				got = "-"
			}
			if got != tt.want[i] {
				t.Errorf("%q: %s is %q, want %q", tt.words, name, got, tt.want[i])
			}
		}
	}
}

func TestTimestampsPublished(t *testing.T) {
	var file struct {
		Timestamps []struct {
			Text string
			Unix int64 `json:"unix_utc"`
		}
	}
	vectors(t, "durations_timestamps.json", &file)
	for _, v := range file.Timestamps {
		got, ok := parseTimestamp([]byte(v.Text))
		if v.Text == "2024-09-20 13" { // cut off by the program that wrote it down
			if ok {
				t.Errorf("%q: %v", v.Text, got)
			}
			continue
		}
		if !ok || (v.Unix != 0 && got.Unix() != v.Unix) {
			t.Errorf("%q: %v, %v; want %d", v.Text, got, ok, v.Unix)
		}
	}
	t.Logf("%d timestamps of the published vectors", len(file.Timestamps))
}

func TestParseOffset(t *testing.T) {
	for text, want := range map[string]time.Duration{"+02:00": 2 * time.Hour, "-03:30": -3*time.Hour - 30*time.Minute, "00:00": 0, "+05:45": 5*time.Hour + 45*time.Minute} {
		if got, ok := parseOffset([]byte(text)); !ok || got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "2", "+25:00", "+02:60", "a:b"} {
		if got, ok := parseOffset([]byte(text)); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

package influxdb

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestAppendLine(t *testing.T) {
	def := func(kind pipeline.Kind) *pipeline.FieldDef { return &pipeline.FieldDef{Name: "f", Kind: kind} }
	table := &pipeline.Table{Name: "interface", Keys: []string{"interface"}}
	series := pipeline.NewSeries(table, "core 1", []pipeline.Tag{{Key: "site", Value: "a,b"}}, "ether=1")
	const prefix = `interface,device=core\ 1,interface=ether\=1,site=a\,b `
	for name, tc := range map[string]struct {
		kind    pipeline.Kind
		value   pipeline.Value
		want    string
		skipped int
	}{
		"counter":             {pipeline.Counter, pipeline.CounterValue(math.MaxInt64), "f=9223372036854775807i", 0},
		"counter wraps at 63": {pipeline.Counter, pipeline.CounterValue(1<<63 + 5), "f=5i", 0},
		"counter32":           {pipeline.Counter32, pipeline.Counter32Value(math.MaxUint32), "f=4294967295i", 0},
		"counter by 32 bits":  {pipeline.Counter, pipeline.Counter32Value(7), "f=7i", 0},
		"enum":                {pipeline.Enum, pipeline.EnumValue(2), "f=2i", 0},
		"gauge":               {pipeline.Gauge, pipeline.GaugeValue(12.5), "f=12.5", 0},
		"gauge, whole":        {pipeline.Gauge, pipeline.GaugeValue(1_000_000), "f=1000000", 0},
		"gauge, tiny":         {pipeline.Gauge, pipeline.GaugeValue(1e-9), "f=1e-09", 0},
		"gauge, huge":         {pipeline.Gauge, pipeline.GaugeValue(1e30), "f=1e+30", 0},
		"gauge, negative":     {pipeline.Gauge, pipeline.GaugeValue(-0.1), "f=-0.1", 0},
		"gauge of an integer": {pipeline.Gauge, pipeline.CounterValue(3), "f=3", 0},
		"bool":                {pipeline.Bool, pipeline.BoolValue(true), "f=true", 0},
		"duration":            {pipeline.Duration, pipeline.DurationValue(1500 * time.Millisecond), "f=1.5", 0},
		"timestamp":           {pipeline.Timestamp, pipeline.TimestampValue(time.UnixMilli(1_700_000_000_123)), "f=1700000000.123", 0},
		"text":                {pipeline.Text, pipeline.TextValue(`a "b" \ c`), `f="a \"b\" \\ c"`, 0},
		"text, empty":         {pipeline.Text, pipeline.TextValue(""), `f=""`, 0},
		"text, two lines":     {pipeline.Text, pipeline.TextValue("a\nb"), `f="a b"`, 0},
		"none":                {pipeline.Gauge, pipeline.Value{}, "", 0},
		"NaN":                 {pipeline.Gauge, pipeline.GaugeValue(math.NaN()), "", 0},
		"float in a counter":  {pipeline.Counter, pipeline.GaugeValue(1), "", 1},
		"text in a gauge":     {pipeline.Gauge, pipeline.TextValue("1"), "", 1},
		"number in a text":    {pipeline.Text, pipeline.GaugeValue(1), "", 1},
		"number in a bool":    {pipeline.Bool, pipeline.CounterValue(1), "", 1},
		"a field of no kind":  {pipeline.None, pipeline.CounterValue(1), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := pipeline.Sample{Series: series, Fields: []pipeline.Field{{Def: def(tc.kind), Value: tc.value}}}
			got, ok, skipped := appendLine([]byte("before\n"), &s, 1234)
			want := "before\n"
			if tc.want != "" {
				want += prefix + tc.want + " 1234\n"
			}
			if string(got) != want || ok != (tc.want != "") || skipped != tc.skipped {
				t.Errorf("got %q, %v, %d skipped, want %q", got, ok, skipped, want)
			}
		})
	}
}

func TestAppendLineJoinsFields(t *testing.T) {
	table := testTable()
	s := pipeline.Sample{Series: pipeline.NewSeries(table, "", nil, "ether1"), Fields: []pipeline.Field{
		{Def: table.Fields[0], Value: pipeline.Value{}},
		{Def: table.Fields[1], Value: pipeline.CounterValue(3)},
		{Def: table.Fields[0], Value: pipeline.GaugeValue(3)}, // wrong kind, in the middle
		{Def: table.Fields[2], Value: pipeline.TextValue("x")},
	}}
	got, _, skipped := appendLine(nil, &s, -5)
	if want := "interface,interface=ether1 temperature_celsius=3,comment=\"x\" -5\n"; string(got) != want || skipped != 1 {
		t.Errorf("got %q, %d skipped, want %q", got, skipped, want)
	}
}

// FuzzAppendLine: whatever a device says, a sample is one line with one measurement, and its text comes
// back.
func FuzzAppendLine(f *testing.F) {
	f.Add("ether1", "uplink")
	f.Add("a\nb,c=d e", "x\" 1\ninterface rx=1i")
	f.Add(`end\`, `\"`)
	f.Add("\xff\x00", "\xff\x00")
	table := testTable()
	f.Fuzz(func(t *testing.T, name, comment string) {
		series := pipeline.NewRows("core-1", nil).Of(table, []pipeline.RowKey{{Index: "1", Values: []string{name}}})[0]
		s := pipeline.Sample{Series: series, Fields: []pipeline.Field{{Def: table.Fields[2], Value: pipeline.TextValue(comment)}}}
		line, ok, _ := appendLine(nil, &s, 1)
		if !ok || bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("not one line: %q", line)
		}
		rest, found := strings.CutPrefix(string(line), series.Key()+` comment="`)
		if !found {
			t.Fatalf("no field after the key: %q", line)
		}
		text, rest := unquote(rest)
		if text != pipeline.TextValue(comment).Text() || rest != " 1\n" {
			t.Fatalf("text %q, rest %q of %q", text, rest, line)
		}
		if key, end := unescapedSpace(string(line)); key != series.Key() || !strings.HasPrefix(end, "comment=") {
			t.Fatalf("the tags end at %q in %q", key, line)
		}
	})
}

// unquote reads a string of line protocol up to its closing quote, as the database does.
func unquote(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// unescapedSpace cuts at the first space without a backslash before it: where a parser ends the tags.
func unescapedSpace(s string) (before, after string) {
	for i := 1; i < len(s); i++ {
		if s[i] == ' ' && s[i-1] != '\\' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func BenchmarkAppendLine(b *testing.B) {
	schema := pipeline.NewSchema()
	table := schema.Table("interface")
	s := pipeline.Sample{Series: pipeline.NewSeries(table, "core-1", nil, "ether1")}
	for i, def := range table.Fields {
		switch def.Kind {
		case pipeline.Counter:
			s.Fields = append(s.Fields, pipeline.Field{Def: def, Value: pipeline.CounterValue(uint64(i) << 40)})
		case pipeline.Gauge:
			s.Fields = append(s.Fields, pipeline.Field{Def: def, Value: pipeline.GaugeValue(float64(i) * 1e6)})
		}
	}
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line, _, _ = appendLine(line[:0], &s, 1_700_000_000_000)
	}
	b.SetBytes(int64(len(line)))
	b.ReportMetric(float64(len(s.Fields)), "fields")
}

package sinktest

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Start is the time of the first poll: recent enough for any store's bounds, a whole second. Polls are
// 10 s apart.
var Start = time.Now().Add(-20 * time.Minute).Truncate(time.Second).UTC()

// Fleet makes batches of one device with every table of the schema and a value for every field.
type Fleet struct {
	Schema *pipeline.Schema
	Device string
	Names  []string // of rows, in tables that have keys
	Text   []string // values of text fields

	rows *pipeline.Rows
}

// NewFleet makes a device with two rows in each table.
func NewFleet(schema *pipeline.Schema, device string, tags ...pipeline.Tag) *Fleet {
	return &Fleet{
		Schema: schema, Device: device,
		Names: []string{"ether1", "ether2"},
		Text:  []string{"uplink to the tower", "RB5009UPr+S+"},
		rows:  pipeline.NewRows(device, tags),
	}
}

// Poll is the n-th poll, with the values of n.
func (f *Fleet) Poll(n int) pipeline.Batch {
	at := Start.Add(time.Duration(n) * 10 * time.Second)
	b := pipeline.Batch{Device: f.Device, Lane: pipeline.LaneLive, Time: at}
	for _, t := range f.Schema.Tables {
		read := pipeline.TableRead{Table: t, Source: "snmp", ReadAt: at.Add(7 * time.Millisecond)}
		for i, s := range f.series(t) {
			sample := pipeline.Sample{Series: s}
			for j, def := range t.Fields {
				sample.Fields = append(sample.Fields, pipeline.Field{Def: def, Value: f.value(def, n, i, j)})
			}
			read.Samples = append(read.Samples, sample)
		}
		b.Tables = append(b.Tables, read)
	}
	return b
}

func (f *Fleet) series(t *pipeline.Table) []*pipeline.Series {
	if len(t.Keys) == 0 {
		return []*pipeline.Series{f.rows.One(t)}
	}
	keys := make([]pipeline.RowKey, len(f.Names))
	for i, name := range f.Names {
		keys[i].Index = strconv.Itoa(i)
		for range t.Keys {
			keys[i].Values = append(keys[i].Values, name)
		}
	}
	return f.rows.Of(t, keys)
}

// value differs by poll, row and field, and is exact in a float64. Texts keep their value, so that a
// row's labels do.
func (f *Fleet) value(def *pipeline.FieldDef, poll, row, field int) pipeline.Value {
	n := uint64(poll*10_000 + row*100 + field)
	switch def.Kind {
	case pipeline.Counter:
		return pipeline.CounterValue(1<<40 + n)
	case pipeline.Counter32:
		return pipeline.Counter32Value(uint32(n))
	case pipeline.Gauge:
		if (row+field)%5 == 4 {
			return pipeline.GaugeValue(math.Pi * float64(n+1) * 1e-9)
		}
		return pipeline.GaugeValue(float64(n) + 0.25)
	case pipeline.Enum:
		return pipeline.EnumValue(int64(n % 7))
	case pipeline.Bool:
		return pipeline.BoolValue(n%2 == 0)
	case pipeline.Duration:
		return pipeline.DurationValue(time.Duration(n) * 125 * time.Millisecond)
	case pipeline.Timestamp:
		return pipeline.TimestampValue(Start.Add(time.Duration(n) * time.Millisecond))
	case pipeline.Text:
		return pipeline.TextValue(f.Text[(row+field)%len(f.Text)])
	}
	return pipeline.Value{}
}

// HostileNames are what a device may call an interface or write in a comment to break a store: line
// breaks, separators, quotes, control bytes, invalid UTF-8, a long one.
func HostileNames() []string {
	return []string{
		"eth1\ninterface,interface=fake rx_bytes=1i",
		"eth2\r\nrouter,device=other cpu_percent=99",
		"NUL\x00byte", "a,b=c d", `quote"quote`, `back\slash`, `trailing\`, `trailing\\\`,
		"time", "emoji 🛰", "latin\xe9\xff", "tab\there", "__name__", `{a="b"}`, "#comment", " leading", "trailing ",
		"\x1b[31mred", "\u2028line", strings.Repeat("x", 65_536),
	}
}

package sse

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/access"
)

// fleet makes batches as collectors do.
type fleet struct {
	schema  *pipeline.Schema
	devices map[string]*device
	slot    time.Time
}

type device struct {
	name string
	rows *pipeline.Rows
}

func newFleet() *fleet {
	return &fleet{schema: pipeline.NewSchema(), devices: map[string]*device{}, slot: time.UnixMilli(1_767_225_600_000)}
}

// device returns the device of that name; tags count when it is made.
func (f *fleet) device(name string, tags ...pipeline.Tag) *device {
	d := f.devices[name]
	if d == nil || tags != nil {
		d = &device{name, pipeline.NewRows(name, tags)}
		f.devices[name] = d
	}
	return d
}

// fields is a row of a table, by name; values as a test writes them.
type fields map[string]any

// sample makes a sample; key names the row.
func (f *fleet) sample(d *device, table, key string, values fields) pipeline.Sample {
	t := f.schema.Table(table)
	var s *pipeline.Series
	switch {
	case d == nil:
		s = pipeline.NewSeries(t, "", nil)
	case len(t.Keys) == 0:
		s = d.rows.One(t)
	default:
		s = d.rows.Of(t, []pipeline.RowKey{{Index: "1", Values: []string{key}}})[0]
	}
	return f.sampleOf(s, values)
}

func (f *fleet) sampleOf(s *pipeline.Series, values fields) pipeline.Sample {
	sample := pipeline.Sample{Series: s}
	for _, def := range s.Table().Fields {
		if v, ok := values[def.Name]; ok {
			sample.Fields = append(sample.Fields, pipeline.Field{Def: def, Value: valueOf(def, v)})
		}
	}
	return sample
}

func valueOf(def *pipeline.FieldDef, v any) pipeline.Value {
	switch v := v.(type) {
	case string:
		if def.Kind == pipeline.Enum {
			for _, e := range def.Enum {
				if e.Name == v {
					return pipeline.EnumValue(e.Code)
				}
			}
			panic("no such name: " + v)
		}
		return pipeline.TextValue(v)
	case int:
		return pipeline.GaugeValue(float64(v))
	case float64:
		return pipeline.GaugeValue(v)
	case bool:
		return pipeline.BoolValue(v)
	case time.Duration:
		return pipeline.DurationValue(v)
	case time.Time:
		return pipeline.TimestampValue(v)
	}
	panic("no such kind of value")
}

func (f *fleet) read(table string, samples ...pipeline.Sample) pipeline.TableRead {
	return pipeline.TableRead{Table: f.schema.Table(table), Source: "snmp", ReadAt: f.slot, Samples: samples}
}

func failed(t pipeline.TableRead) pipeline.TableRead {
	t.Status, t.Reason = pipeline.Failed, "the device stopped in the middle"
	return t
}

func (f *fleet) batch(d *device, lane pipeline.Lane, tables ...pipeline.TableRead) pipeline.Batch {
	f.slot = f.slot.Add(time.Second)
	b := pipeline.Batch{Lane: lane, Time: f.slot, Tables: tables}
	if d != nil {
		b.Device = d.name
	}
	return b
}

// status is a batch of router_status.
func (f *fleet) status(name, state, reason string) pipeline.Batch {
	d := f.device(name)
	values := fields{"state": state, "since_timestamp_seconds": f.slot}
	if reason != "" {
		values["reason"] = reason
	}
	return f.batch(d, pipeline.LaneStatus, f.read("router_status", f.sample(d, "router_status", "", values)))
}

// live is a batch of the table router.
func (f *fleet) live(name string, values fields) pipeline.Batch {
	d := f.device(name)
	return f.batch(d, pipeline.LaneLive, f.read("router", f.sample(d, "router", "", values)))
}

// interfaces is a batch of the table interface: name to fields.
func (f *fleet) interfaces(name string, list map[string]fields) pipeline.Batch {
	d := f.device(name)
	t := f.schema.Table("interface")
	var keys []pipeline.RowKey
	var values []fields
	for key, v := range list {
		keys = append(keys, pipeline.RowKey{Index: "1", Values: []string{key}})
		values = append(values, v)
	}
	var samples []pipeline.Sample
	for i, s := range d.rows.Of(t, keys) {
		samples = append(samples, f.sampleOf(s, values[i]))
	}
	return f.batch(d, pipeline.LaneLive, f.read("interface", samples...))
}

// sums is a batch of the table fleet.
func (f *fleet) sums(values fields) pipeline.Batch {
	return f.batch(nil, pipeline.LaneStatus, f.read("fleet", f.sample(nil, "fleet", "", values)))
}

// testOptions are a hub's with short times and no clock of its own.
func testOptions() options {
	opt := defaultOptions()
	opt.tick = 5 * time.Millisecond
	opt.urgent = time.Millisecond
	return opt
}

func testConfig() Config {
	cfg := DefaultConfig()
	cfg.Access.Tokens = []access.TokenConfig{
		{Name: "viewer", SHA256: sha256Hex("viewer-token"), Roles: []string{"viewer"}},
		{Name: "root", SHA256: sha256Hex("root-token"), Roles: []string{"admin"}},
	}
	return cfg
}

func newTestHub(t testing.TB, cfg Config, opt options) *Hub {
	t.Helper()
	h, err := newHub(cfg, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler), opt)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func tag(key, value string) pipeline.Tag { return pipeline.Tag{Key: key, Value: value} }

package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/embedded"
)

// kind is one sort of series, measured in a store of its own.
type kind struct {
	name   string
	fields []string // of the table interface
	asked  float64  // bytes a sample; 0: nothing
}

func kinds() []kind {
	return []kind{
		{"constants", constants(), 0.6},
		{"64-bit counters", counters(), 5.5},
		{"integer rates", rates(), 5},
	}
}

func constants() []string {
	return []string{"admin_status", "oper_status", "speed_bits_per_second", "mtu_bytes", "rx_errors", "tx_errors",
		"rx_errors_per_second", "tx_errors_per_second", "rx_discards", "tx_discards", "rx_discards_per_second", "tx_discards_per_second"}
}

func counters() []string { return []string{"rx_bytes", "tx_bytes", "rx_packets", "tx_packets"} }

func rates() []string {
	return []string{"rx_bits_per_second", "tx_bits_per_second", "rx_packets_per_second", "tx_packets_per_second"}
}

// port is one interface: traffic that follows the day, with noise in it.
type port struct {
	rng    *rand.Rand
	base   float64 // bytes a second at noon
	values map[string]float64
}

func newPort(seed uint64) *port {
	rng := rand.New(rand.NewPCG(1, seed))
	p := &port{rng: rng, base: math.Pow(10, 4+4*rng.Float64()), values: map[string]float64{
		"admin_status": 1, "oper_status": float64(1 + rng.IntN(2)), "speed_bits_per_second": 1e9, "mtu_bytes": 1500,
		"rx_errors": float64(rng.IntN(5000)), "tx_discards": float64(rng.IntN(500_000)),
	}}
	for _, name := range counters() {
		p.values[name] = math.Floor(p.base * 86400 * (30 + 300*rng.Float64())) // up for months
	}
	return p
}

// pass lets some time go by, after which the counters have moved and the rates are what they moved by.
func (p *port) pass(at time.Time, since time.Duration) {
	day := 1 + 0.8*math.Sin(2*math.Pi*float64(at.Unix()%86400)/86400)
	for _, way := range []string{"rx", "tx"} {
		bytes := math.Floor(p.base * day * math.Exp(0.3*p.rng.NormFloat64()) * since.Seconds())
		packets := math.Floor(bytes / (400 + 800*p.rng.Float64()))
		p.values[way+"_bytes"] += bytes
		p.values[way+"_packets"] += packets
		p.values[way+"_bits_per_second"] = math.Round(bytes * 8 / since.Seconds())
		p.values[way+"_packets_per_second"] = math.Round(packets / since.Seconds())
	}
}

// router is one device, with a batch that is filled anew for each poll.
type router struct {
	ports []*port
	batch pipeline.Batch
	phase time.Duration
	last  time.Time
}

func newRouter(schema *pipeline.Schema, n, interfaces int, fields []string, period time.Duration) *router {
	tab := schema.Table("interface")
	name := fmt.Sprintf("router-%03d", n)
	r := &router{phase: (period * time.Duration(n*7%31) / 31).Truncate(time.Millisecond)}
	read := pipeline.TableRead{Table: tab, Source: "snmp", Status: pipeline.Whole}
	for i := range interfaces {
		r.ports = append(r.ports, newPort(uint64(n*1000+i)))
		sample := pipeline.Sample{Series: pipeline.NewSeries(tab, name, []pipeline.Tag{{Key: "site", Value: "north"}}, fmt.Sprintf("ether%d", i+1))}
		for _, f := range fields {
			sample.Fields = append(sample.Fields, pipeline.Field{Def: tab.Field(f)})
		}
		read.Samples = append(read.Samples, sample)
	}
	r.batch = pipeline.Batch{Device: name, Lane: pipeline.LaneLive, Tables: []pipeline.TableRead{read}}
	return r
}

// poll is the batch of a time.
func (r *router) poll(at time.Time) pipeline.Batch {
	r.batch.Time = at
	for i, p := range r.ports {
		if !r.last.IsZero() {
			p.pass(at, at.Sub(r.last))
		}
		fields := r.batch.Tables[0].Samples[i].Fields
		for j := range fields {
			fields[j].Value = valueOf(fields[j].Def, p.values[fields[j].Def.Name])
		}
	}
	r.last = at
	return r.batch
}

func valueOf(def *pipeline.FieldDef, v float64) pipeline.Value {
	switch def.Kind {
	case pipeline.Counter:
		return pipeline.CounterValue(uint64(v))
	case pipeline.Enum:
		return pipeline.EnumValue(int64(v))
	}
	return pipeline.GaugeValue(v)
}

// bench is a store with routers that write into it.
type bench struct {
	store   *embedded.Store
	reg     *prometheus.Registry
	dir     string
	routers []*router
	samples int
	kind    kind
}

// open makes a store below dir.
func open(dir string, retention time.Duration, routers, interfaces int, fields []string, period time.Duration) (*bench, error) {
	cfg := embedded.DefaultConfig()
	cfg.Path, cfg.Retention = dir, configs.Duration(retention)
	schema := pipeline.NewSchema()
	b := &bench{reg: prometheus.NewRegistry(), dir: dir}
	b.store = embedded.New(cfg, schema, b.reg, slog.New(slog.DiscardHandler))
	for n := range routers {
		b.routers = append(b.routers, newRouter(schema, n, interfaces, fields, period))
	}
	return b, b.store.Open()
}

// fill polls every router from one time to another. between is called after each hour of it.
func (b *bench) fill(ctx context.Context, from, to time.Time, period time.Duration, between func(time.Time) error) error {
	for at := from; at.Before(to); at = at.Add(period) {
		for _, r := range b.routers {
			batch := r.poll(at.Add(r.phase))
			if err := b.store.Write(ctx, batch); err != nil {
				return err
			}
			b.samples += len(r.ports) * len(batch.Tables[0].Samples[0].Fields)
		}
		if at.Truncate(time.Hour).Equal(at) {
			if err := between(at); err != nil {
				return err
			}
		}
	}
	return nil
}

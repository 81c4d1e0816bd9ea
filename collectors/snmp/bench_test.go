package snmp

import (
	"context"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// One poll of a router's live lane, agent and network included: the simulator runs in the same process.
func BenchmarkPoll(b *testing.B) {
	for _, ports := range []int{5, 20} {
		b.Run(fmt.Sprintf("interfaces=%d", ports), func(b *testing.B) {
			f := simulator.New(simulator.Options{Routers: 1, Seed: 1, Interfaces: ports, Quiet: true})
			if err := f.Open(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = f.Close() })
			e := newEngine(b)
			c, err := e.New(Target{Device: "r1", Address: f.Routers()[0].Address().String(), Port: f.SNMPPort(),
				Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}, pipeline.NewRows("r1", nil))
			if err != nil {
				b.Fatal(err)
			}
			mustCollect(b, c)
			sent := testutil.ToFloat64(e.metrics.requests)
			received := testutil.ToFloat64(e.metrics.receivedBytes)
			values := 0
			b.ReportAllocs()
			for b.Loop() {
				reads, err := c.Collect(context.Background(), pipeline.LaneLive, nil)
				if err != nil {
					b.Fatal(err)
				}
				for _, r := range reads {
					for _, s := range r.Samples {
						values += len(s.Fields)
					}
				}
			}
			n := float64(b.N)
			b.ReportMetric((testutil.ToFloat64(e.metrics.requests)-sent)/n, "PDUs/poll")
			b.ReportMetric((testutil.ToFloat64(e.metrics.receivedBytes)-received)/n, "bytes/poll")
			b.ReportMetric(float64(values)/n, "values/poll")
		})
	}
}

// Our part of a poll alone, without codec and network: from 20 interfaces in a grid to samples.
func BenchmarkBuild(b *testing.B) {
	a := newAgent(b, aRouter(20)...)
	c := a.collector(b)
	s := c.engine.borrow()
	closeSession, err := s.open(b.Context(), &c.target, "public", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer closeSession()
	m := newMemory()
	s.poll.begin(b.Context(), s, c, m)
	s.poll.run(c.engine.library.tables)
	for _, t := range c.engine.library.tables {
		s.poll.read(t, c.rows)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, t := range c.engine.library.tables {
			s.poll.read(t, c.rows)
		}
	}
}

package routeros

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
)

// interfaceReply is what a router answers to the print of so many interfaces.
func interfaceReply(rows int) []byte {
	var b []byte
	for i := range rows {
		b = append(b, encode("!re", fmt.Sprintf("=.id=*%X", i), fmt.Sprintf("=name=ether%d", i), "=type=ether", "=dynamic=false", "=disabled=false", "=running=true",
			"=comment=uplink to the tower", "=mac-address=48:A9:8A:00:00:01", "=actual-mtu=1500", "=rx-byte=1844674407370955", "=tx-byte=20346573223",
			"=rx-packet=1234567890", "=tx-packet=1234567890", "=rx-error=0", "=tx-error=0", "=rx-drop=0", "=tx-drop=0", "=tx-queue-drop=12",
			"=link-downs=3", ".tag=4")...)
	}
	return append(b, encode("!done", ".tag=4")...)
}

// BenchmarkSentences reads the answer of 20 interfaces.
func BenchmarkSentences(b *testing.B) {
	reply := interfaceReply(20)
	w := newWire()
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		w.attach(b.Context(), &scanned{data: reply}, requestPatience())
		for range 21 {
			if _, err := w.receive(); err != nil {
				b.Fatal(err)
			}
		}
		if !w.detach() {
			b.Fatal("not clean")
		}
	}
}

// BenchmarkRows turns 20 interfaces that were read into samples.
func BenchmarkRows(b *testing.B) {
	var sentences [][][]byte
	w := newWire()
	w.attach(b.Context(), &scanned{data: interfaceReply(20)}, requestPatience())
	defer w.detach()
	for range 20 {
		s, err := w.receive()
		if err != nil {
			b.Fatal(err)
		}
		sentences = append(sentences, slices.Clone(s.words))
	}
	shared, rows := newShared(b), pipeline.NewRows("core-1", nil)
	t := shared.plan.table("interface")
	set, memory := shared.rowset(), &tableMemory{}
	b.ReportAllocs()
	for b.Loop() {
		set.begin(t, t.sources[0], memory, clock{}, false)
		for _, s := range sentences {
			set.add(t.sources[0].requests[0], s)
		}
		if len(set.samples(rows)) != 20 {
			b.Fatal("rows")
		}
	}
}

// BenchmarkLivePoll polls a simulated router of 20 interfaces over its kept connection. Time and
// allocations include the simulator's side of it.
func BenchmarkLivePoll(b *testing.B) {
	for _, secure := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "tls"}[secure], func(b *testing.B) {
			f := openFleet(b, simulator.Options{Routers: 1, Interfaces: 20, Quiet: true})
			target := plainTarget(f, f.Routers()[0])
			if secure {
				target = tlsTarget(f, f.Routers()[0])
			}
			shared := newShared(b)
			c := collect(b, target, shared)
			if err := c.Check(within(b, 5*time.Second)); err != nil {
				b.Fatal(err)
			}
			received, sent := testutil.ToFloat64(shared.metrics.received), testutil.ToFloat64(shared.metrics.sent)
			ctx := within(b, 10*time.Minute)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Collect(ctx, pipeline.LaneLive, firstOf(pipeline.LaneLive)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((testutil.ToFloat64(shared.metrics.received)-received)/float64(b.N), "received-B/op")
			b.ReportMetric((testutil.ToFloat64(shared.metrics.sent)-sent)/float64(b.N), "sent-B/op")
		})
	}
}

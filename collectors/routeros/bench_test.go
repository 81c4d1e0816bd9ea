package routeros

import (
	"bytes"
	"errors"
	"fmt"
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

// BenchmarkSentences reads the answer of 20 interfaces: framing and the library's words and sentences.
func BenchmarkSentences(b *testing.B) {
	reply := interfaceReply(20)
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readAll(b, bytes.Clone(reply), nil); !errors.Is(err, errLost) {
			b.Fatal(err)
		}
	}
}

// BenchmarkFraming is our part of it.
func BenchmarkFraming(b *testing.B) {
	reply := interfaceReply(20)
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		f, rest := framing{}, reply
		for len(rest) > 0 {
			n, _, err := f.scan(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
	}
}

// BenchmarkRows turns 20 interfaces that were read into samples.
func BenchmarkRows(b *testing.B) {
	sentences, _ := readAll(b, interfaceReply(20), nil)
	shared, rows := newShared(b), pipeline.NewRows("core-1", nil)
	t := shared.plan.table("interface")
	b.ReportAllocs()
	for b.Loop() {
		set := newRowset(t, t.source(version{7, 20}))
		for _, s := range sentences[:20] {
			set.add(s.Map)
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
				if _, err := c.Collect(ctx, pipeline.LaneLive, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((testutil.ToFloat64(shared.metrics.received)-received)/float64(b.N), "received-B/op")
			b.ReportMetric((testutil.ToFloat64(shared.metrics.sent)-sent)/float64(b.N), "sent-B/op")
		})
	}
}

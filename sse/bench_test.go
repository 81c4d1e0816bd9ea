package sse

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// rounds makes batches of n routers: two polls that differ in some fields, to be published in turn.
func rounds(f *fleet, n int) (out [2][]pipeline.Batch) {
	for i := range n {
		name := fmt.Sprintf("core-%d", i)
		for turn := range out {
			out[turn] = append(out[turn], f.live(name, fields{"identity": name, "version": "7.20.6", "model": "RB5009UPr+S+", "cpu_percent": 10 + turn,
				"memory_percent": 30.5, "uptime_seconds": time.Duration(1000+30*turn) * time.Second}))
		}
	}
	return out
}

// BenchmarkPublish: what a poll costs the pipeline.
func BenchmarkPublish(b *testing.B) {
	for _, c := range []struct {
		name  string
		batch func(f *fleet) [2]pipeline.Batch
	}{
		{"router", func(f *fleet) [2]pipeline.Batch {
			r := rounds(f, 1)
			return [2]pipeline.Batch{r[0][0], r[1][0]}
		}},
		{"24_interfaces", func(f *fleet) (out [2]pipeline.Batch) {
			for turn := range out {
				list := map[string]fields{}
				for i := range 24 {
					list[fmt.Sprintf("ether%d", i)] = fields{"type": "ether", "oper_status": "up", "admin_status": "up", "speed_bits_per_second": 1e9, "comment": "to a customer",
						"rx_bits_per_second": 1e6 * (turn + i), "tx_bits_per_second": 1e5 * (turn + i), "rx_errors_per_second": 0, "tx_errors_per_second": 0}
				}
				out[turn] = f.interfaces("core-1", list)
			}
			return out
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := newTestHub(b, testConfig(), testOptions())
			batches := c.batch(newFleet())
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.Publish(batches[i%2])
				if i%64 == 0 {
					b.StopTimer()
					h.cut()
					b.StartTimer()
				}
			}
		})
	}
}

// BenchmarkDeliver: the CPU time that a change costs until it is in the hands of 1,000 subscribers,
// without the kernel's share: feeds are read in the process. One operation is one cut of 8 routers.
func BenchmarkDeliver(b *testing.B) {
	for _, viewsOf := range []int{1, 1000} {
		b.Run(fmt.Sprintf("%d_views", viewsOf), func(b *testing.B) {
			const subscribers, routers, changes = 1000, 1000, 8
			h := newTestHub(b, testConfig(), testOptions())
			batches := rounds(newFleet(), routers)
			for _, batch := range batches[0] {
				h.Publish(batch)
			}
			h.cut()
			feeds := make([]*feed, subscribers)
			for i := range feeds {
				q := h.benchQuery(b, i%viewsOf, viewsOf > 1)
				_, feeds[i] = h.watch(q, "")
				drainFeed(feeds[i])
			}
			turn, at, delivered := 1, 0, 0
			before := cpuTime(b)
			for b.Loop() {
				for range changes {
					h.Publish(batches[turn][at])
					if at++; at == routers {
						at, turn = 0, 1-turn
					}
				}
				h.cut()
				for _, f := range feeds {
					drainFeed(f)
				}
				delivered += changes * subscribers
			}
			b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(delivered), "ns-cpu/change")
		})
	}
}

// benchQuery asks for all routers; where the views are to differ, by a filter that all match.
func (h *Hub) benchQuery(b *testing.B, i int, filtered bool) *query {
	ch, _ := h.channels.Load().resolve("public-routers")
	q := &query{key: fmt.Sprint(i)}
	var f *filter
	if filtered {
		f = &filter{routers: map[string]bool{}}
		for r := range 1000 {
			f.routers[fmt.Sprintf("core-%d", r)] = true
		}
	}
	for _, c := range ch.carries {
		q.parts = append(q.parts, part{carry: c, filter: f})
	}
	return q
}

func drainFeed(f *feed) (n int) {
	for {
		b := f.next()
		if b == nil {
			return n
		}
		n += len(b)
	}
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStream: 1,000 subscribers over loopback in this process, readers included, a cut of 8 routers
// at a time.
func BenchmarkStream(b *testing.B) {
	const subscribers, routers, changes = 1000, 1000, 8
	cfg := testConfig()
	cfg.Access.Limits.PerAddress, cfg.Access.Limits.Total = 2*subscribers, 2*subscribers
	opt := testOptions()
	opt.tick = time.Hour // cuts are made here
	s := serve(b, cfg, opt)
	batches := rounds(newFleet(), routers)
	for _, batch := range batches[0] {
		s.hub.Publish(batch)
	}
	s.hub.cut()
	var got atomic.Int64
	var readers sync.WaitGroup
	conns := make([]net.Conn, 0, subscribers)
	for range subscribers {
		conn := s.raw("channel=public-routers")
		conns = append(conns, conn)
		readers.Go(func() {
			buf, kept := make([]byte, 32<<10), 0
			for {
				n, err := conn.Read(buf[kept:])
				n += kept
				got.Add(int64(bytes.Count(buf[:n], []byte(idLine))))
				if err != nil {
					return
				}
				kept = copy(buf, buf[n-min(n, len(idLine)-1):n]) // an id line may come in two pieces
			}
		})
	}
	reach := func(n int64) {
		for got.Load() < n {
			time.Sleep(100 * time.Microsecond)
		}
	}
	reach(subscribers) // sync
	turn, at, cuts := 1, 0, int64(1)
	before := cpuTime(b)
	for b.Loop() {
		for range changes {
			s.hub.Publish(batches[turn][at])
			if at++; at == routers {
				at, turn = 0, 1-turn
			}
		}
		s.hub.cut()
		cuts++
		reach(cuts * subscribers)
	}
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64((cuts-1)*changes*subscribers), "ns-cpu/change")
	b.StopTimer()
	for _, conn := range conns {
		_ = conn.Close()
	}
	readers.Wait()
}

// idLine is how the line of an id begins.
const idLine = "\nid: "

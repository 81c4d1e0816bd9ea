package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/sse"
)

// publisher publishes what it is told.
type publisher struct {
	hub     *sse.Hub
	routers *routers
	reg     *prometheus.Registry

	mu   sync.Mutex
	took []time.Duration // by publish, since the last stat
}

// stat is what the server says of itself, beside what the kernel says.
type stat struct {
	Published  int            `json:"published"`       // since the last stat
	P999       float64        `json:"publish_p999_ms"` // since the last stat
	Max        float64        `json:"publish_max_ms"`
	Heap       uint64         `json:"heap"`
	Live       uint64         `json:"live"` // what the last collection left
	Goroutines int            `json:"goroutines"`
	Ended      map[string]int `json:"ended"` // streams, by why
	Open       int            `json:"open"`
}

// obey does what each line says until there is none: publishes a change ("c router number micros"), collects
// garbage ("gc"), tells how it does ("stat"), profiles its CPU ("profile file seconds").
func obey(in io.Reader, out io.Writer, p *publisher) error {
	changes := make(chan string, 4096)
	var published sync.WaitGroup
	published.Go(func() {
		for line := range changes {
			p.publish(line)
		}
	})
	defer published.Wait()
	defer close(changes)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		command, rest, _ := strings.Cut(lines.Text(), " ")
		var err error
		switch command {
		case "c":
			changes <- rest
		case "gc":
			debug.FreeOSMemory()
			_, err = fmt.Fprintln(out, "ok")
		case "stat":
			err = json.NewEncoder(out).Encode(p.stat())
		case "profile":
			err = profile(rest)
		default:
			err = fmt.Errorf("what is %q", lines.Text())
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

func (p *publisher) publish(line string) {
	var router int
	var number, micros uint64
	if _, err := fmt.Sscan(line, &router, &number, &micros); err != nil {
		panic(fmt.Sprintf("no change: %q: %v", line, err))
	}
	batch := p.routers.change(router, number, micros)
	start := time.Now()
	p.hub.Publish(batch)
	took := time.Since(start)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took = append(p.took, took)
}

func (p *publisher) stat() stat {
	p.mu.Lock()
	took := p.took
	p.took = nil
	p.mu.Unlock()
	s := stat{Published: len(took), Goroutines: runtime.NumGoroutine(), Ended: map[string]int{}}
	if len(took) > 0 {
		slices.Sort(took)
		s.P999, s.Max = millis(took[len(took)*999/1000]), millis(took[len(took)-1])
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Heap, s.Live = m.HeapAlloc, live()
	families, err := p.reg.Gather()
	if err != nil {
		panic(err) // of our own metrics
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "routerpulse_stream_ended_total":
				s.Ended[m.GetLabel()[0].GetValue()] += int(m.GetCounter().GetValue())
			case "routerpulse_stream_subscribers":
				s.Open = int(m.GetGauge().GetValue())
			}
		}
	}
	return s
}

// live is what the last collection of garbage left.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// profile writes a CPU profile; it does not wait for its end.
func profile(rest string) error {
	var file string
	var seconds float64
	if _, err := fmt.Sscan(rest, &file, &seconds); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	time.AfterFunc(time.Duration(seconds*float64(time.Second)), func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	})
	return nil
}

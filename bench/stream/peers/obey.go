package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"time"
)

// publisher publishes what it is told.
type publisher struct {
	publish func(data []byte) error

	mu   sync.Mutex
	took []time.Duration // by publish, since the last stat
}

// stat is what the server says of itself, in the form of the command server beside it.
type stat struct {
	Published  int     `json:"published"` // since the last stat
	P999       float64 `json:"publish_p999_ms"`
	Max        float64 `json:"publish_max_ms"`
	Heap       uint64  `json:"heap"`
	Live       uint64  `json:"live"` // what the last collection left
	Goroutines int     `json:"goroutines"`
}

// obey does what each line says until there is none. Publishing may wait for ever: what comes meanwhile
// is published later, up to a number, and after that not at all.
func obey(in io.Reader, out io.Writer, publish func([]byte) error) error {
	p := &publisher{publish: publish}
	changes := make(chan string, 4096)
	go func() { // ends with the process, as it may hang
		for line := range changes {
			p.change(line)
		}
	}()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		command, rest, _ := strings.Cut(lines.Text(), " ")
		var err error
		switch command {
		case "c":
			select {
			case changes <- rest:
			default:
			}
		case "gc":
			debug.FreeOSMemory()
			_, err = fmt.Fprintln(out, "ok")
		case "stat":
			err = json.NewEncoder(out).Encode(p.stat())
		default:
			err = fmt.Errorf("what is %q", lines.Text())
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// change publishes what RouterPulse sends of the same change, byte for byte but for what it counts.
func (p *publisher) change(line string) {
	var router int
	var number, micros uint64
	if _, err := fmt.Sscan(line, &router, &number, &micros); err != nil {
		panic(fmt.Sprintf("no change: %q: %v", line, err))
	}
	data := fmt.Appendf(nil, `{"channel":"public-routers","topic":"router.live","event":"router.live","key":"router/core-%04d","seq":%d,"n":%d,"patch":{"last_good":%d,"identity":"#%d@%d","cpu_percent":%.1f}}`,
		router, number+1000, number/1000+2, micros/1000, number, micros, float64(number%1000)/10)
	start := time.Now()
	if err := p.publish(data); err != nil {
		panic(err)
	}
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
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := stat{Published: len(took), Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc, Live: live()}
	if len(took) > 0 {
		slices.Sort(took)
		s.P999, s.Max = millis(took[len(took)*999/1000]), millis(took[len(took)-1])
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

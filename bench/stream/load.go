package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"time"
)

// The servers, as the report names them.
const (
	ours   = "RouterPulse"
	r3labs = "r3labs/sse"
	goSSE  = "go-sse"
)

// warmUp is how long changes flow before they are measured. Buffers of who stops reading are full after
// hangTime, and who was to be cut off is after stallTime.
const (
	warmUp    = 5 * time.Second
	hangTime  = 15 * time.Second
	stallTime = 45 * time.Second
)

// trial is a server with subscribers and a flow of changes.
type trial struct {
	scenario, server string
	subscribers      int
	sees             func(i int) []int // the routers that a subscriber asks for; nil: all
	args             []string          // of our server
	target           func(*target)
	stalled          int // of the subscribers
}

// figures are what a trial found.
type figures struct {
	Scenario    string  `json:"scenario"`
	Server      string  `json:"server"`
	Subscribers int     `json:"subscribers"`
	Stalled     int     `json:"stalled,omitempty"`
	Routers     int     `json:"routers"`
	Seconds     float64 `json:"seconds"`
	CPUSeconds  float64 `json:"cpu_seconds"`
	Offered     uint64  `json:"changes_offered"`
	Published   int     `json:"changes_published"`
	Delivered   int64   `json:"changes_delivered"`
	Bytes       int64   `json:"bytes_delivered"`
	CPUPer      float64 `json:"cpu_us_per_change"`
	// Missing are changes that subscribers who read did not get, up to five seconds after the end.
	Missing int64   `json:"missing"`
	P50     float64 `json:"late_p50_ms"`
	P99     float64 `json:"late_p99_ms"`
	P999    float64 `json:"late_p999_ms"`
	// Memory is by connection: that of the process with all of them less that without, garbage collected
	// both times. Resident is the same without a collection.
	Memory     float64 `json:"memory_bytes_per_connection"`
	Resident   float64 `json:"resident_bytes_per_connection"`
	HeapBefore uint64  `json:"heap_before_bytes"`
	HeapAfter  uint64  `json:"heap_after_bytes"`
	// LiveBefore and LiveStalled are what the last collection left: when some stop reading, and when they
	// hang but are not cut off yet.
	LiveBefore  uint64         `json:"live_before_bytes,omitempty"`
	LiveStalled uint64         `json:"live_stalled_bytes,omitempty"`
	PublishP999 float64        `json:"publish_p999_ms"`
	PublishMax  float64        `json:"publish_max_ms"`
	Ended       map[string]int `json:"ended,omitempty"`
	Lost        int64          `json:"streams_lost"` // that read and were ended all the same
	// Control is how late a goroutine that only sleeps woke in this process, p99 and p99.9: what the
	// machine, and whatever else runs on it, adds to what is measured.
	Control     float64 `json:"control_p99_ms"`
	ControlP999 float64 `json:"control_p999_ms"`
}

// start starts the trial's server.
func (b *bench) start(ctx context.Context, t trial) (*child, target, error) {
	var c *child
	var err error
	if t.stalled > 0 { // or the kernel would keep for minutes what nobody reads
		t.args = append(t.args, "-send-buffer", "16384")
	}
	to := target{ready: "\nevent: sync", path: func(int) string { return "/v1/stream?channel=public-routers" }}
	switch t.server {
	case ours:
		c, err = startChild(ctx, b.server, append([]string{"-routers", strconv.Itoa(b.routers)}, t.args...)...)
	case r3labs:
		c, err = startChild(ctx, b.peers, append(t.args, "-kind", "r3labs")...)
	default:
		c, err = startChild(ctx, b.peers, append(t.args, "-kind", "go-sse")...)
	}
	if err != nil {
		return nil, to, err
	}
	if t.server != ours {
		to.ready, to.path = "\r\n\r\n", func(int) string { return "/?stream=public-routers" }
	}
	if t.sees != nil {
		to.path = func(i int) string { return asking(t.sees(i)) }
	}
	if to.address = c.address; t.target != nil {
		t.target(&to)
	}
	return c, to, nil
}

// try measures one trial.
func (b *bench) try(ctx context.Context, t trial) (f figures, err error) {
	fmt.Printf("%s: %s, %d subscribers\n", t.scenario, t.server, t.subscribers)
	server, to, err := b.start(ctx, t)
	if err != nil {
		return f, err
	}
	defer server.stop()
	f = figures{Scenario: t.scenario, Server: t.server, Subscribers: t.subscribers, Stalled: t.stalled, Routers: b.routers}
	if err := server.collect(); err != nil {
		return f, err
	}
	before, err := server.stat()
	if err != nil {
		return f, err
	}
	f.HeapBefore = before.Heap
	resident := server.memory()
	c, err := gather(ctx, to, t.subscribers, t.subscribers-t.stalled)
	if err != nil {
		return f, err
	}
	defer c.close()
	// Peers that send nothing until there is a change are ready at the first; who is slow is given time.
	if err := c.inSync(ctx, 2*time.Minute); err != nil {
		return f, err
	}
	p := startPacer(server, b.routers, b.period)
	defer p.stop()
	if err := sleep(ctx, warmUp); err != nil {
		return f, err
	}
	if b.profiles != "" && t.server == ours {
		if err := server.say("profile %s %d", filepath.Join(b.profiles, t.scenario+".prof"), b.seconds); err != nil {
			return f, err
		}
	}
	c.sees = t.sees
	if err := b.window(ctx, server, c, p, &f, t.subscribers-t.stalled); err != nil {
		return f, err
	}
	f.Resident = (server.memory() - resident) / float64(t.subscribers)
	if err := server.collect(); err != nil {
		return f, err
	}
	f.Memory = (server.memory() - resident) / float64(t.subscribers)
	after, err := server.stat()
	f.HeapAfter = after.Heap
	return f, err
}

// window measures while changes flow. healthy is how many subscribers must get them; the others stop
// reading as it begins.
func (b *bench) window(ctx context.Context, server *child, c *crowd, p *pacer, f *figures, healthy int) error {
	before, err := server.stat() // counts from now on
	if err != nil {
		return err
	}
	seconds := time.Duration(b.seconds) * time.Second
	if f.Stalled > 0 {
		seconds = max(seconds, stallTime)
	}
	c.late.clear()
	c.to.Store(math.MaxUint64)
	c.from.Store(p.next.Load())
	c.stalled.Store(true)
	control := startControl()
	defer func() { f.Control, f.ControlP999 = control.stop() }()
	begin, cpu, delivered, received := time.Now(), server.cpu(), c.delivered.Load(), c.bytes.Load()
	if f.Stalled > 0 {
		if err := sleep(ctx, hangTime); err != nil {
			return err
		}
		hang, err := server.stat()
		if err != nil {
			return err
		}
		f.LiveBefore, f.LiveStalled, f.Published, f.PublishP999, f.PublishMax = before.Live, hang.Live, hang.Published, hang.P999, hang.Max
	}
	if err := sleep(ctx, time.Until(begin.Add(seconds))); err != nil {
		return err
	}
	c.to.Store(p.next.Load())
	f.Seconds, f.CPUSeconds = time.Since(begin).Seconds(), server.cpu()-cpu
	f.Delivered, f.Bytes, f.Offered = c.delivered.Load()-delivered, c.bytes.Load()-received, c.to.Load()-c.from.Load()
	f.CPUPer = 1e6 * f.CPUSeconds / float64(max(1, f.Delivered))
	s, err := server.stat()
	if err != nil {
		return err
	}
	f.Published, f.PublishP999, f.PublishMax, f.Ended = f.Published+s.Published, max(f.PublishP999, s.P999), max(f.PublishMax, s.Max), s.Ended
	wanted := c.wanted(healthy, b.routers)
	for end := time.Now().Add(5 * time.Second); c.missing(wanted) > 0 && time.Now().Before(end); {
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	f.Missing, f.Lost = c.missing(wanted), c.ended.Load()
	f.P50, f.P99, f.P999 = c.late.quantile(0.5), c.late.quantile(0.99), c.late.quantile(0.999)
	return nil
}

// load is the comparison: the asked load, three servers.
func load(ctx context.Context, b *bench) error { return b.compare(ctx, "load", b.subscribers, 0) }

// page is how long a change takes to a thousand browsers.
func page(ctx context.Context, b *bench) error {
	return b.compare(ctx, "page", min(1000, b.subscribers), 0)
}

// stalled has a tenth of the subscribers stop reading.
func stalled(ctx context.Context, b *bench) error {
	return b.compare(ctx, "stalled", b.subscribers, b.subscribers/10)
}

func (b *bench) compare(ctx context.Context, scenario string, subscribers, stalled int) error {
	servers := []string{ours, r3labs, goSSE}
	if b.alone {
		servers = servers[:1]
	}
	for _, server := range servers {
		f, err := b.try(ctx, trial{scenario: scenario, server: server, subscribers: subscribers, stalled: stalled})
		if err != nil {
			return fmt.Errorf("%s: %w", server, err)
		}
		b.report.add(f)
	}
	return nil
}

package sse

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSlowReadersHarmNobody: readers that do not read are cut off after the write deadline; until then
// and after, Publish takes no longer and the others get everything.
func TestSlowReadersHarmNobody(t *testing.T) {
	opt := testOptions()
	opt.write = 3 * time.Second
	s := serve(t, testConfig(), opt)
	f := newFleet()
	const routers, stalled, healthy = 400, 10, 5
	publish := func(round int) (slowest time.Duration) {
		for i := range routers {
			b := f.live(fmt.Sprintf("core-%d", i), fields{"cpu_percent": round % 100, "identity": strings.Repeat("x", 60), "uptime_seconds": time.Duration(round) * time.Second})
			start := time.Now()
			s.hub.Publish(b)
			slowest = max(slowest, time.Since(start))
		}
		return slowest
	}
	publish(0)
	eventually(t, "all rows", func() bool { rows, _ := s.counts(); return rows >= routers })

	for range stalled {
		conn := s.raw("channel=public-routers")
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	var readers sync.WaitGroup
	last := make(chan int, healthy)
	const rounds = 40
	for range healthy {
		st := s.open(nil, "channel=public-routers")
		st.untilSync()
		readers.Go(func() {
			st.until("the last round", func(c *client) bool {
				return c.field("public-routers", topicLive, "router/core-399", "uptime_seconds") == float64(rounds)
			})
			last <- len(st.client.rows["public-routers "+topicLive])
		})
	}
	eventually(t, "all are in", func() bool { return s.hub.conns.count() == stalled+healthy })
	var slowest time.Duration
	for round := 1; round <= rounds; round++ {
		slowest = max(slowest, publish(round))
	}
	eventually(t, "the stalled are cut off", func() bool { return s.ended(endSlow) == stalled })
	readers.Wait()
	for range healthy {
		if n := <-last; n != routers {
			t.Errorf("a healthy reader has %d rows", n)
		}
	}
	t.Logf("slowest of %d publishes: %v", rounds*routers, slowest)
}

// TestCloseSaysGoodbye: Close delivers what is pending and a bye, and ends also those who do not read.
func TestCloseSaysGoodbye(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	f := newFleet()
	for i := range 400 {
		s.hub.Publish(f.live(fmt.Sprintf("core-%d", i), fields{"identity": strings.Repeat("x", 60)}))
	}
	eventually(t, "all rows", func() bool { rows, _ := s.counts(); return rows >= 400 })
	st := s.open(nil, "channel=public-routers")
	st.untilSync()
	stalled := s.raw("channel=public-routers")
	defer func() { _ = stalled.Close() }()
	eventually(t, "both are in", func() bool { return s.hub.conns.count() == 2 })
	for i := range 10_000 { // until the stalled one's buffers are full
		s.hub.Publish(f.live(fmt.Sprintf("core-%d", i%400), fields{"identity": strings.Repeat("x", 50) + fmt.Sprint(i)}))
	}
	s.hub.Publish(f.status("core-7", "online", ""))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	closed := make(chan error)
	go func() { closed <- s.hub.Close(ctx) }()
	st.untilEnd()
	if b := st.client.bye; b == nil || b.Code != "shutdown" || !b.Reconnect {
		t.Errorf("bye %+v", b)
	}
	if n := len(st.client.events); n != 2 {
		t.Errorf("%d events: the last of them came too late", n)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if n := s.hub.conns.count(); n != 0 {
		t.Errorf("%d streams are left", n)
	}
	resp, _ := s.decide("/v1/stream?channel=public-routers", nil)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a stream after Close: %d", resp.StatusCode)
	}
	_, _ = io.Copy(io.Discard, stalled)
}

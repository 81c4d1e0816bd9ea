package sse

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	r3labs "github.com/r3labs/sse/v2"
)

// TestReadByR3labs: an independent client reads the stream and sees the same frames.
func TestReadByR3labs(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	f := newFleet()
	s.hub.Publish(f.status("core-1", "unknown", ""))
	c := r3labs.NewClient(s.URL + "/v1/stream?channel=public-routers")
	c.Headers["Authorization"] = "Bearer viewer-token"
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	events := make(chan *r3labs.Event, 64)
	done := make(chan error, 1)
	go func() {
		done <- c.SubscribeRawWithContext(ctx, func(e *r3labs.Event) { events <- e })
	}()
	want := []string{"hello", "snapshot", "sync", "delta", "event"}
	for len(want) > 0 {
		select {
		case e := <-events:
			if len(e.Event) == 0 {
				continue // retry alone
			}
			if string(e.Event) != want[0] && string(e.Event) == "delta" {
				continue // the first router came in a delta, not in the snapshot
			}
			if string(e.Event) != want[0] || !json.Valid(e.Data) {
				t.Fatalf("frame %s %s, want %s", e.Event, e.Data, want[0])
			}
			if e := string(e.ID); (want[0] == "sync") != (e != "") && want[0] != "delta" && want[0] != "event" {
				t.Errorf("frame %s has the id %q", want[0], e)
			}
			if want = want[1:]; len(want) == 2 {
				s.hub.Publish(f.live("core-1", fields{"cpu_percent": 3}))
				s.hub.Publish(f.status("core-1", "online", ""))
			}
		case <-ctx.Done():
			t.Fatalf("never: %v", want)
		}
	}
	cancel()
	<-done
}

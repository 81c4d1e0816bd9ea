package sse

import (
	"testing"
	"time"
)

// TestNobodyListens: while nobody does, the next cut is an hour away; who comes then finds all that was
// published in the snapshot, and from then on has changes at every tick.
func TestNobodyListens(t *testing.T) {
	opt := testOptions()
	opt.idle = time.Hour
	s := serve(t, testConfig(), opt)
	f := newFleet()
	for round := range 3 {
		eventually(t, "nobody listens", s.hub.idling.Load)
		s.hub.Publish(f.live("core-1", fields{"cpu_percent": 10 + round}))
		st := s.open(nil, "channel=public-routers")
		st.untilSync()
		if got := st.client.field("public-routers", topicLive, "router/core-1", "cpu_percent"); got != float64(10+round) {
			t.Fatalf("round %d: the snapshot has %v, not what was published last", round, got)
		}
		s.hub.Publish(f.live("core-1", fields{"cpu_percent": 50 + round}))
		st.until("a change", func(c *client) bool {
			return c.field("public-routers", topicLive, "router/core-1", "cpu_percent") == float64(50+round)
		})
		st.close()
	}
}

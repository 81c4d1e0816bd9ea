package sse

import (
	"bytes"
	"os"
	"path/filepath"
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

// TestSavedAgainWhenSomebodyListens: while nobody does, the rows are saved an hour later again; who comes
// changes that at once.
func TestSavedAgainWhenSomebodyListens(t *testing.T) {
	opt := testOptions()
	opt.save, opt.saveIdle = time.Millisecond, time.Hour
	folder := filepath.Join(t.TempDir(), "stream")
	s := serveFrom(t, testConfig(), opt, func(h *Hub) {
		if err := h.Restore(folder); err != nil {
			t.Fatal(err)
		}
	})
	f := newFleet()
	var last []byte
	saved := func() bool {
		rows, err := os.ReadFile(filepath.Join(folder, rowsFile))
		other := err == nil && !bytes.Equal(rows, last)
		if other {
			last = rows
		}
		return other
	}
	s.hub.Publish(f.live("core-1", fields{"cpu_percent": 1}))
	eventually(t, "the rows are saved for the first time", saved)
	st := s.open(nil, "channel=public-routers")
	st.untilSync()
	s.hub.Publish(f.live("core-1", fields{"cpu_percent": 2}))
	eventually(t, "the rows are saved again", saved)
	st.close()
}

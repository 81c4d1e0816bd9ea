package routeros

import (
	"context"
	"slices"
	"sync"

	"github.com/routerpulse/routerpulse/pipeline"
)

// turns lets one exchange at a time use a connection. Whoever waits is served by lane: a check before
// live data before the rest, and within a lane in the order of coming.
type turns struct {
	mu      sync.Mutex
	taken   bool
	waiting [4][]chan struct{}
}

func precedence(lane pipeline.Lane) int {
	switch lane {
	case pipeline.LaneStatus:
		return 0
	case pipeline.LaneLive:
		return 1
	case pipeline.LaneSessions:
		return 2
	}
	return 3
}

// take waits for the turn; the error is that of ctx.
func (t *turns) take(ctx context.Context, lane pipeline.Lane) error {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return nil
	}
	mine, queue := make(chan struct{}), &t.waiting[precedence(lane)]
	*queue = append(*queue, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	i := slices.Index(*queue, mine)
	if i >= 0 {
		*queue = slices.Delete(*queue, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 {
		t.give() // it came in the same moment
	}
	return context.Cause(ctx)
}

// try takes the turn if it is free.
func (t *turns) try() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken {
		return false
	}
	t.taken = true
	return true
}

// give ends the turn.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.waiting {
		if queue := t.waiting[i]; len(queue) > 0 {
			close(queue[0])
			t.waiting[i] = slices.Delete(queue, 0, 1)
			return
		}
	}
	t.taken = false
}

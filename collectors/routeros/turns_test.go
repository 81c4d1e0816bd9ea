package routeros

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestTurns: a check goes before live data before the rest, each lane in the order of coming.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		if !turns.try() || turns.try() {
			t.Fatal("try")
		}
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		wait := func(ctx context.Context, lane pipeline.Lane, name string) {
			wg.Go(func() {
				if err := turns.take(ctx, lane); err != nil {
					name += " " + err.Error()
				} else {
					defer turns.give()
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
			})
			synctest.Wait()
		}
		impatient, cancel := context.WithCancelCause(t.Context())
		wait(t.Context(), pipeline.LaneSlow, "slow")
		wait(t.Context(), pipeline.LaneSessions, "sessions")
		wait(t.Context(), pipeline.LaneLive, "live 1")
		wait(impatient, pipeline.LaneLive, "impatient:")
		wait(t.Context(), pipeline.LaneLive, "live 2")
		wait(t.Context(), pipeline.LaneStatus, "status")
		cancel(errors.New("gone"))
		synctest.Wait()
		turns.give()
		wg.Wait()
		if want := []string{"impatient: gone", "status", "live 1", "live 2", "sessions", "slow"}; !slices.Equal(order, want) {
			t.Errorf("%q", order)
		}
		if !turns.try() {
			t.Error("still taken")
		}
	})
}

// TestTurnsAtOnce: never two at a time, and none is lost when waiters give up.
func TestTurnsAtOnce(t *testing.T) {
	var turns turns
	inside := 0
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 300 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n%7)*50*time.Microsecond)
				if n%3 == 0 {
					ctx = context.Background()
				}
				if turns.take(ctx, []pipeline.Lane{pipeline.LaneStatus, pipeline.LaneLive, pipeline.LaneSlow}[i%3]) == nil {
					inside++
					if inside != 1 {
						t.Error("two at a time")
					}
					inside--
					turns.give()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if !turns.try() {
		t.Error("still taken")
	}
}

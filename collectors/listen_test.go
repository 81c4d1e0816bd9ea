package collectors

import (
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

func hasUser(b pipeline.Batch, user string) bool {
	table := b.Table("ppp_session")
	if table == nil {
		return false
	}
	for _, s := range table.Samples {
		for _, tag := range s.Series.Tags() {
			if tag.Value == user {
				return true
			}
		}
	}
	return false
}

// TestLoginIsSeenAtOnce: between two polls that are a minute apart, a login on the router is in a batch
// within a second of it, and so is the logout. A device with listen: false waits for its slot.
func TestLoginIsSeenAtOnce(t *testing.T) {
	fleet, cfg := openFleet(t, 2)
	cfg.Lanes.Sessions = configs.Duration(time.Minute)
	no := false
	cfg.Devices[1].RouterOS.Listen = &no
	in := start(t, cfg)
	router, deaf := fleet.Routers()[0], fleet.Routers()[1]
	for _, r := range fleet.Routers() {
		in.await(t, "the first sessions", func(b pipeline.Batch) bool { return b.Device == r.Name() && b.Table("ppp_session") != nil })
	}
	isSeen := func(user string, there bool) func(pipeline.Batch) bool {
		return func(b pipeline.Batch) bool {
			return b.Device == router.Name() && b.Table("ppp_session") != nil && hasUser(b, user) == there
		}
	}
	seen := func(user string, there bool) time.Duration {
		t.Helper()
		in.forget()
		began := time.Now()
		if there {
			router.AddPPP(user)
			deaf.AddPPP(user)
		} else {
			router.RemovePPP(user)
		}
		in.await(t, user, isSeen(user, there))
		return time.Since(began)
	}
	heard := make(chan struct{})
	go func() { // until the listener is connected
		for {
			router.RemovePPP("warm-up")
			router.AddPPP("warm-up")
			select {
			case <-heard:
				return
			case <-time.After(700 * time.Millisecond):
			}
		}
	}()
	in.await(t, "warm-up", isSeen("warm-up", true))
	close(heard)
	time.Sleep(4 * time.Second) // the pause after events that come one after the other
	login := seen("ann", true)
	time.Sleep(2 * time.Second)
	logout := seen("ann", false)
	t.Logf("seen after %v (login) and %v (logout)", login, logout)
	if login > time.Second || logout > time.Second {
		t.Errorf("login seen after %v, logout after %v: asked is a second", login, logout)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, b := range in.batches {
		if b.Device == deaf.Name() && hasUser(b, "ann") {
			t.Error("a device that is not listened to was read at once")
		}
	}
}

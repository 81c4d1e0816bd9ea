package collectors

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Sessions are the API's alone. That it is silent there says nothing about the device, whose live tables
// come over SNMP: the API goes on resting.
func TestSilenceInALaneOfTheAPIAloneIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snmp := &fake{statuses: map[string]pipeline.TableStatus{"router": pipeline.Whole}}
		api := &fake{err: fmt.Errorf("x: %w", pipeline.ErrNoAnswer)}
		d := device(api, snmp)
		d.snmp = liveOnly{snmp}
		for range 20 { // 10 minutes
			_, _ = d.Collect(t.Context(), pipeline.LaneLive)
			_, _ = d.Collect(t.Context(), pipeline.LaneSessions)
			time.Sleep(30 * time.Second)
		}
		if api.asked > 8 {
			t.Errorf("the silent API was asked %d times in 40 polls", api.asked)
		}
	})
}

// liveOnly has no table of another lane, as SNMP has no sessions.
type liveOnly struct{ *fake }

func (l liveOnly) Collect(ctx context.Context, lane pipeline.Lane, want func(string) bool) ([]pipeline.TableRead, error) {
	if lane != pipeline.LaneLive {
		return nil, nil
	}
	return l.fake.Collect(ctx, lane, want)
}

// A panic in a check is that device's trouble, and the other protocol still counts.
func TestCheckSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := device(nil, &fake{})
		d.snmp = broken{}
		if err := d.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "a bug in checking: decoder") || strings.Contains(err.Error(), "\n") {
			t.Errorf("err = %v", err)
		}
		d = device(&fake{}, nil)
		d.snmp = broken{}
		if err := d.Check(t.Context()); err != nil {
			t.Errorf("the API answers, but err = %v", err)
		}
	})
}

type broken struct{ *fake }

func (broken) Check(context.Context) error { panic("decoder") }

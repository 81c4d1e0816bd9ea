package collectors

import (
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// A period of 0 means the default wherever it stands: no job may have it.
func TestNoLaneHasNoPeriod(t *testing.T) {
	const s = configs.Duration(time.Second)
	d := DeviceConfig{Lanes: Lanes{Sessions: 20 * s}}
	cfg := Config{Lanes: Lanes{Status: 0, Live: 10 * s, Sessions: 30 * s, Slow: 0}}
	want := Lanes{Status: 60 * s, Live: 10 * s, Sessions: 20 * s, Slow: 600 * s}
	if got := cfg.LanesOf(d); got != want {
		t.Errorf("lanes %+v, want %+v", got, want)
	}
	p := &polled{config: DeviceConfig{Lanes: (&Config{}).LanesOf(DeviceConfig{})}, device: &Device{plan: everything()}}
	for _, lane := range append(pollLanes(), pipeline.LaneStatus) {
		if job, _ := p.job(lane); job.Period < time.Second || job.Deadline < time.Second/2 {
			t.Errorf("%s: period %s, deadline %s", lane, job.Period, job.Deadline)
		}
	}
}

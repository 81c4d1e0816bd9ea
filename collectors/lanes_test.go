package collectors

import (
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/snmp"
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

// A table that both protocols know belongs to one lane: otherwise it would be read twice.
func TestATableHasOneLane(t *testing.T) {
	engine, err := snmp.NewEngine(pipeline.NewSchema(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	device, err := engine.New(snmp.Target{Device: "r1", Address: "127.0.0.1"}, pipeline.NewRows("r1", nil))
	if err != nil {
		t.Fatal(err)
	}
	lanes, both := map[string]pipeline.Lane{}, 0
	for _, lane := range pollLanes() {
		for _, table := range device.Tables(lane) {
			lanes[table] = lane
		}
	}
	for _, lane := range pollLanes() {
		for _, table := range routeros.Tables(lane) {
			other, ok := lanes[table]
			if ok {
				both++
			}
			if ok && other != lane {
				t.Errorf("%s is in the lane %s over the API and in %s over SNMP", table, lane, other)
			}
		}
	}
	if both < 4 {
		t.Errorf("%d tables in common", both)
	}
}

package collectors

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/routerpulse/routerpulse/collectors/reach"
	"github.com/routerpulse/routerpulse/pipeline"
)

// polled is a device with its state and where its batches go.
type polled struct {
	*Collectors
	config  DeviceConfig
	from    settings
	device  *Device
	monitor *reach.Monitor
	status  *pipeline.Series

	life    sync.RWMutex // held for reading while something is published
	retired bool         // another config has taken its place: nothing more is published

	told      sync.Mutex // one status at a time: checks and polls both publish it
	toldAt    time.Time  // the time of the last
	toldState int64      // the code that was last logged

	up       atomic.Int32 // what the last check said: 0 (none yet), isUp or isDown
	lastGood atomic.Int64 // Unix milliseconds of the last complete live data
}

func (d *polled) isRetired() bool {
	d.life.RLock()
	defer d.life.RUnlock()
	return d.retired
}

// tell publishes a batch, unless the device is no longer configured like this.
func (d *polled) tell(b pipeline.Batch) {
	d.life.RLock()
	defer d.life.RUnlock()
	if !d.retired {
		d.publish(b)
	}
}

// listen brings polls forward when the router says that something has changed.
func (d *polled) listen() {
	if d.device.listen != nil {
		d.device.listen(func(lane pipeline.Lane) { d.sched.Hurry(d.config.Name, lane, 0) })
	}
}

// The most that one check and one poll may take; a poll also ends well before its next slot.
const (
	checkDeadline = 5 * time.Second
	pollDeadline  = 30 * time.Second
)

func (d *polled) job(lane pipeline.Lane) (pipeline.Job, bool) {
	j := pipeline.Job{Device: d.config.Name, Lane: lane}
	switch lane {
	case pipeline.LaneStatus:
		j.Period, j.Run = d.config.Lanes.Status.Std(), d.check
	case pipeline.LaneLive:
		j.Period, j.Run = d.config.Lanes.Live.Std(), d.poll
	case pipeline.LaneSessions:
		j.Period, j.Run = d.config.Lanes.Sessions.Std(), d.collector(lane)
	case pipeline.LaneSlow:
		j.Period, j.Run = d.config.Lanes.Slow.Std(), d.collector(lane)
	}
	j.Deadline = min(j.Period*9/10, pollDeadline)
	if lane == pipeline.LaneStatus {
		j.Deadline = min(j.Period/2, checkDeadline)
	}
	return j, lane == pipeline.LaneStatus || d.device.plan.has(lane)
}

// check is one run of the status lane.
func (d *polled) check(ctx context.Context, slot time.Time) error {
	begin := time.Now()
	err := d.device.Check(ctx)
	if ctx.Err() == context.Canceled {
		return err // we are stopping: this says nothing about the device
	}
	before, _, _ := d.monitor.State()
	next := d.monitor.Check(err, time.Since(begin), time.Now())
	d.publishStatus(slot)
	d.up.Store(map[bool]int32{true: isUp, false: isDown}[err == nil])
	d.follow(next, begin)
	if err == nil {
		d.sched.Answered(d.config.Name)
	}
	if err == nil && before == pipeline.StateOffline {
		d.sched.Hurry(d.config.Name, pipeline.LaneLive, 0) // show what it says as soon as it is back
	}
	return err
}

// poll is one run of the live lane.
func (d *polled) poll(ctx context.Context, slot time.Time) error {
	b, err := d.collect(ctx, pipeline.LaneLive, slot)
	if ctx.Err() == context.Canceled || isIdle(b, err) {
		return err
	}
	before, _, _ := d.monitor.State()
	next := d.monitor.Poll(b.Tables, err, time.Now())
	if after, _, _ := d.monitor.State(); after != before {
		d.publishStatus(d.sched.Now())
	}
	if !answered(b) {
		d.follow(next, time.Now())
		return err
	}
	if err == nil {
		d.lastGood.Store(time.Now().UnixMilli())
	}
	return nil
}

// collector is the job of a lane that says nothing about the device's state.
func (d *polled) collector(lane pipeline.Lane) func(context.Context, time.Time) error {
	return func(ctx context.Context, slot time.Time) error {
		b, err := d.collect(ctx, lane, slot)
		if answered(b) {
			return nil
		}
		return err
	}
}

func (d *polled) collect(ctx context.Context, lane pipeline.Lane, slot time.Time) (pipeline.Batch, error) {
	b, err := d.device.Collect(ctx, lane)
	b.Time = slot
	if ctx.Err() != context.Canceled && !isIdle(b, err) {
		d.tell(b)
	}
	return b, err
}

// isIdle reports that the time of no table had come.
func isIdle(b pipeline.Batch, err error) bool { return len(b.Tables) == 0 && err == nil }

// answered reports that the device said anything useful.
func answered(b pipeline.Batch) bool {
	for i := range b.Tables {
		if b.Tables[i].Status != pipeline.Failed {
			return true
		}
	}
	return false
}

// follow does what the monitor asks for. Checks are ConfirmAfter apart from start to start: a check
// that waits for silence takes seconds itself.
func (d *polled) follow(next reach.Next, begin time.Time) {
	switch next {
	case reach.CheckNow:
		d.sched.Hurry(d.config.Name, pipeline.LaneStatus, 0)
	case reach.Confirm:
		d.sched.Hurry(d.config.Name, pipeline.LaneStatus, max(0, reach.ConfirmAfter-time.Since(begin)))
	}
}

// publishStatus says what the state is. A check began at its slot, and a poll may have changed the state
// since: a store would refuse the same or an earlier time, and go on showing what was before. So the
// times increase, unless the clock was set back.
func (d *polled) publishStatus(at time.Time) {
	d.told.Lock()
	defer d.told.Unlock()
	at = at.Truncate(time.Millisecond)
	if d.isRetired() {
		return // that it was closed says nothing about the router
	}
	at = later(at, d.toldAt)
	d.toldAt = at
	table := d.status.Table()
	d.logChange()
	d.tell(pipeline.Batch{Device: d.config.Name, Lane: pipeline.LaneStatus, Time: at, Tables: []pipeline.TableRead{
		{Table: table, ReadAt: at, Samples: []pipeline.Sample{d.monitor.Sample(d.status, time.Now(), at)}}}})
}

// logChange writes a line when the state that is shown is another one than before.
func (d *polled) logChange() {
	code, reason, _ := d.monitor.State()
	was := d.toldState
	if d.toldState = code; code == was {
		return
	}
	name := d.status.Table().Field("state").NameOf
	level := slog.LevelInfo
	if code != pipeline.StateOnline {
		level = slog.LevelWarn
	}
	d.log.Log(context.Background(), level, "router changed state", "device", d.config.Name, "from", name(was), "to", name(code), "reason", reason)
}

package collectors

import (
	"hash/fnv"
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// retryFailed is how long a table that has an every waits after it failed, at most.
const retryFailed = 5 * time.Minute

// lateness is what the time between two reads may fall short by: polls start a little before or after
// their slot.
const lateness = 10 * time.Second

// due keeps when tables of one device that are not read at every poll are read next. All of them are
// read at first and after the device has started anew, and from then on each at its own time: the first
// wait is longer by a share of every that hangs on device and table, so that a fleet does not read its
// certificates all at once.
type due struct {
	next    []time.Time      // by place in the plan; zero: at once
	settled []bool           // read before, so that its time is its own
	uptimes [2]time.Duration // over the API and over SNMP
}

// request is what one poll of a lane asks for.
type request struct {
	lane *lanePlan
	not  []string // tables whose time has not come
}

// has reports that a table is asked for over a protocol.
func (r *request) has(table, protocol string) bool {
	if r.lane == nil {
		return false
	}
	t := r.lane.tables[table]
	if t == nil || protocol == sourceAPI && !t.api || protocol == sourceSNMP && !t.snmp {
		return false
	}
	return !slices.Contains(r.not, table)
}

// any reports that anything is asked for over a protocol.
func (r *request) any(protocol string) bool {
	if r.lane == nil {
		return false
	}
	for name := range r.lane.tables {
		if r.has(name, protocol) {
			return true
		}
	}
	return false
}

// request is what a poll of a lane reads now.
func (d *Device) request(lane pipeline.Lane) request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.due.request(d.plan, lane, time.Now())
}

// noteRead takes down what a poll has read.
func (d *Device) noteRead(lane pipeline.Lane, reads []pipeline.TableRead) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.due.note(d.plan, lane, d.name, reads, time.Now())
}

// request lists what is to be read now.
func (d *due) request(plan *tablePlan, lane pipeline.Lane, now time.Time) request {
	r := request{lane: plan.lanes[lane]}
	if r.lane == nil || len(r.lane.timed) == 0 || d.next == nil {
		return r
	}
	for _, t := range r.lane.timed {
		if now.Before(d.next[t.place].Add(-min(lateness, t.every/10))) {
			r.not = append(r.not, t.name)
		}
	}
	return r
}

// note takes down what was read.
func (d *due) note(plan *tablePlan, lane pipeline.Lane, device string, reads []pipeline.TableRead, now time.Time) {
	l := plan.lanes[lane]
	if plan.timed == 0 || l == nil {
		return
	}
	d.noteUptime(reads)
	for i := range reads {
		t := l.tables[reads[i].Table.Name]
		if t == nil || t.every == 0 {
			continue
		}
		if d.next == nil {
			d.next, d.settled = make([]time.Time, plan.timed), make([]bool, plan.timed)
		}
		wait := t.every
		switch {
		case reads[i].Status == pipeline.Failed:
			wait = min(wait, retryFailed)
		case !d.settled[t.place]:
			wait += phase(device, t.name, t.every)
			d.settled[t.place] = true
		}
		d.next[t.place] = now.Add(wait)
	}
}

// noteUptime makes everything due when the device has started anew: an upgrade changes what it has.
func (d *due) noteUptime(reads []pipeline.TableRead) {
	for i := range reads {
		if reads[i].Uptime == 0 {
			continue
		}
		was := &d.uptimes[0]
		if reads[i].Source == sourceSNMP {
			was = &d.uptimes[1]
		}
		if reads[i].Uptime < *was {
			d.next, d.settled = nil, nil
		}
		*was = reads[i].Uptime
	}
}

// phase is a share of a time that hangs on names alone.
func phase(device, table string, every time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(device + "\x00" + table)) // a hash takes everything
	return time.Duration(float64(every) * (float64(h.Sum32()) / (1 << 32)))
}

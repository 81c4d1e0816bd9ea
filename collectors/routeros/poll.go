package routeros

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// batchCalls is how many requests are made in one turn on the connection, or a few more: a table's stay
// together. After that others have their turn, a check above all.
const batchCalls = 8

// Collect reads the tables that want names, whatever their own lane is; nil: those of the lane, as Tables
// tells. Every one of them has a TableRead, in that order.
//
// A table that the router refuses to give is Failed, one that it does not have Skipped; neither is an
// error of Collect. The error says that the router could not be read, or not to the end: the tables
// that were not answered are Failed. It wraps pipeline.ErrUnreachable, ErrNoAnswer or ErrRefused, or
// ErrUntrusted, where one of them applies.
//
// Rows of a table that was not read whole are not handed out, as their names may depend on the others.
func (c *Collector) Collect(ctx context.Context, lane pipeline.Lane, want func(table string) bool) ([]pipeline.TableRead, error) {
	if c.life.Err() != nil {
		return nil, c.wrap(errClosed)
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	p := &poll{collector: c, ctx: ctx, lane: lane, want: want}
	defer p.release()
	p.run()
	return p.reads(), c.wrap(p.err)
}

// poll is one run of one lane.
type poll struct {
	collector *Collector
	ctx       context.Context // the poll lives as long as one call
	lane      pipeline.Lane
	want      func(table string) bool

	tables     []*reading
	counts     *pipeline.TableRead // of session_count; nil: not wanted
	err        error               // nothing more is asked
	asked      bool                // requests were made
	answered   bool                // and one was answered
	renewed    bool                // a table broke the connection, and the poll went on with another
	told       bool                // the vital request was answered
	clockAsked bool                // and the clock, or it will not be
	session    *session            // of the last turn

	version  version       // zero: not known
	uptime   time.Duration // 0: not known
	uptimeAt time.Time
}

// wants reports that a table is to be read; lane is its own.
func (p *poll) wants(table string, lane pipeline.Lane) bool {
	if p.want == nil {
		return lane == p.lane
	}
	return p.want(table)
}

func (p *poll) known() *memory { return &p.collector.memory }

func (p *poll) run() {
	for _, t := range p.collector.shared.plan.tables {
		if p.wants(t.name, t.lane) {
			p.tables = append(p.tables, &reading{poll: p, table: t, memory: p.known().borrow(t),
				set: p.collector.shared.rowset(), read: pipeline.TableRead{Table: t.def, Source: Source}})
		}
	}
	for open := p.open(); len(open) > 0; open = p.open() {
		p.turn(open)
	}
	if p.wants(countTable, pipeline.LaneSessions) {
		read := p.count()
		p.counts = &read
	}
}

// open are the tables that are not read yet.
func (p *poll) open() []*reading {
	var open []*reading
	for _, r := range p.tables {
		if !r.done {
			open = append(open, r)
		}
	}
	return open
}

// turn asks for some tables, as many as fit into one turn on the connection.
func (p *poll) turn(open []*reading) {
	if p.err != nil {
		for _, r := range open {
			r.abandon(p.err)
		}
		return
	}
	var batch []*reading
	err := p.ask(func() []*call {
		var calls []*call
		batch, calls = p.batch(open)
		return calls
	})
	var left []*reading
	for _, r := range batch {
		switch {
		case r.done:
		case r.answered():
			p.answered = true
			r.advance()
		default:
			left = append(left, r)
		}
	}
	if err != nil {
		p.blame(left, err)
		return
	}
	p.told = true // or it will not
	p.clockAsked = p.clockAsked || p.clocked()
}

// batch chooses what a turn asks for. Nothing that depends on the version, or on the router's clock,
// comes before the router has told it.
func (p *poll) batch(open []*reading) (batch []*reading, calls []*call) {
	first := p.session.version == version{} && !p.told
	if !p.told && !open[0].table.tellsVitals() {
		calls = append(calls, p.vitalCall())
	}
	waits := false // for the router's clock, which it has never told
	if p.clocked() && !p.clockAsked && p.known().mustAskClock(first) {
		calls = append(calls, p.clockCall())
		_, clock := p.known().facts()
		waits = !clock.known
	}
	for _, r := range open {
		if first && !r.table.tellsVitals() || waits && r.table.clocked || len(calls) >= batchCalls {
			break
		}
		batch = append(batch, r)
		for _, a := range r.step() {
			if !p.known().answer(&a.call) {
				calls = append(calls, &a.call)
			}
		}
	}
	return batch, calls
}

// clocked reports that a table of the poll has times of the router's clock.
func (p *poll) clocked() bool {
	return slices.ContainsFunc(p.tables, func(r *reading) bool { return r.table.clocked })
}

// ask makes calls. build may be called twice, when a kept connection turns out to be dead.
func (p *poll) ask(build func() []*call) error {
	var calls []*call
	err := p.collector.request(p.ctx, p.lane, !p.asked, func(s *session, _ bool) []*call {
		if p.session = s; s.version != (version{}) || !p.told {
			p.version = s.version // else what this poll was told over another connection still holds
		}
		calls = build()
		return calls
	})
	p.asked = true
	for _, c := range calls {
		p.answered = p.answered || c.done
		p.known().notice(c)
	}
	return err
}

// blame decides who pays for a connection that broke. One table that is never answered, or too large,
// must not hide those behind it: it fails, and the others are asked again. A router that says nothing
// at all, or closes the connection, is left in peace until the next poll.
func (p *poll) blame(left []*reading, err error) {
	spoilt := errors.Is(err, pipeline.ErrNoAnswer) || errors.Is(err, errLimit)
	if !spoilt || !p.answered || p.renewed || p.ctx.Err() != nil {
		p.err = err
		return
	}
	p.renewed = true
	guilty := slices.DeleteFunc(slices.Clone(left), func(r *reading) bool { return !r.begun() })
	if len(guilty) == 0 && len(left) > 0 {
		guilty = left[:1]
	}
	for _, r := range guilty {
		r.abandon(err)
	}
}

// reads are the results, with what the router said of its uptime.
func (p *poll) reads() []pipeline.TableRead {
	var reads []pipeline.TableRead
	for _, r := range p.tables {
		reads = append(reads, r.read)
	}
	if p.counts != nil {
		reads = append(reads, *p.counts)
	}
	for i := range reads {
		if p.uptime > 0 {
			reads[i].Uptime = p.uptime + reads[i].ReadAt.Sub(p.uptimeAt)
		}
	}
	return reads
}

// release gives back what the poll borrowed.
func (p *poll) release() {
	for _, r := range p.tables {
		p.known().giveBack(r.memory)
		p.collector.shared.rowsets.Put(r.set)
	}
}

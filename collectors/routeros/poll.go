package routeros

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Collect reads the tables of a lane that want names (nil: all); Tables tells which there are. Every
// one of them has a TableRead, in that order.
//
// A table that the router refuses to give is Failed, one that it does not have Skipped; neither is an
// error of Collect. The error says that the router could not be read, or not to the end: the tables
// from there on are Failed. It wraps pipeline.ErrUnreachable, ErrNoAnswer or ErrRefused, or
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
	p.run()
	return p.reads, c.wrap(p.err)
}

// poll is one run of one lane.
type poll struct {
	collector *Collector
	ctx       context.Context // the poll lives as long as one call
	lane      pipeline.Lane
	want      func(table string) bool

	reads    []pipeline.TableRead
	err      error // nothing more is asked
	asked    bool  // a request was made
	answered bool  // and one was answered
	renewed  bool  // a table broke the connection, and the poll went on with another

	version  version       // zero: not known
	uptime   time.Duration // 0: not known
	uptimeAt time.Time
}

func (p *poll) wants(table string) bool { return p.want == nil || p.want(table) }

func (p *poll) run() {
	var wanted []*plannedTable
	for _, t := range p.collector.shared.plan.tables {
		if t.lane == p.lane && p.wants(t.name) {
			wanted = append(wanted, t)
		}
	}
	counting := p.lane == pipeline.LaneSessions && p.wants(countTable)
	if len(wanted) == 0 && !counting {
		return
	}
	if len(wanted) == 0 || !wanted[0].tellsVitals() {
		_ = p.ask(p.calls([]request{vitals()}, nil)) // an error stands in p.err, or a table meets it again
	}
	for _, t := range wanted {
		p.reads = append(p.reads, p.read(t))
	}
	if counting {
		p.reads = append(p.reads, p.count())
	}
}

func (t *plannedTable) tellsVitals() bool {
	return slices.ContainsFunc(t.sources[0].requests, func(r request) bool { return r.vital })
}

// read reads one table.
func (p *poll) read(t *plannedTable) pipeline.TableRead {
	if p.err == nil && len(t.sources) > 1 && p.version == (version{}) {
		return failed(t.def, errVersion)
	}
	set := newRowset(t, t.source(p.version))
	calls := p.calls(set.source.requests, set.add)
	if err := p.ask(calls); err != nil {
		return failed(t.def, err)
	}
	read := p.judge(t.def, calls)
	if read.Status == pipeline.Whole || t.key == nil {
		read.Samples = set.samples(p.collector.rows)
	}
	return read
}

// calls makes the calls of some requests.
func (p *poll) calls(requests []request, row func(attrs)) []*call {
	calls := make([]*call, len(requests))
	for i, r := range requests {
		c := &call{path: r.path, words: r.words(), row: row}
		if r.vital {
			c.row = func(a attrs) {
				p.learn(a, c.at)
				if row != nil {
					row(a)
				}
			}
		}
		calls[i] = c
	}
	return calls
}

// learn takes what a vital request says.
func (p *poll) learn(a attrs, at time.Time) {
	p.version = parseVersion(a["version"])
	if uptime, ok := parseDuration(a["uptime"]); ok {
		p.uptime, p.uptimeAt = uptime, at
	}
}

// ask makes the requests of one table.
func (p *poll) ask(calls []*call) error {
	if p.err != nil {
		return p.err
	}
	err := p.collector.request(p.ctx, p.lane, !p.asked, func(s *session, _ bool) []*call { return s.unanswered(calls) })
	p.asked = true
	if err == nil {
		p.answered = true
		return nil
	}
	// One table that is never answered, or too large, must not hide those behind it. A router that
	// says nothing at all, or closes the connection, is left in peace until the next poll.
	spoilt := errors.Is(err, pipeline.ErrNoAnswer) || errors.Is(err, errLimit)
	if spoilt && p.answered && !p.renewed && p.ctx.Err() == nil {
		p.renewed = true
		return err
	}
	p.err = err
	return err
}

// judge tells from the answers to a table's requests how far its read got.
func (p *poll) judge(def *pipeline.Table, calls []*call) pipeline.TableRead {
	read := pipeline.TableRead{Table: def, Source: Source, ReadAt: calls[0].at}
	missing := 0
	for _, c := range calls {
		if c.at.Before(read.ReadAt) {
			read.ReadAt = c.at
		}
		if c.trap == nil {
			continue
		}
		read.Status, read.Reason = pipeline.Failed, c.trap.Error()
		if c.trap.missing() {
			missing++
		}
	}
	if missing == len(calls) {
		read.Status, read.Reason = pipeline.Skipped, "this router has no "+calls[0].path
	}
	if p.uptime > 0 {
		read.Uptime = p.uptime + read.ReadAt.Sub(p.uptimeAt)
	}
	return read
}

// failed is the read of a table that was not answered.
func failed(def *pipeline.Table, err error) pipeline.TableRead {
	return pipeline.TableRead{Table: def, Status: pipeline.Failed, Reason: err.Error(), Source: Source, ReadAt: time.Now()}
}

// count tells how many rows the session tables have. Those that this poll read are not asked for
// again, and one that failed or does not exist leaves its field out: unknown is not zero.
func (p *poll) count() pipeline.TableRead {
	def := p.collector.shared.plan.counts
	total := pipeline.TableRead{Table: def, Status: pipeline.Skipped, Reason: "this router has no sessions", Source: Source}
	var fields []pipeline.Field
	for _, c := range sessionCounts() {
		read, rows := p.countOf(c.table)
		total.ReadAt, total.Uptime = read.ReadAt, read.Uptime
		switch read.Status {
		case pipeline.Failed:
			total.Status, total.Reason = pipeline.Failed, c.table+": "+read.Reason
		case pipeline.Skipped:
		case pipeline.Whole:
			fields = append(fields, pipeline.Field{Def: def.Field(c.field), Value: pipeline.GaugeValue(float64(rows))})
			if total.Status == pipeline.Skipped {
				total.Status, total.Reason = pipeline.Whole, ""
			}
		}
	}
	if len(fields) > 0 {
		total.Samples = []pipeline.Sample{{Series: p.collector.rows.One(def), Fields: fields}}
	}
	return total
}

// countOf tells the rows of a table: those read, else what the router counts.
func (p *poll) countOf(name string) (read pipeline.TableRead, rows int) {
	for _, r := range p.reads {
		if r.Table.Name == name {
			return r, len(r.Samples)
		}
	}
	t := p.collector.shared.plan.table(name)
	r := t.source(p.version).requests[0]
	calls := []*call{{path: r.path, words: r.countWords()}}
	if err := p.ask(calls); err != nil {
		return failed(t.def, err), 0
	}
	read = p.judge(t.def, calls)
	rows, err := strconv.Atoi(calls[0].ret)
	if read.Status == pipeline.Whole && (err != nil || rows < 0) {
		read.Status, read.Reason = pipeline.Failed, "router did not count "+r.path
	}
	return read, rows
}

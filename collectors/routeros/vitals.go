package routeros

import (
	"errors"
	"strconv"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// vitals is asked by a poll that does not read the router table: uptime and version of the same poll.
func vitals() request { return request{path: "/system/resource", props: "uptime,version", vital: true} }

// localTime is asked once an hour by polls that read times of the router's clock.
func localTime() request { return request{path: "/system/clock", props: "gmt-offset"} }

// lone is a call whose answer is no row of any table.
func lone(r request, take func(r *row, at time.Time)) *call {
	q, _ := planRequest(r, nil) // cannot fail: these are two, and known
	shape := newShape(q.names)
	var one row
	return &call{id: q.id, words: q.words, row: func(words [][]byte, at time.Time) {
		one.take(shape)
		one.fill(words)
		take(&one, at)
	}}
}

func (p *poll) vitalCall() *call { return lone(vitals(), p.learn) }

// learn takes what a vital request says.
func (p *poll) learn(r *row, at time.Time) {
	p.told = true
	p.version = parseVersion(r.text("version"))
	p.session.version = p.version
	uptime, ok := parseDuration(r.get("uptime"))
	if ok {
		p.uptime, p.uptimeAt = uptime, at
	}
	p.known().learn(p.version, uptime)
}

func (p *poll) clockCall() *call {
	return lone(localTime(), func(r *row, _ time.Time) {
		offset, ok := parseOffset(r.get("gmt-offset"))
		p.known().setClock(clock{offset, ok})
	})
}

// count tells how many rows the session tables have. Those that this poll read are not asked for
// again, and one that failed or does not exist leaves its field out: unknown is not zero.
func (p *poll) count() pipeline.TableRead {
	def := p.collector.shared.plan.counts
	total := pipeline.TableRead{Table: def, Status: pipeline.Skipped, Reason: "this router has no sessions", Source: Source}
	counted := p.countCalls()
	var fields []pipeline.Field
	for _, c := range sessionCounts() {
		read, rows := counted[c.table].result(p.err)
		total.ReadAt = read.ReadAt
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

// counting is how many rows a session table has: those that were read, else what the router counts.
type counting struct {
	read *pipeline.TableRead
	sum  string // of a tally: the field to add up
	call *call
}

// countCalls counts the tables that this poll did not read.
func (p *poll) countCalls() map[string]*counting {
	counted := map[string]*counting{}
	for _, c := range sessionCounts() {
		q := p.collector.shared.plan.table(c.table).sources[0].requests[0]
		counted[c.table] = &counting{sum: c.sum, call: &call{id: q.id, words: q.countWords()}}
	}
	for _, r := range p.tables {
		if c := counted[r.table.name]; c != nil {
			c.read, c.call = &r.read, nil
		}
	}
	if p.err == nil {
		p.err = p.ask(func() []*call { return p.openCounts(counted) })
	}
	return counted
}

func (p *poll) openCounts(counted map[string]*counting) []*call {
	var calls []*call
	for _, c := range sessionCounts() {
		if call := counted[c.table].call; call != nil {
			call.reset()
			if !p.known().answer(call) {
				calls = append(calls, call)
			}
		}
	}
	if !p.told && len(calls) > 0 {
		calls = append(calls, p.vitalCall())
	}
	return calls
}

// rows is how many rows the poll read.
func (c *counting) rows() int {
	if c.sum == "" {
		return len(c.read.Samples)
	}
	total := 0.0
	for _, s := range c.read.Samples {
		for _, f := range s.Fields {
			if f.Def.Name == c.sum {
				total += f.Value.Float()
			}
		}
	}
	return int(total)
}

func (c *counting) result(err error) (read pipeline.TableRead, rows int) {
	if c.read != nil {
		return *c.read, c.rows()
	}
	read = pipeline.TableRead{ReadAt: c.call.at}
	n, notCounted := strconv.Atoi(c.call.ret)
	switch {
	case !c.call.done:
		if err == nil {
			err = errors.New("not asked")
		}
		read.Status, read.Reason, read.ReadAt = pipeline.Failed, err.Error(), time.Now()
	case c.call.trap != nil && c.call.trap.missing():
		read.Status = pipeline.Skipped
	case c.call.trap != nil:
		read.Status, read.Reason = pipeline.Failed, c.call.trap.Error()
	case notCounted != nil || n < 0:
		read.Status, read.Reason = pipeline.Failed, "router did not count "+c.call.id
	}
	return read, n
}

package routeros

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// A monitor command names the rows that it is asked for: no more than this many, and this many bytes.
const (
	maxNumbers     = 32
	maxNumberBytes = 2 << 10
)

// reading is one table on its way through a poll. It is asked for in steps, each some calls that are
// sent together: a source, then the joins, then those joins again that the router wants one by one.
type reading struct {
	poll   *poll
	table  *plannedTable
	memory *tableMemory
	set    *rowset

	tried   int // sources that the router turned out not to have
	source  *plannedSource
	calls   []*asked // of the step
	joining bool     // the rows are known
	again   []*plannedJoin
	retried bool // rows were missing, and it was asked once more
	full    bool // what changes seldom is asked for, too
	done    bool
	read    pipeline.TableRead
}

// asked is a call with what it is for.
type asked struct {
	call
	request *plannedRequest
	count   bool         // how many rows does the request before it have?
	join    *plannedJoin // nil: of the source
	names   []string     // that the join asks for
	fields  [][]pipeline.Field
	unnamed int // answers without a name
}

// step makes the calls to make next; none: there is nothing to ask any more. It may be called again
// before they were made, on another connection.
func (r *reading) step() []*asked {
	if r.done {
		return nil
	}
	starts, _ := r.poll.known().facts()
	r.memory.renew(starts)
	if r.table.versioned() && r.poll.version == (version{}) {
		r.abandon(errVersion)
		return nil
	}
	if r.joining {
		r.calls = r.joinCalls()
	} else {
		r.calls = r.sourceCalls()
	}
	if len(r.calls) == 0 {
		r.finish()
	}
	return r.calls
}

// sourceCalls asks for the rows.
func (r *reading) sourceCalls() []*asked {
	source, reason := r.choose()
	if source == nil {
		r.end(pipeline.Skipped, reason)
		return nil
	}
	if r.source = source; r.memory.source != source.index {
		r.memory.source, r.memory.texts, r.memory.checked, r.memory.dropped, r.memory.fixedAt = source.index, nil, nil, nil, time.Time{}
	}
	_, clock := r.poll.known().facts()
	quick := r.maySkimp()
	r.set.begin(r.table, source, r.memory, clock, quick)
	var calls []*asked
	for i, q := range source.requests {
		calls = append(calls, r.rowsCall(q, quick))
		if r.mustCheck(i) {
			calls = append(calls, &asked{call: call{id: q.id, words: q.countWords()}, request: q, count: true})
		}
	}
	return calls
}

// choose takes the source that was answered before, else the next that fits the router's version.
func (r *reading) choose() (source *plannedSource, reason string) {
	if r.tried == 0 && time.Now().Before(r.memory.sourceTill) {
		return r.table.sources[r.memory.source], ""
	}
	left := r.tried
	for _, s := range r.table.sources {
		if !fits(s.since, s.until, r.poll.version) {
			continue
		}
		if left == 0 {
			return s, ""
		}
		left--
	}
	if r.tried > 0 {
		return nil, "this router has no " + r.source.requests[0].path
	}
	return nil, "not on this version of RouterOS"
}

// maySkimp reports that what changes seldom need not be asked for. In a table whose rows come and go all
// the time it would be in vain, and cost a second question: there it is tried ever more seldom.
func (r *reading) maySkimp() bool {
	m := r.memory
	return r.source.seldom > 0 && !r.full && len(m.dropped) == 0 && len(m.checked) > 0 && len(m.series) > 0 && m.rest == 0 && time.Since(m.fixedAt) < seldomAfter
}

func (r *reading) rowsCall(q *plannedRequest, quick bool) *asked {
	a := &asked{call: call{id: q.id, words: q.words}, request: q}
	if quick && q.quick != nil {
		a.words = q.quick
	}
	if len(r.memory.dropped) > 0 && q.count < 0 {
		a.words = q.wordsWithout(r.memory.dropped)
	}
	if q.count < 0 {
		a.row = func(words [][]byte, at time.Time) {
			r.set.add(q, words)
			if q.vital {
				r.poll.learn(&r.set.row, at)
			}
		}
	}
	return a
}

// mustCheck reports that the number of rows has not been compared yet: some versions are said to leave
// rows out for names in .proplist that they do not know.
func (r *reading) mustCheck(request int) bool {
	q := r.source.requests[request]
	if r.table.key.none() || q.count >= 0 || q.command != "print" {
		return false
	}
	return request >= len(r.memory.checked) || !r.memory.checked[request]
}

// countWords asks how many rows there are, without any of them.
func (p *plannedRequest) countWords() []string {
	words := []string{p.id, "=count-only="}
	for _, q := range p.query {
		words = append(words, "?"+q)
	}
	return words
}

// wordsWithout asks for less.
func (p *plannedRequest) wordsWithout(names []string) []string {
	left := slices.DeleteFunc(slices.Clone(p.names), func(n string) bool { return slices.Contains(names, n) })
	words := slices.Clone(p.words)
	for i, w := range words {
		if strings.HasPrefix(w, "=.proplist=") && len(left) > 0 {
			words[i] = proplistWord(left)
		}
	}
	return words
}

// answered reports that all calls of the step were.
func (r *reading) answered() bool {
	return !slices.ContainsFunc(r.calls, func(a *asked) bool { return !a.done })
}

// begun reports that the router was in the middle of an answer.
func (r *reading) begun() bool {
	return slices.ContainsFunc(r.calls, func(a *asked) bool { return !a.at.IsZero() && !a.done })
}

// advance judges the step, whose calls were all answered.
func (r *reading) advance() {
	if r.joining {
		r.advanceJoins()
		return
	}
	missing, asked := 0, 0
	r.read.ReadAt = time.Time{}
	for _, c := range r.calls {
		if c.count {
			continue
		}
		asked++
		if r.read.ReadAt.IsZero() || c.at.Before(r.read.ReadAt) {
			r.read.ReadAt = c.at
		}
		switch {
		case c.trap == nil:
			r.takeCount(c)
		case c.trap.missing():
			missing++
			if !c.request.optional {
				r.fail(c.trap.Error())
			}
		default:
			r.fail(c.trap.Error())
		}
	}
	if missing == asked {
		r.read.Status, r.read.Reason = pipeline.Whole, ""
		r.tried++
		return // to the next source, if there is one
	}
	if r.read.Status == pipeline.Whole && !r.checkRows() {
		return
	}
	if r.read.Status != pipeline.Whole {
		r.finish()
		return
	}
	if r.set.quick && (r.set.stale || len(r.set.rows) != len(r.memory.series)) {
		r.full = true // there are other rows than the last time
		r.memory.misses = min(r.memory.misses+1, 4)
		r.memory.rest = 1 << r.memory.misses
		return
	}
	if r.set.quick {
		r.memory.misses = 0
	} else {
		r.memory.fixedAt = time.Now()
		r.memory.rest = max(0, r.memory.rest-1)
	}
	if r.tried > 0 || len(r.table.sources) > 1 {
		r.memory.sourceTill = time.Now().Add(recheckAfter)
	}
	r.joining = true
}

func (r *reading) takeCount(c *asked) {
	if c.request.count < 0 {
		return
	}
	if n, err := strconv.Atoi(c.ret); err != nil || n < 0 {
		r.fail("router did not count " + c.request.path)
		return
	}
	r.set.addCount(c.request, c.ret)
}

// checkRows compares the rows with how many the router counts. If there are fewer, the table is asked
// for once more, without the attributes that no row had; if there are still fewer, it has failed: a
// short table would look like rows that are gone.
func (r *reading) checkRows() (fine bool) {
	rows := 0
	for _, c := range r.calls {
		if !c.count {
			rows = c.rows
			continue
		}
		counted, err := strconv.Atoi(c.ret)
		if c.trap != nil || err != nil || counted <= rows {
			r.markChecked(c.request)
			continue
		}
		if r.retried {
			r.fail(fmt.Sprintf("router gave %d of %d rows of %s", rows, counted, c.request.path))
			return true
		}
		r.retried = true
		r.memory.dropped = r.set.unseen(c.request)
		return false
	}
	return true
}

func (r *reading) markChecked(q *plannedRequest) {
	i := slices.Index(r.source.requests, q)
	for len(r.memory.checked) <= i {
		r.memory.checked = append(r.memory.checked, false)
	}
	r.memory.checked[i] = true
}

// unseen are the attributes of a request that no row had.
func (s *rowset) unseen(q *plannedRequest) []string {
	return slices.DeleteFunc(slices.Clone(q.names), func(n string) bool { return s.seen[s.source.shape.slots[n]] })
}

func (r *reading) fail(reason string) {
	if r.read.Status == pipeline.Whole {
		r.read.Status, r.read.Reason = pipeline.Failed, reason
	}
}

// abandon ends a table that could not be read because of err.
func (r *reading) abandon(err error) {
	if r.joining && !errors.Is(err, errLimit) {
		r.finish() // the rows are there, and whole
		return
	}
	r.end(pipeline.Failed, err.Error())
}

func (r *reading) end(status pipeline.TableStatus, reason string) {
	r.read.Status, r.read.Reason = status, reason
	r.read.Samples = nil
	if r.read.ReadAt.IsZero() {
		r.read.ReadAt = time.Now()
	}
	r.done = true
}

// finish makes the samples. Rows of a table that was not read whole are not handed out, as their names
// may depend on the others.
func (r *reading) finish() {
	if r.done {
		return
	}
	if r.read.Status == pipeline.Whole || (r.table.key.none() && r.source != nil) {
		r.read.Samples = r.set.samples(r.poll.collector.rows)
	}
	r.done = true
}

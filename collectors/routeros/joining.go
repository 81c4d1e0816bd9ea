package routeros

import (
	"slices"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// joinCalls asks for what is added to the rows: first all joins, then, one row at a time, those that
// the router does not answer as a list.
func (r *reading) joinCalls() []*asked {
	joins := r.again
	if joins == nil {
		joins = r.table.joins
	}
	var calls []*asked
	for _, j := range joins {
		if !fits(j.since, j.until, r.poll.version) || r.again == nil && r.set.recall(j, time.Now()) {
			continue
		}
		calls = append(calls, r.callsOf(j)...)
	}
	return calls
}

func (r *reading) callsOf(j *plannedJoin) []*asked {
	names := r.set.names(j)
	if len(names) == 0 {
		return nil
	}
	r.set.seek(j)
	if j.numbers == "" {
		return []*asked{r.joinCall(j, nil)}
	}
	limit := maxNumbers
	if j.single || r.isSingle(j) {
		limit = 1
	}
	var calls []*asked
	for len(names) > 0 {
		n, size := 0, 0
		for n < len(names) && n < limit && size < maxNumberBytes {
			size += len(names[n]) + 1
			n++
		}
		calls = append(calls, r.joinCall(j, names[:n]))
		names = names[n:]
	}
	return calls
}

// joinCall asks for some rows; nil for whatever there is.
func (r *reading) joinCall(j *plannedJoin, names []string) *asked {
	q := j.request
	a := &asked{call: call{id: q.id, words: q.words}, request: q, join: j, names: names}
	if names != nil {
		numbers := make([]string, len(names))
		for i, name := range names {
			numbers[i] = r.set.number(j, name)
		}
		a.words = slices.Insert(slices.Clone(q.words), 1, "="+j.numbers+"="+strings.Join(numbers, ","))
	}
	part := &r.set.part
	a.row = func(words [][]byte, _ time.Time) {
		part.take(j.shape)
		part.fill(words)
		for _, c := range q.with {
			part.values[c.slot] = c.value
		}
		r.joinRow(a, part)
	}
	return a
}

// number is how a row is asked for: by its name, or where that would be two in a list, by its .id.
func (s *rowset) number(j *plannedJoin, name string) string {
	if !strings.Contains(name, ",") {
		return name
	}
	if id := dotID(s.keyOf(s.found[j.index][name]).Index); id != "" {
		return id
	}
	return name
}

// joinRow finds the row that an answer belongs to: by the name in it, else by its place, if there is
// one answer for each name. That is only known at the end.
func (r *reading) joinRow(a *asked, row *row) {
	j := a.join
	if j.on >= 0 && row.values[j.on] != nil {
		r.set.join(j, row, row.values[j.on])
		return
	}
	if a.unnamed++; a.unnamed > len(a.names) {
		return
	}
	at, ok := r.set.found[j.index][a.names[a.unnamed-1]]
	if !ok {
		a.fields = append(a.fields, nil)
		return
	}
	a.fields = append(a.fields, r.set.peek(j, row, at))
}

// peek makes the fields of a join that are not given to the row yet.
func (s *rowset) peek(j *plannedJoin, r *row, at int) []pipeline.Field {
	var fields []pipeline.Field
	for i := range j.columns {
		if v := s.value(&j.columns[i], r, at); !v.IsNone() {
			fields = append(fields, pipeline.Field{Def: j.columns[i].def, Value: v})
		}
	}
	return fields
}

// give adds fields to the row of that name.
func (s *rowset) give(j *plannedJoin, name string, fields []pipeline.Field) {
	at, ok := s.found[j.index][name]
	bit := uint64(1) << j.index
	if !ok || s.joined[at]&bit != 0 {
		return
	}
	s.joined[at] |= bit
	into := s.fields[at*s.table.fields : (at+1)*s.table.fields]
	have := s.rows[at]
	s.rows[at] += copy(into[have:], fields)
	s.hold(j, at, have)
}

// advanceJoins takes the answers that came by place, and sends those lists again, one by one, that the
// router did not take.
func (r *reading) advanceJoins() {
	var again []*plannedJoin
	r.noteRefused()
	for _, a := range r.calls {
		refused := a.trap != nil && !a.trap.missing()
		uneven := a.unnamed > 0 && a.unnamed != len(a.names)
		switch {
		case len(a.names) > 1 && (refused || uneven):
			if !slices.Contains(again, a.join) {
				again = append(again, a.join)
			}
			r.setSingle(a.join)
		case a.unnamed > 0 && !uneven:
			for i, fields := range a.fields {
				r.set.give(a.join, a.names[i], fields)
			}
		}
	}
	if len(again) == 0 {
		r.finish()
		return
	}
	r.again = again
}

// noteRefused remembers joins that the router refuses for each single row, which is a matter of rights:
// they are not asked again for a while.
func (r *reading) noteRefused() {
	for _, j := range r.table.joins {
		one, refused := (*asked)(nil), true
		for _, a := range r.calls {
			if a.join == j {
				one, refused = a, refused && a.trap != nil && len(a.names) <= 1
			}
		}
		if one != nil && refused {
			r.poll.known().forgo(one.id)
		}
	}
}

func (r *reading) isSingle(j *plannedJoin) bool {
	return j.index < len(r.memory.single) && r.memory.single[j.index]
}

func (r *reading) setSingle(j *plannedJoin) {
	for len(r.memory.single) <= j.index {
		r.memory.single = append(r.memory.single, false)
	}
	r.memory.single[j.index] = true
}

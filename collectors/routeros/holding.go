package routeros

import (
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// heldJoin is what a join told the rows, for as long as that holds.
type heldJoin struct {
	until time.Time
	rows  [][]pipeline.Field // by place of the row
}

// hold notes the fields that a join has just added to a row.
func (s *rowset) hold(j *plannedJoin, at, have int) {
	if j.every == 0 {
		return
	}
	h := s.heldBy(j)
	for len(h.rows) <= at {
		h.rows = append(h.rows, nil)
	}
	h.rows[at] = slices.Clone(s.fields[at*s.table.fields:][have:s.rows[at]])
}

// recall gives the rows what a join told them not long ago. It reports false, and forgets it, if that no
// longer holds: its time is over, or the rows are not called what they were.
func (s *rowset) recall(j *plannedJoin, now time.Time) bool {
	if j.every == 0 {
		return false
	}
	h := s.heldBy(j)
	if !s.same || len(s.rows) != len(s.memory.ends) || !now.Before(h.until) || !s.holdsAll(j, h) {
		*h = heldJoin{until: now.Add(j.every)}
		return false
	}
	for at, fields := range h.rows {
		into := s.fields[at*s.table.fields : (at+1)*s.table.fields]
		s.rows[at] += copy(into[s.rows[at]:], fields)
	}
	return true
}

// holdsAll reports that each row that the join knows was answered: a poll may have ended in between.
func (s *rowset) holdsAll(j *plannedJoin, h *heldJoin) bool {
	for at := range s.rows {
		if s.linkOf(j, at) != "" && (at >= len(h.rows) || h.rows[at] == nil) {
			return false
		}
	}
	return true
}

func (s *rowset) heldBy(j *plannedJoin) *heldJoin {
	for len(s.memory.held) <= j.index {
		s.memory.held = append(s.memory.held, heldJoin{})
	}
	return &s.memory.held[j.index]
}

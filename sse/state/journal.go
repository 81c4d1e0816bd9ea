package state

import (
	"slices"
	"sort"
)

// Entry is an event in the journal.
type Entry struct {
	Pos    uint64 // its place in the journal: 1, 2, 3, …
	Seq    uint64 // the cut that it came with
	Topic  *Topic
	Device *Device // nil: it is about no device
	Time   int64   // Unix milliseconds
	Layout *Layout
	Cells  []Value // nil: what it said is lost
	Lost   int     // how many events a lost one stands for
	Post   *Post   // nil: it was not published by an application
}

// Post is what an application says of an event that it publishes, beside its data.
type Post struct {
	App      string // who published it
	Name     string
	ID       string   // by which the application would publish it again; "": it never does
	Channels []string // that it was published to
}

// topicLog is the journal of one topic, oldest first: stubs, then entries with all they said.
type topicLog struct {
	entries   []*Entry
	stubs     int    // the first so many are stubs
	forgotten uint64 // the highest position of which not even a stub is left
}

func (s *Store) record(e Event) *Entry {
	s.place.Journal++
	s.next()
	entry := &Entry{Pos: s.place.Journal, Topic: e.Topic, Time: e.Time, Layout: e.Layout, Cells: e.Cells, Lost: 1, Post: e.Post}
	if e.Device != "" {
		if entry.Device = s.byName[e.Device]; entry.Device == nil {
			entry.Device = &Device{Name: e.Device} // its rows are gone already
		}
	}
	s.journal[e.Topic].add(entry, s.limits)
	return entry
}

// lose takes note of events that were lost before they could be recorded.
func (s *Store) lose(c *Cut, lost map[*Topic]int) {
	for _, t := range s.topics { // in their order, for what a test can repeat
		if n := lost[t]; n > 0 {
			s.place.Journal += uint64(n)
			s.next()
			entry := &Entry{Pos: s.place.Journal, Topic: t, Time: c.Time, Lost: n}
			s.journal[t].add(entry, s.limits)
			c.Events = append(c.Events, entry)
		}
	}
}

func (l *topicLog) add(e *Entry, limits Limits) {
	l.entries = append(l.entries, e)
	for len(l.entries)-l.stubs > limits.Events {
		old := *l.entries[l.stubs]
		old.Layout, old.Cells = nil, nil
		l.entries[l.stubs] = &old // a new one: the cut may still show the old
		l.stubs++
	}
	if over := l.stubs - limits.Stubs; over > limits.Stubs/4 { // many at once, as each time moves the rest
		l.forgotten = l.entries[over-1].Pos
		l.entries = slices.Delete(l.entries, 0, over)
		l.stubs -= over
	}
}

// after returns the index of the first entry above a position.
func (l *topicLog) after(pos uint64) int {
	return sort.Search(len(l.entries), func(i int) bool { return l.entries[i].Pos > pos })
}

// NextEvent returns the first event of the given topics at a position above after and not above upto,
// or nil.
func (s *Store) NextEvent(topics []*Topic, after, upto uint64) *Entry {
	var first *Entry
	for _, t := range topics {
		l := s.journal[t]
		if i := l.after(after); i < len(l.entries) && l.entries[i].Pos <= upto && (first == nil || l.entries[i].Pos < first.Pos) {
			first = l.entries[i]
		}
	}
	return first
}

// Entries calls fn for all that the journal holds of a topic, oldest first.
func (s *Store) Entries(t *Topic, fn func(*Entry)) {
	l := s.journal[t]
	for _, e := range l.entries[l.stubs:] {
		fn(e)
	}
}

// Forgotten is the position up to which events of a topic are gone without a trace.
func (s *Store) Forgotten(t *Topic) uint64 { return s.journal[t].forgotten }

// LastEvents returns the position above which, up to upto, lie the last n events of the given topics
// that match and that are not lost.
func (s *Store) LastEvents(topics []*Topic, n int, upto uint64, match func(*Entry) bool) uint64 {
	from := upto
	at := make([]int, len(topics)) // how many entries of each topic are still to be looked at
	for i, t := range topics {
		at[i] = s.journal[t].after(upto)
	}
	for n > 0 {
		last := -1
		var entry *Entry
		for i, t := range topics {
			if l := s.journal[t]; at[i] > l.stubs && (entry == nil || l.entries[at[i]-1].Pos > entry.Pos) {
				last, entry = i, l.entries[at[i]-1]
			}
		}
		if entry == nil {
			break
		}
		at[last]--
		if entry.Cells != nil && match(entry) {
			n--
			from = entry.Pos - 1
		}
	}
	return from
}

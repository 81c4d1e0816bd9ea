package state

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// The kinds of records of a saved journal.
const (
	recordLife      = 'l' // the journal's name, and which life of the store goes on with it
	recordForgotten = 'f' // up to where events of a topic are gone
	recordEvent     = 'e'
	recordPost      = 'p' // an event that an application published
)

// Resume makes the store go on with a journal that was saved, of which record hands out one after the
// other and then nil. It is for a store that nobody reads yet. What is not a record is left out.
func (s *Store) Resume(record func() []byte) {
	var life uint64
	name := ""
	for b := record(); b != nil; b = record() {
		r := reader{b: b[1:]}
		switch b[0] {
		case recordLife:
			name, life = r.text(), r.uvarint()
		case recordForgotten:
			if t := s.topicNamed(r.text()); t != nil && t.Mode == Log {
				s.journal[t].forgotten = max(s.journal[t].forgotten, r.uvarint())
				s.place.Journal = max(s.place.Journal, s.journal[t].forgotten)
			}
		case recordEvent:
			s.restore(&r, nil)
		case recordPost:
			post := &Post{App: r.text(), Name: r.text(), ID: r.text()}
			for range r.count() {
				post.Channels = append(post.Channels, r.text())
			}
			s.restore(&r, post)
		}
	}
	if isJournalName(name) {
		s.name, s.epoch = name, name+strconv.FormatUint(life+1, 36)
		s.life = life + 1
	}
}

func (s *Store) topicNamed(name string) *Topic {
	i := slices.IndexFunc(s.topics, func(t *Topic) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return s.topics[i]
}

// restore adds a saved event to the journal.
func (s *Store) restore(r *reader, post *Post) {
	t, pos := s.topicNamed(r.text()), r.uvarint()
	e := &Entry{Pos: pos, Post: post, Topic: t, Lost: int(r.uvarint()), Time: int64(r.uvarint())}
	if device := r.text(); device != "" {
		e.Device = &Device{Name: device}
		for range r.count() {
			e.Device.Tags = append(e.Device.Tags, tagOf(r))
		}
	}
	var names []string
	for range r.count() {
		names = append(names, r.text())
		e.Cells = append(e.Cells, r.value())
	}
	if r.err != nil || pos <= s.place.Journal {
		return
	}
	s.place.Journal = pos
	if t == nil || t.Mode != Log {
		return // of a topic that there is no more
	}
	if e.Cells != nil {
		e.Layout = s.layoutOf(t, names)
	}
	s.journal[t].add(e, s.limits)
}

// layoutOf is the layout of these fields: that of the last event of the topic, as a rule.
func (s *Store) layoutOf(t *Topic, names []string) *Layout {
	l := s.journal[t]
	if n := len(l.entries); n > l.stubs && l.entries[n-1].Layout != nil && slices.Equal(l.entries[n-1].Layout.names, names) {
		return l.entries[n-1].Layout
	}
	return NewLayout(names...)
}

// AppendLife appends the record with which a saved journal begins.
func (s *Store) AppendLife(b []byte) []byte {
	return binary.AppendUvarint(appendText(append(b, recordLife), s.name), s.life)
}

// SavedJournal makes the records of all that the journal holds, for a file that replaces another. Call it
// inside Read.
func (s *Store) SavedJournal(record func([]byte)) {
	var b []byte
	all := 0
	for _, t := range s.topics {
		if t.Mode != Log {
			continue
		}
		l := s.journal[t]
		forgotten := l.forgotten
		if l.stubs > 0 {
			forgotten = l.entries[l.stubs-1].Pos
		}
		if forgotten > 0 {
			record(binary.AppendUvarint(appendText(append(b[:0], recordForgotten), t.Name), forgotten))
		}
		all += len(l.entries) - l.stubs
	}
	entries := make([]*Entry, 0, all)
	for _, l := range s.journal {
		entries = append(entries, l.entries[l.stubs:]...)
	}
	slices.SortFunc(entries, func(a, b *Entry) int { return int(int64(a.Pos) - int64(b.Pos)) })
	for _, e := range entries {
		b = e.Append(b[:0])
		record(b)
	}
}

// Append appends the record of an event.
func (e *Entry) Append(b []byte) []byte {
	if p := e.Post; p == nil {
		b = append(b, recordEvent)
	} else {
		b = appendText(appendText(appendText(append(b, recordPost), p.App), p.Name), p.ID)
		b = binary.AppendUvarint(b, uint64(len(p.Channels)))
		for _, c := range p.Channels {
			b = appendText(b, c)
		}
	}
	b = appendText(b, e.Topic.Name)
	b = binary.AppendUvarint(binary.AppendUvarint(b, e.Pos), uint64(e.Lost))
	b = binary.AppendUvarint(b, uint64(e.Time))
	if e.Device == nil {
		b = appendText(b, "")
	} else {
		b = binary.AppendUvarint(appendText(b, e.Device.Name), uint64(len(e.Device.Tags)))
		for _, t := range e.Device.Tags {
			b = appendText(appendText(b, t.Key), t.Value)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(e.Cells)))
	for i, v := range e.Cells {
		b = appendCell(appendText(b, e.Layout.names[i]), v, 0)
	}
	return b
}

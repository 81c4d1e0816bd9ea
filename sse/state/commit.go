package state

import (
	"slices"
	"time"
)

// Cut is what one commit changed.
type Cut struct {
	Prev, Place Place
	Time        int64    // Unix milliseconds
	Rows        [][]*Row // by Topic.ID: the rows that changed, came or went
	Events      []*Entry
}

// Commit gives everything pending its sequence numbers. It returns nil if nothing changed.
func (s *Store) Commit(p Pending, now time.Time) *Cut {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Cut{Prev: s.place, Time: now.UnixMilli(), Rows: make([][]*Row, len(s.topics))}
	for _, t := range p.tags {
		s.retag(c, t)
	}
	for i := range p.drafts {
		s.apply(c, &p.drafts[i], now)
	}
	s.lose(c, p.lost)
	for _, e := range p.events {
		c.Events = append(c.Events, s.record(e))
	}
	if p.mark {
		s.next()
	}
	if s.place.Cut == c.Prev.Cut {
		return nil
	}
	c.Place = s.place
	for _, e := range c.Events {
		e.Seq = c.Place.Cut
	}
	return c
}

// next is the sequence number of the change that is being made.
func (s *Store) next() uint64 {
	s.place.Cut++
	return s.place.Cut
}

func (s *Store) apply(c *Cut, d *draft, now time.Time) {
	row := s.find(d.handle)
	switch {
	case d.cells == nil:
		if row != nil && !row.Gone {
			s.bury(c, row, now)
		}
	case row == nil || row.Gone:
		s.bear(c, d, row)
	default:
		s.update(c, d, row)
	}
}

func (s *Store) find(h *Handle) *Row {
	if h.row != nil && !h.row.dead {
		return h.row
	}
	h.row = nil
	if d := s.byName[h.Device]; d != nil {
		h.row = d.Shelf(h.Topic).find(h.Key)
	}
	return h.row
}

// bear makes a row, or brings a tombstone back to life.
func (s *Store) bear(c *Cut, d *draft, row *Row) {
	seq := s.next()
	if row == nil {
		device := s.device(d.handle.Device)
		row = &Row{Topic: d.handle.Topic, Device: device, Key: d.handle.Key}
		device.rows++
		device.Shelf(row.Topic).put(row)
		s.rows++
		d.handle.row = row
	} else {
		s.graves.count--
	}
	row.Gone, row.Born, row.Layout = false, seq, d.layout
	row.cells.pack(d.cells, seq)
	row.N += d.updates
	row.Device.Shelf(row.Topic).Alive++
	c.touch(row, seq)
}

// update sets the fields that differ. Nothing differs: the row stays as it was.
func (s *Store) update(c *Cut, d *draft, row *Row) {
	if len(d.layout.names) > len(row.Layout.names) {
		row.Layout = d.layout
	}
	if row.cells.update(d.cells, s.place.Cut+1) {
		row.N += d.updates
		c.touch(row, s.next())
	}
}

func (s *Store) bury(c *Cut, row *Row, now time.Time) {
	seq := s.next()
	row.Gone, row.cells = true, cells{}
	row.N++
	row.Device.Shelf(row.Topic).Alive--
	c.touch(row, seq)
	s.graves.add(row, now)
}

// retag changes the tags of a device. Each of its rows counts as changed, because it may come into a
// view or leave it.
func (s *Store) retag(c *Cut, t tagging) {
	d := s.byName[t.device]
	if d == nil {
		s.device(t.device).Tags = t.tags // its rows come with the same cut
		return
	}
	if slices.Equal(d.Tags, t.tags) {
		return
	}
	d.Tags, d.Retagged = t.tags, s.next()
	s.place.Tags++
	for i := range d.shelves {
		for _, row := range d.shelves[i].Slots {
			if row != nil && !row.Gone {
				c.touch(row, s.next())
			}
		}
	}
}

// touch notes that a row changed in this cut.
func (c *Cut) touch(row *Row, seq uint64) {
	list := &c.Rows[row.Topic.id]
	if row.Seq <= c.Prev.Cut { // else it is in the list already
		*list = append(*list, row)
	}
	row.Seq = seq
	shelf := row.Device.Shelf(row.Topic)
	shelf.Changed = max(shelf.Changed, seq)
}

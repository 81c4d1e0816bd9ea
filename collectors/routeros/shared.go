package routeros

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Shared is what the collectors of one process have in common: the tables to read, the cap on kept
// connections, the buffers and the metrics. It is safe for concurrent use.
type Shared struct {
	plan    *plan
	max     int
	metrics *metrics
	wires   sync.Pool // *wire, between exchanges
	rowsets sync.Pool // *rowset, between polls

	listeners atomic.Int64 // connections that listen

	mu   sync.Mutex
	kept *list.List // of *Collector with a session, least recently used first
}

// NewShared finds the tables in the schema. At most maxConnections connections are kept between
// polls, those least recently used are closed first; 0 means no cap. reg may be nil.
func NewShared(schema *pipeline.Schema, maxConnections int, reg prometheus.Registerer) (*Shared, error) {
	p, err := newPlan(schema)
	if err != nil {
		return nil, err
	}
	s := &Shared{plan: p, max: maxConnections, kept: list.New()}
	s.metrics = newMetrics(reg, s.connections)
	return s, nil
}

func (s *Shared) wire() *wire {
	if w, ok := s.wires.Get().(*wire); ok {
		return w
	}
	return newWire()
}

// mayListen takes one of the connections for listening: as many as may be kept for polls.
func (s *Shared) mayListen() bool {
	if n := s.listeners.Add(1); s.max > 0 && n > int64(s.max) {
		s.listeners.Add(-1)
		return false
	}
	return true
}

func (s *Shared) listenEnded() { s.listeners.Add(-1) }

func (s *Shared) rowset() *rowset {
	if r, ok := s.rowsets.Get().(*rowset); ok {
		return r
	}
	return &rowset{}
}

// exchange runs calls on a session within the time that ctx and p allow. After an error the session
// is of no use.
func (s *Shared) exchange(ctx context.Context, on *session, p patience, calls ...*call) error {
	w := s.wire()
	w.attach(ctx, on.conn, p)
	err := on.exchange(w, calls...)
	s.metrics.moved(w)
	clean := w.detach()
	switch {
	case err != nil:
	case ctx.Err() != nil:
		err = ioError(ctx, ctx.Err())
	case !clean:
		err = protocolError("bytes after the end of the answer")
	case w.keep():
		s.wires.Put(w)
	}
	s.metrics.answered(calls)
	return err
}

// connections is how many are open.
func (s *Shared) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Len()
}

// opened notes that c has a session now, or has used it.
func (s *Shared) opened(c *Collector) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.place == nil {
		c.place = s.kept.PushBack(c)
		return
	}
	s.kept.MoveToBack(c.place)
}

// closed notes that c has no session any more.
func (s *Shared) closed(c *Collector) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(c)
}

func (s *Shared) remove(c *Collector) {
	if c.place != nil {
		s.kept.Remove(c.place)
		c.place = nil
	}
}

// trim closes idle connections as long as there are more than the cap. Those in use are left alone:
// their number is bounded by the polls that run at once, and they are trimmed at their end.
func (s *Shared) trim() {
	for _, victim := range s.surplus() {
		victim.close()
		s.metrics.dropped("surplus")
	}
}

func (s *Shared) surplus() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var victims []*session
	for e := s.kept.Front(); e != nil && s.max > 0 && s.kept.Len() > s.max; {
		c := e.Value.(*Collector)
		e = e.Next()
		if session := c.surrender(); session != nil {
			s.remove(c)
			victims = append(victims, session)
		}
	}
	return victims
}

package state

import "time"

// graves are the tombstones in the order in which they came.
type graves struct {
	queue []grave
	count int // rows that are gone now
}

// grave is stale if its row came back to life since.
type grave struct {
	row *Row
	seq uint64
	at  time.Time
}

func (g *graves) add(row *Row, now time.Time) {
	g.count++
	g.queue = append(g.queue, grave{row, row.Seq, now})
}

func (g grave) stale() bool { return !g.row.Gone || g.row.Seq != g.seq }

// Expire drops tombstones that are too old or too many. Whoever has not heard of them gets a snapshot.
func (s *Store) Expire(now time.Time) {
	if !s.expirable(now) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.expirable(now) {
		g := s.graves.queue[0]
		s.graves.queue = s.graves.queue[1:]
		if !g.stale() {
			s.drop(g.row)
		}
	}
}

func (s *Store) expirable(now time.Time) bool {
	q := s.graves.queue
	return len(q) > 0 && (s.graves.count > s.limits.Tombstones || q[0].stale() || now.Sub(q[0].at) > s.limits.TombstoneAge)
}

func (s *Store) drop(row *Row) {
	s.horizon = max(s.horizon, row.Seq)
	s.graves.count--
	row.dead = true
	s.rows--
	row.Device.Shelf(row.Topic).take(row)
	row.Device.rows--
	s.release(row.Device)
}

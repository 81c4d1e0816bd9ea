package influxdb

import (
	"errors"
	"sync"
	"time"
)

// record is the line protocol of one batch: what is kept, acknowledged and dropped as one.
type record struct {
	Lines  []byte // each line with its line end
	Points int    // lines, which are samples
	At     time.Time
}

// queue stands between Write and the database. Records are journalled first, one per batch, and cut
// into requests on the reading side: a refused request can then be taken apart along its records. The
// one below keeps them in memory; one on disk takes its place.
type queue interface {
	// Append keeps a record. It may shed older ones by its own rule, and counts them; an error means
	// that this one is not kept. It never waits for the database.
	Append(r record) error
	// Changed receives after an Append, and after Close.
	Changed() <-chan struct{}
	// Waiting tells what could be taken.
	Waiting() backlog
	// Take hands out the oldest records, at least one if there is any, up to the limits. They stay in
	// the queue, and count for its bound, until they are acknowledged.
	Take(lines, bytes int) []record
	// Ack forgets what Take handed out: it is in the database, or never will be.
	Ack(taken []record)
	// Close refuses further records and returns how much is left, taken or not.
	Close() backlog
}

// backlog is what stands in a queue.
type backlog struct {
	Records, Points int
	Bytes           int64
	Oldest          time.Time // zero: none
	Closed          bool
}

var (
	errClosed   = errors.New("influxdb sink is closed")
	errTooLarge = errors.New("one batch is larger than the whole queue")
)

// memory is a bounded queue that drops its oldest records.
type memory struct {
	limit   int64
	shed    func(records, points int)
	changed chan struct{}

	mu      sync.Mutex
	records []record // not taken, oldest first
	waiting backlog  // of records
	taken   backlog
	closed  bool
}

func newMemory(limit int64, shed func(records, points int)) *memory {
	return &memory{limit: limit, shed: shed, changed: make(chan struct{}, 1)}
}

func (m *memory) Append(r record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	size := int64(len(r.Lines))
	if size > m.limit {
		return errTooLarge
	}
	for m.waiting.Bytes+m.taken.Bytes+size > m.limit && len(m.records) > 0 {
		old := m.drop(1)[0]
		m.shed(1, old.Points)
	}
	if m.taken.Bytes+size > m.limit {
		m.shed(1, r.Points) // what is on its way cannot be shed: it may be stored already
		return nil
	}
	m.records = append(m.records, r)
	m.waiting.add(r)
	m.signal()
	return nil
}

func (m *memory) Changed() <-chan struct{} { return m.changed }

func (m *memory) Waiting() backlog {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.waiting
	b.Closed = m.closed
	if len(m.records) > 0 {
		b.Oldest = m.records[0].At
	}
	return b
}

func (m *memory) Take(lines, bytes int) []record {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, points, size := 0, 0, 0
	for _, r := range m.records {
		points, size = points+r.Points, size+len(r.Lines)
		if n > 0 && (points > lines || size > bytes) {
			break
		}
		n++
	}
	out := m.drop(n)
	for _, r := range out {
		m.taken.add(r)
	}
	return out
}

func (m *memory) Ack(taken []record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range taken {
		m.taken.remove(r)
	}
}

func (m *memory) Close() backlog {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.signal()
	return backlog{
		Records: m.waiting.Records + m.taken.Records,
		Points:  m.waiting.Points + m.taken.Points,
		Bytes:   m.waiting.Bytes + m.taken.Bytes,
	}
}

// size is what counts for the bound.
func (m *memory) size() (records int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.waiting.Records + m.taken.Records, m.waiting.Bytes + m.taken.Bytes
}

// drop takes the n oldest records out of the waiting ones.
func (m *memory) drop(n int) []record {
	out := append([]record(nil), m.records[:n]...)
	clear(m.records[:n]) // let go of the lines
	m.records = m.records[n:]
	for _, r := range out {
		m.waiting.remove(r)
	}
	return out
}

func (m *memory) signal() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

func (b *backlog) add(r record) {
	b.Records++
	b.Points += r.Points
	b.Bytes += int64(len(r.Lines))
}

func (b *backlog) remove(r record) {
	b.Records--
	b.Points -= r.Points
	b.Bytes -= int64(len(r.Lines))
}

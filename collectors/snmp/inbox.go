package snmp

import "sync"

const longestDatagram = 65535

// inboxes are receive buffers for the longest datagram there is. A session only has one from when a
// datagram comes in until it asks again, and does not wait meanwhile: hundreds of sessions that wait for
// replies share a few buffers.
type inboxes struct{ pool sync.Pool }

func newInboxes() *inboxes {
	return &inboxes{sync.Pool{New: func() any { return new([longestDatagram]byte) }}}
}

// inbox is a session's buffer, while it has one.
type inbox struct {
	from *inboxes
	held *[longestDatagram]byte
}

// take returns the buffer.
func (b *inbox) take() []byte {
	if b.held == nil {
		b.held = b.from.pool.Get().(*[longestDatagram]byte) //nolint:forcetypeassert // the pool has nothing else
	}
	return b.held[:]
}

// release gives the buffer away, and with it what was received.
func (b *inbox) release() {
	if b.held != nil {
		b.from.pool.Put(b.held)
		b.held = nil
	}
}

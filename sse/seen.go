package sse

import (
	"crypto/sha256"
	"time"
)

// Bounds of the ids that are remembered of what applications published.
const (
	rememberPosts = 10 * time.Minute
	maxRemembered = 250_000
)

// seen remembers the ids of what was published, so that an application that is not sure may publish it
// again. It is not safe for concurrent use.
type seen struct {
	at    map[postID]struct{}
	queue []seenAt // oldest first
}

// postID is a hash, so that an id takes the same memory however long it is.
type postID [16]byte

type seenAt struct {
	id   postID
	when time.Time
}

func newSeen() *seen { return &seen{at: map[postID]struct{}{}} }

func postIDOf(app, id string) (out postID) {
	sum := sha256.Sum256([]byte(app + "\x00" + id))
	copy(out[:], sum[:])
	return out
}

// has reports that an id was added within the time for it.
func (s *seen) has(id postID, now time.Time) bool {
	s.expire(now)
	_, ok := s.at[id]
	return ok
}

// room reports that another n ids can be remembered.
func (s *seen) room(n int) bool { return len(s.queue)+n <= maxRemembered }

func (s *seen) add(id postID, now time.Time) {
	s.at[id] = struct{}{}
	s.queue = append(s.queue, seenAt{id, now})
}

func (s *seen) expire(now time.Time) {
	n := 0
	for n < len(s.queue) && now.Sub(s.queue[n].when) > rememberPosts {
		delete(s.at, s.queue[n].id)
		n++
	}
	s.queue = s.queue[n:]
}

package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// Bounds of the sessions, which live in memory.
const (
	cookiePrefix  = "routerpulse_"
	cookieName    = cookiePrefix + "session"
	sessionIdle   = 12 * time.Hour // after its last use
	maxSessions   = 10_000
	maxPerUser    = 100
	maxRemembered = 10_000 // logged out, so that a page that comes back is told to stop
)

// key is the hash of a secret that was handed out; the secret itself is not kept.
type key [sha256.Size]byte

func keyOf(secret string) key { return sha256.Sum256([]byte(secret)) }

// newSecret makes 192 random bits for a cookie or a URL.
func newSecret() string {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

type sessions struct {
	mu     sync.Mutex
	live   map[key]Identity
	logout map[key]time.Time // when it was logged out
}

func newSessions() *sessions {
	return &sessions{live: map[key]Identity{}, logout: map[key]time.Time{}}
}

// start opens a session and returns the secret of its cookie.
func (s *sessions) start(id Identity, now time.Time) string {
	secret := newSecret()
	id.from, id.lease = id.lease, newLease(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if id.from != nil && id.from.err() != nil {
		id.lease.end(id.from.err()) // the token was revoked meanwhile
		return secret
	}
	s.makeRoom(id.User, now)
	s.live[keyOf(secret)] = id
	return secret
}

// makeRoom ends the session that was not used for longest, of the user who has too many, else of all.
func (s *sessions) makeRoom(user string, now time.Time) {
	mine := 0
	for _, id := range s.live {
		if id.User == user {
			mine++
		}
	}
	if mine < maxPerUser && len(s.live) < maxSessions {
		return
	}
	var oldest key
	at, found := now, false
	for k, id := range s.live {
		if mine >= maxPerUser && id.User != user {
			continue
		}
		if used := id.lease.lastUse(); !found || used.Before(at) {
			oldest, at, found = k, used, true
		}
	}
	if found {
		s.live[oldest].lease.end(ErrNoSession)
		delete(s.live, oldest)
	}
}

// find returns the identity of a cookie and notes that it was used.
func (s *sessions) find(secret string, now time.Time) (Identity, error) {
	k := keyOf(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.live[k]
	if !ok {
		if _, out := s.logout[k]; out {
			return Identity{}, ErrLoggedOut
		}
		return Identity{}, ErrNoSession
	}
	if now.Sub(id.lease.lastUse()) > sessionIdle {
		id.lease.end(ErrNoSession)
		delete(s.live, k)
		return Identity{}, ErrNoSession
	}
	id.lease.touch(now)
	return id, nil
}

// end logs out.
func (s *sessions) end(secret string, now time.Time) {
	k := keyOf(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.live[k]
	if !ok {
		return
	}
	delete(s.live, k)
	id.lease.end(ErrLoggedOut)
	if len(s.logout) < maxRemembered {
		s.logout[k] = now
	}
}

// revoke ends the sessions that were started with a token.
func (s *sessions) revoke(from *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, id := range s.live {
		if id.from == from {
			id.lease.end(ErrRevoked)
			delete(s.live, k)
		}
	}
}

func (s *sessions) sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, id := range s.live {
		if now.Sub(id.lease.lastUse()) > sessionIdle {
			id.lease.end(ErrNoSession)
			delete(s.live, k)
		}
	}
	for k, at := range s.logout {
		if now.Sub(at) > sessionIdle {
			delete(s.logout, k)
		}
	}
}

func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, id := range s.live {
		id.lease.end(ErrNoSession)
		delete(s.live, k)
	}
}

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
	idle time.Duration // after which an unused one ends

	mu     sync.Mutex
	live   map[key]Identity
	logout map[key]time.Time // when it was logged out
}

func newSessions(idle time.Duration) *sessions {
	return &sessions{idle: idle, live: map[key]Identity{}, logout: map[key]time.Time{}}
}

// start opens a session and returns the secret of its cookie. It ends with what it came from.
func (s *sessions) start(id Identity, now time.Time) string {
	secret := newSecret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom(id.User, now)
	s.put(keyOf(secret), id, newLease(now))
	return secret
}

// put makes a session of an identity, that lives on a lease of its own, too.
func (s *sessions) put(k key, id Identity, own *lease) {
	id.joined, id.lease = id.leases(), own
	id.Hold()
	s.live[k] = id
}

// drop ends a session.
func (s *sessions) drop(k key, cause error) {
	id := s.live[k]
	id.lease.end(cause)
	id.Release()
	delete(s.live, k)
}

// renew gives a session the same user's fresh identity; false: there is none of that secret and user.
func (s *sessions) renew(secret string, id Identity, now time.Time) bool {
	k := keyOf(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.live[k]
	if !ok || old.User != id.User {
		return false
	}
	old.lease.touch(now)
	old.Release()
	s.put(k, id, old.lease)
	return true
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
		s.drop(oldest, ErrNoSession)
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
	if err := s.over(id, now); err != nil {
		s.drop(k, err)
		return Identity{}, err
	}
	id.lease.touch(now)
	return id, nil
}

// over says why a session has ended, nil if it has not.
func (s *sessions) over(id Identity, now time.Time) error {
	if err := id.Err(); err != nil {
		return err
	}
	if now.Sub(id.lease.lastUse()) > s.idle || !id.Expires.IsZero() && !now.Before(id.Expires) {
		return ErrNoSession
	}
	return nil
}

// end logs out.
func (s *sessions) end(secret string, now time.Time) {
	k := keyOf(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.live[k]; !ok {
		return
	}
	s.drop(k, ErrLoggedOut)
	if len(s.logout) < maxRemembered {
		s.logout[k] = now
	}
}

func (s *sessions) sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, id := range s.live {
		if err := s.over(id, now); err != nil {
			s.drop(k, err)
		}
	}
	for k, at := range s.logout {
		if now.Sub(at) > s.idle {
			delete(s.logout, k)
		}
	}
}

func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.live {
		s.drop(k, ErrNoSession)
	}
}

package access

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Why a request has no identity although it shows something that should give one. The messages are for
// people and say nothing about what the server knows.
var (
	ErrInvalidToken = errors.New("the token that was sent is not valid")
	ErrExpired      = errors.New("the token that was sent has expired: send a fresh one")
	ErrAmbiguous    = errors.New("two Authorization headers were sent: send one")
	ErrNotBearer    = errors.New("the Authorization header is not of the form: Bearer <token>")
	ErrNoSession    = errors.New("your session has ended: log in again")
	ErrRevoked      = errors.New("the token that you came with is no longer valid")
	ErrLoggedOut    = errors.New("you are logged out")
	ErrTokenInURL   = errors.New("a token in a URL ends up in logs and histories, so it is refused: send it as Authorization: Bearer <token>, or log in")
)

// Identity is who asks. The zero Identity is anonymous.
type Identity struct {
	lease  *lease
	signed *signed  // of a signed token
	joined []*lease // of what it came from, and of what it was joined with

	User  string
	Roles []string
	// Channels, if not nil, are all that it may listen to, beside public ones.
	Channels Patterns
	// Routers, if not nil, are all that it sees of, in every channel.
	Routers *Selector
	// Expires is when it ends unless it is renewed; the zero time: not by itself.
	Expires time.Time

	// granted, if not nil, are the channels that an application allowed, one by one: all that it may.
	granted []string
}

// Join returns an identity that ends when one of both does. An anonymous one takes the other's name.
func (id Identity) Join(other Identity) Identity {
	if id.Anonymous() {
		return other
	}
	id.joined = append(slices.Clone(id.joined), other.leases()...)
	id.granted = append(slices.Clone(id.granted), other.granted...)
	return id
}

// Granted lists the channels that an application allowed, one by one; nil: it was not asked so.
func (id Identity) Granted() []string { return id.granted }

func (id Identity) leases() []*lease {
	if id.lease == nil {
		return id.joined
	}
	return append([]*lease{id.lease}, id.joined...)
}

// Hold says that a stream lives on the identity, until Release.
func (id Identity) Hold() {
	for _, l := range id.leases() {
		l.held.Add(1)
	}
}

// Release undoes Hold.
func (id Identity) Release() {
	for _, l := range id.leases() {
		l.held.Add(-1)
	}
}

// Anonymous reports that nobody is known.
func (id Identity) Anonymous() bool { return id.User == "" }

// Has reports whether the identity has a role.
func (id Identity) Has(role string) bool { return slices.Contains(id.Roles, role) }

// sameRights reports that both are the same user, who may the same.
func (id Identity) sameRights(other Identity) bool {
	return id.User == other.User && slices.Equal(id.Roles, other.Roles) && slices.Equal(id.Channels, other.Channels) &&
		(id.Channels == nil) == (other.Channels == nil) && id.Routers.String() == other.Routers.String()
}

// Narrowed reports that it sees only some routers, or hears only some channels.
func (id Identity) Narrowed() bool {
	return id.Channels != nil || id.Routers != nil || id.granted != nil
}

// Err is nil as long as the identity was not revoked.
func (id *Identity) Err() error {
	if id.lease != nil {
		if err := id.lease.err(); err != nil {
			return err
		}
	}
	for _, l := range id.joined {
		if err := l.err(); err != nil {
			return err
		}
	}
	if id.signed != nil {
		return id.signed.err()
	}
	return nil
}

// Touch says that the identity is in use: a session ends some time after its last use.
func (id *Identity) Touch(now time.Time) {
	if id.lease != nil {
		id.lease.touch(now)
	}
}

// lease is what an identity lives on: it ends for all who hold it at once.
type lease struct {
	held atomic.Int64 // streams that live on it

	mu    sync.Mutex
	cause error
	used  time.Time
}

func newLease(now time.Time) *lease { return &lease{used: now} }

func (l *lease) end(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause == nil {
		l.cause = cause
	}
}

func (l *lease) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

func (l *lease) touch(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.After(l.used) {
		l.used = now
	}
}

func (l *lease) lastUse() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

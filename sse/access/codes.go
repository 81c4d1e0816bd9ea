package access

import (
	"sync"
	"time"
)

// Bounds of the login codes.
const (
	codeLife = 10 * time.Minute
	maxCodes = 32
)

// codes are login codes that were not used yet.
type codes struct {
	mu   sync.Mutex
	open map[key]code
}

type code struct {
	identity Identity
	made     time.Time
}

func newCodes() *codes { return &codes{open: map[key]code{}} }

// NewLoginCode makes a code that logs in as the identity, once, within ten minutes: for a link that is
// shown to whoever started the program.
func (a *Access) NewLoginCode(id Identity) string {
	secret, now := newSecret(), a.now()
	a.codes.sweep(now)
	a.codes.mu.Lock()
	defer a.codes.mu.Unlock()
	if len(a.codes.open) >= maxCodes {
		a.codes.dropOldest()
	}
	a.codes.open[keyOf(secret)] = code{Identity{User: id.User, Roles: id.Roles}, now}
	return secret
}

func (c *codes) dropOldest() {
	var oldest key
	var at time.Time
	for k, code := range c.open {
		if at.IsZero() || code.made.Before(at) {
			oldest, at = k, code.made
		}
	}
	delete(c.open, oldest)
}

// redeem uses up a code.
func (c *codes) redeem(secret string, now time.Time) (Identity, bool) {
	k := keyOf(secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	code, ok := c.open[k]
	delete(c.open, k)
	return code.identity, ok && now.Sub(code.made) <= codeLife
}

func (c *codes) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, code := range c.open {
		if now.Sub(code.made) > codeLife {
			delete(c.open, k)
		}
	}
}

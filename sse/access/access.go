package access

import (
	"net/http"
	"net/netip"
	"time"
)

// Access identifies requests and keeps the sessions. It is safe for concurrent use.
type Access struct {
	tokens   []token
	trusted  []netip.Prefix
	sessions *sessions
	codes    *codes
	origin   *http.CrossOriginProtection
	now      func() time.Time
}

// New prepares access by a config that was validated.
func New(cfg Config) (*Access, error) { return newAccess(cfg, time.Now) }

func newAccess(cfg Config, now func() time.Time) (*Access, error) {
	tokens, err := newTokens(cfg.Tokens)
	if err != nil {
		return nil, err
	}
	a := &Access{tokens: tokens, sessions: newSessions(), codes: newCodes(), origin: http.NewCrossOriginProtection(), now: now}
	for _, p := range cfg.TrustedProxies {
		prefix, err := parsePrefix(p)
		if err != nil {
			return nil, err
		}
		a.trusted = append(a.trusted, prefix)
	}
	return a, nil
}

// Identify tells who asks. A request that shows nothing is anonymous, without an error; one that shows
// something that is not valid has no identity either, and the error says why, for people.
func (a *Access) Identify(r *http.Request) (Identity, error) {
	if InURL(r) {
		return Identity{}, ErrTokenInURL
	}
	secret, err := bearer(r.Header)
	if err != nil {
		return Identity{}, err
	}
	if secret != "" {
		return a.byToken(secret)
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return a.sessions.find(c.Value, a.now())
	}
	return Identity{}, nil
}

// InURL reports that the query holds a token, which no path accepts.
func InURL(r *http.Request) bool {
	q := r.URL.Query()
	for _, key := range []string{"token", "access_token", "auth_token", "bearer", "jwt", "authorization"} {
		if q.Has(key) {
			return true
		}
	}
	return false
}

// Sweep ends the sessions and the codes whose time is up. Call it now and then.
func (a *Access) Sweep() {
	now := a.now()
	a.sessions.sweep(now)
	a.codes.sweep(now)
}

// Close ends all sessions.
func (a *Access) Close() { a.sessions.clear() }

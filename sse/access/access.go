package access

import (
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Access identifies requests and keeps the sessions. It is safe for concurrent use.
type Access struct {
	rules    atomic.Pointer[rules]
	sessions *sessions
	codes    *codes
	origin   *http.CrossOriginProtection
	now      func() time.Time
}

// rules are what the config says. They never change: Apply sets others.
type rules struct {
	tokens  []token
	signed  *verifier // nil: no signed token is believed
	trusted []netip.Prefix
}

// New prepares access by a config that was validated. now tells the time.
func New(cfg Config, now func() time.Time) (*Access, error) {
	a := &Access{sessions: newSessions(), codes: newCodes(), origin: http.NewCrossOriginProtection(), now: now}
	a.rules.Store(&rules{})
	change, err := a.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	change()
	return a, nil
}

// Prepare returns what makes another config the one that counts. Tokens that both have go on; whoever
// came in by another one, by a signed token that is no longer believed, or got other roles, is revoked:
// streams and sessions end.
func (a *Access) Prepare(cfg Config) (apply func(), err error) {
	was, next := a.rules.Load(), &rules{}
	if next.tokens, err = newTokens(cfg.Tokens, was.tokens, a.now()); err != nil {
		return nil, err
	}
	if next.signed, err = newVerifier(cfg.JWT, a); err != nil {
		return nil, err
	}
	for _, p := range cfg.TrustedProxies {
		prefix, err := parsePrefix(p)
		if err != nil {
			return nil, err
		}
		next.trusted = append(next.trusted, prefix)
	}
	return func() {
		a.rules.Store(next)
		for _, t := range was.tokens {
			if !slices.ContainsFunc(next.tokens, t.same) {
				t.identity.lease.end(ErrRevoked)
				a.sessions.revoke(t.identity.lease)
			}
		}
	}, nil
}

// NoTokens reports that the config has no token: nobody can be known by one.
func (a *Access) NoTokens() bool { return len(a.rules.Load().tokens) == 0 }

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
		return a.bySecret(secret)
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return a.sessions.find(c.Value, a.now())
	}
	return Identity{}, nil
}

// bySecret tries the static tokens first, so that one with dots in it is found too.
func (a *Access) bySecret(secret string) (Identity, error) {
	id, err := a.byToken(secret)
	signed := a.rules.Load().signed
	if err == nil || signed == nil || !looksSigned(secret) {
		return id, err
	}
	return signed.identify(secret)
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

package access

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Access identifies requests and keeps the sessions. It is safe for concurrent use.
type Access struct {
	rules    atomic.Pointer[rules]
	sessions *sessions // of the page
	tickets  *tickets
	codes    *codes
	throttle *throttle
	audit    *audit
	turns    chan struct{} // one for each password that is being checked
	origin   *http.CrossOriginProtection
	now      func() time.Time
	hooks    Hooks
	keeper   *keeper       // while it is open
	wake     chan struct{} // for the keeper: there are other rules
}

// rules are what the config says. They never change: Apply sets others.
type rules struct {
	tokens   []token
	accounts map[string]account
	cost     int        // of their passwords
	nobody   []byte     // a hash that stands for a user that does not exist
	signed   *verifier  // nil: no signed token is believed
	forward  *forwarder // nil: no application is asked
	trusted  []netip.Prefix
	origins  map[string]bool
}

// Hooks are told what access does by itself. They must not block; those that are nil are left out.
type Hooks struct {
	Asked  func(result string) // what came of a question to an application
	Keys   func(err error)     // what came of reading an issuer's keys
	Denied func(d Denial)      // somebody was refused, perhaps several times
}

// New prepares access by a config that was validated. now tells the time.
func New(cfg Config, now func() time.Time, hooks Hooks) (*Access, error) {
	a := &Access{wake: make(chan struct{}, 1), sessions: newSessions(sessionIdle), tickets: newTickets(), codes: newCodes(), throttle: newThrottle(), turns: make(chan struct{}, 2), origin: http.NewCrossOriginProtection(), now: now, hooks: hooks}
	if hooks.Asked == nil {
		a.hooks.Asked = func(string) {}
	}
	if hooks.Denied == nil {
		hooks.Denied = func(Denial) {}
	}
	a.audit = &audit{tell: hooks.Denied, kind: map[denialKind]*denied{}}
	if hooks.Keys == nil {
		a.hooks.Keys = func(error) {}
	}
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
	was, next := a.rules.Load(), &rules{origins: map[string]bool{}}
	if next.tokens, err = newTokens(cfg.Tokens, was.tokens, a.now()); err != nil {
		return nil, err
	}
	if next.accounts, err = newAccounts(cfg.Users, was.accounts, a.now()); err != nil {
		return nil, err
	}
	if next.cost, next.nobody = costOf(cfg.Users), was.nobody; next.cost != was.cost {
		if next.nobody, err = bcrypt.GenerateFromPassword([]byte(newSecret()), next.cost); err != nil {
			return nil, err
		}
	}
	if next.signed, err = newVerifier(cfg.JWT, a); err != nil {
		return nil, err
	}
	if next.forward = was.forward; !was.forward.is(cfg.Forward) {
		next.forward = nil
		if cfg.Forward != nil {
			next.forward = newForwarder(*cfg.Forward, a.now, a.hooks.Asked)
		}
	}
	for _, origin := range cfg.Origins {
		next.origins[origin] = true
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
				t.identity.lease.end(ErrRevoked) // sessions that it began end with it
			}
		}
		for name, u := range was.accounts {
			if now, ok := next.accounts[name]; !ok || !u.same(now) {
				u.identity.lease.end(ErrRevoked)
			}
		}
		if was.forward != nil && was.forward != next.forward {
			was.forward.close()
		}
		select {
		case a.wake <- struct{}{}:
		default: // the keeper will look anyway
		}
	}, nil
}

// NobodyIsKnown reports that the config has neither a token nor a user, nor believes others.
func (a *Access) NobodyIsKnown() bool {
	r := a.rules.Load()
	return len(r.tokens)+len(r.accounts) == 0 && r.signed == nil && r.forward == nil
}

// Identify tells who asks. A request that shows nothing is anonymous, without an error; one that shows
// something that is not valid has no identity either, and the error says why, for people.
func (a *Access) Identify(r *http.Request) (Identity, error) {
	id, err := a.byOurs(r)
	if !id.Anonymous() || errors.Is(err, ErrTokenInURL) || r.Header.Get("Authorization") != "" {
		return id, err
	}
	return a.orApplication(r, err)
}

// orApplication asks the application about a request that shows nothing of ours, or what err says.
func (a *Access) orApplication(r *http.Request, err error) (Identity, error) {
	id, ferr := a.byApplication(r)
	if !id.Anonymous() || err == nil || undecided(ferr) {
		return id, ferr
	}
	return Identity{}, err // of ours: it says more
}

// byOurs tells who asks by what we gave out ourselves, and by the Authorization header.
func (a *Access) byOurs(r *http.Request) (Identity, error) {
	if InURL(r) {
		return Identity{}, ErrTokenInURL
	}
	secret, err := bearer(r.Header)
	if err != nil {
		return Identity{}, err
	}
	if secret != "" {
		return a.bySecret(r, secret)
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return a.sessions.find(c.Value, a.now())
	}
	return Identity{}, nil
}

// bySecret tries the static tokens first, so that one with dots in it is found too. What is neither that
// nor signed for us may be known to the application.
func (a *Access) bySecret(r *http.Request, secret string) (Identity, error) {
	id, err := a.byToken(secret)
	signed := a.rules.Load().signed
	switch {
	case err == nil:
		return id, nil
	case signed != nil && looksSigned(secret):
		return signed.identify(r.Context(), secret)
	}
	if id, ferr := a.byApplication(r); ferr != nil || !id.Anonymous() {
		return id, ferr
	}
	return Identity{}, err
}

// byApplication asks the application who sends a request, if it is one that can say so.
func (a *Access) byApplication(r *http.Request) (Identity, error) {
	f := a.rules.Load().forward
	if f == nil || f.config.Type != forwardJSON {
		return Identity{}, nil
	}
	q := questionOf(r, "")
	if q == nil {
		return Identity{}, nil
	}
	return f.identify(r.Context(), q)
}

// ByChannel reports that an application says for each channel who may listen to it.
func (a *Access) ByChannel() bool {
	f := a.rules.Load().forward
	return f != nil && f.config.Type == forwardLaravel
}

// Permission asks the application whether who sends a request may listen to a channel. Identities of
// several channels can be joined.
func (a *Access) Permission(r *http.Request, channel string) (Identity, error) {
	f := a.rules.Load().forward
	if f == nil || f.config.Type != forwardLaravel {
		return Identity{}, nil
	}
	q := questionOf(r, channel)
	if q == nil {
		return Identity{}, nil
	}
	id, err := f.identify(r.Context(), q)
	if err == nil {
		id.granted = []string{channel}
	}
	return id, err
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
	a.tickets.sweep(now)
	a.codes.sweep(now)
	a.throttle.sweep(now)
	a.audit.sweep(now)
}

// Close ends all sessions, and waits for what Open began.
func (a *Access) Close() {
	a.sessions.clear()
	a.tickets.clear()
	if a.keeper != nil {
		a.keeper.close()
	}
	rules := a.rules.Load()
	if rules.forward != nil {
		rules.forward.close()
	}
	if rules.signed != nil && rules.signed.keys != nil {
		rules.signed.keys.client.CloseIdleConnections()
	}
}

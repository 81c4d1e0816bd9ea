package access

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

// Bounds of tickets, and of the sessions that they begin.
const (
	ticketParam  = "ticket"
	ticketCookie = cookiePrefix + "ticket"
	ticketLife   = 30 * time.Second
	ticketIdle   = 5 * time.Minute // after the last stream
	maxTickets   = 10_000
)

// ErrTicket says that a ticket cannot be used.
var ErrTicket = errors.New("the ticket is used up or older than 30 seconds: ask for another at /v1/stream/ticket")

// tickets are for browsers that cannot send their token with an EventSource: a ticket may stand in a URL,
// because it is worth nothing once it was used.
type tickets struct {
	sessions *sessions // begun by them, for the reconnects of the same EventSource

	mu   sync.Mutex
	open map[key]ticket
}

type ticket struct {
	identity Identity
	made     time.Time
}

func newTickets() *tickets {
	return &tickets{sessions: newSessions(ticketIdle), open: map[key]ticket{}}
}

// NewTicket makes a ticket for an identity.
func (a *Access) NewTicket(id Identity) (secret string, life time.Duration, p *Problem) {
	secret, now, t := newSecret(), a.now(), a.tickets
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) >= maxTickets {
		t.expire(now)
	}
	if len(t.open) >= maxTickets {
		return "", 0, &Problem{Status: http.StatusServiceUnavailable, RetryAfter: ticketLife, Detail: "too many tickets are not used yet: try again in half a minute"}
	}
	id.Hold()
	t.open[keyOf(secret)] = ticket{id, now}
	return secret, ticketLife, nil
}

// take uses a ticket up.
func (t *tickets) take(secret string, now time.Time) (Identity, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire(now)
	found, ok := t.open[keyOf(secret)]
	if !ok {
		return Identity{}, ErrTicket
	}
	t.drop(keyOf(secret))
	return found.identity, found.identity.Err()
}

// look tells what take would.
func (t *tickets) look(secret string, now time.Time) (Identity, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire(now)
	found, ok := t.open[keyOf(secret)]
	if !ok {
		return Identity{}, ErrTicket
	}
	return found.identity, found.identity.Err()
}

func (t *tickets) expire(now time.Time) {
	for k, made := range t.open {
		if now.Sub(made.made) > ticketLife {
			t.drop(k)
		}
	}
}

func (t *tickets) drop(k key) {
	t.open[k].identity.Release()
	delete(t.open, k)
}

func (t *tickets) sweep(now time.Time) {
	t.sessions.sweep(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire(now)
}

func (t *tickets) clear() {
	t.sessions.clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.open {
		t.drop(k)
	}
}

// IdentifyStream is Identify for the paths of the stream, where a ticket counts, too. With a w, the
// ticket is used up and becomes a cookie; without, it is only looked at.
func (a *Access) IdentifyStream(w http.ResponseWriter, r *http.Request) (Identity, error) {
	id, err := a.byOurs(r)
	if !id.Anonymous() || errors.Is(err, ErrTokenInURL) || r.Header.Get("Authorization") != "" {
		return id, err
	}
	if id, terr := a.byTicket(w, r); terr == nil && !id.Anonymous() {
		return id, nil
	} else if terr != nil {
		err = terr
	}
	return a.orApplication(r, err)
}

// byTicket finds the identity of a ticket, or of the cookie that one became before.
func (a *Access) byTicket(w http.ResponseWriter, r *http.Request) (id Identity, err error) {
	now := a.now()
	if secret := r.URL.Query().Get(ticketParam); secret != "" {
		if w == nil {
			id, err = a.tickets.look(secret, now)
		} else if id, err = a.tickets.take(secret, now); err == nil {
			a.setTicketCookie(w, r, a.tickets.sessions.start(id, now))
		}
		if err == nil {
			return id, nil
		}
	}
	c, cerr := r.Cookie(ticketCookie)
	if cerr != nil {
		return Identity{}, err
	}
	id, serr := a.tickets.sessions.find(c.Value, now)
	if serr != nil && err != nil {
		return Identity{}, err
	}
	return id, serr
}

// setTicketCookie gives the browser what it needs to come back with the same URL.
func (a *Access) setTicketCookie(w http.ResponseWriter, r *http.Request, secret string) {
	c := &http.Cookie{Name: ticketCookie, Value: secret, Path: prefixOf(r) + "/v1/stream", HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // Secure follows
	c.Secure = a.secure(r)                                                                                                                 // plain HTTP on loopback would not send it back
	if c.Secure && fromGuest(r) {
		c.SameSite = http.SameSiteNoneMode // the page may be of another site
	}
	http.SetCookie(w, c)
}

// RenewTicket has the session of a request's ticket cookie live on a fresh identity of the same user.
func (a *Access) RenewTicket(r *http.Request, id Identity) {
	if c, err := r.Cookie(ticketCookie); err == nil {
		a.tickets.sessions.renew(c.Value, id, a.now())
	}
}

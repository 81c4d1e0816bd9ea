package sse

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/sse/access"
)

// Retry-After of a stream that is one too many.
const (
	retryOwn   = 30 * time.Second // the client's own others have to go
	retryTotal = 10 * time.Second
)

// gate counts the streams that are open, by who opened them and from where.
type gate struct {
	mu         sync.Mutex
	limits     access.LimitsConfig
	room       int // how many this process has files for; 0: nobody said
	total      int
	identities map[string]int
	addresses  map[netip.Prefix]int
}

func newGate(limits access.LimitsConfig) *gate {
	return &gate{limits: limits, identities: map[string]int{}, addresses: map[netip.Prefix]int{}}
}

// Room says how many streams this process has files for, whatever the config allows.
func (h *Hub) Room(streams int) {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	h.gate.room = streams
}

// PerAddress is how many streams one client may have open.
func (h *Hub) PerAddress() int {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	return h.gate.limits.PerAddress
}

// check tells whether one more stream is too many.
func (g *gate) check(user string, addr netip.Addr) *access.Problem {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tooMany(user, access.Household(addr))
}

// enter counts a stream; call leave when it ends.
func (g *gate) enter(user string, addr netip.Addr) (leave func(), p *access.Problem) {
	house := access.Household(addr)
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.tooMany(user, house); p != nil {
		return nil, p
	}
	g.total++
	g.addresses[house]++
	if user != "" {
		g.identities[user]++
	}
	return func() { g.leave(user, house) }, nil
}

func (g *gate) leave(user string, house netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.addresses[house]--; g.addresses[house] == 0 {
		delete(g.addresses, house)
	}
	if user == "" {
		return
	}
	if g.identities[user]--; g.identities[user] == 0 {
		delete(g.identities, user)
	}
}

func (g *gate) tooMany(user string, house netip.Prefix) *access.Problem {
	switch {
	case g.room > 0 && g.total >= g.room:
		return &access.Problem{Status: http.StatusServiceUnavailable, RetryAfter: retryTotal,
			Detail: "the server has as many streams open as its limit of open files allows: try again later, or raise that (LimitNOFILE, ulimit -n)"}
	case g.total >= g.limits.Total:
		return &access.Problem{Status: http.StatusServiceUnavailable, RetryAfter: retryTotal,
			Detail: "the server has as many streams open as it may: try again later, or raise access.limits.total"}
	case user != "" && g.identities[user] >= g.limits.PerIdentity:
		return &access.Problem{Status: http.StatusTooManyRequests, RetryAfter: retryOwn,
			Detail: user + " has too many streams open already: close some, or raise access.limits.per_identity"}
	case g.addresses[house] >= g.limits.PerAddress:
		return &access.Problem{Status: http.StatusTooManyRequests, RetryAfter: retryOwn,
			Detail: "your address has too many streams open already: close some, or raise access.limits.per_address"}
	}
	return nil
}

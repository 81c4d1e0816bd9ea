package access

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bounds of what is told of denials: of one kind one in each period, and of so many kinds.
const (
	auditPeriod = time.Minute
	maxAudited  = 200
)

// Denial is something that somebody was not allowed to do. It holds nothing that they sent to be known by.
type Denial struct {
	What    string // the route
	Status  int
	Reason  string
	User    string // "": nobody who is known
	Address netip.Addr
	Times   int // how often, since the last of the kind was told
}

// audit tells of denials, but not of each of many that are alike.
type audit struct {
	tell func(Denial)

	mu   sync.Mutex
	kind map[denialKind]*denied
	more int // of kinds that there was no room for
}

type denialKind struct {
	what, user string
	status     int
	house      netip.Prefix
}

type denied struct {
	last Denial
	told time.Time
}

// Deny takes note that a request was refused.
func (a *Access) Deny(r *http.Request, p *Problem) {
	if p.Status != http.StatusUnauthorized && p.Status != http.StatusForbidden && p.Status != http.StatusTooManyRequests {
		return
	}
	from := a.Address(r)
	d := Denial{What: r.Pattern, Status: p.Status, Reason: p.Detail, User: p.User, Address: from}
	a.audit.add(denialKind{d.What, d.User, d.Status, Household(from)}, d, a.now())
}

func (u *audit) add(kind denialKind, d Denial, now time.Time) {
	u.mu.Lock()
	seen := u.kind[kind]
	switch {
	case seen == nil && len(u.kind) >= maxAudited:
		u.more++
		u.mu.Unlock()
		return
	case seen == nil:
		seen = &denied{}
		u.kind[kind] = seen
	}
	d.Times = seen.last.Times + 1
	if seen.last = d; now.Sub(seen.told) < auditPeriod {
		u.mu.Unlock()
		return
	}
	seen.told, seen.last.Times = now, 0
	u.mu.Unlock()
	u.tell(d)
}

// sweep tells what was held back.
func (u *audit) sweep(now time.Time) {
	var list []Denial
	u.mu.Lock()
	for kind, seen := range u.kind {
		if now.Sub(seen.told) < auditPeriod {
			continue
		}
		if seen.last.Times > 0 {
			list = append(list, seen.last)
		}
		delete(u.kind, kind)
	}
	if u.more > 0 {
		list = append(list, Denial{Reason: "many others, too many to tell one by one", Times: u.more})
		u.more = 0
	}
	u.mu.Unlock()
	for _, d := range list {
		u.tell(d)
	}
}

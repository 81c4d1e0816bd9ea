package access

import (
	"net/netip"
	"sync"
	"time"
)

// How many logins may fail: so many at once, then one in each period. Of an address, so that nobody tries
// many passwords; of a user's name, so that many addresses cannot, either.
const (
	failuresAddress = 10
	failuresUser    = 30
	failurePeriod   = 30 * time.Second
	maxThrottled    = 10_000
)

// throttle counts logins that failed. It is safe for concurrent use.
type throttle struct {
	mu        sync.Mutex
	addresses map[netip.Prefix]failures
	users     map[string]failures
}

// failures is how many there were, as of a time; they are forgotten one in each period.
type failures struct {
	n  float64
	at time.Time
}

func newThrottle() *throttle {
	return &throttle{addresses: map[netip.Prefix]failures{}, users: map[string]failures{}}
}

func (f failures) now(now time.Time) float64 {
	return max(0, f.n-now.Sub(f.at).Seconds()/failurePeriod.Seconds())
}

// begin counts an attempt before it is judged, so that many at once are no way around. If there were too
// many it returns how long to wait.
func (t *throttle) begin(from netip.Addr, user string, now time.Time) (wait time.Duration) {
	house := Household(from)
	t.mu.Lock()
	defer t.mu.Unlock()
	a, u := t.addresses[house].now(now), t.users[user].now(now)
	if over := max(a-failuresAddress, u-failuresUser) + 1; over > 0 {
		return max(time.Second, time.Duration(over*float64(failurePeriod)))
	}
	count(t.addresses, house, a+1, now)
	if user != "" {
		count(t.users, user, u+1, now)
	}
	return 0
}

// undo forgets an attempt that succeeded.
func (t *throttle) undo(from netip.Addr, user string, now time.Time) {
	house := Household(from)
	t.mu.Lock()
	defer t.mu.Unlock()
	count(t.addresses, house, t.addresses[house].now(now)-1, now)
	if user != "" {
		count(t.users, user, t.users[user].now(now)-1, now)
	}
}

// count notes failures. Who has none is forgotten, and somebody if there are too many: whoever has that many
// addresses is not kept by this.
func count[K comparable](all map[K]failures, key K, n float64, now time.Time) {
	if n <= 0 {
		delete(all, key)
		return
	}
	if _, known := all[key]; !known && len(all) >= maxThrottled {
		for k := range all {
			delete(all, k)
			break
		}
	}
	all[key] = failures{n, now}
}

func (t *throttle) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, f := range t.addresses {
		if f.now(now) == 0 {
			delete(t.addresses, k)
		}
	}
	for k, f := range t.users {
		if f.now(now) == 0 {
			delete(t.users, k)
		}
	}
}

// Household is what counts as one address: an IPv6 client has a whole /64 to choose from.
func Household(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil { // the zero address
		return netip.Prefix{}
	}
	return p
}

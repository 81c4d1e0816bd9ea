package simulator

import (
	"maps"
	"slices"
	"time"
)

// changes are what a test has done to a router. A value is never changed once it is published, so
// readers take no lock.
type changes struct {
	down    bool
	refuse  bool
	garbage bool
	cut     int // bytes of an API reply, 0: whole
	delay   time.Duration
	boot    int64 // of the last Reboot, 0: none
	serial  uint32

	names    map[int]string
	counters map[int]offset
	ppp      users
	hotspot  users
}

// offset is added to an interface's byte counters, as long as the router has not booted anew.
type offset struct {
	boot   int64
	rx, tx uint64
}

// users are logins beside the ones that come by themselves.
type users struct {
	added []login
	gone  map[string]bool
}

// login is a user that was added by hand.
type login struct {
	user   string
	mac    [6]byte
	start  int64
	serial uint32
}

// clone is deep enough for the caller to change it.
func (c *changes) clone() *changes {
	out := *c
	out.names, out.counters = cloneMap(c.names), cloneMap(c.counters)
	out.ppp, out.hotspot = c.ppp.clone(), c.hotspot.clone()
	return &out
}

func (u users) clone() users {
	return users{added: slices.Clone(u.added), gone: cloneMap(u.gone)}
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

func (u *users) add(l login) {
	u.remove(l.user)
	delete(u.gone, l.user)
	u.added = append(u.added, l)
}

// remove logs the user out, whether added by hand or there by itself.
func (u *users) remove(user string) {
	u.added = slices.DeleteFunc(u.added, func(l login) bool { return l.user == user })
	u.gone[user] = true
}

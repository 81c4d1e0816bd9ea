package main

import (
	"net/netip"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// pollCounter counts polls at the simulator: a request to a router that was not asked anything for a
// quarter of the period begins one. A poller that cannot keep up polls less often than it should.
type pollCounter struct {
	pause time.Duration

	mu    sync.Mutex
	last  map[netip.Addr]time.Time
	polls int
}

func countPolls(fleet *simulator.Fleet, period time.Duration) *pollCounter {
	c := &pollCounter{pause: period / 4, last: map[netip.Addr]time.Time{}}
	fleet.OnRequest(c.note)
	return c
}

func (c *pollCounter) note(addr netip.Addr, _ string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.Sub(c.last[addr]) > c.pause {
		c.polls++
	}
	c.last[addr] = at
}

func (c *pollCounter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.polls
}

package main

import (
	"sync/atomic"
	"time"
)

// pacer makes changes at an even pace and tells a server of each, as a pipeline would.
type pacer struct {
	to      *child
	routers int
	every   time.Duration
	next    atomic.Uint64 // number of the next change
	end     chan struct{}
	ended   chan struct{}
}

// startPacer begins with change 1; stop it before the server.
func startPacer(to *child, routers int, period time.Duration) *pacer {
	p := &pacer{to: to, routers: routers, every: period / time.Duration(routers), end: make(chan struct{}), ended: make(chan struct{})}
	p.next.Store(1)
	go p.run()
	return p
}

func (p *pacer) run() {
	defer close(p.ended)
	for due := time.Now(); ; due = due.Add(p.every) {
		select {
		case <-p.end:
			return
		case <-time.After(time.Until(due)):
		}
		n := p.next.Load()
		if p.to.say("c %d %d %d", n%uint64(p.routers), n, time.Now().UnixMicro()) != nil {
			return // the server is gone, which its stat tells
		}
		p.next.Store(n + 1)
	}
}

func (p *pacer) stop() {
	close(p.end)
	<-p.ended
}

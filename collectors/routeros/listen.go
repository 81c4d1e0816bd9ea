package routeros

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// What a listener allows itself and the router.
const (
	listenSilence  = 4 * time.Minute  // after that a question finds out whether the router is still there
	listenAnswer   = 10 * time.Second // for the rest of a sentence, and for that question
	listenPauseMin = 5 * time.Second  // before it connects again
	listenPauseMax = 5 * time.Minute
	listenGiveUp   = 24 * time.Hour // after a router that has nothing to listen to
	maxEvents      = 10_000         // in listenWindow; more is no router that changes, but one that is broken
	listenWindow   = 10 * time.Second
)

// errNothingToHear says that the router takes none of the requests to listen.
var errNothingToHear = errors.New("router does not let us listen")

// Listen has changed called when the router says that somebody logged in or out, or that an interface
// came, went, or changed its state: the lane whose tables show it should be read now. It is called at
// once, then not again for half a second, and for longer (up to 8 s) as long as events go on, however
// many there are. Listening goes on, over a connection of its own, until Close; what it misses the next
// poll sees. It must be called once at most.
func (c *Collector) Listen(changed func(pipeline.Lane)) {
	l := &listener{collector: c, now: time.Now}
	for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions} {
		l.pacers = append(l.pacers, &pacer{lane: lane, call: func() {
			c.shared.metrics.hurried.WithLabelValues(string(lane)).Inc()
			changed(lane)
		}})
	}
	c.connected = make(chan struct{}, 1)
	c.listening.Go(l.run)
}

// listener hears what one router says by itself.
type listener struct {
	collector *Collector
	now       func() time.Time
	pacers    []*pacer

	window time.Time // when the counting of events began
	events int
}

// heard is one thing to listen to.
type heard struct {
	menu  string
	props string
	lane  pipeline.Lane
	// mine leaves events out; nil takes all.
	mine func(*row) bool
}

func hearings() []heard {
	return []heard{
		{"/ppp/active", ".id,name,.dead", pipeline.LaneSessions, nil},
		{"/ip/hotspot/active", ".id,user,.dead", pipeline.LaneSessions, nil},
		{"/interface", ".id,name,type,dynamic,running,disabled,.dead", pipeline.LaneLive, isInterfaceEvent},
	}
}

// isInterfaceEvent leaves the interfaces of sessions out, which come and go with every login. One that
// is gone has only its .id; those of dynamic interfaces are high numbers.
func isInterfaceEvent(r *row) bool {
	id := r.get(".id")
	if len(id) >= len("*F00000") && id[1] >= 'F' {
		return false
	}
	return !isSessionInterface(r)
}

// run listens until the collector is closed. It begins when a poll has a connection, so that a router
// that is away, or refuses the login, is not asked twice as often.
func (l *listener) run() {
	c := l.collector
	defer l.stop()
	pause := listenPauseMin
	for c.life.Err() == nil {
		select {
		case <-c.life.Done():
			return
		case <-c.connected:
		}
		for c.life.Err() == nil {
			began := l.now()
			err := l.once(c.life)
			if l.now().Sub(began) > listenPauseMax {
				pause = listenPauseMin
			}
			wait, again := pause, true
			switch {
			case errors.Is(err, errNothingToHear):
				wait = listenGiveUp
			case errors.Is(err, errLimit):
				wait = listenPauseMax
			case err != nil && time.Since(time.Unix(0, c.heard.Load())) > listenPauseMax:
				again = false // polls have no answer either: wait for them
			}
			pause = min(2*pause, listenPauseMax)
			if !sleep(c.life, wait) || !again {
				break
			}
		}
	}
}

func (l *listener) stop() {
	for _, p := range l.pacers {
		p.stop()
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// once connects and listens until that ends, which is always with an error.
func (l *listener) once(ctx context.Context) error {
	c := l.collector
	if !c.shared.mayListen() {
		return errNothingToHear
	}
	defer c.shared.listenEnded()
	s, err := c.dialer.dial(ctx)
	c.shared.metrics.dialled(err)
	if err != nil {
		if errors.Is(err, pipeline.ErrRefused) {
			return errNothingToHear // polls are let in: a limit on sessions, perhaps
		}
		return err
	}
	defer s.abort()
	w := c.shared.wire()
	w.attach(ctx, s.conn, patience{total: 100 * 365 * 24 * time.Hour, silence: listenSilence})
	defer w.detach()
	err = l.listen(w)
	c.shared.metrics.moved(w)
	c.shared.metrics.dropped("listen_" + reasonOf(err))
	return err
}

// The tags of the requests that ask whether the router is there; the others are a letter each.
const aliveTag = "alive"

// listen asks for events and hears them.
func (l *listener) listen(w *wire) error {
	open := map[string]*hearing{}
	for i, h := range hearings() {
		tag := string(rune('a' + i))
		open[tag] = &hearing{heard: h, shape: newShape(commaList(h.props))}
		w.send(tag, []string{h.menu + "/listen", "=.proplist=" + h.props})
	}
	asked := false
	for len(open) > 0 {
		s, err := w.receive()
		switch {
		case err != nil && !asked && errors.Is(err, pipeline.ErrNoAnswer) && w.resume(listenAnswer):
			asked = true
			w.send(aliveTag, []string{"/system/identity/print", "=.proplist=name"})
			continue
		case err != nil:
			return err
		}
		asked = false
		w.silence = listenSilence
		if err := l.take(open, s); err != nil {
			return err
		}
	}
	return errNothingToHear
}

type hearing struct {
	heard
	shape *shape
	row   row
}

// take takes one sentence.
func (l *listener) take(open map[string]*hearing, s *sentence) error {
	if s.reply == nil || string(s.tag) == aliveTag {
		return nil
	}
	h := open[string(s.tag)]
	if h == nil {
		return protocolError("an event of nothing we listen to")
	}
	switch string(s.reply) {
	case "!re":
		return l.event(h, s)
	case "!done":
		delete(open, string(s.tag)) // the router has no such menu
	}
	return nil
}

func (l *listener) event(h *hearing, s *sentence) error {
	now := l.now()
	if now.Sub(l.window) > listenWindow {
		l.window, l.events = now, 0
	}
	if l.events++; l.events > maxEvents {
		return limitError("more than %d events in %v", maxEvents, listenWindow)
	}
	l.collector.shared.metrics.events.WithLabelValues(h.menu).Inc()
	h.row.take(h.shape)
	h.row.fill(s.words)
	if h.mine != nil && !h.mine(&h.row) {
		return nil
	}
	for _, p := range l.pacers {
		if p.lane == h.lane {
			p.event(now)
		}
	}
	return nil
}

// resume lets a wire go on that was silent between two sentences.
func (w *wire) resume(silence time.Duration) bool {
	if w.from != w.to || w.ctx.Err() != nil {
		return false
	}
	w.broken, w.timed, w.silence = nil, false, silence
	return true
}

// pacer calls for a lane at once, and then the more seldom the longer events go on.
type pacer struct {
	lane pipeline.Lane
	call func()

	mu      sync.Mutex
	gap     time.Duration
	free    time.Time // when it may call again
	pending *time.Timer
	stopped bool
}

const (
	paceMin = 500 * time.Millisecond
	paceMax = 8 * time.Second
)

func (p *pacer) event(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped || p.pending != nil:
	case now.Before(p.free):
		p.pending = time.AfterFunc(p.free.Sub(now), p.late)
	default:
		p.gap = paceMin
		p.free = now.Add(p.gap)
		p.call()
	}
}

// late is the call for events that came too soon after the last.
func (p *pacer) late() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = nil
	if p.stopped {
		return
	}
	p.gap = min(2*p.gap, paceMax)
	p.free = time.Now().Add(p.gap)
	p.call()
}

func (p *pacer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	if p.pending != nil {
		p.pending.Stop()
	}
}

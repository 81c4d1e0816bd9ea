package sse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/state"
)

// options are the times and bounds of a hub, which tests shorten.
type options struct {
	tick      time.Duration // between two cuts
	idle      time.Duration // between two cuts while nobody listens
	urgent    time.Duration // between two cuts when events come thick
	heartbeat time.Duration
	write     time.Duration // after which a write that does not get on ends the connection
	unheard   time.Duration // after which a connection ends whose client does not even acknowledge
	health    time.Duration // between two looks at the hub itself
	warn      time.Duration // before an identity ends
	spread    time.Duration // over which streams are told goodbye, at most
	save      time.Duration // between two times that the rows are saved
	saveIdle  time.Duration // the same while nobody listens
	limits    state.Limits
	now       func() time.Time
}

func defaultOptions() options {
	return options{
		tick:      250 * time.Millisecond,
		idle:      2 * time.Second,
		urgent:    10 * time.Millisecond,
		heartbeat: 15 * time.Second,
		write:     10 * time.Second,
		unheard:   30 * time.Second,
		health:    5 * time.Second,
		warn:      time.Minute,
		spread:    500 * time.Millisecond,
		save:      10 * time.Second,
		saveIdle:  time.Minute,
		limits:    state.DefaultLimits(),
		now:       time.Now,
	}
}

// look is how often every stream is looked at, whether its identity has ended or a ping is due.
func (o options) look() time.Duration {
	return max(5*time.Millisecond, min(500*time.Millisecond, o.heartbeat/4, o.write/4))
}

// spreadWithin is over how long streams are told goodbye, when they have to be gone before ctx ends.
func (o options) spreadWithin(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return max(1, min(o.spread, time.Until(end)/2))
	}
	return o.spread
}

// Hub keeps the state of all routers and keeps subscribers in step with it.
type Hub struct {
	opt      options
	log      *slog.Logger
	metrics  *metrics
	access   *access.Access
	nobody   access.Identity // anonymous
	channels atomic.Pointer[channels]
	topics   *topics
	gate     *gate
	conns    *conns
	pump     *pump // while the hub is open
	packer   packer
	compress atomic.Bool // those streams that want it

	in    sync.Mutex // of the projector and its inbox; held for memory only, and never with another lock
	proj  *projector
	kick  chan struct{} // an event is pending
	after []func()      // called when the next cut is told
	posts posts

	listeners atomic.Int64       // sessions
	idling    atomic.Bool        // nobody listens: cuts are rare
	fresh     chan chan struct{} // who comes then wants a cut first, and is told by closing what it sends

	store   *state.Store
	views   views
	env     feedEnv
	encoder *encoder                    // the committer's
	settled atomic.Pointer[state.Place] // up to here every view was told

	disk       *disk         // nil: nothing outlives the process
	troubled   bool          // rows could not be saved; of the goroutine that saves them
	kept       chan struct{} // closed by it
	complained time.Time     // when the committer said last that events cannot be kept

	open    atomic.Bool
	stop    chan struct{} // closed by Close: the committer ends
	stopped chan struct{} // closed by the committer
}

// New prepares a hub by a config that was validated. It does nothing until Open; what is published
// before is kept.
func New(cfg Config, schema *pipeline.Schema, reg prometheus.Registerer, log *slog.Logger) (*Hub, error) {
	return newHub(cfg, schema, reg, log, defaultOptions())
}

func newHub(cfg Config, schema *pipeline.Schema, reg prometheus.Registerer, log *slog.Logger, opt options) (*Hub, error) {
	topics := newTopics(schema)
	list, err := newChannels(cfg, topics, &channels{})
	if err != nil {
		return nil, err
	}
	h := &Hub{
		opt:     opt,
		log:     log,
		topics:  topics,
		gate:    newGate(cfg.Access.Limits),
		conns:   newConns(),
		proj:    newProjector(topics),
		kick:    make(chan struct{}, 1),
		posts:   posts{seen: newSeen()},
		fresh:   make(chan chan struct{}),
		store:   topics.store(opt.limits),
		views:   views{byKey: map[string]*view{}},
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
		kept:    make(chan struct{}),
	}
	h.channels.Store(list)
	h.compress.Store(cfg.Stream.Compress)
	h.encoder = newEncoder(h.store.Epoch())
	h.settled.Store(&state.Place{})
	if h.metrics, err = newMetrics(reg, h); err != nil {
		return nil, err
	}
	if h.access, err = access.New(cfg.Access, opt.now, h.accessHooks()); err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	h.env = feedEnv{
		store:  h.store,
		now:    func() int64 { return opt.now().UnixMilli() },
		gapped: h.metrics.gaps.Inc,
		lagged: h.metrics.lagged.Inc,
	}
	return h, nil
}

// accessHooks counts and logs what access does by itself.
func (h *Hub) accessHooks() access.Hooks {
	return access.Hooks{
		Asked: func(result string) { h.metrics.asked.WithLabelValues(result).Inc() },
		Denied: func(d access.Denial) {
			h.log.Warn("access denied", "what", d.What, "status", d.Status, "reason", d.Reason, "user", d.User, "address", d.Address, "times", d.Times)
		},
		Keys: func(err error) {
			if err == nil {
				h.metrics.keys.WithLabelValues("ok").Inc()
				return
			}
			h.metrics.keys.WithLabelValues("failed").Inc()
			h.log.Warn("the keys of signed tokens cannot be read: those that are known go on", "err", err)
		},
	}
}

// Access tells who asks, for handlers beside the stream.
func (h *Hub) Access() *access.Access { return h.access }

// Publish takes in a batch. It is the pipeline's tap: it does no I/O and waits for no subscriber, only,
// for as long as a batch takes, for another Publish.
func (h *Hub) Publish(b pipeline.Batch) {
	start := h.opt.now()
	h.in.Lock()
	h.proj.publish(b)
	urgent := h.proj.urgent
	h.proj.urgent = false
	h.in.Unlock()
	if urgent {
		h.hurry()
	}
	h.metrics.publish.Observe(h.opt.now().Sub(start).Seconds())
}

// Forget removes all rows of a device that is no longer configured.
func (h *Hub) Forget(device string) {
	h.in.Lock()
	defer h.in.Unlock()
	h.proj.forget(device)
}

// Health sets the row of one part of the program in the topic pipeline.health; each call names all
// fields of the part, and one without fields removes it. Values are texts, bools, numbers, or what encodes to JSON.
func (h *Hub) Health(part string, fields map[string]any) {
	h.in.Lock()
	defer h.in.Unlock()
	h.proj.setHealth(part, fields)
}

// Open starts making cuts, and lets subscribers in.
func (h *Hub) Open() {
	if h.open.Load() {
		return
	}
	var err error
	if h.pump, err = newPump(h); err != nil {
		h.log.Warn("each stream will have a goroutine of its own, which costs memory", "err", err)
	}
	h.in.Lock()
	h.proj.dropStrangers()
	h.in.Unlock()
	h.cut() // what was published before is in the first snapshot
	h.access.Open()
	h.open.Store(true)
	go h.run()
	if h.disk != nil {
		go h.keep()
	}
}

// Close makes a last cut, says goodbye to every subscriber, to one after the other, and waits until all
// are gone; those that do not take the goodbye before ctx ends are cut off, which is no error. Close closes for good.
func (h *Hub) Close(ctx context.Context) error {
	if !h.open.Load() {
		return nil
	}
	h.conns.shut(h.opt.spreadWithin(ctx), func() { close(h.stop) })
	<-h.stopped
	err := h.conns.drain(ctx)
	if h.pump != nil {
		h.pump.close()
	}
	h.access.Close()
	if h.disk != nil {
		<-h.kept
		err = errors.Join(err, h.disk.close())
	}
	return err
}

// run makes the cuts.
func (h *Hub) run() {
	defer close(h.stopped)
	tick := time.NewTicker(h.opt.tick)
	defer tick.Stop()
	var health, sweep time.Time
	last := time.Time{}
	for {
		var waits chan struct{}
		select {
		case <-h.stop:
			h.cut()
			h.conns.dismiss()
			return
		case <-tick.C:
			h.beat(tick)
		case waits = <-h.fresh:
			h.beat(tick)
		case <-h.kick:
			if !h.pause(h.opt.urgent - time.Since(last)) {
				h.cut()
				h.conns.dismiss()
				return
			}
		}
		if now := h.opt.now(); now.Sub(health) >= h.opt.health {
			health = now
			h.Health("streams", h.health())
		}
		if now := h.opt.now(); now.Sub(sweep) >= time.Minute {
			sweep = now
			h.access.Sweep()
		}
		h.cut()
		last = time.Now()
		if waits != nil {
			close(waits)
		}
	}
}

// beat makes cuts rare while nobody listens: a machine that has nothing to do for them sleeps longer.
func (h *Hub) beat(tick *time.Ticker) {
	was := h.idling.Swap(true)
	// Who comes from now on sees that, and asks for a cut; who came before is counted.
	idle := h.listeners.Load() == 0
	if h.idling.Store(idle); idle == was {
		return
	}
	if idle {
		tick.Reset(max(h.opt.tick, h.opt.idle))
	} else {
		tick.Reset(h.opt.tick)
	}
}

// freshen makes a cut for the first who comes after a time when nobody listened, and is counted already,
// so that its snapshot is no older than anybody else's.
func (h *Hub) freshen() {
	if !h.idling.Load() {
		return
	}
	done := make(chan struct{})
	select {
	case h.fresh <- done:
		select {
		case <-done:
		case <-h.stopped:
		}
	case <-h.stopped:
	}
}

// pause waits, and reports false if the hub was closed meanwhile.
func (h *Hub) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-h.stop:
		return false
	case <-t.C:
		return true
	}
}

// cut commits what is pending and tells the views. Only the committer calls it.
func (h *Hub) cut() {
	h.in.Lock()
	pending, after := h.proj.inbox.Take(), h.after
	h.after, h.posts.pending = nil, 0
	h.in.Unlock()
	defer func() {
		for _, told := range after {
			told()
		}
	}()
	now := h.opt.now()
	h.store.Expire(now)
	c := h.store.Commit(pending, now)
	if c == nil {
		return
	}
	h.record(c)
	h.encoder.begin(c)
	for _, v := range h.views.list() {
		v.follow(h.encoder)
	}
	h.settled.Store(&c.Place)
	h.metrics.count(c)
}

// hurry has the next cut made soon.
func (h *Hub) hurry() {
	select {
	case h.kick <- struct{}{}:
	default: // the committer knows already
	}
}

// watch returns the view of that key, and a feed of it; leave it when the subscriber goes.
func (h *Hub) watch(q *query, last string) (*view, *feed) {
	v := h.join(q)
	return v, newFeed(&h.env, v, last, q.history)
}

// join returns the view of a query; leave it in the end.
func (h *Hub) join(q *query) *view {
	return h.views.join(q.key, func() *view {
		v := newView(h.store, q.key, q.parts, q.app)
		h.store.Read(func() { v.base = h.store.Place() })
		v.rows = v.base.Cut
		return v
	})
}

// mark has a cut made that has a number above all that is told before, and calls then.
func (h *Hub) mark(then func()) {
	h.in.Lock()
	h.proj.inbox.Mark()
	h.after = append(h.after, then)
	h.in.Unlock()
	h.hurry()
}

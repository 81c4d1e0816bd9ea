package sse

import (
	"strconv"

	"github.com/routerpulse/routerpulse/sse/state"
)

// Why a gap: the reason that a gap frame gives.
const (
	gapExpired = "expired" // the journal kept it no longer
	gapOverrun = "overrun" // more happened at once than could be recorded
	gapRestart = "restart" // the server was started anew: what happened in between is not known
)

// feed is one subscriber's place in a view. Whoever owns the connection asks it for the next bytes when
// the connection can take them; nothing is queued for a subscriber that does not read. A feed does no
// I/O and waits for nothing. It is not safe for concurrent use.
type feed struct {
	*feedEnv
	view *view

	// sent is what the client has been given an id for. seen is at least that: up to there, nothing
	// that it was not sent concerns the view. told is the position of the last event that it was sent
	// or that is none of its business. known is the highest seq of a frame that it was sent over this
	// connection, 0 for none.
	sent, seen state.Place
	told       uint64
	known      uint64
	// ahead is the cut that some rows of the client may be from, as the last step took a while. Up to
	// there only another step fits: a run might patch a row that the client was not shown, because it
	// was gone already when the step came to it.
	ahead uint64

	step *step
	run  *run // a cut of which chunks are left
	at   int  // the next of them

	shared *shared // what next returned, if others are sent the same

	// behind: rows went that nobody remembers, and an application's page is not told to forget what it has but by
	// the hello of another connection.
	behind bool
}

// feedEnv is what all feeds of a hub share.
type feedEnv struct {
	store  *state.Store
	now    func() int64 // Unix milliseconds
	gapped func()       // a gap was told
	lagged func()       // a feed fell behind what its view keeps
}

// newFeed starts a feed: from a cursor if it can be resumed, else with a snapshot and, for a fresh
// subscriber, the last events.
func newFeed(env *feedEnv, v *view, last string, history int) *feed {
	f := &feed{feedEnv: env, view: v}
	c, known := parseCursor(last)
	store := env.store
	store.Read(func() {
		at := store.Place()
		f.step = &step{first: true, snapshot: true, target: at, rows: make([]int, len(v.parts))}
		ours := known && c.epoch == store.Epoch() && c.cut <= at.Cut && c.journal <= at.Journal
		switch {
		case ours:
			f.told = c.journal
			f.step.snapshot = c.print != v.print(at) || c.cut < store.Horizon()
		case known && store.SameJournal(c.epoch) && c.journal <= at.Journal:
			f.told = c.journal // the rows anew; of events what came since
		case known:
			f.step.restarted = true
		case history > 0:
			f.told = store.LastEvents(v.logs, history, at.Journal, v.wants)
		default:
			f.told = at.Journal
		}
		f.step.lead = f.step.snapshot && known && !f.step.restarted && !v.app
		if !f.step.snapshot {
			f.sent = state.Place{Cut: c.cut, Journal: c.journal, Tags: at.Tags}
		}
		f.seen = f.sent
		f.step.base, f.step.from = f.sent.Cut, f.sent.Cut
		f.step.time = f.now()
	})
	return f
}

// resumed reports that the feed goes on from the client's cursor, without a snapshot.
func (f *feed) resumed() bool { return f.step != nil && !f.step.snapshot }

// next returns the bytes to write now, whole frames of at most 64 KiB together, or nil if the client has
// everything. The bytes may be shared: do not change them.
func (f *feed) next() []byte {
	f.shared = nil
	for !f.behind {
		if f.step != nil {
			if b := f.stepOn(); b != nil {
				return b
			}
			continue
		}
		if b, done := f.follow(); done {
			return b
		}
	}
	return nil
}

// follow takes the next run of the view. done is false if the feed fell behind what the view keeps:
// then it has begun a step.
func (f *feed) follow() (frames []byte, done bool) {
	next, newest := f.view.after(f.seen.Cut)
	switch {
	case f.run != nil && f.run != newest: // it may be out of date: what is left is told by a step
		f.run = nil
		f.fallBack()
		return nil, false
	case f.run == nil && next == nil:
		return nil, true
	case f.run == nil && (next.base.Cut > f.sent.Cut || f.ahead > f.seen.Cut):
		f.fallBack()
		return nil, false
	case f.run == nil:
		f.run, f.at = next, 0
	}
	f.shared = f.run.chunks[f.at]
	frames = f.shared.bytes
	f.told = max(f.told, f.run.told[f.at])
	f.known = max(f.known, f.run.rows)
	if f.at++; f.at == len(f.run.chunks) {
		f.arrive(f.run.place)
		f.run = nil
	}
	return frames, true
}

// arrive notes that the client was given an id.
func (f *feed) arrive(at state.Place) {
	f.sent, f.seen, f.told = at, at, at.Journal
}

// fallBack begins a step that tells what changed since the client's last id, or a snapshot if that is
// too long ago.
func (f *feed) fallBack() {
	f.lagged()
	f.store.Read(func() {
		f.step = &step{base: f.sent.Cut, from: f.sent.Cut, target: f.store.Place(), time: f.now(), rows: make([]int, len(f.view.parts))}
		if f.known > 0 {
			f.step.from = min(f.known, f.step.from)
		}
		f.renounce()
	})
}

// renounce turns the step into a snapshot if the store no longer knows what went since its base, and
// begins a snapshot anew that took so long that the store no longer knows what went since it began.
func (f *feed) renounce() {
	s := f.step
	since := s.base
	if s.snapshot {
		since = s.target.Cut
	}
	if since < f.store.Horizon() {
		f.behind = f.view.app
		f.step = &step{first: s.first, snapshot: true, restarted: s.restarted, lead: !s.restarted && !f.view.app, target: f.store.Place(), time: s.time, rows: make([]int, len(f.view.parts))}
	}
}

// beat returns a ping with the client's cursor, for a feed that has nothing to send. settled is a place
// up to which every view has been told all that concerns it.
func (f *feed) beat(settled state.Place) []byte {
	if next, _ := f.view.after(f.seen.Cut); next == nil && f.step == nil && f.run == nil {
		at := f.seen
		if settled.Cut > at.Cut {
			at = settled
		}
		f.arrive(at)
	}
	id := ""
	if f.step == nil || f.sent != (state.Place{}) { // else the client has no state that a cursor could stand for
		id = f.view.id(f.store.Epoch(), f.sent)
	}
	f.known = max(f.known, f.sent.Cut)
	return appendFrame(nil, "ping", id, f.pingData(f.sent.Cut))
}

// pingBetween returns a frame with an id that stands for the events that the client was told, and for no rows:
// whoever comes back with it gets a snapshot, and no event is lost.
func (f *feed) pingBetween(cut uint64) []byte {
	id := cursor{f.store.Epoch(), cut, f.told, between}.String()
	return appendFrame(nil, "ping", id, f.pingData(cut))
}

func (f *feed) pingData(seq uint64) []byte {
	data := strconv.AppendInt([]byte(`{"time":`), f.now(), 10)
	data = strconv.AppendUint(append(data, `,"seq":`...), seq, 10)
	return append(data, '}')
}

package sse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

// How many cuts a view keeps for subscribers that are a little behind, and in how many bytes.
const (
	maxRing      = 8
	maxRingBytes = 256 << 10
)

// view is what some subscribers see: channels and filters, and the form they want it in. Subscribers
// that see the same share one view, and all that is encoded for it.
type view struct {
	key    string
	parts  []part // by channel, then in the order of the config
	logs   []*state.Topic
	app    bool // names=app: each change a frame of its own, named as the page knows it
	tagged bool // what it shows depends on the tags of devices
	static string

	users atomic.Int64 // changed by the views only, under their lock

	mu       sync.Mutex
	sleepers []*session  // who has all that there is, and is woken by the next run
	ring     []*run      // the last cuts that concern the view, oldest first
	base     state.Place // the last of them, or where the view began
	rows     uint64      // the last cut that changed a row in view, or where the view began

	memo memo
}

// run is what one cut is for a view: everything that somebody who stands between base and the cut
// needs, the id on its last frame.
type run struct {
	base, place state.Place
	rows        uint64 // the seq of its deltas, 0 if it has none
	chunks      []*shared
	told        []uint64 // by chunk: the position of the last event up to its end, 0 for none
	size        int
}

// viewKey spells out what makes two views the same.
func viewKey(names []string, in scope, rights string, app bool) string {
	var b strings.Builder
	for _, list := range [][]string{names, in.routers, in.groups} {
		for _, s := range list {
			fmt.Fprintf(&b, "%q", s)
		}
		b.WriteByte(';')
	}
	if len(in.routers)+len(in.groups) == 0 && in.tracked {
		b.WriteString("none;")
	}
	if rights != "" {
		fmt.Fprintf(&b, "%q;", rights)
	}
	if app {
		b.WriteString("app")
	}
	return b.String()
}

func newView(store *state.Store, key string, parts []part, app bool) *view {
	v := &view{key: key, parts: parts, app: app, static: fingerprint(key)}
	for i := range parts {
		p := &parts[i]
		p.store = store
		v.tagged = v.tagged || p.byTags()
		if p.topic.Mode == state.Log && !slices.Contains(v.logs, p.topic.Topic) {
			v.logs = append(v.logs, p.topic.Topic)
		}
	}
	return v
}

func fingerprint(s string) string { return strconv.FormatUint(xxhash.Sum64String(s), 36) }

// print is the fingerprint of what is in view at a place.
func (v *view) print(at state.Place) string {
	if !v.tagged || at.Tags == 0 {
		return v.static
	}
	return fingerprint(v.key + strconv.FormatUint(at.Tags, 10))
}

// matches reports whether an event is in view of a part.
func (p *part) matches(e *state.Entry) bool {
	return p.topic.Topic == e.Topic && p.sees(e.Device) && p.carriesPost(e.Post) && p.seesRouter(e)
}

// seesRouter reports whether an event that an application published to the channel of a router is for who may see
// that router, as it is tagged now.
func (p *part) seesRouter(e *state.Entry) bool {
	if e.Post == nil || p.router == "" || p.rights == nil {
		return true
	}
	var tags []pipeline.Tag
	if d := p.store.Device(p.router); d != nil {
		tags = d.Tags
	}
	return p.rights.Matches(p.router, tags)
}

// carriesPost reports whether what an application published is for a part. Of what was lost nobody knows.
func (c *carry) carriesPost(post *state.Post) bool {
	return post == nil || (c.app == "*" || c.app == post.App) && slices.Contains(post.Channels, c.channel)
}

// wants reports whether an event is in view at all.
func (v *view) wants(e *state.Entry) bool {
	return slices.ContainsFunc(v.parts, func(p part) bool { return p.matches(e) })
}

// after returns the oldest run that leads beyond a cut, and the newest run.
func (v *view) after(cut uint64) (next, newest *run) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range slices.Backward(v.ring) {
		if newest == nil {
			newest = r
		}
		if r.place.Cut <= cut {
			break
		}
		next = r
	}
	return next, newest
}

// push adds a run and wakes who waits.
func (v *view) push(r *run) {
	for _, s := range v.add(r) {
		s.sleeper.wake()
	}
}

// add adds a run and returns who waits for it.
func (v *view) add(r *run) []*session {
	v.mu.Lock()
	defer v.mu.Unlock()
	size := r.size
	for _, old := range v.ring {
		size += old.size
	}
	for len(v.ring) > 0 && (len(v.ring) >= maxRing || size > maxRingBytes) {
		size -= v.ring[0].size
		v.ring = slices.Delete(v.ring, 0, 1)
	}
	v.ring = append(v.ring, r)
	v.base = r.place
	woken := v.sleepers
	v.sleepers = make([]*session, 0, len(woken))
	for _, s := range woken {
		s.parked = 0
	}
	return woken
}

// sleeper is who wants to know that there is more. wake must not block.
type sleeper interface{ wake() }

// park has a session woken by the next run; false: there is one that it does not have.
func (v *view) park(s *session) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := len(v.ring); n > 0 && v.ring[n-1].place.Cut > s.feed.seen.Cut {
		return false
	}
	if s.parked == 0 {
		v.sleepers = append(v.sleepers, s)
		s.parked = len(v.sleepers)
	}
	return true
}

// unpark forgets a session that has ended.
func (v *view) unpark(s *session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.parked == 0 {
		return
	}
	last := len(v.sleepers) - 1
	moved := v.sleepers[last]
	v.sleepers[s.parked-1], v.sleepers[last] = moved, nil
	v.sleepers = v.sleepers[:last]
	moved.parked = s.parked
	s.parked = 0
}

// views are those that somebody looks at.
type views struct {
	mu    sync.Mutex
	byKey map[string]*view
}

// join returns the view of that key, made by build if nobody looks at it yet.
func (vs *views) join(key string, build func() *view) *view {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.byKey[key]
	if v == nil {
		v = build()
		vs.byKey[key] = v
	}
	v.users.Add(1)
	return v
}

func (vs *views) leave(v *view) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v.users.Add(-1) == 0 {
		delete(vs.byKey, v.key)
	}
}

func (vs *views) count() int {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return len(vs.byKey)
}

// list returns all views.
func (vs *views) list() []*view {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	list := make([]*view, 0, len(vs.byKey))
	for _, v := range vs.byKey {
		list = append(list, v)
	}
	return list
}

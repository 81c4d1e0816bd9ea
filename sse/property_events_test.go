package sse

import (
	"strings"

	"github.com/routerpulse/routerpulse/sse/state"
)

// Which events a subscriber of TestResume has to be told, and which it must not be: views, rights and tags
// change between the moment when an event happens and the one when it is told.

// sight is what a part of a view showed of an event from when it happened until now.
type sight struct {
	always bool // the subscriber has to be told, or to be told that it is lost
	ever   bool // it may be told
	saved  bool // it is from before a restart: of a router whose rows were not saved the tags of then are not known
}

// look takes note of what everybody sees now. It is called when an event happens, and whenever a view, a
// right or a tag changes.
func (w *world) look() {
	for _, s := range w.subs {
		s.look()
	}
}

func (s *subscriber) look() {
	views := [][]part{s.query.parts}
	if s.session != nil {
		views = [][]part{s.session.view.parts, s.session.latest.parts}
		if m := s.session.moving; m != nil { // begun, and asked for otherwise since
			views = append(views, m.query.parts)
		}
	}
	for i, p := range s.query.parts {
		if p.topic.Mode == state.Rows {
			continue
		}
		at := p.channel + " " + p.topic.Name
		seen := s.sights[at]
		for n, e := range s.world.events {
			if n == len(seen) {
				seen = append(seen, sight{always: true})
			}
			if e.topic == p.topic.Name {
				for _, parts := range views {
					now := s.world.inView(parts[i], s.world.deviceOf(e.router))
					seen[n].always = seen[n].always && now && !(seen[n].saved && parts[i].byTags())
					seen[n].ever = seen[n].ever || now
				}
			}
		}
		s.sights[at] = seen
	}
}

// deviceOf is a router as the hub has it; one that it does not have has no tags.
func (w *world) deviceOf(router string) *state.Device {
	if d := w.hub.store.Device(router); d != nil {
		return d
	}
	return &state.Device{Name: router}
}

// forgetSights drops what was noted of events that nobody was told of, and marks the others.
func (w *world) forgetSights() {
	for _, s := range w.subs {
		for _, p := range s.query.parts {
			at := p.channel + " " + p.topic.Name
			s.sights[at] = s.sights[at][:min(len(s.sights[at]), len(w.events))]
			for n := range s.sights[at] {
				s.sights[at][n].saved = true
			}
		}
	}
}

// checkEvents compares the events that the client has with those that there were since it first came, up to
// the last cut.
func (s *subscriber) checkEvents() {
	w := s.world
	for _, p := range s.query.parts {
		at := p.channel + " " + p.topic.Name
		if s.client.gaps[at] > 0 || s.client.vague[at] {
			w.tally.Gaps++
		}
		if p.topic.Mode == state.Rows || s.client.vague[at] {
			continue
		}
		var have, want []string
		for _, e := range s.client.events {
			if e.Channel == p.channel && e.Topic == p.topic.Name {
				have = append(have, e.what())
			}
		}
		all := strings.Join(have, "\n")
		missing := 0
		for n := int(s.since); n < w.cutAt; n++ {
			e, seen := w.events[n], s.sights[at][n]
			if e.topic != p.topic.Name {
				continue
			}
			if seen.always {
				want = append(want, e.what)
			}
			switch {
			case len(have) > 0 && have[0] == e.what && seen.ever:
				have = have[1:]
			case seen.always:
				missing++
			}
		}
		told, same := s.client.gaps[at], !s.shifted && !p.byTags()
		if !same {
			w.tally.Judged += len(want)
		}
		if len(have) > 0 {
			w.t.Errorf("%s: the client was told %q, which is not what it may see, or not in order\nhave %s\nwant %s", at, have[0], all, strings.Join(want, "\n"))
		}
		if missing > told || same && missing < told && !s.client.torn {
			w.t.Errorf("%s: %d events are missing since %d (history=%d, app %v, shifted %v, by tags %v), the client was told of %d lost\nhave %s\nwant %s", at, missing, s.since, s.query.history, s.query.app, s.shifted, p.byTags(), told, all, strings.Join(want, "\n"))
		}
	}
}

// checkHistory holds how much of the past a fresh subscriber begins with against what it asked for.
func (s *subscriber) checkHistory() {
	w := s.world
	n := 0
	for i := int(s.since); i < int(w.hub.store.Place().Journal); i++ {
		for _, p := range s.query.parts {
			if p.byTags() {
				return // of a router that was forgotten and came back the tags of then count
			}
			if p.topic.Mode == state.Log && p.topic.Name == w.events[i].topic && w.inView(p, w.deviceOf(w.events[i].router)) {
				n++
				break
			}
		}
	}
	w.tally.History += n
	if n > s.query.history {
		w.t.Errorf("a subscriber that asked for %d events of the past begins with %d", s.query.history, n)
	}
}

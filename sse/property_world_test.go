package sse

import (
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/sse/access"
)

// What happens in TestResume beside publishes and connections: servers that go and come back, views and
// rights that change.

// sleeps is an owner that looks by itself.
type sleeps struct{}

func (sleeps) wake() {}

// start starts a server on what the last one left.
func (w *world) start() {
	w.hub = newTestHub(w.t, w.config(), w.opt)
	if w.folder == "" {
		return
	}
	if err := w.hub.Restore(w.folder); err != nil {
		w.t.Fatal(err)
	}
}

// stop lets go of the files.
func (w *world) stop() {
	if w.folder == "" {
		return
	}
	if err := w.hub.disk.close(); err != nil {
		w.t.Error(err)
	}
}

// save keeps the rows for the next start.
func (w *world) save() {
	if w.folder == "" {
		return
	}
	if err := w.hub.disk.saveRows(w.hub.topics.saved()); err != nil {
		w.t.Error(err)
	}
}

// restart ends the server, in order or not, and starts another, which polls all routers.
func (w *world) restart() {
	if w.folder == "" {
		return
	}
	if w.rng.IntN(2) == 0 {
		w.tally.Restarts++
		w.cut()
		w.save()
	} else {
		w.tally.Kills++
		w.events = w.events[:w.cutAt] // nobody was told of the others
	}
	for _, s := range w.subs {
		if s.session != nil {
			s.breakOff()
		}
	}
	w.stop()
	w.start()
	w.forgetSights()
	w.look()
	for _, name := range w.names {
		if w.fleet.devices[name] != nil {
			w.states[name] = w.recalled(name)
			w.tell(name, []string{"online", "degraded", "offline"}[w.rng.IntN(3)])
			w.publishInterfaces(name, true)
		}
	}
	w.hub.proj.dropStrangers()
	w.cut()
}

// recalled is the state of a router that the server knows from the last one.
func (w *world) recalled(name string) string {
	live := w.hub.topics.live
	if d := w.hub.store.Device(name); d != nil {
		for _, row := range d.Shelf(live.Topic).Slots {
			if row != nil && !row.Gone {
				return row.Values()[liveStatus].Text()
			}
		}
	}
	return "unknown"
}

// rebind has the query ask for the channels of the present server.
func (q *query) rebind(h *Hub) {
	q.wanted = slices.Clone(q.wanted)
	for i := range q.wanted {
		q.wanted[i].channel, _ = h.channels.Load().resolve(q.wanted[i].name)
	}
	q.aim()
}

// identity is of somebody who sees all, or the routers of one site.
func (w *world) identity() access.Identity {
	var end time.Time
	if w.rng.IntN(3) == 0 {
		end = w.now.Add(time.Duration(5+w.rng.IntN(40)) * time.Minute)
	}
	if w.rng.IntN(4) > 0 {
		return access.Identity{User: "all", Expires: end}
	}
	routers, err := access.NewSelector([]string{"site=x"})
	if err != nil {
		w.t.Fatal(err)
	}
	return access.Identity{User: "some", Routers: routers, Expires: end}
}

// maybeMove changes what is in view.
func (s *subscriber) maybeMove() {
	w := s.world
	defer s.look()
	if w.rng.IntN(25) == 0 {
		q := *s.session.latest
		q.identity = w.identity()
		s.session.renew(&q)
		s.shifted = true
		w.tally.Renews++
	}
	if s.session.latest.scope.all() || w.rng.IntN(3) > 0 {
		return
	}
	var add, del []string
	for range 1 + w.rng.IntN(2) {
		add, del = append(add, w.pick()), append(del, w.pick())
	}
	if w.rng.IntN(2) == 0 {
		add = add[:w.rng.IntN(2)]
	}
	if _, p := s.session.track(add, del); p != nil {
		w.t.Error(p)
	}
	s.shifted = true
	w.tally.Moves++
}

// moves reports that a change of view was asked for, and is not told yet.
func (s *subscriber) moves() bool {
	return s.session == nil || s.session.moving != nil || s.session.wantsMove() || s.session.feed.step != nil && s.session.feed.step.moved != nil
}

// reload applies another config, in which channel c has another name for a field.
func (w *world) reload() {
	w.cpu = map[string]string{"cpu": "load", "load": "cpu"}[w.cpu]
	apply, err := w.hub.Prepare(w.config())
	if err != nil {
		w.t.Fatal(err)
	}
	apply()
	w.tally.Reloads++
}

// ended is called when the server has said goodbye: it may, if a channel was changed or the identity has ended.
func (s *subscriber) ended() {
	w := s.world
	changed := slices.ContainsFunc(s.session.channels, func(c wanted) bool { return c.name == "c" })
	expires := s.session.identity.Load().Expires
	switch bye := s.client.bye; {
	case bye != nil && bye.Code == "reconfigured" && bye.Reconnect && changed:
		w.tally.Reconfigured++
		s.hangUp()
	case bye != nil && bye.Code == "expired" && !bye.Reconnect && !expires.IsZero() && !w.now.Before(expires):
		w.tally.Ended++
		s.hangUp()
		again := *s.query
		again.identity = w.identity()
		s.query, s.shifted = &again, true
	case bye != nil && bye.Code == "behind" && bye.Reconnect && s.client.app != nil:
		w.tally.Behind++
		s.hangUp()
	default:
		w.t.Errorf("the stream ended with %+v", bye)
		s.hangUp()
	}
}

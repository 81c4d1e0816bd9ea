package sse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/state"
)

// Bounds of what applications publish.
const (
	maxPostData     = 10 << 10 // bytes of an event's data
	maxPostName     = 200
	maxPostID       = 200
	maxPostChannels = 100
	maxPosts        = 1024 // events that wait for a cut
)

// post is an event that an application wants to publish.
type post struct {
	name, id string
	channels []string
	data     json.RawMessage
}

// checkPosts refuses all that could not be told to subscribers, and writes data on one line. may tells
// which channels the application may publish to.
func (h *Hub) checkPosts(app string, may access.Patterns, list []post) *access.Problem {
	for i := range list {
		p := &list[i]
		if problem := p.check(); problem != nil {
			return problem
		}
		if problem := h.checkChannels(app, may, p.channels); problem != nil {
			return problem
		}
	}
	return nil
}

func (p *post) check() *access.Problem {
	p.channels = distinct(p.channels)
	unprintable := func(r rune) bool { return r < 0x20 || r == 0x7f || r == utf8.RuneError }
	switch {
	case p.name == "" || len(p.name) > maxPostName || strings.ContainsFunc(p.name, unprintable):
		return badRequest("%.220q is no name for an event: use 1 to %d bytes of printable text", p.name, maxPostName)
	case slices.Contains(ours(), p.name):
		return badRequest("%q is the name of a frame of the stream itself: choose another name for the event", p.name)
	case len(p.id) > maxPostID:
		return badRequest("the id has %d bytes: at most %d", len(p.id), maxPostID)
	case len(p.channels) == 0:
		return badRequest("the event names no channel")
	case len(p.channels) > maxPostChannels:
		return badRequest("%d channels are too many for one event: at most %d", len(p.channels), maxPostChannels)
	case len(p.data) == 0:
		return badRequest("the event has no data: send null if it needs none")
	}
	var line bytes.Buffer
	if err := json.Compact(&line, bytes.ToValidUTF8(p.data, []byte("\uFFFD"))); err != nil {
		return badRequest("the data is no JSON: %v", err)
	}
	if line.Len() > maxPostData {
		return &access.Problem{Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the data has %d bytes: at most %d; publish where it can be read instead", line.Len(), maxPostData)}
	}
	p.data = line.Bytes()
	return nil
}

func (h *Hub) checkChannels(app string, may access.Patterns, names []string) *access.Problem {
	channels := h.channels.Load()
	for _, name := range names {
		ch, _ := channels.resolve(name)
		problem := &access.Problem{Status: http.StatusForbidden, Channels: []string{name}, User: app}
		switch {
		case ch == nil:
			problem.Status, problem.Detail = http.StatusNotFound, "there is no channel "+name
		case !may.Match(name):
			problem.Detail = app + " may not publish to channel " + name
		case !slices.ContainsFunc(ch.carries, func(c *carry) bool { return c.app == "*" || c.app == app }):
			problem.Detail = fmt.Sprintf("channel %s does not carry %s%s: add it to the channel's carries", name, appPrefix, app)
		default:
			continue
		}
		return problem
	}
	return nil
}

// post publishes events of an application that were checked, and returns when subscribers are told. Those
// that were published before, by their id, are left out: again says how many.
func (h *Hub) post(ctx context.Context, app string, list []post) (again int, p *access.Problem) {
	if !h.open.Load() || h.conns.shutting() {
		return 0, notNow()
	}
	told := make(chan struct{})
	if again, p = h.take(app, list, told); p != nil {
		return 0, p
	}
	if again == len(list) {
		return again, nil
	}
	h.hurry()
	select {
	case <-told:
		return again, nil
	case <-h.stopped:
	case <-ctx.Done():
	}
	select {
	case <-told:
		return again, nil
	default:
		return 0, notNow()
	}
}

// take puts the events where the next cut finds them, which closes told: all of them or none.
func (h *Hub) take(app string, list []post, told chan struct{}) (again int, p *access.Problem) {
	now := h.opt.now()
	h.in.Lock()
	defer h.in.Unlock()
	if h.posts.pending+len(list) > maxPosts || !h.posts.seen.room(len(list)) {
		return 0, &access.Problem{Status: http.StatusServiceUnavailable, RetryAfter: time.Second,
			Detail: "events come faster than they can be told: publish this one again in a second"}
	}
	for _, e := range list {
		if e.id != "" {
			id := postIDOf(app, e.id)
			if h.posts.seen.has(id, now) {
				again++
				continue
			}
			h.posts.seen.add(id, now)
		}
		h.posts.pending++
		h.proj.inbox.Add(state.Event{Topic: h.topics.app.Topic, Time: now.UnixMilli(), Layout: h.topics.app.layout,
			Cells: []state.Value{state.JSONValue(string(e.data))}, Post: &state.Post{App: app, Name: e.name, ID: e.id, Channels: e.channels}})
	}
	if again < len(list) {
		h.after = append(h.after, func() { close(told) })
	}
	return again, nil
}

// posts is what applications published and is not told yet, and which ids they published. The lock of
// the inbox is its own.
type posts struct {
	seen    *seen
	pending int
}

// recall remembers what was published before the process began.
func (h *Hub) recall() {
	now := h.opt.now()
	h.store.Entries(h.topics.app.Topic, func(e *state.Entry) {
		if at := time.UnixMilli(e.Time); e.Post != nil && e.Post.ID != "" && now.Sub(at) <= rememberPosts {
			h.posts.seen.add(postIDOf(e.Post.App, e.Post.ID), at)
		}
	})
}

package sse

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/pusher"
)

// Bounds of the bodies, which hold more than the data.
const (
	maxPostBody  = 64 << 10
	maxBatchBody = pusher.MaxBatch * maxPostBody
)

// rolePublisher may publish with a token of its own.
const rolePublisher = "publisher"

// Events answers POST /v1/events: an identity with the role publisher publishes one event, of the topic
// app.<its name>.
func (h *Hub) Events() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, p := h.access.Permit(r, access.ForRoles(rolePublisher))
		if p != nil {
			h.refusePost(w, r, p)
			return
		}
		body, p := access.ReadBody(w, r, maxPostBody)
		if p != nil {
			h.refusePost(w, r, p)
			return
		}
		var form struct {
			Channel string          `json:"channel"`
			Event   string          `json:"event"`
			Data    json.RawMessage `json:"data"`
			ID      string          `json:"id"`
		}
		if err := strict(body, &form); err != nil {
			h.refusePost(w, r, badRequest(`the body is not of the form {"channel": "…", "event": "…", "data": …, "id": "…"}: %v`, err))
			return
		}
		list := []post{{name: form.Event, id: form.ID, channels: []string{form.Channel}, data: form.Data}}
		may := id.Channels
		if may == nil {
			may = access.Patterns{"*"}
		}
		again, p := h.publishPosts(r, id.User, may, list)
		if p != nil {
			h.refusePost(w, r, p)
			return
		}
		writeJSON(w, map[string]bool{"published": again == 0})
	})
}

// AppEvents answers POST /apps/{id}/events, in the form of Pusher.
func (h *Hub) AppEvents() http.Handler {
	return h.pusher(maxPostBody, func(body []byte) ([]pusher.Event, error) {
		e, err := pusher.ParseEvent(body)
		return []pusher.Event{e}, err
	})
}

// AppBatch answers POST /apps/{id}/batch_events, in the form of Pusher: all events or none.
func (h *Hub) AppBatch() http.Handler { return h.pusher(maxBatchBody, pusher.ParseBatch) }

func (h *Hub) pusher(limit int64, parse func([]byte) ([]pusher.Event, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, p := access.ReadBody(w, r, limit)
		if p != nil {
			h.refusePost(w, r, p)
			return
		}
		app := h.channels.Load().apps[r.PathValue("id")]
		if p := h.signed(r, app, body); p != nil {
			h.refusePost(w, r, p)
			return
		}
		events, err := parse(body)
		if err != nil {
			h.refusePost(w, r, badRequest("%v", err))
			return
		}
		list := make([]post, len(events))
		for i, e := range events {
			list[i] = post{name: e.Name, id: e.ID, channels: e.Channels, data: e.Data}
		}
		if _, p := h.publishPosts(r, app.id, app.channels, list); p != nil {
			h.refusePost(w, r, p)
			return
		}
		writeJSON(w, struct{}{}) // all that Pusher's clients look for
	})
}

// signed checks who signed a request. An app that does not exist is told the same as a wrong signature.
func (h *Hub) signed(r *http.Request, a *app, body []byte) *access.Problem {
	if a == nil {
		a = &app{} // nobody signs for it
	}
	err := pusher.Verify(r, body, a.key, a.secret.Reveal(), h.opt.now())
	if a.key == "" && !errors.Is(err, pusher.ErrForm) {
		err = pusher.ErrSignature
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pusher.ErrForm):
		return badRequest("%v", err)
	}
	return &access.Problem{Status: http.StatusUnauthorized, Detail: err.Error(), Challenge: `Pusher realm="routerpulse"`}
}

func (h *Hub) publishPosts(r *http.Request, app string, may access.Patterns, list []post) (again int, p *access.Problem) {
	if p := h.checkPosts(app, may, list); p != nil {
		return 0, p
	}
	again, p = h.post(r.Context(), app, list)
	if p != nil {
		return 0, p
	}
	h.metrics.posts.WithLabelValues("published").Add(float64(len(list) - again))
	h.metrics.posts.WithLabelValues("again").Add(float64(again))
	return again, nil
}

func (h *Hub) refusePost(w http.ResponseWriter, r *http.Request, p *access.Problem) {
	h.metrics.posts.WithLabelValues("refused").Inc()
	h.access.Deny(r, p)
	p.Write(w)
}

// strict decodes one JSON value that has no other keys, and nothing after it.
func strict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}

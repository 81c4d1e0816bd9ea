package sse

import (
	"net/http"
	"slices"

	"github.com/routerpulse/routerpulse/sse/access"
)

// maxControl bounds the body of a request about a stream.
const maxControl = 64 << 10

// Ticket answers POST /v1/stream/ticket: who has an identity gets a ticket, for a browser that cannot send
// a token with an EventSource. Where an application decides by channel, the query names the channels.
func (h *Hub) Ticket() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &query{}
		id, cause := h.access.IdentifyStream(nil, r)
		names := distinct(r.URL.Query()[queryChannel])
		if len(names) > maxChannels {
			badRequest("%d channels are too many for one ticket: at most %d", len(names), maxChannels).Write(w)
			return
		}
		p := h.permit(r, q, id, cause, names, false)
		if p == nil && q.identity.Anonymous() {
			p = access.Unauthorized("a ticket needs an identity", cause)
		}
		if p == nil {
			p = h.access.SameSite(r)
		}
		if p != nil {
			h.access.Deny(r, p)
			p.Write(w)
			return
		}
		secret, life, p := h.access.NewTicket(q.identity)
		if p != nil {
			p.Write(w)
			return
		}
		writeJSON(w, map[string]any{"ticket": secret, "expires_in": int(life.Seconds())})
	})
}

// Track answers POST /v1/stream/{conn}/track: which routers are in view changes, without reconnecting.
func (h *Hub) Track() http.Handler {
	return h.control(func(w http.ResponseWriter, r *http.Request, s *session) *access.Problem {
		body, p := access.ReadBody(w, r, maxControl)
		if p != nil {
			return p
		}
		var form struct {
			Add []string `json:"add"`
			Del []string `json:"del"`
		}
		if err := strict(body, &form); err != nil {
			return badRequest(`the body is not of the form {"add": ["core-1"], "del": ["core-2"]}: %v`, err)
		}
		routers, p := s.track(form.Add, form.Del)
		if p != nil {
			return p
		}
		s.sleeper.wake()
		writeJSON(w, map[string]int{"routers": routers})
		return nil
	})
}

// Renew answers POST /v1/stream/{conn}/auth: the stream goes on with the fresh token of the request.
func (h *Hub) Renew() http.Handler {
	return h.control(func(w http.ResponseWriter, r *http.Request, s *session) *access.Problem {
		old := s.identity.Load()
		if old.Anonymous() {
			return &access.Problem{Status: http.StatusForbidden, Detail: "this stream was opened without an identity: open another one with it"}
		}
		id, cause := h.access.IdentifyStream(nil, r)
		q := &query{}
		if p := h.permit(r, q, id, cause, s.names(), false); p != nil {
			return p
		}
		s.renew(q)
		h.access.RenewTicket(r, q.identity)
		s.sleeper.wake()
		answer := map[string]any{"user": q.identity.User}
		if !q.identity.Expires.IsZero() {
			answer["expires"] = q.identity.Expires.Unix()
		}
		writeJSON(w, answer)
		return nil
	})
}

// control finds the stream that a request is about, which must be of who asks.
func (h *Hub) control(do func(http.ResponseWriter, *http.Request, *session) *access.Problem) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := h.conns.find(r.PathValue("conn"))
		p := &access.Problem{Status: http.StatusNotFound, Detail: "there is no such stream: it has ended; its hello said what it is called"}
		if s != nil {
			if p = h.owns(r, s); p == nil {
				p = do(w, r, s)
			}
		}
		if p != nil {
			h.access.Deny(r, p)
			p.Write(w)
		}
	})
}

// owns checks that who asks opened the stream. What nobody opened is of whoever knows its name.
func (h *Hub) owns(r *http.Request, s *session) *access.Problem {
	owner := s.identity.Load()
	if owner.Anonymous() {
		return nil
	}
	id, cause := h.access.IdentifyStream(nil, r)
	if id.Anonymous() && owner.Granted() != nil { // the application knows channels, not names
		q := &query{}
		if p := h.permit(r, q, id, cause, owner.Granted(), false); p != nil {
			return p
		}
		return h.access.SameSite(r)
	}
	switch {
	case id.Anonymous():
		return access.Unauthorized("this stream needs the identity that opened it", cause)
	case id.User != owner.User:
		return &access.Problem{Status: http.StatusForbidden, Detail: "this stream was opened by somebody else", User: id.User}
	}
	return h.access.SameSite(r)
}

// names are the channels of the stream.
func (s *session) names() []string {
	var list []string
	for _, w := range s.channels {
		list = append(list, w.name)
	}
	return slices.Clip(list)
}

func conflict(detail string) *access.Problem {
	return &access.Problem{Status: http.StatusConflict, Detail: detail}
}

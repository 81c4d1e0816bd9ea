package sse

import (
	"encoding/json"
	"net/http"
)

// Check answers GET /v1/stream/check: what Stream would decide on the same query, as a status and JSON,
// for pages that only see that their EventSource was closed.
func (h *Hub) Check() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, p := h.admit(nil, r)
		if p == nil {
			p = h.gate.check(q.identity.User, h.access.Address(r))
		}
		switch {
		case p == nil:
			answer := map[string]any{"user": q.identity.User, "channels": q.carried()}
			if len(q.denied) > 0 {
				answer["denied"] = q.denied
			}
			writeJSON(w, answer)
		case p.Status == http.StatusNoContent:
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusNoContent)
		default:
			p.Write(w)
		}
	})
}

// meChannel is a channel as /v1/me shows it.
type meChannel struct {
	Name    string   `json:"name"` // as in the config: with {router}, if it has that
	Topics  []string `json:"topics"`
	Allowed bool     `json:"allowed"`
	Reason  string   `json:"reason,omitempty"` // why not
}

// Me answers GET /v1/me: who asks, and which channels there are for them.
func (h *Hub) Me() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, cause := h.access.Identify(r)
		channels := h.channels.Load().list
		list := make([]meChannel, 0, len(channels))
		for _, ch := range channels {
			ok, why := ch.rule.AllowsChannel(id, ch.name)
			entry := meChannel{Name: ch.name, Allowed: ok, Reason: why}
			for _, c := range ch.carries {
				entry.Topics = append(entry.Topics, c.title())
			}
			list = append(list, entry)
		}
		answer := map[string]any{"user": id.User, "roles": append([]string{}, id.Roles...), "channels": list}
		if cause != nil {
			answer["reason"] = cause.Error()
		}
		writeJSON(w, answer)
	})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody is left to tell
}

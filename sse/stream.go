package sse

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/sse/access"
)

// Stream answers GET /v1/stream: see docs/stream.md.
func (h *Hub) Stream() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			h.refuse(w, r, &access.Problem{Status: http.StatusMethodNotAllowed, Detail: "a stream is read with GET"})
			return
		}
		q, p := h.admit(r)
		if p != nil {
			h.refuse(w, r, p)
			return
		}
		leave, p := h.gate.enter(q.identity.User, h.access.Address(r))
		if p != nil {
			h.refuse(w, r, p)
			return
		}
		defer leave()
		h.serve(w, r, q)
	})
}

// refuse answers a request that gets no stream. A browser's EventSource stops for ever on any status
// but 200, so what may pass by itself is told as a stream that ends at once.
func (h *Hub) refuse(w http.ResponseWriter, r *http.Request, p *access.Problem) {
	h.metrics.refused.WithLabelValues(fmt.Sprint(p.Status)).Inc()
	h.log.Debug("stream refused", "status", p.Status, "reason", p.Detail, "address", h.access.Address(r))
	busy := p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable
	switch {
	case p.Status == http.StatusNoContent:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	case busy && strings.Contains(r.Header.Get("Accept"), "text/event-stream") && r.URL.Query().Get("es") != "0":
		startStream(w, r)
		code := "too-many-connections"
		if p.Status == http.StatusServiceUnavailable {
			code = "server-busy"
		}
		retry := p.RetryAfter.Milliseconds() + mathrand.Int64N(5000)
		frames := appendFrame(fmt.Appendf(nil, "retry: %d\n\n", retry), "bye", "", byeData(code, p.Detail, true))
		_, _ = w.Write(frames) // the client is gone: nobody is left to tell
	default:
		p.Write(w)
	}
}

// startStream sends the header of an event stream.
func startStream(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no")
	if r.ProtoMajor == 1 {
		header.Set("Connection", "close") // its write deadline must not meet another request
	}
	w.WriteHeader(http.StatusOK)
}

// serve runs one stream.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request, q *query) {
	c := &conn{hub: h, query: q, w: w, rc: http.NewResponseController(w), r: r}
	if !h.open.Load() || !h.conns.add(c) {
		h.refuse(w, r, &access.Problem{Status: http.StatusServiceUnavailable, RetryAfter: 3 * time.Second, Detail: "the server is starting or stopping: try again in a few seconds"})
		return
	}
	defer h.conns.remove(c)
	v, f := h.watch(q, q.last)
	defer h.views.leave(v)
	c.feed = f
	start := "snapshot"
	if f.resumed() {
		start = "resume"
	}
	h.metrics.connections.WithLabelValues(start).Inc()
	startStream(w, r)
	why := c.run()
	h.metrics.ended.WithLabelValues(why).Inc()
}

// helloFrame is the data of the first frame.
type helloFrame struct {
	V         int                          `json:"v"`
	Conn      string                       `json:"conn"`
	Journal   string                       `json:"journal"`   // another one: positions of events begin anew
	Heartbeat int                          `json:"heartbeat"` // seconds between two pings
	Expires   int64                        `json:"expires,omitempty"`
	Resume    string                       `json:"resume"`   // snapshot or delta
	Channels  map[string]map[string]string `json:"channels"` // to topic to mode
	Denied    map[string]string            `json:"denied,omitempty"`
}

// hello is the first frame: what the client gets, and when it has to worry.
func (h *Hub) hello(q *query, f *feed) []byte {
	hello := helloFrame{V: 1, Conn: newConnID(), Journal: h.store.Journal(), Heartbeat: max(1, int(h.opt.heartbeat/time.Second)),
		Resume: "snapshot", Channels: q.carried(), Denied: q.denied}
	if f.resumed() {
		hello.Resume = "delta"
	}
	if !q.identity.Expires.IsZero() {
		hello.Expires = q.identity.Expires.Unix()
	}
	retry := 2000 + mathrand.IntN(6001)
	return appendFrame(fmt.Appendf(nil, "retry: %d\n\n", retry), "hello", "", oneLine(hello))
}

// newConnID names a connection: 128 random bits.
func newConnID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:])
}

func byeData(code, why string, reconnect bool) []byte {
	return oneLine(struct {
		Code      string `json:"code"`
		Why       string `json:"why"`
		Reconnect bool   `json:"reconnect"`
	}{code, why, reconnect})
}

// oneLine encodes texts and numbers for people who read them in a terminal, too.
func oneLine(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSpace(b.Bytes())
}

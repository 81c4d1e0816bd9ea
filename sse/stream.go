package sse

import (
	"bytes"
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
		q, p := h.admit(w, r)
		if p != nil {
			h.refuse(w, r, p)
			return
		}
		leave, p := h.gate.enter(q.identity.User, h.access.Address(r))
		if p != nil {
			h.refuse(w, r, p)
			return
		}
		h.serve(w, r, q, leave)
	})
}

// refuse answers a request that gets no stream. A browser's EventSource stops for ever on any status
// but 200, so what may pass by itself is told as a stream that ends at once.
func (h *Hub) refuse(w http.ResponseWriter, r *http.Request, p *access.Problem) {
	h.metrics.refused.WithLabelValues(fmt.Sprint(p.Status)).Inc()
	h.access.Deny(r, p)
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
	setHeader(w.Header(), r)
	w.WriteHeader(http.StatusOK)
}

func setHeader(header http.Header, r *http.Request) {
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no")
	if r.ProtoMajor == 1 {
		header.Set("Connection", "close") // its write deadline must not meet another request
	}
}

func setEncoding(header http.Header, q *query) {
	header.Add("Vary", "Accept-Encoding")
	if q.gzip {
		header.Set("Content-Encoding", "gzip")
	}
}

// serve runs one stream, or hands it to the pump. leave is called when it ends.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request, q *query, leave func()) {
	if !h.open.Load() || h.conns.shutting() {
		leave()
		h.refuse(w, r, notNow())
		return
	}
	if h.pump != nil && r.ProtoMajor == 1 && r.TLS == nil && h.hijack(w, r, q, leave) {
		return
	}
	defer leave()
	c := &conn{hub: h, w: w, rc: http.NewResponseController(w), woken: make(chan struct{}, 1)}
	c.session = h.openSession(q, c)
	defer c.session.close()
	if !h.conns.add(c.session.id, c) {
		h.refuse(w, r, notNow())
		return
	}
	defer h.conns.remove(c.session.id)
	setEncoding(w.Header(), q)
	startStream(w, r)
	h.metrics.ended.WithLabelValues(c.run(r)).Inc()
}

func notNow() *access.Problem {
	return &access.Problem{Status: http.StatusServiceUnavailable, RetryAfter: 3 * time.Second, Detail: "the server is starting or stopping: try again in a few seconds"}
}

// hijack takes the connection out of net/http, whose goroutine and buffers it then does without. False:
// it cannot be taken.
func (h *Hub) hijack(w http.ResponseWriter, r *http.Request, q *query, leave func()) bool {
	header := w.Header().Clone()
	setHeader(header, r)
	setEncoding(header, q)
	header.Set("Date", h.opt.now().UTC().Format(http.TimeFormat))
	head := bytes.NewBufferString("HTTP/1.1 200 OK\r\n")
	_ = header.Write(head) // a buffer takes everything
	head.WriteString("\r\n")
	raw, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	if err := h.pump.serve(raw, head.Bytes(), q, leave); err != nil {
		leave()
		h.log.Error("a connection cannot be used for a stream", "err", err, "network", raw.LocalAddr().Network())
		_ = raw.Close()
	}
	return true
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
	// Keys says what a row's key is made of, by channel and topic, as the channel calls it.
	Keys   map[string]map[string][]string `json:"keys,omitempty"`
	Denied map[string]string              `json:"denied,omitempty"`
}

// hello is the first frame: what the client gets, and when it has to worry.
func (h *Hub) hello(q *query, id connID, resumed bool) []byte {
	hello := helloFrame{V: 1, Conn: id.String(), Journal: h.store.Journal(), Heartbeat: max(1, int(h.opt.heartbeat/time.Second)),
		Resume: "snapshot", Channels: q.carried(), Keys: q.keys(), Denied: q.denied}
	if resumed {
		hello.Resume = "delta"
	}
	if !q.identity.Expires.IsZero() {
		hello.Expires = q.identity.Expires.Unix()
	}
	retry := 2000 + mathrand.IntN(6001)
	return appendFrame(fmt.Appendf(nil, "retry: %d\n\n", retry), "hello", "", oneLine(hello))
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

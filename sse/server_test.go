package sse

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// server is an open hub behind real sockets.
type server struct {
	*httptest.Server
	t   testing.TB
	hub *Hub
}

func serve(t testing.TB, cfg Config, opt options) *server {
	t.Helper()
	return serveFrom(t, cfg, opt, func(*Hub) {})
}

// serveFrom starts a server with a hub that was prepared before it opens.
func serveFrom(t testing.TB, cfg Config, opt options, prepare func(h *Hub)) *server {
	t.Helper()
	h := newTestHub(t, cfg, opt)
	prepare(h)
	return start(t, h, false)
}

// serveTLS starts a server that speaks HTTP/2.
func serveTLS(t testing.TB, cfg Config, opt options) *server {
	t.Helper()
	return start(t, newTestHub(t, cfg, opt), true)
}

func start(t testing.TB, h *Hub, http2 bool) *server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/v1/stream", h.Stream())
	mux.Handle("/v1/stream/check", h.Check())
	mux.Handle("/v1/me", h.Me())
	mux.Handle("POST /v1/stream/ticket", h.Ticket())
	mux.Handle("POST /v1/stream/{conn}/track", h.Track())
	mux.Handle("POST /v1/stream/{conn}/auth", h.Renew())
	mux.Handle("/v1/events", h.Events())
	mux.Handle("/apps/{id}/events", h.AppEvents())
	mux.Handle("/apps/{id}/batch_events", h.AppBatch())
	mux.Handle("/v1/login", h.Access().Login())
	mux.Handle("/v1/logout", h.Access().Logout())
	mux.Handle("/login", h.Access().LoginLink("/"))
	s := &server{httptest.NewUnstartedServer(mux), t, h}
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if tcp, ok := c.(*net.TCPConn); ok {
			if err := tcp.SetWriteBuffer(16 << 10); err != nil { // so that who does not read is noticed soon
				t.Error(err)
			}
		}
		return ctx
	}
	if s.EnableHTTP2 = http2; http2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	h.Open()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		s.Close()
		s.Client().CloseIdleConnections()
	})
	return s
}

// request makes a request; header is name, value, name, value, …
func (s *server) request(method, path, body string, header ...string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// do returns the answer's status, header and body.
func (s *server) do(method, path, body string, header ...string) (*http.Response, string) {
	s.t.Helper()
	client := http.Client{Transport: s.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 10 * time.Second}
	resp, err := client.Do(s.request(method, path, body, header...))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(text)
}

// stream is an open stream, read by the reference client.
type stream struct {
	t      testing.TB
	resp   *http.Response
	client *client
	cancel context.CancelFunc
	buf    [4096]byte
}

// open starts a stream; c may be a client that was connected before.
func (s *server) open(c *client, query string, header ...string) *stream {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	r := s.request(http.MethodGet, "/v1/stream?"+query, "", header...).WithContext(ctx)
	if c == nil {
		c = newClient()
	}
	if c.lastID != "" && r.Header.Get("Last-Event-ID") == "" && !strings.Contains(query, "last_event_id") {
		r.Header.Set("Last-Event-ID", c.lastID)
	}
	c.connect()
	resp, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	st := &stream{t: s.t, resp: resp, client: c, cancel: cancel}
	s.t.Cleanup(st.close)
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	return st
}

func (st *stream) close() {
	st.cancel()
	_ = st.resp.Body.Close()
}

// until reads until the condition holds.
func (st *stream) until(what string, ok func(c *client) bool) {
	st.t.Helper()
	for !ok(st.client) {
		n, err := st.resp.Body.Read(st.buf[:])
		if ferr := st.client.feed(st.buf[:n]); ferr != nil {
			st.t.Fatal(ferr)
		}
		if err != nil {
			if ok(st.client) {
				return
			}
			st.t.Fatalf("waiting for %s: %v; had %v", what, err, eventNames(st.client.frames))
		}
	}
}

func (st *stream) untilSync() {
	st.t.Helper()
	st.until("sync", func(c *client) bool { return c.synced })
}

// untilEnd reads until the server ends the stream.
func (st *stream) untilEnd() {
	st.t.Helper()
	for {
		n, err := st.resp.Body.Read(st.buf[:])
		if ferr := st.client.feed(st.buf[:n]); ferr != nil {
			st.t.Fatal(ferr)
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			st.t.Fatal(err)
		}
	}
}

// field is one field of a row, nil if there is none.
func (c *client) field(channel, topic, key, name string) any {
	return c.rows[channel+" "+topic][key].Value[name]
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// ended counts the streams that ended for a reason.
func (s *server) ended(why string) int {
	return int(testutil.ToFloat64(s.hub.metrics.ended.WithLabelValues(why)))
}

// raw opens a stream on a connection of its own that nobody reads.
func (s *server) raw(query string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /v1/stream?"+query+" HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

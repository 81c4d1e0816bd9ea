//go:build linux

package sse

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// storm is a server with few places, and how it was before anything happened.
type storm struct {
	*server
	t                 *testing.T
	goroutines, files int
}

const stormPlaces = 50

func newStorm(t *testing.T) *storm {
	cfg := testConfig()
	cfg.Access.Limits.Total, cfg.Access.Limits.PerAddress, cfg.Access.Limits.PerIdentity = stormPlaces, stormPlaces, 5
	opt := testOptions()
	opt.unheard = time.Second
	s := serve(t, cfg, opt)
	s.hub.Publish(newFleet().live("core-1", fields{"cpu_percent": 1}))
	return &storm{s, t, runtime.NumGoroutine(), openFiles(t)}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// calm waits until nothing of the storm is left.
func (s *storm) calm(after string) {
	s.t.Helper()
	s.Client().CloseIdleConnections()
	eventually(s.t, "after "+after+" as it was before", func() bool {
		s.hub.gate.mu.Lock()
		left := s.hub.gate.total + len(s.hub.gate.addresses) + len(s.hub.gate.identities)
		s.hub.gate.mu.Unlock()
		return left == 0 && s.hub.conns.count() == 0 && s.hub.views.count() == 0 &&
			runtime.NumGoroutine() <= s.goroutines+10 && openFiles(s.t) <= s.files+10
	})
}

// TestFault34Storms: whatever clients do, no more streams are open than may be, who is refused is told
// when to come back, and afterwards nothing is left of them.
func TestFault34Storms(t *testing.T) {
	s := newStorm(t)
	wrong, trials := 0, 0
	for _, c := range []struct {
		name string
		run  func() (wrong, trials int)
	}{
		{"all come at once", s.allAtOnce},
		{"coming and going", s.comeAndGo},
		{"gone without a word", s.halfOpen},
		{"one token asks for everything", s.oneToken},
	} {
		w, n := c.run()
		if w > 0 {
			t.Errorf("%s: %d of %d went wrong", c.name, w, n)
		}
		wrong, trials = wrong+w, trials+n
		s.calm(c.name)
	}
	sinktest.Fault{Row: "34", Wrong: wrong, Trials: trials, Figures: fmt.Sprintf("at most %d streams open, goroutines and files as before", stormPlaces)}.Report(t)
}

// allAtOnce has far more come than may, half of them as browsers do, and none goes before all were
// answered.
func (s *storm) allAtOnce() (wrong, n int) {
	n = sinktest.Trials(500, 9000)
	var came sync.WaitGroup
	var in, out, other atomic.Int64
	conns := make([]net.Conn, n)
	gate := make(chan struct{}, 256)
	for i := range n {
		came.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			browser := i%2 == 0
			conn, status, retry, body := s.ask("channel=public-routers", browser)
			conns[i] = conn
			switch {
			case status == http.StatusOK && strings.Contains(body, "event: hello"):
				in.Add(1)
			case browser && status == http.StatusOK && strings.HasPrefix(body, "retry: ") && strings.Contains(body, "event: bye"),
				!browser && (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) && retry != "":
				out.Add(1)
			default:
				s.t.Logf("status %d, Retry-After %q: %s", status, retry, body)
				other.Add(1)
			}
		})
	}
	came.Wait()
	for _, conn := range conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
	if in.Load() != stormPlaces {
		s.t.Errorf("%d streams were let in, there are %d places", in.Load(), stormPlaces)
		wrong++
	}
	return wrong + int(other.Load()), n
}

// ask opens a connection and returns it with the head of the answer and the first frames.
func (s *storm) ask(query string, browser bool, header ...string) (conn net.Conn, status int, retry, body string) {
	conn, err := net.DialTimeout("tcp", s.Listener.Addr().String(), 20*time.Second)
	if err != nil {
		return nil, 0, "", err.Error()
	}
	accept := "*/*"
	if browser {
		accept = "text/event-stream"
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second)) // an error comes again
	_, _ = fmt.Fprintf(conn, "GET /v1/stream?%s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n%s\r\n", query, accept, strings.Join(header, ""))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return conn, 0, "", err.Error()
	}
	var text strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(text.String(), "event: ") && resp.StatusCode == http.StatusOK && err == nil {
		var n int
		n, err = resp.Body.Read(buf)
		text.Write(buf[:n])
	}
	return conn, resp.StatusCode, resp.Header.Get("Retry-After"), text.String()
}

// comeAndGo opens streams and closes them at once, politely or not.
func (s *storm) comeAndGo() (wrong, n int) {
	n = sinktest.Trials(200, 10_000)
	for i := range n {
		conn := s.raw("channel=public-routers")
		if i%3 > 0 {
			if _, err := io.ReadFull(conn, make([]byte, 12)); err != nil {
				wrong++
			}
		}
		if i%2 == 0 {
			_ = conn.(*net.TCPConn).SetLinger(0) // a reset
		}
		_ = conn.Close()
	}
	return wrong, n
}

// halfOpen has clients vanish as one does whose cable is cut: their kernels drop what comes, without an
// answer. Their places are free again soon.
func (s *storm) halfOpen() (wrong, n int) {
	n = sinktest.Trials(10, stormPlaces)
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = s.raw("channel=public-routers")
		defer func() { _ = conns[i].Close() }()
	}
	eventually(s.t, "all are in", func() bool { return s.hub.conns.count() == n })
	for _, conn := range conns {
		if err := deafen(conn); err != nil {
			s.t.Error(err)
			wrong++
		}
	}
	f := newFleet()
	eventually(s.t, "they are given up", func() bool {
		s.hub.Publish(f.live("core-1", fields{"cpu_percent": int(time.Now().UnixNano() % 100)}))
		return s.hub.conns.count() == 0
	})
	return wrong, n
}

// deafen has the kernel drop whatever comes on a connection.
func deafen(conn net.Conn) error {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing[0]})
	})
	if err != nil {
		return err
	}
	return failed
}

// oneToken asks for very many channels, as many as a request may hold and some more, one request after
// the other, without giving one back.
func (s *storm) oneToken() (wrong, n int) {
	const token = "Authorization: Bearer viewer-token\r\n"
	names := func(from, count int) string {
		var q strings.Builder
		for i := range count {
			fmt.Fprintf(&q, "&channel=router-core-%d", from+i)
		}
		return q.String()[1:]
	}
	conn, status, _, body := s.ask(names(0, maxChannels+1), false, token)
	_ = conn.Close()
	if status != http.StatusBadRequest {
		s.t.Errorf("%d channels in one request: %d %s", maxChannels+1, status, body)
		wrong++
	}
	var open []net.Conn
	for asked := 0; asked < sinktest.Trials(3000, 100_000); asked += maxChannels {
		conn, status, retry, body := s.ask(names(asked, maxChannels), false, token)
		n++
		switch {
		case status == http.StatusOK && len(open) < 5:
			open = append(open, conn)
			continue
		case status == http.StatusTooManyRequests && retry != "" && len(open) == 5:
		default:
			s.t.Logf("request %d: %d %s", n, status, body)
			wrong++
		}
		_ = conn.Close()
	}
	if views := s.hub.views.count(); views > len(open) {
		s.t.Errorf("%d views of %d streams", views, len(open))
		wrong++
	}
	for _, conn := range open {
		_ = conn.Close()
	}
	return wrong, n
}

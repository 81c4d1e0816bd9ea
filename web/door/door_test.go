package door

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

const patience = 20 * time.Second

// world is a door with a server behind it, and what it logs.
type world struct {
	*Door
	t       *testing.T
	streams int
	proxy   bool // every connection is a proxy's

	mu  sync.Mutex
	log bytes.Buffer
}

func (w *world) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(b)
}

// open starts a door; change may set its bounds first.
func open(t *testing.T, h http.HandlerFunc, change func(*world)) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, streams: 100}
	log := slog.New(slog.NewTextHandler(w, nil))
	w.Door = New(l, Options{Open: 1000, Streams: func() int { return w.streams },
		House: func(a netip.Addr) (netip.Prefix, bool) { return netip.PrefixFrom(a, a.BitLen()), !w.proxy }}, prometheus.NewRegistry(), log)
	if change != nil {
		change(w)
	}
	server := w.Server(h, log)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(w.Door) }()
	t.Cleanup(func() {
		before := testutil.ToFloat64(w.metrics.cut.WithLabelValues(whyAccept))
		_ = server.Close()
		<-done
		if testutil.ToFloat64(w.metrics.cut.WithLabelValues(whyAccept)) != before {
			t.Error("the end counts as trouble")
		}
	})
	return w
}

// dial opens a connection, which ends with the test.
func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := net.Dial("tcp", w.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

func (w *world) say(c net.Conn, text string) {
	w.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		w.t.Fatal(err)
	}
}

// ask sends a request on a connection that is kept, and reads the answer.
func (w *world) ask(c net.Conn) string {
	w.t.Helper()
	w.say(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

// ended waits for the end of a connection and returns what came before.
func (w *world) ended(c net.Conn) string {
	w.t.Helper()
	text, err := io.ReadAll(c)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		w.t.Fatalf("it is still open after %s; it said %q", patience, text)
	}
	return string(text)
}

// refused opens a connection that is not let in.
func (w *world) refused() {
	w.t.Helper()
	c, err := net.Dial("tcp", w.Addr().String())
	if err != nil {
		return // it was closed before it was known to be open
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	if text := w.ended(c); text != "" {
		w.t.Errorf("it was told %q", text)
	}
}

func (w *world) await(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not in %s: %s", patience, what)
		}
	}
}

// counts waits until so many connections were cut for a reason.
func (w *world) counts(why string, n float64) {
	w.t.Helper()
	w.await(fmt.Sprintf("%v times %s", n, why), func() bool { return testutil.ToFloat64(w.metrics.cut.WithLabelValues(why)) == n })
}

func (w *world) logged(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.log.String(), text)
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// A header that does not end, and one that comes byte by byte, end within the time for it.
func TestSlowHeaders(t *testing.T) {
	w := open(t, hello, func(w *world) { w.header = 100 * time.Millisecond })
	stuck := w.dial()
	w.say(stuck, "GET / HTTP/1.1\r\nHost: x\r\n")
	if text := w.ended(stuck); strings.Contains(text, "200") {
		t.Errorf("answered: %q", text)
	}
	drip := w.dial()
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(drip, "GET / HTTP/1.1\r\nX-%d: y\r\n", i); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond) // the client's pace
	}
	silent := w.dial()
	w.ended(silent)
	w.counts(whyHeader, 2)
	if n := w.logged("the header of a request did not come"); n != 1 {
		t.Errorf("%d lines in the log for the two, want one", n)
	}
	w.await("none is left", func() bool { return w.count() == 0 })
}

// A body that trickles ends within its time, whether the handler reads it or not; one that comes in time does
// not bound how long the answer takes.
func TestSlowBodies(t *testing.T) {
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unread" {
			return
		}
		_, err := io.ReadAll(r.Body)
		if err == nil {
			select {
			case <-time.After(300 * time.Millisecond): // three times what a body may take
			case <-r.Context().Done():
				err = r.Context().Err()
			}
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusRequestTimeout)
		}
	}, func(w *world) { w.body = 100 * time.Millisecond })
	read := w.dial()
	w.say(read, "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	if text := w.ended(read); !strings.HasPrefix(text, "HTTP/1.1 408 ") {
		t.Errorf("got %q, want 408", text)
	}
	w.counts(whyBody, 1)
	unread := w.dial()
	w.say(unread, "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
	w.ended(unread)
	whole := w.dial()
	w.say(whole, "POST /read HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")
	if text := w.ended(whole); !strings.HasPrefix(text, "HTTP/1.1 200 ") {
		t.Errorf("got %q, want 200", text)
	}
}

// A body is not read beyond its bound.
func TestLargeBody(t *testing.T) {
	var read int64
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		read = n
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			http.Error(rw, "too large", http.StatusRequestEntityTooLarge)
		}
	}, nil)
	resp, err := http.Post("http://"+w.Addr().String(), "text/plain", bytes.NewReader(make([]byte, 2*maxBody)))
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || read > maxBody {
		t.Errorf("status %d after %d bytes", resp.StatusCode, read)
	}
}

// A header that is too large is refused with a status.
func TestLargeHeader(t *testing.T) {
	w := open(t, hello, nil)
	c := w.dial()
	w.say(c, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 2*maxHeader)+"\r\n\r\n")
	if text := w.ended(c); !strings.HasPrefix(text, "HTTP/1.1 431 ") {
		t.Errorf("got %q", text)
	}
}

// Who does not take the answer does not keep the handler for ever.
func TestSlowReader(t *testing.T) {
	done := make(chan error, 1)
	w := open(t, func(rw http.ResponseWriter, _ *http.Request) {
		_, err := rw.Write(make([]byte, 64<<20))
		done <- err
	}, func(w *world) { w.write = 100 * time.Millisecond })
	w.say(w.dial(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-done:
		if err == nil {
			t.Error("64 MiB went into a connection that nobody reads")
		}
	case <-time.After(patience):
		t.Fatal("the handler still writes")
	}
	w.counts(whyReader, 1)
}

// At the bound, who waits for longest makes room; who is answered stays.
func TestWhoWaitsMakesRoom(t *testing.T) {
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			<-hold
		}
		hello(rw, r)
	}, func(w *world) { w.opt.Open, w.proxy = 3, true })
	long, kept, slow := w.dial(), w.dial(), w.dial()
	w.say(long, "GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	w.ask(kept)
	w.say(slow, "GET / HTTP/1.1\r\n")
	w.await("all are in", func() bool { return w.count() == 3 })
	w.refused() // nobody has waited for a second yet
	w.counts(whyFull, 1)
	for _, victim := range []net.Conn{slow, kept} {
		w.await("there is room for another one", func() bool {
			c, err := net.Dial("tcp", w.Addr().String())
			if err != nil {
				return false
			}
			t.Cleanup(func() { _ = c.Close() })
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // it may be refused
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err == nil
		})
		w.ended(victim)
	}
	release()
	if text := w.ended(long); !strings.HasSuffix(text, "hello") {
		t.Errorf("who was being answered got %q", text)
	}
}

// One address has its own bound, in number and in pace; a proxy has not.
func TestOneAddress(t *testing.T) {
	w := open(t, hello, func(w *world) { w.streams = 1 })
	mine := make([]net.Conn, perAddress)
	for i := range mine {
		mine[i] = w.dial()
	}
	w.await("all are in", func() bool { return w.count() == perAddress })
	w.refused()
	w.await("it was refused", func() bool {
		return testutil.ToFloat64(w.metrics.cut.WithLabelValues(whyPace))+testutil.ToFloat64(w.metrics.cut.WithLabelValues(whyAddress)) == 1
	})
	if w.logged("connection refused: the address") != 1 || w.logged("address=127.0.0.1") != 1 {
		t.Errorf("the log does not say so: %s", w.log.String())
	}
	proxy := open(t, hello, func(w *world) { w.streams, w.proxy = 1, true })
	for range 10 * perAddress {
		if got := proxy.ask(proxy.dial()); got != "hello" {
			t.Fatalf("a proxy got %q", got)
		}
	}
}

// A listener that cannot accept is asked again and again, but not in a busy loop.
func TestAcceptFails(t *testing.T) {
	broken := &brokenListener{errs: 5}
	w := open(t, hello, func(w *world) { broken.Listener = w.Listener; w.Listener = broken })
	if got := w.ask(w.dial()); got != "hello" {
		t.Errorf("got %q", got)
	}
	w.counts(whyAccept, 5)
	if w.logged("connections cannot be accepted") != 1 {
		t.Errorf("the log: %s", w.log.String())
	}
}

type brokenListener struct {
	net.Listener
	errs int
}

type noFiles struct{}

func (noFiles) Error() string   { return "too many open files" }
func (noFiles) Timeout() bool   { return false }
func (noFiles) Temporary() bool { return true }

func (l *brokenListener) Accept() (net.Conn, error) {
	if l.errs > 0 {
		l.errs--
		return nil, &net.OpError{Op: "accept", Err: noFiles{}}
	}
	return l.Listener.Accept()
}

// Files are left for everything else.
func TestShare(t *testing.T) {
	for _, c := range []struct{ files, reserve, open, streams int }{
		{0, 100, maxOpen, 1 << 30},
		{1024, 320, 88, 616},
		{65536, 320, maxOpen, 61120},
		{1024, 5000, minOpen, 224}, // too few: polls and the web share them
		{40, 5000, minOpen, 1},
	} {
		open, streams := Share(c.files, c.reserve)
		if open != c.open || streams != c.streams {
			t.Errorf("Share(%d, %d) = %d, %d; want %d, %d", c.files, c.reserve, open, streams, c.open, c.streams)
		}
	}
}

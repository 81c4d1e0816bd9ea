package routeros

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

const canary = "canary-Pa55word-9f3e"

// stub is a router that does what a test tells it.
type stub struct {
	t        *testing.T
	listener net.Listener
	serve    func(*stubConn)
	wg       sync.WaitGroup

	mu          sync.Mutex
	conns       []net.Conn
	accepted    int
	received    []byte // everything, of all connections
	disconnects chan struct{}
}

// newStub listens on loopback and serves every connection by serve.
func newStub(t *testing.T, serve func(*stubConn)) *stub {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, serve)
}

func serveOn(t *testing.T, listener net.Listener, serve func(*stubConn)) *stub {
	s := &stub{t: t, listener: listener, serve: serve, disconnects: make(chan struct{}, 1000)}
	s.wg.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

func (s *stub) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.accepted++
		s.mu.Unlock()
		s.wg.Go(func() {
			defer func() { _ = conn.Close() }()
			s.serve(&stubConn{stub: s, Conn: conn, r: bufio.NewReader(conn)})
			s.disconnects <- struct{}{}
		})
	}
}

func (s *stub) close() {
	_ = s.listener.Close()
	s.hangUp()
	s.wg.Wait()
}

// hangUp closes all connections.
func (s *stub) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *stub) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

func (s *stub) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.received)
}

func (s *stub) target() Target {
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	n, _ := strconv.Atoi(port)
	return Target{Device: "core-1", Address: host, Port: n,
		Credential: Credential{User: "telemetry", Password: configs.NewSecret(canary), Insecure: true}}
}

// collector makes one for the stub.
func (s *stub) collector() *Collector { return collect(s.t, s.target(), newShared(s.t)) }

func newShared(t testing.TB) *Shared {
	t.Helper()
	shared, err := NewShared(pipeline.NewSchema(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return shared
}

func collect(t testing.TB, target Target, shared *Shared) *Collector {
	t.Helper()
	c, err := New(target, pipeline.NewRows(target.Device, nil), shared)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// within is a context for a test that must not hang.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// stubConn is one connection of a stub. Its framing is written apart from the one under test.
type stubConn struct {
	stub *stub
	net.Conn
	r   *bufio.Reader
	tag string // of the last request
}

// sentence reads a request without its tag, which it keeps; nil at the end of the connection.
func (c *stubConn) sentence() []string {
	var words []string
	c.tag = ""
	for {
		word, err := c.word()
		switch {
		case err != nil:
			return nil
		case word == "":
			return words
		case strings.HasPrefix(word, ".tag="):
			c.tag = word
		default:
			words = append(words, word)
		}
	}
}

func (c *stubConn) word() (string, error) {
	first, err := c.r.ReadByte()
	if err != nil {
		return "", err
	}
	size := int(first)
	if first >= 0x80 {
		second, err := c.r.ReadByte()
		if err != nil {
			return "", err
		}
		size = int(first&0x3f)<<8 | int(second)
	}
	if first >= 0xC0 {
		return "", errors.New("stub: request too long")
	}
	b := make([]byte, size)
	_, err = io.ReadFull(c.r, b)
	c.stub.mu.Lock()
	c.stub.received = append(c.stub.received, b...)
	c.stub.mu.Unlock()
	return string(b), err
}

// say sends a sentence with the tag of the last request.
func (c *stubConn) say(words ...string) {
	if c.tag != "" {
		words = append(words, c.tag)
	}
	c.raw(encode(words...))
}

func (c *stubConn) raw(b []byte) { _, _ = c.Write(b) }

// login takes the login, as RouterOS does since 6.43.
func (c *stubConn) login() bool {
	if words := c.sentence(); len(words) == 0 || words[0] != "/login" {
		return false
	}
	c.say("!done")
	return true
}

// encode makes a sentence.
func encode(words ...string) []byte {
	var b []byte
	for _, w := range words {
		b = append(b, lengthOf(len(w))...)
		b = append(b, w...)
	}
	return append(b, 0)
}

func lengthOf(n int) []byte {
	switch {
	case n < 1<<7:
		return []byte{byte(n)}
	case n < 1<<14:
		return []byte{0x80 | byte(n>>8), byte(n)}
	case n < 1<<21:
		return []byte{0xC0 | byte(n>>16), byte(n >> 8), byte(n)}
	case n < 1<<28:
		return []byte{0xE0 | byte(n>>24), byte(n >> 16), byte(n >> 8), byte(n)}
	}
	return []byte{0xF0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// menus answers prints by path until the connection ends: each answer is rows, a row is words. A path
// that is not there has "no such command".
type menus map[string][][]string

func (m menus) serve(c *stubConn) {
	if !c.login() {
		return
	}
	for words := c.sentence(); words != nil; words = c.sentence() {
		m.answer(c, words)
	}
}

func (m menus) answer(c *stubConn, words []string) {
	rows, ok := m[strings.TrimSuffix(words[0], "/print")]
	if !ok {
		c.say("!trap", "=category=0", "=message=no such command prefix")
	}
	if ok && len(words) > 1 && words[1] == "=count-only=" {
		c.say("!done", "=ret="+strconv.Itoa(len(rows)))
		return
	}
	for _, row := range rows {
		c.say(append([]string{"!re"}, row...)...)
	}
	c.say("!done")
}

// v7 is a small router.
func v7() menus {
	return menus{
		"/system/identity": {{"=name=core-1"}},
		"/system/resource": {{"=uptime=1w2d3h4m5s", "=version=7.20.6 (stable)", "=board-name=RB5009UPr+S+", "=architecture-name=arm64",
			"=cpu-load=7", "=cpu-count=4", "=cpu-frequency=1400", "=total-memory=1073741824", "=free-memory=805306368",
			"=total-hdd-space=1073741824", "=free-hdd-space=536870912"}},
		"/system/resource/cpu": {{"=.id=*0", "=cpu=cpu0", "=load=3"}, {"=.id=*1", "=cpu=cpu1", "=load=11"}},
		"/system/health": {{"=.id=*1", "=name=cpu-temperature", "=value=50", "=type=C"},
			{"=.id=*2", "=name=jack-voltage", "=value=49.3", "=type=V"}},
		"/interface": {{"=.id=*1", "=name=ether1", "=type=ether", "=dynamic=false", "=disabled=false", "=running=true",
			"=mac-address=48:A9:8A:00:00:01", "=actual-mtu=1500", "=rx-byte=18446744073709551615", "=tx-byte=20"}},
		"/ppp/active": {{"=.id=*80000001", "=name=ann", "=service=pppoe", "=address=10.0.0.2", "=caller-id=AA:BB:CC:00:00:01",
			"=uptime=1h2m3s", "=encoding=", "=session-id=0x81000001", "=radius=true"}},
		"/ip/hotspot/active": {{"=.id=*A", "=server=hs1", "=user=bob", "=address=10.5.50.2", "=mac-address=AA:BB:CC:DD:EE:FF",
			"=login-by=http-chap", "=radius=false", "=uptime=5m", "=idle-time=10s", "=bytes-in=1000", "=bytes-out=2000",
			"=packets-in=10", "=packets-out=20"}},
	}
}

// prints reports that a request is for the rows of a menu, not for their number.
func prints(words []string, path string) bool {
	return words[0] == path+"/print" && words[1] != "=count-only="
}

// firstOf are the tables of a lane that the tests of polling are about; a stub has no other menus.
func firstOf(lane pipeline.Lane) func(string) bool {
	tables := map[pipeline.Lane][]string{
		pipeline.LaneLive:     {"router", "cpu", "health", "interface"},
		pipeline.LaneSessions: {"ppp_session", "hotspot_session", countTable},
	}[lane]
	return func(table string) bool { return slices.Contains(tables, table) }
}

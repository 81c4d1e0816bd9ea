package simulator

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/netip"
	"time"
)

// apiConn is a TCP connection to one router. It can wait for a router that is away without losing
// what the client sends.
type apiConn struct {
	net.Conn               // what is talked over: the TCP connection, or TLS on it
	tcp      *net.TCPConn  //
	raw      *bufio.Reader // of tcp
	fleet    *Fleet
	router   *Router
}

// countedConn counts what goes over a TCP connection.
type countedConn struct {
	*net.TCPConn
	wire *wireCounts
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.wire.apiRequestBytes.Add(uint64(n))
	return n, err
}

func (c countedConn) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	c.wire.apiReplyBytes.Add(uint64(n))
	return n, err
}

// rawReader reads a TCP connection through its buffer, so that TLS sees what was buffered.
type rawReader struct {
	countedConn
	raw *bufio.Reader
}

func (r rawReader) Read(b []byte) (int, error) { return r.raw.Read(b) }

const (
	handshakeTimeout = 10 * time.Second
	awayPoll         = 200 * time.Millisecond // how often a waiting connection looks at its router
	apiBuffer        = 1024
)

// admit serves a new connection, or resets it.
func (f *Fleet) admit(tcp *net.TCPConn, secure bool) {
	local := tcp.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	remote := tcp.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	router := f.admits(local, remote)
	if router == nil || !f.conns.add(tcp) {
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
		return
	}
	f.wg.Go(func() {
		defer f.conns.remove(tcp)
		defer func() { _ = tcp.Close() }()
		counted := countedConn{tcp, &f.wire}
		f.converse(&apiConn{Conn: counted, tcp: tcp, raw: bufio.NewReaderSize(counted, apiBuffer), fleet: f, router: router}, secure)
	})
}

func (f *Fleet) admits(local, remote netip.Addr) *Router {
	if !remote.IsLoopback() {
		return nil
	}
	return f.at(local)
}

// converse greets nobody that comes while the router is away: it answers once it is back.
func (f *Fleet) converse(c *apiConn, secure bool) {
	if !c.awaitRouter() {
		return
	}
	s := &apiSession{fleet: f, router: c.router, conn: c, in: c.raw, view: newView()}
	if secure {
		secured := tls.Server(rawReader{countedConn{c.tcp, &c.fleet.wire}, c.raw}, f.secrets.config)
		if c.tcp.SetDeadline(time.Now().Add(handshakeTimeout)) != nil || secured.Handshake() != nil {
			return
		}
		if c.tcp.SetDeadline(time.Time{}) != nil {
			return
		}
		c.Conn, s.in = secured, bufio.NewReaderSize(secured, apiBuffer)
	}
	s.serve()
}

// awaitRouter returns when the router answers again; false when the client has left meanwhile. As
// behind a cut link, nothing is lost and nothing is said.
func (c *apiConn) awaitRouter() bool {
	for !c.router.answers(c.fleet.now(), c.router.changes.Load()) {
		if c.fleet.life.Err() != nil || c.tcp.SetReadDeadline(time.Now().Add(awayPoll)) != nil {
			return false
		}
		if c.raw.Buffered() == c.raw.Size() {
			c.fleet.pause(awayPoll)
			continue
		}
		if _, err := c.raw.Peek(c.raw.Buffered() + 1); err != nil && !isTimeout(err) {
			return false
		}
	}
	return c.tcp.SetReadDeadline(time.Time{}) == nil
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error) //nolint:errorlint // a buffered reader hands on what the connection gave it
	return ok && t.Timeout()
}

// reset closes the connection with a RST.
func (c *apiConn) reset() { _ = c.tcp.SetLinger(0) }

package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/sys/unix"
)

// crowd is many subscribers of one server.
type crowd struct {
	tally
	target  target
	readers []*reader
	conns   []net.Conn        // but for those that sweep has
	sweep   *sweep            // of plain streams
	sees    func(i int) []int // the routers that a subscriber gets; nil: all
	few     int               // from this one on, who shall stop reading
	stalled atomic.Bool
	wg      sync.WaitGroup
	closing chan struct{}
}

// target is how to reach a server.
type target struct {
	address string
	path    func(i int) string
	ready   string      // what says that a stream is in sync
	tls     *tls.Config // nil: none
	http2   bool
	gzip    bool
}

// isPlain says that what comes can be read from the connection as it is.
func (t *target) isPlain() bool { return t.tls == nil && !t.http2 && !t.gzip }

// addresses is from how many the subscribers come, 127.0.0.2 and on: one has ports for 28,000 only.
const addresses = 20

// dialers is how many connections are opened at once. A handshake of TLS takes the server's CPU: with
// too many at once none is done in time.
const (
	dialers    = 128
	tlsDialers = 8
)

// gather opens n streams. Those from index few on stop reading once stalled is set; their kernels take
// little more.
func gather(ctx context.Context, t target, n, few int) (*crowd, error) {
	c := &crowd{target: t, readers: make([]*reader, n), conns: make([]net.Conn, n), few: few, closing: make(chan struct{})}
	if t.isPlain() {
		var err error
		if c.sweep, err = newSweep(c); err != nil {
			return nil, err
		}
	}
	var dialing sync.WaitGroup
	errs := make(chan error, dialers)
	next := make(chan int)
	atOnce := dialers
	if t.tls != nil {
		atOnce = tlsDialers
	}
	for range atOnce {
		dialing.Go(func() {
			for i := range next {
				if err := c.open(ctx, i, i >= few); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	var err error
	for i := 0; i < n && err == nil; i++ {
		select {
		case next <- i:
		case err = <-errs:
		}
	}
	close(next)
	dialing.Wait()
	select {
	case err = <-errs:
	default:
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("subscribers of %s: %w", t.address, err)
	}
	return c, nil
}

func (c *crowd) open(ctx context.Context, i int, small bool) error {
	dialer := net.Dialer{Timeout: 20 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%addresses))}}
	if small {
		dialer.Control = asOverEthernet
	}
	conn, err := dialer.DialContext(ctx, "tcp", c.target.address)
	if err != nil {
		return err
	}
	if c.target.tls != nil {
		conn = tls.Client(conn, c.target.tls)
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	from, err := c.request(ctx, conn, i)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	c.readers[i] = &reader{tally: &c.tally, ready: c.target.ready}
	if c.sweep != nil {
		return c.sweep.add(conn.(*net.TCPConn), i)
	}
	c.conns[i] = conn
	c.wg.Go(func() { c.read(i, from) })
	return nil
}

// request asks for a stream and returns where it comes from.
func (c *crowd) request(ctx context.Context, conn net.Conn, i int) (io.Reader, error) {
	wire := counted{conn, &c.bytes}
	if c.target.gzip {
		_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\nAccept-Encoding: gzip\r\n\r\n", c.target.path(i))
		return &unpacked{wire: wire}, err
	}
	if !c.target.http2 {
		_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n", c.target.path(i))
		return wire, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://localhost"+c.target.path(i), nil)
	if err != nil {
		return nil, err
	}
	if err := conn.(*tls.Conn).HandshakeContext(ctx); err != nil {
		return nil, err
	}
	client, err := (&http2.Transport{DisableCompression: true}).NewClientConn(conn) //nolint:staticcheck // SA1019: what is to take its place dials by itself
	if err != nil {
		return nil, err
	}
	resp, err := client.RoundTrip(req) //nolint:bodyclose // the crowd closes what it reads
	if err != nil {
		return nil, err
	}
	return counted{resp.Body, &c.bytes}, nil // ends with its connection
}

// counted counts the bytes that are read.
type counted struct {
	from  io.Reader
	bytes *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.bytes.Add(int64(n))
	return n, err
}

// unpacked reads what a server compressed.
type unpacked struct {
	wire io.Reader
	z    *gzip.Reader // from the end of the header on
}

func (u *unpacked) Read(b []byte) (int, error) {
	if u.z == nil {
		wire := bufio.NewReaderSize(u.wire, 4<<10)
		resp, err := http.ReadResponse(wire, nil) //nolint:bodyclose // it ends with its connection
		if err != nil {
			return 0, err
		}
		if resp.Header.Get("Content-Encoding") != "gzip" {
			return 0, errors.New("the server does not compress")
		}
		if u.z, err = gzip.NewReader(wire); err != nil {
			return 0, err
		}
	}
	return u.z.Read(b)
}

// asOverEthernet makes a connection one of small segments. For those of loopback, which are 64 KB, the
// kernel keeps megabytes, and who does not read would not be noticed for minutes.
func asOverEthernet(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = errors.Join(unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1400), unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
	})
	return errors.Join(err, failed)
}

// read reads a stream until it ends.
func (c *crowd) read(i int, from io.Reader) {
	buf := make([]byte, 16<<10)
	for {
		// Nothing for so long: the stream is dead.
		if err := c.conns[i].SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
			c.gone()
			return
		}
		n, err := from.Read(buf)
		c.readers[i].take(buf[:n])
		if err != nil {
			c.gone()
			return
		}
		if i >= c.few && c.stalled.Load() {
			return // the connection stays open
		}
	}
}

func (c *crowd) gone() {
	select {
	case <-c.closing:
	default:
		c.ended.Add(1)
	}
}

// inSync waits until all are.
func (c *crowd) inSync(ctx context.Context, within time.Duration) error {
	return await(ctx, within, func() bool { return int(c.ready.Load()) == len(c.conns) }, func() string {
		return fmt.Sprintf("%d of %d streams in sync, %d ended", c.ready.Load(), len(c.conns), c.ended.Load())
	})
}

// await waits for something to come true.
func await(ctx context.Context, within time.Duration, ok func() bool, what func() string) error {
	for end := time.Now().Add(within); !ok(); {
		if time.Now().After(end) {
			return fmt.Errorf("after %s: %s", within, what())
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// wanted is how many changes of the window each of the first n readers must get.
func (c *crowd) wanted(n, routers int) []int64 {
	made := make([]int64, routers)
	for number := c.from.Load(); number < c.to.Load(); number++ {
		made[number%uint64(routers)]++
	}
	list := make([]int64, n)
	for i := range list {
		if c.sees == nil {
			list[i] = int64(c.to.Load() - c.from.Load())
			continue
		}
		for _, router := range c.sees(i) {
			list[i] += made[router]
		}
	}
	return list
}

// missing is how many of them the readers do not have.
func (c *crowd) missing(wanted []int64) (lack int64) {
	for i, n := range wanted {
		lack += max(0, n-c.readers[i].got.Load())
	}
	return lack
}

func (c *crowd) close() {
	close(c.closing)
	for _, conn := range c.conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
	if c.sweep != nil {
		c.sweep.close()
	}
	c.wg.Wait()
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package sse

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pump serves streams over plain TCP connections that were taken from net/http: none of them has a
// goroutine or a buffer of its own. A few workers write what sessions have, without ever waiting; one
// goroutine learns from the kernel which connections can take more or are gone, and looks at the clock
// for all of them.
type pump struct {
	hub   *Hub
	epoll int
	bell  int // an eventfd in epoll, of number 0: it ends a wait
	wg    sync.WaitGroup

	writers int // at most

	mu     sync.Mutex
	work   *sync.Cond
	ready  []*pumped // who waits for a worker, from head on
	head   int
	idle   int // writers that wait
	open   map[uint64]*pumped
	last   uint64 // number of the newest
	closed bool
}

// newPump starts a pump.
func newPump(h *Hub) (*pump, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	p := &pump{hub: h, epoll: fd, bell: bell, writers: runtime.GOMAXPROCS(0), open: map[uint64]*pumped{}}
	if err := p.register(bell, 0, unix.EPOLLIN); err != nil {
		p.release()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	p.work = sync.NewCond(&p.mu)
	for range p.writers {
		p.wg.Go(p.write)
	}
	p.wg.Go(p.watch)
	return p, nil
}

// close ends the pump, which has no connection any more, and waits for its goroutines. A second time it
// does nothing: its descriptors may be somebody else's by then.
func (p *pump) close() {
	p.mu.Lock()
	was := p.closed
	p.closed = true
	p.mu.Unlock()
	if was {
		return
	}
	p.work.Broadcast()
	_, _ = unix.Write(p.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	p.wg.Wait()
	p.release()
}

func (p *pump) release() {
	_ = unix.Close(p.bell)
	_ = unix.Close(p.epoll)
}

// serve takes over a connection, to which head is written first; leave is called when it is closed. After
// an error it is the caller's still.
//
// It goes on with a descriptor of its own: what net keeps of a connection, and asks for at each write, is
// for goroutines that wait for it.
func (p *pump) serve(c net.Conn, head []byte, q *query, leave func()) error {
	plain, ok := c.(syscall.Conn)
	if !ok {
		return errNotPlain
	}
	fd, err := duplicate(plain)
	if err != nil {
		return err
	}
	s := &pumped{pump: p, fd: fd, rest: head, leave: leave}
	s.from, _ = netip.ParseAddrPort(c.RemoteAddr().String()) // it is for the log
	s.state.Store(queued)                                    // so that nobody works on it before it is set up
	s.session = p.hub.openSession(q, s)
	if !p.hub.conns.add(s.session.id, s) {
		s.session.close()
		_ = unix.Close(fd) // the caller's is still open
		return errClosing
	}
	p.add(s)
	// Without a limit the kernel tries for a quarter of an hour to reach a client that is gone without a word.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(p.hub.opt.unheard.Milliseconds()))
	if err := p.register(fd, s.number, unix.EPOLLOUT|unix.EPOLLRDHUP); err != nil {
		s.cut.Store(cutClient) // the kernel has no room for it: it comes back later
	}
	_ = c.Close() // of the connection, that leaves one descriptor
	p.enqueue(s)
	return nil
}

// duplicate makes another descriptor of a connection.
func duplicate(c syscall.Conn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("another descriptor of the connection: %w", err)
	}
	return fd, nil
}

func (p *pump) add(s *pumped) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	s.number = p.last
	p.open[s.number] = s
}

func (p *pump) remove(s *pumped) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, s.number)
}

var (
	errNotPlain = errors.New("not a TCP connection")
	errClosing  = errors.New("the server is stopping")
)

// register asks the kernel to tell of what happens to a file under that number: that a connection can take
// more again, say, or was closed by the client.
func (p *pump) register(fd int, number uint64, events uint32) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{
		Events: events | unix.EPOLLET, Fd: int32(uint32(number)), Pad: int32(number >> 32)})
}

// alone is how many connections one writer is left with: at some 8 µs for each, that is a twentieth of
// a second. Writers on several CPUs at once are dearer, and in the way of all else.
const alone = 6144

func (p *pump) enqueue(s *pumped) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = append(p.ready, s)
	if busy := p.writers - p.idle; p.idle > 0 && (busy == 0 || len(p.ready)-p.head > busy*alone) {
		p.idle--
		p.work.Signal()
	}
}

// maxTake is how many connections a worker takes at once.
const maxTake = 64

// take waits for connections that want to write; none: the pump is closed.
func (p *pump) take(batch []*pumped) []*pumped {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.head == len(p.ready) && !p.closed {
		p.idle++ // whoever wakes it takes it off
		p.work.Wait()
	}
	n := min(len(p.ready)-p.head, maxTake)
	batch = append(batch[:0], p.ready[p.head:p.head+n]...)
	clear(p.ready[p.head : p.head+n])
	if p.head += n; p.head >= len(p.ready)/2 { // a queue that never gets empty must not grow
		left := copy(p.ready, p.ready[p.head:])
		clear(p.ready[left:])
		p.ready, p.head = p.ready[:left], 0
	}
	return batch
}

// write is a worker: it goes from connection to connection and waits for none. It lets other goroutines
// have the CPU from time to time, as its calls of the kernel do not tell the scheduler.
func (p *pump) write() {
	batch := make([]*pumped, 0, maxTake)
	for {
		if batch = p.take(batch); len(batch) == 0 {
			return
		}
		now, sent := p.hub.opt.now(), 0
		for i, s := range batch {
			sent += s.turn(now)
			batch[i] = nil
		}
		p.hub.metrics.bytes.Add(float64(sent))
		runtime.Gosched()
	}
}

// watch waits for the kernel, and looks at every connection from time to time.
func (p *pump) watch() {
	events := make([]unix.EpollEvent, 256)
	look := p.hub.opt.look()
	next := time.Now().Add(look)
	for !p.isClosed() {
		n, err := unix.EpollWait(p.epoll, events, p.patience(next))
		if err != nil && !errors.Is(err, unix.EINTR) {
			p.hub.log.Error("the kernel no longer tells which streams can take more", "err", fmt.Errorf("epoll_wait: %w", err))
			return
		}
		for i := range max(0, n) {
			p.happened(&events[i])
		}
		if now := time.Now(); !now.Before(next) {
			p.look(now)
			next = now.Add(look)
		}
	}
}

// patience is for how many milliseconds to wait for the kernel when the next look is due at some time:
// for ever (-1) while there is nothing to look at. The first connection is an event itself.
func (p *pump) patience(next time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.open) == 0 && !p.closed {
		return -1
	}
	return max(1, int(time.Until(next).Milliseconds()))
}

func (p *pump) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// happened takes note of what the kernel tells of a connection.
func (p *pump) happened(e *unix.EpollEvent) {
	p.mu.Lock()
	s := p.open[uint64(uint32(e.Fd))|uint64(uint32(e.Pad))<<32]
	p.mu.Unlock()
	if s == nil {
		return // it was closed meanwhile
	}
	if e.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		s.end(cutClient)
		return
	}
	s.wake()
}

// look wakes the connections of which the session is due, and ends those that do not get on.
func (p *pump) look(now time.Time) {
	hubNow := p.hub.opt.now()
	p.mu.Lock()
	due := make([]*pumped, 0, 64)
	for _, s := range p.open {
		if at := s.stalled.Load(); at != 0 && now.UnixNano()-at > int64(p.hub.opt.write) {
			s.cut.CompareAndSwap(notCut, cutSlow)
			due = append(due, s)
		} else if s.session.due(hubNow) {
			due = append(due, s)
		}
	}
	p.mu.Unlock()
	for _, s := range due {
		s.wake()
	}
}

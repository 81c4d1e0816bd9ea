package main

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sweep reads the plain streams of a crowd. It looks from time to time which have something and sleeps in
// between, so that no server has to wake it: over loopback the kernel does that, and all that a receiver
// does, at the cost of who sends, while browsers are on other machines.
type sweep struct {
	crowd *crowd
	epoll int
	wg    sync.WaitGroup
	stop  chan struct{}

	mu  sync.Mutex
	fds map[int32]int // the reader of each
}

// sweepEvery is what it adds to how late a change is, at most.
const sweepEvery = 2 * time.Millisecond

// ackNow has the kernel acknowledge what was read, here and now, and not what comes next as soon as it comes: as
// streams pause for longer than a round trip, it would do that while the server sends. The even number is how
// Linux is told that it is for once (__tcp_sock_set_quickack in net/ipv4/tcp.c).
const ackNow = 2

func newSweep(c *crowd) (*sweep, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	s := &sweep{crowd: c, epoll: fd, stop: make(chan struct{}), fds: map[int32]int{}}
	s.wg.Go(s.run)
	return s, nil
}

// add takes a connection over from Go's own poller, which would wait for it.
func (s *sweep) add(conn *net.TCPConn, i int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var fd int
	var failed error
	err = raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) })
	if err := errors.Join(err, failed, conn.Close()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fds[int32(fd)] = i
	return unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(fd)})
}

func (s *sweep) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	events, buf := make([]unix.EpollEvent, 1024), make([]byte, 16<<10)
	for {
		select {
		case <-tick.C:
		case <-s.stop:
			return
		}
		for n := len(events); n == len(events); {
			var err error
			if n, err = unix.EpollWait(s.epoll, events, 0); err != nil {
				n = 0 // interrupted: the next time
			}
			for i := range n {
				s.read(events[i].Fd, buf)
			}
		}
	}
}

// read takes what a stream has. One that ended is closed, one that shall not be read any more stays open.
func (s *sweep) read(fd int32, buf []byte) {
	s.mu.Lock()
	i := s.fds[fd]
	s.mu.Unlock()
	n, err := unix.Read(int(fd), buf)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
		return
	}
	if n <= 0 {
		s.crowd.gone()
		s.mu.Lock()
		delete(s.fds, fd)
		s.mu.Unlock()
		_ = unix.Close(int(fd))
		return
	}
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, ackNow)
	s.crowd.bytes.Add(int64(n))
	s.crowd.readers[i].take(buf[:n])
	if i >= s.crowd.few && s.crowd.stalled.Load() {
		_ = unix.EpollCtl(s.epoll, unix.EPOLL_CTL_DEL, int(fd), nil)
	}
}

// close ends all streams.
func (s *sweep) close() {
	close(s.stop)
	s.wg.Wait()
	for fd := range s.fds {
		_ = unix.Close(int(fd))
	}
	_ = unix.Close(s.epoll)
}

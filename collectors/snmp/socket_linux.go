package snmp

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is the UDP socket of a session. It goes from device to device, always connected, so the kernel
// drops what other hosts send: to open and to close one for each poll takes the kernel ten times as
// long as to connect it anew.
type socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	is6  bool

	// What turn and exchange work on: a function that is made once needs no memory later.
	exchangeOn func(fd uintptr) bool
	postOn     func(fd uintptr)
	outgoing   []byte // still to be sent
	inbox      *inbox // for what comes in
	incoming   []byte // what came in

	turnTo func(fd uintptr)
	to     unix.Sockaddr
	to4    unix.SockaddrInet4
	to6    unix.SockaddrInet6
	err    error
}

// connect turns the socket to a device.
func (s *socket) connect(to netip.AddrPort) (net.Conn, error) {
	addr := to.Addr().Unmap()
	if err := s.open(addr.Is6()); err != nil {
		return nil, err
	}
	if s.is6 {
		s.to6.Addr, s.to6.Port = addr.As16(), int(to.Port())
		s.to = &s.to6
	} else {
		s.to4.Addr, s.to4.Port = addr.As4(), int(to.Port())
		s.to = &s.to4
	}
	if err := s.raw.Control(s.turnTo); err != nil {
		return nil, err
	}
	if s.err != nil {
		return nil, &net.OpError{Op: "dial", Net: "udp", Addr: net.UDPAddrFromAddrPort(to), Err: s.err}
	}
	return s.conn, nil
}

// open makes the socket, if there is none of the address family.
func (s *socket) open(is6 bool) error {
	if s.conn != nil && s.is6 == is6 {
		return nil
	}
	s.close()
	network := "udp4"
	if is6 {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		return err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	s.conn, s.raw, s.is6 = conn, raw, is6
	s.turnTo, s.exchangeOn, s.postOn = s.turn, s.exchange, s.sendOutgoing
	return nil
}

// turn leaves the last device and connects to the next. To leave first gives up the local address and
// the port: the new ones are those of the way to the new device, and a late datagram of the old one
// finds nobody. What is in the socket still, datagrams and an ICMP message, is the old one's as well.
func (s *socket) turn(fd uintptr) {
	nowhere := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	//nolint:gosec // G103: of the addresses that connect(2) takes, package unix has no type for this one
	_, _, e := unix.Syscall(unix.SYS_CONNECT, fd, uintptr(unsafe.Pointer(&nowhere)), unsafe.Sizeof(nowhere))
	if s.err = nil; e != 0 {
		s.err = e
		return
	}
	if s.err = unix.Connect(int(fd), s.to); s.err != nil {
		return
	}
	var rest [1]byte
	for range maxStale {
		if _, err := unix.Read(int(fd), rest[:]); errors.Is(err, unix.EAGAIN) {
			return
		}
	}
}

// roundTrip sends a datagram, if there is one, and waits for the next one that comes in.
func (s *socket) roundTrip(out []byte, b *inbox) (in []byte, err error) {
	s.outgoing, s.inbox, s.incoming, s.err = out, b, nil, nil
	err = s.raw.Read(s.exchangeOn)
	in = s.incoming
	s.outgoing, s.inbox, s.incoming = nil, nil, nil
	if err == nil {
		err = s.err
	}
	return in, err
}

// post sends a datagram and waits for nothing.
func (s *socket) post(out []byte) error {
	s.outgoing, s.err = out, nil
	err := s.raw.Control(s.postOn)
	s.outgoing = nil
	if err == nil {
		err = s.err
	}
	return err
}

func (s *socket) sendOutgoing(fd uintptr) { s.err = s.send(int(fd)) }

// exchange is called until it is done, each time when something may have come in. The first time it
// sends and does not look: there cannot be a reply yet, and that the socket became readable since
// the call began is remembered.
func (s *socket) exchange(fd uintptr) (done bool) {
	if s.outgoing != nil {
		s.err = s.send(int(fd))
		s.outgoing = nil
		return s.err != nil
	}
	buffer := s.inbox.take()
	for {
		n, err := unix.Read(int(fd), buffer)
		switch {
		case err == nil:
			s.incoming = buffer[:n]
			return true
		case errors.Is(err, unix.EAGAIN):
			s.inbox.release()
			return false
		case !errors.Is(err, unix.EINTR):
			s.err = err
			return true
		}
	}
}

// send hands the kernel the datagram. One that it has no room for is lost, as on any way.
func (s *socket) send(fd int) error {
	for {
		_, err := unix.Write(fd, s.outgoing)
		switch {
		case err == nil, errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOBUFS):
			return nil
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
}

// isReusable reports that the socket can be turned to another device.
func (s *socket) isReusable() bool { return s.raw != nil }

// maxStale bounds how many stale datagrams are thrown away; more, and the checks of replies do it.
const maxStale = 1000

// close gives the socket up.
func (s *socket) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	*s = socket{}
}

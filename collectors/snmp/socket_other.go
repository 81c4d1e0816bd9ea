//go:build !linux

package snmp

import (
	"net"
	"net/netip"
)

// socket is the UDP socket of a session: a new one for each poll, connected, so the kernel drops what
// other hosts send. On Linux one goes from device to device.
type socket struct{ conn *net.UDPConn }

func (s *socket) connect(to netip.AddrPort) (net.Conn, error) {
	s.close()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, err
	}
	s.conn = conn
	return conn, nil
}

func (s *socket) isReusable() bool { return false }

func (s *socket) roundTrip([]byte, *inbox) (in []byte, err error) { return nil, net.ErrClosed }

func (s *socket) post([]byte) error { return net.ErrClosed }

func (s *socket) close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

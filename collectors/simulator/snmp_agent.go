package simulator

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"

	"golang.org/x/net/ipv4"
)

// Wire counts the SNMP datagrams of all routers, those to routers that are down included, and the bytes
// of their API, TLS included.
type Wire struct {
	Requests, RequestBytes, Replies, ReplyBytes uint64
	APIRequestBytes, APIReplyBytes              uint64
}

// Wire returns what was sent and received so far.
func (f *Fleet) Wire() Wire {
	w := &f.wire
	return Wire{w.requests.Load(), w.requestBytes.Load(), w.replies.Load(), w.replyBytes.Load(), w.apiRequestBytes.Load(), w.apiReplyBytes.Load()}
}

type wireCounts struct {
	requests, requestBytes, replies, replyBytes atomic.Uint64
	apiRequestBytes, apiReplyBytes              atomic.Uint64
}

// maxRequest is the longest datagram read.
const maxRequest = 4096

// agent is what one reader of the SNMP socket reuses from datagram to datagram.
type agent struct {
	fleet    *Fleet
	request  request
	answerer answerer
	view     *view
	control  ipv4.ControlMessage
}

// serveSNMP answers datagrams until the socket is closed.
func (f *Fleet) serveSNMP() {
	a := &agent{fleet: f, view: newView()}
	data, control := make([]byte, maxRequest), make([]byte, 128)
	for {
		n, controlSize, _, from, err := f.udp.ReadMsgUDPAddrPort(data, control)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		to, ok := a.destination(control[:controlSize])
		if !ok || !from.Addr().Unmap().IsLoopback() {
			continue
		}
		if r := f.at(to); r != nil {
			a.serve(r, data[:n], from)
		}
	}
}

// destination is the address the datagram was sent to.
func (a *agent) destination(control []byte) (netip.Addr, bool) {
	if err := a.control.Parse(control); err != nil {
		return netip.Addr{}, false
	}
	to, ok := netip.AddrFromSlice(a.control.Dst.To4())
	return to, ok && to.IsLoopback()
}

func (a *agent) serve(r *Router, data []byte, from netip.AddrPort) {
	f := a.fleet
	f.tell(r.address, FaceSNMP)
	f.wire.requests.Add(1)
	f.wire.requestBytes.Add(uint64(len(data)))
	now, c := f.now(), r.changes.Load()
	if !r.answers(now, c) || a.request.decode(data) != nil || !a.request.knows(f.opts.Community) {
		return
	}
	a.view.reset(r, now)
	message := a.answerer.answer(&a.request, agentView{a.view, r.tree})
	if c.garbage {
		message = garble(message)
	}
	if d := r.delay(now, c); d > 0 {
		f.late.add(d, message, r.source, from)
		return
	}
	f.wire.replies.Add(1)
	f.wire.replyBytes.Add(uint64(len(message)))
	// A client that is gone is the only way this fails, and it does not wait for anything.
	_, _, _ = f.udp.WriteMsgUDPAddrPort(message, r.source, from)
}

// sourceControl makes the kernel send from the router's own address.
func sourceControl(address netip.Addr) []byte {
	return (&ipv4.ControlMessage{Src: net.IP(address.AsSlice())}).Marshal()
}

// garble makes a message of the same length that means nothing.
func garble(message []byte) []byte {
	for i := range message {
		message[i] = byte(mix(uint64(i)<<8 | uint64(message[i])))
	}
	return message
}

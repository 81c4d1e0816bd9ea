package snmp

import (
	"bytes"
	"net"
)

// rejection is why a datagram is not the reply that was asked for.
type rejection uint8

const (
	accepted rejection = iota
	notSNMP
	wrongVersion
	wrongCommunity
	wrongPDU
	wrongID
	wrongName
	rejections // how many there are
)

// String names the rejection as the metric does.
func (r rejection) String() string {
	return [...]string{"accepted", "not-snmp", "version", "community", "pdu-type", "request-id", "name"}[r]
}

// guard is the connection that a session reads replies from. It hands on only datagrams that answer
// the request in flight and drops all others, so that a datagram that anybody may send neither ends a
// request nor uses up one of its retries. It must not be a net.PacketConn: the codec would then take
// replies from any address.
type guard struct {
	net.Conn
	metrics *metrics

	request []byte // the last one sent
	asked   message
	ids     []int64 // of this request and its retries

	received int64 // bytes of replies since the poll began
	rejected [rejections]int
}

// begin forgets the request before: replies to it come too late from now on.
func (g *guard) begin() { g.ids = g.ids[:0] }

// Write sends a request and remembers what its reply must look like.
func (g *guard) Write(b []byte) (int, error) {
	g.request = append(g.request[:0], b...)
	m, err := parseMessage(g.request)
	if err != nil {
		return 0, err
	}
	g.asked = m
	g.ids = append(g.ids, m.id)
	g.metrics.requests.Inc()
	g.metrics.sentBytes.Add(float64(len(b)))
	return g.Conn.Write(b)
}

// Read waits for a reply to the request. The connection's deadline bounds it, whatever arrives.
func (g *guard) Read(b []byte) (int, error) {
	for {
		n, err := g.Conn.Read(b)
		if err != nil {
			return n, err
		}
		g.received += int64(n)
		g.metrics.receivedBytes.Add(float64(n))
		why := g.judge(b[:n])
		if why == accepted {
			g.metrics.replies.Inc()
			return n, nil
		}
		g.rejected[why]++
		g.metrics.rejected[why].Inc()
	}
}

func (g *guard) judge(datagram []byte) rejection {
	m, err := parseMessage(datagram)
	switch {
	case err != nil:
		return notSNMP
	case m.version != g.asked.version:
		return wrongVersion
	case !bytes.Equal(m.community, g.asked.community):
		return wrongCommunity
	case m.pdu != tagResponse:
		return wrongPDU
	case !g.expects(m.id):
		return wrongID
	case m.status == 0 && g.asked.pdu == tagGet && !sameNames(m.varbinds, g.asked.varbinds):
		return wrongName
	}
	return accepted
}

// expects reports that a request with this id is in flight. 0 is what the codec would take for any.
func (g *guard) expects(id int64) bool {
	for _, known := range g.ids {
		if id == known && id != 0 {
			return true
		}
	}
	return false
}

// sameNames reports that a reply to a GET names what was asked for. That some are missing is for the
// reader of the reply to judge.
func sameNames(reply, request []byte) bool {
	for len(reply) > 0 {
		var got, want []byte
		var ok bool
		if got, reply, ok = nextName(reply); !ok {
			return false
		}
		if want, request, ok = nextName(request); !ok || !bytes.Equal(got, want) {
			return false
		}
	}
	return true
}

// summary counts what was dropped, for an error message: "3 request-id, 1 not-snmp"; "" for nothing.
func (g *guard) summary() string {
	var b []byte
	for why, n := range g.rejected {
		if n == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = appendCount(b, n, rejection(why).String())
	}
	return string(b)
}

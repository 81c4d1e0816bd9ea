package snmp

import "bytes"

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
	wrongMessageID // from here on: of SNMPv3
	wrongLevel
	wrongEngine
	wrongUser
	wrongDigest
	wrongTime
	wrongReport
	rejections // how many there are
)

// String names the rejection as the metric does.
func (r rejection) String() string {
	return [...]string{"accepted", "not-snmp", "version", "community", "pdu-type", "request-id", "name",
		"message-id", "security-level", "engine-id", "user", "digest", "time-window", "report"}[r]
}

// guard knows what a reply to the request in flight must look like. Any other datagram is dropped, so
// that one which anybody may send neither ends a request nor uses up one of its retries.
type guard struct {
	version   version
	community []byte
	request   *request
	ids       []int64 // of this request and its retries: a late reply to an earlier try is as good
}

// judge compares a datagram with the request.
func (g *guard) judge(datagram []byte) (m message, why rejection) {
	m, err := parseMessage(datagram)
	switch {
	case err != nil:
		return m, notSNMP
	case m.version != int64(g.version):
		return m, wrongVersion
	case !bytes.Equal(m.community, g.community):
		return m, wrongCommunity
	case m.pdu != tagResponse:
		return m, wrongPDU
	case !g.expects(m.id):
		return m, wrongID
	case m.status == 0 && g.request.kind == get && !sameNames(m.varbinds, g.request.names):
		return m, wrongName
	}
	return m, accepted
}

// expects reports that a request with this id is in flight. None has the id 0, which libraries take
// for any.
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
func sameNames(varbinds []byte, asked []name) bool {
	for i := 0; len(varbinds) > 0; i++ {
		n, _, rest, ok := nextVarbind(varbinds)
		if !ok || i >= len(asked) || !bytes.Equal(n, asked[i]) {
			return false
		}
		varbinds = rest
	}
	return true
}

package snmp

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// exchange asks the device that a session is open to. There is one for the versions with a community
// (community.go), which is ours from the first byte to the last, and one for SNMPv3 (usm.go), which is
// built on a library. This is all that a poll knows of either.
//
// ask sends a request, again after each timeout, and returns the reply that answers it. What does not
// answer it is counted (tally) and dropped. Its errors are errSilent, errGarbled, context.Canceled,
// those for which isUnreachable is true, and a *refusal or errUnsent from SNMPv3. An error-status is no error here.
//
// Each name is one that may be asked for: the poll sees to that before.
type exchange interface {
	ask(ctx context.Context, r *request) (*reply, error)
}

// request is one question.
type request struct {
	kind        requestKind
	names       []name
	repetitions int // of a getBulk
	single      int // of a getBulk: how many of the first names are asked for once
}

// equals reports that two requests ask the same.
func (r *request) equals(other *request) bool {
	return r.kind == other.kind && r.repetitions == other.repetitions && r.single == other.single &&
		slices.EqualFunc(r.names, other.names, func(a, b name) bool { return bytes.Equal(a, b) })
}

type requestKind byte

// The three questions, by their tags on the wire.
const (
	get     requestKind = tagGet
	getNext requestKind = tagGetNext
	getBulk requestKind = tagGetBulk
)

// reply is what a device said. It is good until the next request of its session.
type reply struct {
	status errorStatus
	index  int // of the name that status is about, from 1; 0 if the device did not say
	values []value
	size   int       // bytes of the datagram
	at     time.Time // when it came
}

// decode reads what a message that answers a request says. More values than were asked for are left
// out.
func (r *reply) decode(m *message, asked *request) error {
	r.status, r.index, r.values = errorStatus(m.status), int(m.index), r.values[:0]
	if r.status != 0 {
		return nil
	}
	most := len(asked.names)
	if asked.kind == getBulk {
		most = asked.single + (most-asked.single)*max(1, asked.repetitions)
	}
	for rest := m.varbinds; len(rest) > 0 && len(r.values) < most; {
		var v value
		var encoded []byte
		var ok bool
		if v.name, encoded, rest, ok = nextVarbind(rest); !ok || !v.decodeValue(encoded) {
			return errGarbled
		}
		r.values = append(r.values, v)
	}
	if len(r.values) == 0 || asked.kind != getBulk && len(r.values) != len(asked.names) {
		return errGarbled
	}
	return nil
}

// value is one varbind of a reply. Its bytes belong to the session: what is kept must be copied.
type value struct {
	name name
	// tag is the type on the wire; tagNull is "no value", tagFloat and tagDouble are inside an Opaque.
	tag byte
	// num is a number: a signed one's two's complement, a floating point's Float64bits.
	num uint64
	// bytes are those of tagOctets, tagIPAddress (4 or 16) and tagOID (a name).
	bytes []byte
}

// isMissing reports that the device says that there is nothing of this name.
func (v *value) isMissing() bool {
	return v.tag == tagNoSuchObject || v.tag == tagNoSuchInstance || v.tag == tagEndOfMibView
}

// errorStatus is RFC 3416's; 0 is none.
type errorStatus int

const (
	tooBig             errorStatus = 1
	noSuchName         errorStatus = 2 // how SNMPv1 says noSuchObject, noSuchInstance and endOfMibView
	noAccess           errorStatus = 6
	authorizationError errorStatus = 16
)

// String names the status as RFC 3416 does.
func (s errorStatus) String() string {
	names := [...]string{"noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType",
		"wrongLength", "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable",
		"commitFailed", "undoFailed", "authorizationError", "notWritable", "inconsistentName"}
	if s < 0 || int(s) >= len(names) {
		return "error " + strconv.Itoa(int(s))
	}
	return names[s]
}

// statusError is an error-status in a reply: the device understood and declines.
type statusError struct {
	status errorStatus
	index  int // of the varbind it is about, from 1; 0 if the device did not say
}

func (e *statusError) Error() string { return "the device answers " + e.status.String() }

// errSilent is that no try of a request got an answer; what it means depends on the ones before.
var errSilent = errors.New("no answer")

// errGarbled is a reply that is to the request and cannot be decoded.
var errGarbled = errors.New("the reply cannot be decoded")

// isUnreachable reports that an ICMP message or this host's own network said no.
func isUnreachable(err error) bool {
	for _, e := range []error{syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN,
		syscall.ENETDOWN, syscall.EACCES, syscall.EPERM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// tally counts the datagrams of one poll, and of all.
type tally struct {
	metrics  *metrics
	received int64 // bytes of replies since the poll began
	rejected [rejections]int
}

// begin starts the count of a poll.
func (t *tally) begin() { t.received, t.rejected = 0, [rejections]int{} }

func (t *tally) sent(bytes int) {
	t.metrics.requests.Inc()
	t.metrics.sentBytes.Add(float64(bytes))
}

// got counts a datagram, and why it was dropped if it was.
func (t *tally) got(bytes int, why rejection) {
	t.received += int64(bytes)
	t.metrics.receivedBytes.Add(float64(bytes))
	if why == accepted {
		t.metrics.replies.Inc()
		return
	}
	t.rejected[why]++
	t.metrics.rejected[why].Inc()
}

// summary tells what was dropped, for an error message: "3 request-id, 1 not-snmp"; "" for nothing.
func (t *tally) summary() string {
	var b []byte
	for why, n := range t.rejected {
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

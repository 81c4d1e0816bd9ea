package simulator

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ask makes a message as a client would.
func ask(version int, pdu byte, first, second int, names ...string) []byte {
	var bindings []byte
	for _, n := range names {
		binding := append(appendValue(nil, objectID(mustOID(n))), tagNull, 0)
		bindings = append(appendLength(append(bindings, tagSequence), len(binding)), binding...)
	}
	content := appendValue(nil, integer(4711))
	content = appendValue(content, integer(int64(first)))
	content = appendValue(content, integer(int64(second)))
	content = append(appendLength(append(content, tagSequence), len(bindings)), bindings...)
	message := appendValue(nil, integer(int64(version)))
	message = appendValue(message, octets([]byte("public")))
	message = append(appendLength(append(message, pdu), len(content)), content...)
	return append(appendLength([]byte{tagSequence}, len(message)), message...)
}

// reply is a decoded answer.
type reply struct {
	State, Index int
	Names        []string
	Tags         []byte
	Contents     []string
}

// read takes an answer apart, strictly.
func read(t testing.TB, b []byte) reply {
	t.Helper()
	message, rest, err := expect(b, tagSequence)
	if err != nil || len(rest) != 0 {
		t.Fatalf("not one message: %x", b)
	}
	_, message, _ = expectInt(message)
	_, message, _ = expect(message, tagOctetString)
	content, rest, err := expect(message, pduResponse)
	if err != nil || len(rest) != 0 {
		t.Fatalf("not one response: %x", b)
	}
	id, content, _ := expectInt(content)
	state, content, _ := expectInt(content)
	index, content, _ := expectInt(content)
	if id != 4711 {
		t.Fatalf("request id %d", id)
	}
	r := reply{State: int(state), Index: int(index)}
	bindings, rest, err := expect(content, tagSequence)
	if err != nil || len(rest) != 0 {
		t.Fatalf("no bindings: %x", b)
	}
	for len(bindings) > 0 {
		var binding []byte
		if binding, bindings, err = expect(bindings, tagSequence); err != nil {
			t.Fatal(err)
		}
		name, v, err := expect(binding, tagOID)
		if err != nil {
			t.Fatal(err)
		}
		oid, err := decodeOID(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		tag, content, rest, err := element(v)
		if err != nil || len(rest) != 0 {
			t.Fatalf("not one value: %x", v)
		}
		r.Names, r.Tags, r.Contents = append(r.Names, dotted(oid)), append(r.Tags, tag), append(r.Contents, string(content))
	}
	return r
}

func dotted(oid []uint32) string {
	parts := make([]string, len(oid))
	for i, n := range oid {
		parts[i] = itoa(int(n))
	}
	return strings.Join(parts, ".")
}

func answerTo(t testing.TB, m mib, message []byte) reply {
	t.Helper()
	var (
		q request
		a answerer
	)
	if err := q.decode(message); err != nil {
		t.Fatal(err)
	}
	b := a.answer(&q, m)
	if len(b) > maxMessage {
		t.Errorf("%d bytes", len(b))
	}
	return read(t, b)
}

func smallMIB(t testing.TB) recordedMIB {
	t.Helper()
	m, _, err := readRecording(strings.NewReader(strings.Join([]string{
		"1.3.1.0|4|one", "1.3.2.1.1|2|11", "1.3.2.1.2|2|12", "1.3.2.2.1|70|21", "1.3.2.2.2|70|22", "1.3.3.0|66|3",
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnswers(t *testing.T) {
	m := smallMIB(t)
	for _, c := range []struct {
		name    string
		message []byte
		want    reply
	}{
		{
			"get", ask(snmpV2c, pduGet, 0, 0, "1.3.1.0", "1.3.2.1.2"),
			reply{Names: []string{"1.3.1.0", "1.3.2.1.2"}, Tags: []byte{tagOctetString, tagInteger}, Contents: []string{"one", "\x0c"}},
		},
		{
			"v2c says in each place what is missing", ask(snmpV2c, pduGet, 0, 0, "1.3.9.0", "1.3.2.1.7"),
			reply{Names: []string{"1.3.9.0", "1.3.2.1.7"}, Tags: []byte{tagNoSuchObject, tagNoSuchInstance}, Contents: []string{"", ""}},
		},
		{
			"an unknown object", ask(snmpV2c, pduGet, 0, 0, "1.4.9.0"),
			reply{Names: []string{"1.4.9.0"}, Tags: []byte{tagNoSuchObject}, Contents: []string{""}},
		},
		{
			"v1 fails as a whole and points at the first", ask(snmpV1, pduGet, 0, 0, "1.3.1.0", "1.3.9.0"),
			reply{State: errNoSuchName, Index: 2, Names: []string{"1.3.1.0", "1.3.9.0"}, Tags: []byte{tagNull, tagNull}, Contents: []string{"", ""}},
		},
		{
			"v1 has no Counter64", ask(snmpV1, pduGet, 0, 0, "1.3.2.2.1"),
			reply{State: errNoSuchName, Index: 1, Names: []string{"1.3.2.2.1"}, Tags: []byte{tagNull}, Contents: []string{""}},
		},
		{
			"next", ask(snmpV2c, pduGetNext, 0, 0, "1.3.2.1.2", "1.3.2"),
			reply{Names: []string{"1.3.2.2.1", "1.3.2.1.1"}, Tags: []byte{tagCounter64, tagInteger}, Contents: []string{"\x15", "\x0b"}},
		},
		{
			"v1 walks past Counter64", ask(snmpV1, pduGetNext, 0, 0, "1.3.2.1.2"),
			reply{Names: []string{"1.3.3.0"}, Tags: []byte{tagGauge32}, Contents: []string{"\x03"}},
		},
		{
			"the end in v1", ask(snmpV1, pduGetNext, 0, 0, "1.3.3.0"),
			reply{State: errNoSuchName, Index: 1, Names: []string{"1.3.3.0"}, Tags: []byte{tagNull}, Contents: []string{""}},
		},
		{
			"the end in v2c keeps the name", ask(snmpV2c, pduGetNext, 0, 0, "1.9"),
			reply{Names: []string{"1.9"}, Tags: []byte{tagEndOfMIBView}, Contents: []string{""}},
		},
		{
			"bulk: one plain, one repeated", ask(snmpV2c, pduGetBulk, 1, 2, "1.3.1", "1.3.2.1"),
			reply{
				Names:    []string{"1.3.1.0", "1.3.2.1.1", "1.3.2.1.2"},
				Tags:     []byte{tagOctetString, tagInteger, tagInteger},
				Contents: []string{"one", "\x0b", "\x0c"},
			},
		},
		{
			"bulk takes turns", ask(snmpV2c, pduGetBulk, 0, 2, "1.3.2.1", "1.3.2.2"),
			reply{
				Names:    []string{"1.3.2.1.1", "1.3.2.2.1", "1.3.2.1.2", "1.3.2.2.2"},
				Tags:     []byte{tagInteger, tagCounter64, tagInteger, tagCounter64},
				Contents: []string{"\x0b", "\x15", "\x0c", "\x16"},
			},
		},
		{
			"bulk ends one row after the end", ask(snmpV2c, pduGetBulk, 0, 50, "1.3.2.2.2"),
			reply{Names: []string{"1.3.3.0", "1.3.3.0"}, Tags: []byte{tagGauge32, tagEndOfMIBView}, Contents: []string{"\x03", ""}},
		},
		{"bulk of nothing", ask(snmpV2c, pduGetBulk, 0, 0, "1.3.2"), reply{}},
		{
			"bulk with negative numbers", ask(snmpV2c, pduGetBulk, -5, -5, "1.3.2"), reply{},
		},
		{
			"more plain names than names", ask(snmpV2c, pduGetBulk, 9, 9, "1.3.2.2.2"),
			reply{Names: []string{"1.3.3.0"}, Tags: []byte{tagGauge32}, Contents: []string{"\x03"}},
		},
		{
			"set in v2c", ask(snmpV2c, pduSet, 0, 0, "1.3.1.0"),
			reply{State: errNotWritable, Index: 1, Names: []string{"1.3.1.0"}, Tags: []byte{tagNull}, Contents: []string{""}},
		},
		{
			"set in v1", ask(snmpV1, pduSet, 0, 0, "1.3.1.0"),
			reply{State: errNoSuchName, Index: 1, Names: []string{"1.3.1.0"}, Tags: []byte{tagNull}, Contents: []string{""}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, answerTo(t, m, c.message)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBulkReplyIsCutToOneDatagram(t *testing.T) {
	long := recordedMIB{}
	for i := range uint32(40) {
		long = append(long, recorded{[]uint32{1, 3, 5, i}, octets(bytes.Repeat([]byte{'x'}, 100))})
	}
	got := answerTo(t, long, ask(snmpV2c, pduGetBulk, 0, 40, "1.3.5"))
	if got.State != 0 || len(got.Names) < 10 || len(got.Names) > 13 {
		t.Errorf("state %d, %d names", got.State, len(got.Names))
	}
}

func TestTooBig(t *testing.T) {
	huge := recordedMIB{{[]uint32{1, 3, 1}, octets(make([]byte, 2000))}}
	for _, pdu := range []byte{pduGet, pduGetNext, pduGetBulk} {
		name := "1.3"
		if pdu == pduGet {
			name = "1.3.1"
		}
		got := answerTo(t, huge, ask(snmpV2c, pdu, 0, 1, name))
		if got.State != errTooBig || len(got.Names) != 0 {
			t.Errorf("pdu %x: %+v", pdu, got)
		}
	}
	if got := answerTo(t, huge, ask(snmpV1, pduGet, 0, 0, "1.3.1")); got.State != errTooBig || len(got.Names) != 1 {
		t.Errorf("v1: %+v", got)
	}
}

func TestGarbageIsNoRequest(t *testing.T) {
	good := ask(snmpV2c, pduGet, 0, 0, "1.3.1.0")
	bad := map[string][]byte{
		"nothing":       nil,
		"text":          []byte("GET / HTTP/1.1\r\n\r\n"),
		"version 3":     ask(3, pduGet, 0, 0, "1.3.1.0"),
		"version 2":     ask(2, pduGet, 0, 0, "1.3.1.0"),
		"a response":    ask(snmpV2c, pduResponse, 0, 0, "1.3.1.0"),
		"a trap":        ask(snmpV2c, 0xa7, 0, 0, "1.3.1.0"),
		"bulk in v1":    ask(snmpV1, pduGetBulk, 0, 1, "1.3.1.0"),
		"half":          good[:len(good)/2],
		"all but one":   good[:len(good)-1],
		"too many":      ask(snmpV2c, pduGet, 0, 0, slices.Repeat([]string{"1.3.1"}, maxVarBinds+1)...),
		"not a binding": append([]byte{tagSequence, 24, 2, 1, 1, 4, 1, 'p', pduGet, 16, 2, 1, 1, 2, 1, 0, 2, 1, 0, tagSequence, 5, tagOID, 3, 1, 2, 3}, 0),
	}
	for name, b := range bad {
		var q request
		if err := q.decode(b); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	var q request
	if err := q.decode(good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// FuzzRequest: no datagram does harm, and every answer is one well-formed message that fits.
func FuzzRequest(f *testing.F) {
	for _, pdu := range []byte{pduGet, pduGetNext, pduGetBulk, pduSet} {
		f.Add(ask(snmpV2c, pdu, 0, 20, "1.3.6.1.2.1.2.2.1.10", "1.3"))
		f.Add(ask(snmpV1, pdu, 0, 0, "1.3.6.1.2.1.31.1.1.1.6.1"))
	}
	f.Add(ask(snmpV2c, pduGetBulk, 1, 2147483647, "0.0", "1.3.6.1.4.1.14988.1.1.3.100.1.3"))
	fleet := New(Options{Routers: 3, Quiet: true})
	router := fleet.routers[2]
	v := newView()
	f.Fuzz(func(t *testing.T, b []byte) {
		var (
			q request
			a answerer
		)
		if len(b) > maxRequest || q.decode(b) != nil {
			return
		}
		v.reset(router, fleet.made)
		out := a.answer(&q, agentView{v, router.tree})
		if _, rest, err := expect(out, tagSequence); err != nil || len(rest) != 0 {
			t.Fatalf("not a message: %x", out)
		}
		if len(out) > maxMessage && len(out) > len(b)+16 {
			t.Fatalf("%d bytes", len(out))
		}
	})
}

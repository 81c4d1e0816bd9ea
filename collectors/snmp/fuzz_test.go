package snmp

import (
	"bytes"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"pgregory.net/rapid"

	"github.com/routerpulse/routerpulse/pipeline"
)

// scripted is a connection whose other end has sent its datagrams already.
type scripted struct {
	net.Conn
	datagrams [][]byte
	id        int64
}

func (s *scripted) Write(b []byte) (int, error) {
	m, err := parseMessage(b)
	s.id = m.id
	return len(b), err
}

// Read hands out the datagrams, each with the id of the last request where its own is -1.
func (s *scripted) Read(b []byte) (int, error) {
	if len(s.datagrams) == 0 {
		return 0, timeoutError{}
	}
	d := s.datagrams[0]
	s.datagrams = s.datagrams[1:]
	return copy(b, bytes.ReplaceAll(d, []byte{2, 4, 0xff, 0xff, 0xff, 0xfe}, []byte{2, 4, byte(s.id >> 24), byte(s.id >> 16), byte(s.id >> 8), byte(s.id)})), nil
}

func (s *scripted) SetReadDeadline(time.Time) error { return nil }
func (s *scripted) Close() error                    { return nil }

type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// seeds are replies of a whole poll, with the id that scripted replaces.
func seeds(f *testing.F) {
	a := newAgent(f, aRouter(3)...)
	a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
		id := request.RequestID
		f.Add(bytes.Replace(slices.Clone(reply), []byte{2, 4, byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}, []byte{2, 4, 0xff, 0xff, 0xff, 0xfe}, 1))
		return [][]byte{reply}
	})
	c := a.collector(f)
	mustCollect(f, c)
	mustCollect(f, c)
	a.sending(nil)
}

// Whatever a device answers, a poll ends with tables and perhaps an error: no panic, no row without
// end, no name that is not clean.
func FuzzReply(f *testing.F) {
	seeds(f)
	engine, err := NewEngine(pipeline.NewSchema(), 1, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		if len(reply) > 2000 {
			return
		}
		c, err := engine.New(Target{Device: "r1", Address: "127.0.0.1", Credential: Credential{Version: "2c"}}, pipeline.NewRows("r1", nil))
		if err != nil {
			t.Fatal(err)
		}
		s := newSession(engine.metrics, newInboxes())
		datagrams := make([][]byte, 0, 60)
		for range cap(datagrams) {
			datagrams = append(datagrams, reply)
		}
		s.community.open(line{Conn: &scripted{datagrams: datagrams}, ctx: t.Context(), inbox: &s.inbox, now: time.Now}, &c.target, "public")
		s.exchange = &s.community
		m := newMemory()
		m.polled, m.device.objectID = time.Now(), ".1.3.6.1.4.1.14988.1"
		s.poll.begin(t.Context(), s, c, m)
		s.poll.run(engine.library.tables)
		for _, table := range engine.library.tables {
			r := s.poll.read(table, c.rows)
			for _, sample := range r.Samples {
				if row := sample.Series.Row(); row != pipeline.CleanName(row) {
					t.Errorf("row %q", row)
				}
			}
		}
		s.poll.end()
	})
}

// The guard reads what anybody sends.
func FuzzParseMessage(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		m, err := parseMessage(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the datagram was changed")
		}
		if err != nil {
			return
		}
		for rest := m.varbinds; len(rest) > 0; {
			n, encoded, after, ok := nextVarbind(rest)
			if !ok {
				break
			}
			var v value
			v.decodeValue(encoded)
			newCell(&v, plain, cell{})
			if len(n) > len(b) || len(after) >= len(rest) {
				t.Fatal("no way forward")
			}
			rest = after
		}
		g := guard{version: version(m.version), community: m.community, ids: []int64{m.id}, request: &request{kind: getBulk}}
		if _, why := g.judge(b); why == accepted && (m.id == 0 || m.pdu != tagResponse) {
			t.Fatalf("accepted %+v", m)
		}
	})
}

// Indexes of any kind find their rows, whatever order the columns come in, and what does not increase
// is refused.
func TestGridPlacesRows(t *testing.T) {
	source := newEngine(t).library.mibs[1]
	rapid.Check(t, func(t *rapid.T) {
		g := &grid{}
		g.start(source, keptRows{})
		last := map[int][]uint32{}
		want := map[string]bool{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			column := rapid.IntRange(0, len(source.columns)-1).Draw(t, "column")
			arcs := rapid.SliceOfN(rapid.Uint32Range(0, 12), 1, 3).Draw(t, "index")
			row, increasing := g.place(column, []byte(encoded(arcs)))
			if increasing != (last[column] == nil || slices.Compare(arcs, last[column]) > 0) {
				t.Fatalf("%v after %v: increasing %v", arcs, last[column], increasing)
			}
			if !increasing {
				continue
			}
			if g.index[row] != encoded(arcs) {
				t.Fatalf("%v is in the row of %s", arcs, g.index[row])
			}
			last[column], want[dotted(arcs)] = arcs, true
			g.column[column].row = row
		}
		if len(g.index) != len(want) {
			t.Fatalf("%d rows for %d indexes", len(g.index), len(want))
		}
		rows := g.inOrder()
		if !slices.IsSortedFunc(rows, func(a, b int) int { return compareDotted(g.index[a].String(), g.index[b].String()) }) {
			t.Fatal("not in order")
		}
	})
}

package routeros

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// FuzzRows: two answers of a router, whatever is in them, one after the other. What is remembered of the
// first changes nothing in what the second is read as.
func FuzzRows(f *testing.F) {
	f.Add(encode("!re", "=.id=*1", "=name=ether1", "=comment=a", "=type=ether"), encode("!re", "=.id=*1", "=name=ether1", "=comment=b", "=type=ether"))
	f.Add(append(encode("!re", "=name=a", "=type=x"), encode("!re", "=name=b", "=type=y")...), append(encode("!re", "=name=b", "=type=y"), encode("!re", "=name=a", "=type=x")...))
	f.Add(append(encode("!re", "=name=a", "=type=x"), encode("!re", "=name=a", "=type=y")...), encode("!re", "=name=a", "=type=x"))
	f.Add(encode("!re", "=name=", "=type=\xff\x00"), encode("!re", "=type=z"))
	f.Add([]byte{}, encode("!re", "=.id=*1", "=name=ether1\x00", "=rx-byte=18446744073709551615", "=disabled=yes", "=actual-mtu=-1.5"))
	p := newShared(f).plan
	f.Fuzz(func(t *testing.T, first, second []byte) {
		for _, name := range []string{"interface", "router", "hotspot_session"} {
			table, known := p.table(name), pipeline.NewRows("core-1", nil)
			remembered := &tableMemory{}
			readRows(t, table, remembered, known, first)
			got := readRows(t, table, remembered, known, second)
			want := readRows(t, table, &tableMemory{}, pipeline.NewRows("core-1", nil), second)
			if diff := cmp.Diff(shown(pipeline.TableRead{Samples: want}), shown(pipeline.TableRead{Samples: got})); diff != "" || len(got) != len(want) {
				t.Fatalf("%s: %d rows, want %d: %s", name, len(got), len(want), diff)
			}
		}
	})
}

// readRows reads the rows of an answer up to the first fault.
func readRows(t *testing.T, table *plannedTable, m *tableMemory, known *pipeline.Rows, data []byte) []pipeline.Sample {
	set, w := &rowset{}, newWire()
	source := table.sources[len(table.sources)-1]
	set.begin(table, source, m, clock{}, false)
	w.attach(t.Context(), &scanned{data: bytes.Clone(data[:min(len(data), 8<<10)])}, patience{time.Hour, time.Hour})
	defer w.detach()
	for {
		s, err := w.receive()
		if err != nil {
			return set.samples(known)
		}
		set.add(source.requests[len(source.requests)-1], s.words)
	}
}

package routeros

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// What is recorded is what the router says, of what is asked: no more, and never the password.
func TestRecordHoldsWhatWasAsked(t *testing.T) {
	f := frozen(t, 10)
	for i, r := range f.Routers() {
		target := plainTarget(f, r)
		if i%2 == 1 {
			target = tlsTarget(f, r)
		}
		var notes []string
		got, err := Record(within(t, 20*time.Second), target, pipeline.NewRows(r.Name(), nil), newShared(t), func(text string, failed bool) {
			if failed {
				t.Errorf("%s: %s", r.Name(), text)
			}
			notes = append(notes, text)
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(got.Version, r.Version()) {
			t.Errorf("version %q, want %s", got.Version, r.Version())
		}
		if rows := len(got.Menus["/interface"]); rows < r.InterfaceCount() || !slices.Contains(notes, "router: 1 rows") {
			t.Errorf("%d interfaces of %d, notes %q", rows, r.InterfaceCount(), notes)
		}
		if name := got.Menus["/system/identity"]; len(name) != 1 || name[0]["name"] != r.Name() {
			t.Errorf("identity %v", name)
		}
		for menu, rows := range got.Menus {
			for _, row := range rows {
				for attribute, value := range row {
					if secret(attribute) || strings.Contains(value, "canary") || menu == "/login" {
						t.Errorf("%s %s=%s", menu, attribute, value)
					}
				}
			}
		}
		if counted := slices.Collect(maps.Keys(got.Counts)); slices.Contains(counted, "/interface/print =count-only=") {
			t.Errorf("the rows tell that: %q", counted)
		}
	}
}

// What several questions say about one row is put together.
func TestRecordMergesQuestions(t *testing.T) {
	r := &Recording{Menus: map[string][]map[string]string{}, Counts: map[string]string{}}
	type rows = []map[string]string
	for _, q := range []*question{
		{words: []string{"/interface/print"}, rows: rows{{".id": "*1", "name": "a"}, {".id": "*2", "name": "b"}}},
		{words: []string{"/interface/print", "?type=ether"}, rows: rows{{".id": "*2", "rx": "7"}}},
		{words: []string{"/interface/print", "?type=ether", "?type=vlan", "?#|"}, rows: rows{{".id": "*3"}}},
		{words: []string{"/system/resource/print"}, rows: rows{{"uptime": "1s"}}},
		{words: []string{"/system/resource/print"}, rows: rows{{"uptime": "2s", "version": "7.1"}}},
		{words: []string{"/interface/ethernet/monitor", "=numbers=a,b", "=once="}, rows: rows{{"rate": "1Gbps"}, {"rate": "10Gbps"}}},
		{words: []string{"/interface/ethernet/monitor", "=numbers=b", "=once="}, rows: rows{{"sfp": "yes"}}},
		{words: []string{"/ip/cloud/print"}, trap: true},
		{words: []string{"/ppp/active/print"}},
	} {
		r.answered(q, nil)
	}
	r.answered(&question{words: []string{"/ip/route/print", "=count-only=", "?bgp=yes"}}, map[string]string{"ret": "5"})
	r.answered(&question{words: []string{"/interface/print", "=count-only="}}, map[string]string{"ret": "3"})
	r.dropCounts()
	want := map[string][]map[string]string{
		"/interface":                  {{".id": "*1", "name": "a"}, {".id": "*2", "name": "b", "rx": "7", "type": "ether"}, {".id": "*3"}},
		"/system/resource":            {{"uptime": "1s", "version": "7.1"}},
		"/interface/ethernet/monitor": {{OfRow: "a", "rate": "1Gbps"}, {OfRow: "b", "rate": "10Gbps", "sfp": "yes"}},
		"/ppp/active":                 {},
	}
	if diff := cmp.Diff(want, r.Menus); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"/ip/route/print =count-only= ?bgp=yes": "5"}, r.Counts); diff != "" {
		t.Error(diff)
	}
}

// Sentences are put together from any pieces.
func TestTapHearsPieces(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	var stream []byte
	for _, w := range []string{"!re", "=name=" + long, "", "!done", ""} {
		switch n := len(w); {
		case n < 0x80:
			stream = append(stream, byte(n))
		default:
			stream = append(stream, 0xc0|byte(n>>16), byte(n>>8), byte(n))
		}
		stream = append(stream, w...)
	}
	for _, size := range []int{1, 3, 7, 4096, len(stream)} {
		var s sentences
		var got [][]string
		for piece := range slices.Chunk(stream, size) {
			s.take(piece, func(words []string) { got = append(got, words) })
		}
		if want := [][]string{{"!re", "=name=" + long}, {"!done"}}; !cmp.Equal(got, want) || s.pending != nil {
			t.Errorf("in pieces of %d: %d sentences", size, len(got))
		}
	}
}

// However the bytes come, the same sentences are heard, and none that is not there.
func FuzzTapHearsPieces(f *testing.F) {
	f.Add([]byte("\x03!re\x05=a=bc\x00\x05!done\x00"), uint8(3))
	f.Add([]byte{0xf0, 0xff, 0xff, 0xff, 0xff, 1}, uint8(1))
	f.Add([]byte{0xff, 0x80, 0x00, 0x00}, uint8(2))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		hear := func(size int) (got [][]string) {
			var s sentences
			for piece := range slices.Chunk(stream, size) {
				s.take(piece, func(words []string) { got = append(got, words) })
			}
			return got
		}
		whole := hear(max(1, len(stream)))
		if pieces := hear(int(size) + 1); !slices.EqualFunc(whole, pieces, slices.Equal[[]string]) {
			t.Errorf("whole %q, in pieces %q", whole, pieces)
		}
		total := 0
		for _, words := range whole {
			for _, w := range words {
				total += len(w) + 1
			}
			total++
		}
		if total > len(stream) {
			t.Errorf("%d bytes heard of %d", total, len(stream))
		}
	})
}

package state

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/routerpulse/routerpulse/pipeline"
)

func TestValueJSON(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Value{}, "null"},
		{IntValue(0), "0"},
		{IntValue(-5), "-5"},
		{IntValue(1 << 53), "9007199254740992"},
		{IntValue(1<<53 + 1), `"9007199254740993"`},
		{IntValue(-(1<<53 + 1)), `"-9007199254740993"`},
		{IntValue(math.MinInt64), `"-9223372036854775808"`},
		{FloatValue(12.3456, 1), "12.3"},
		{FloatValue(12.35, 0), "12"},
		{FloatValue(-0.04, 1), "0"},
		{FloatValue(1e300, 1), "1e+300"},
		{FloatValue(1e-9, 12), "1e-09"},
		{FloatValue(1e20, 1), "100000000000000000000"},
		{FloatValue(math.NaN(), 1), "null"},
		{FloatValue(math.Inf(1), 1), "null"},
		{BoolValue(true), "true"},
		{BoolValue(false), "false"},
		{TextValue(""), "null"},
		{TextValue("a\"b"), `"a\"b"`},
		{JSONValue("[1]"), "[1]"},
	} {
		if got := string(c.v.AppendJSON(nil)); got != c.want {
			t.Errorf("%+v is %s, want %s", c.v, got, c.want)
		}
	}
	if FloatValue(12.34, 1) != FloatValue(12.31, 1) || FloatValue(math.Copysign(0, -1), 1) != FloatValue(0, 1) {
		t.Error("what looks the same is not equal")
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\r\n\t\"\\\x7f\u2028\u2029\xff\xc3é\U0001F600")
	f.Fuzz(func(t *testing.T, s string) {
		got := AppendString(nil, s)
		if !utf8.Valid(got) || strings.ContainsFunc(string(got), func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029' }) {
			t.Fatalf("%q became %q", s, got)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
		if want := strings.Join(split(s), ""); back != want {
			t.Fatalf("%q came back as %q, want %q", s, back, want)
		}
	})
}

// split replaces each byte that is no UTF-8 by U+FFFD, one for one.
func split(s string) (out []string) {
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}

// book is a store of one topic of rows and one of events.
type book struct {
	*Store
	in         *Inbox
	rows, log  *Topic
	layout     *Layout
	handles    map[string]*Handle
	now        time.Time
	lastCommit *Cut
}

func newBook(limits Limits) *book {
	b := &book{in: NewInbox(), rows: &Topic{Name: "rows"}, log: &Topic{Name: "log", Mode: Log}, layout: NewLayout("a", "b"), handles: map[string]*Handle{}, now: time.Unix(1000, 0)}
	b.Store = NewStore(limits, b.rows, b.log)
	return b
}

func (b *book) handle(key string) *Handle {
	if b.handles[key] == nil {
		b.handles[key] = &Handle{Topic: b.rows, Device: "d", Key: key}
	}
	return b.handles[key]
}

func (b *book) set(key string, x, y int64) {
	b.in.Set(b.handle(key), b.layout, []Value{IntValue(x), IntValue(y)})
}

func (b *book) commit() *Cut {
	b.lastCommit = b.Commit(b.in.Take(), b.now)
	return b.lastCommit
}

func (b *book) row(key string) *Row {
	if d := b.Device("d"); d != nil {
		return d.Shelf(b.rows).find(key)
	}
	return nil
}

func TestCutNumbersEveryChange(t *testing.T) {
	b := newBook(DefaultLimits())
	b.set("x", 1, 1)
	b.set("y", 1, 1)
	c := b.commit()
	if c.Place.Cut != 2 || len(c.Rows[b.rows.ID()]) != 2 || b.row("x").Seq != 1 || b.row("y").Seq != 2 || b.row("x").N != 1 {
		t.Fatalf("%+v", c)
	}
	b.set("x", 1, 1)
	if c := b.commit(); c != nil {
		t.Errorf("nothing changed, and yet %+v", c)
	}
	b.set("x", 2, 1)
	b.set("x", 3, 1)
	b.commit()
	x := b.row("x")
	if x.Seq != 3 || x.N != 3 || cell(x, 0).Seq != 3 || cell(x, 1).Seq != 1 || !x.Changed(2) || x.Changed(3) {
		t.Errorf("%+v", x)
	}
	b.set("x", 4, 1)
	b.set("x", 3, 1)
	if c := b.commit(); c != nil {
		t.Errorf("there and back is no change, and yet %+v", c)
	}
}

func TestRowsComeAndGo(t *testing.T) {
	b := newBook(DefaultLimits())
	b.set("x", 1, 1)
	b.commit()
	b.in.Remove(b.handle("x"))
	b.commit()
	x := b.row("x")
	if !x.Gone || x.Seq != 2 || len(x.cells.packed) > 0 {
		t.Errorf("%+v", x)
	}
	b.in.Remove(b.handle("x"))
	b.in.Remove(b.handle("never"))
	if c := b.commit(); c != nil {
		t.Errorf("gone twice: %+v", c)
	}
	delete(b.handles, "x") // as a publisher does that starts anew
	b.set("x", 1, 1)
	b.commit()
	if b.row("x") != x || x.Gone || x.Born != 3 || x.N != 3 {
		t.Errorf("%+v", x)
	}
	if rows, tombstones := b.Count(); rows != 1 || tombstones != 0 {
		t.Errorf("%d rows, %d tombstones", rows, tombstones)
	}
	b.set("z", 1, 1)
	b.in.Remove(b.handle("z"))
	if c := b.commit(); c != nil {
		t.Errorf("born and gone in one cut: %+v", c)
	}
}

func TestTombstonesExpire(t *testing.T) {
	b := newBook(Limits{TombstoneAge: time.Minute, Tombstones: 2, Events: 9, Stubs: 9})
	for i := range 5 {
		b.set(fmt.Sprint(i), 1, 1)
	}
	b.commit()
	for i := range 3 {
		b.in.Remove(b.handle(fmt.Sprint(i)))
	}
	b.commit() // seq 6, 7, 8
	b.Expire(b.now)
	if b.Horizon() != 6 || b.row("0") != nil || b.row("1") == nil {
		t.Errorf("too many: horizon %d", b.Horizon())
	}
	b.set("1", 1, 1)
	b.commit()
	b.now = b.now.Add(2 * time.Minute)
	b.Expire(b.now)
	if b.Horizon() != 8 || b.row("1") == nil || b.row("2") != nil {
		t.Errorf("too old: horizon %d", b.Horizon())
	}
	b.set("2", 1, 1)
	b.commit()
	if b.row("2") == nil || b.handle("2").row != b.row("2") {
		t.Error("a handle still points at the row that was dropped")
	}
	for _, key := range []string{"1", "2", "3", "4"} {
		b.in.Remove(b.handle(key))
	}
	b.commit()
	b.now = b.now.Add(2 * time.Minute)
	b.Expire(b.now)
	if b.Device("d") != nil || len(b.freeSlots) != 1 {
		t.Error("a device without rows is still there")
	}
	b.set("5", 1, 1)
	b.commit()
	if len(b.Devices()) != 1 {
		t.Errorf("%d slots: a free one was not used", len(b.Devices()))
	}
}

func TestRetag(t *testing.T) {
	b := newBook(DefaultLimits())
	b.in.Tag("d", []pipeline.Tag{{Key: "site", Value: "x"}})
	b.set("x", 1, 1)
	b.commit()
	if b.Place().Tags != 0 || b.Device("d").Retagged != 0 {
		t.Error("the first tags are no change of tags")
	}
	b.in.Tag("d", []pipeline.Tag{{Key: "site", Value: "x"}})
	if c := b.commit(); c != nil {
		t.Errorf("the same tags: %+v", c)
	}
	b.in.Tag("d", []pipeline.Tag{{Key: "site", Value: "y"}})
	c := b.commit()
	if c.Place.Tags != 1 || len(c.Rows[b.rows.ID()]) != 1 || b.row("x").Seq != 3 || b.row("x").Changed(1) || b.Device("d").Retagged != 2 {
		t.Errorf("%+v", c)
	}
}

func (b *book) event(n int64) {
	b.in.Add(Event{Topic: b.log, Device: "d", Time: n, Layout: b.layout, Cells: []Value{IntValue(n), {}}})
}

func TestJournalIsBounded(t *testing.T) {
	b := newBook(Limits{Events: 3, Stubs: 4})
	for i := range int64(20) {
		b.event(i)
		if c := b.commit(); c.Events[0].Pos != uint64(i+1) || c.Events[0].Seq != c.Place.Cut || c.Events[0].Cells == nil {
			t.Fatalf("%+v", c.Events[0])
		}
	}
	topics := []*Topic{b.log}
	var kept, stubs []uint64
	for pos := uint64(0); ; {
		e := b.NextEvent(topics, pos, 20)
		if e == nil {
			break
		}
		if pos = e.Pos; e.Cells != nil {
			kept = append(kept, pos)
		} else {
			stubs = append(stubs, pos)
		}
	}
	if fmt.Sprint(kept) != "[18 19 20]" || stubs[len(stubs)-1] != 17 || len(stubs) > 5 || b.Forgotten(b.log) != stubs[0]-1 {
		t.Errorf("kept %v, stubs %v, forgotten %d", kept, stubs, b.Forgotten(b.log))
	}
	if e := b.NextEvent(topics, 18, 18); e != nil {
		t.Errorf("%+v is above the limit", e)
	}
	all := func(*Entry) bool { return true }
	for n, want := range map[int]uint64{0: 20, 2: 18, 3: 17, 50: 17} {
		if got := b.LastEvents(topics, n, 20, all); got != want {
			t.Errorf("the last %d are above %d, want %d", n, got, want)
		}
	}
	if got := b.LastEvents(topics, 1, 20, func(e *Entry) bool { return e.Pos == 18 }); got != 17 {
		t.Errorf("the last that matches is above %d", got)
	}
}

// TestInboxShedsEvents: what does not fit is counted, and takes its place in the journal.
func TestInboxShedsEvents(t *testing.T) {
	b := newBook(DefaultLimits())
	for i := range int64(maxPendingEvents + 1) {
		b.event(i)
	}
	c := b.commit()
	first := c.Events[0]
	if first.Cells != nil || first.Lost != maxPendingEvents/4 || first.Pos != uint64(first.Lost) {
		t.Errorf("%+v", first)
	}
	if got := c.Place.Journal; got != maxPendingEvents+1 {
		t.Errorf("%d positions for %d events", got, maxPendingEvents+1)
	}
}

func TestLayout(t *testing.T) {
	l := NewLayout("a", `b"`)
	if l.Index("a") != 0 || l.Index("c") != -1 || l.Quoted(1) != `"b\"":` {
		t.Errorf("%+v", l)
	}
	if l.With("a") != l || fmt.Sprint(l.With("c", "a").Names()) != `[a b" c]` {
		t.Error("With")
	}
}

func cell(r *Row, at int) Cell {
	for i, c := range r.Cells() {
		if i == at {
			return c
		}
	}
	return Cell{}
}

// However many rows a device has, those that come again under another handle are found.
func TestRowsOfALargeDeviceAreFound(t *testing.T) {
	b := newBook(Limits{TombstoneAge: time.Hour, Tombstones: 10_000, Events: 10, Stubs: 10})
	const many = 3 * manyRows
	key := func(i int) string { return fmt.Sprintf("row-%d", i) }
	for i := range many {
		b.set(key(i), 1, 0)
	}
	b.commit()
	for i := 0; i < many; i += 2 {
		b.in.Remove(b.handle(key(i)))
	}
	b.commit()
	clear(b.handles) // the publisher begins anew
	for i := range many {
		b.set(key(i), 2, 0)
	}
	b.commit()
	if rows, graves := b.Count(); rows != many || graves != 0 {
		t.Errorf("%d rows and %d tombstones, want %d and none", rows, graves, many)
	}
	for i := range many {
		if row := b.row(key(i)); row == nil || row.N != 2+uint64((i+1)%2) {
			t.Fatalf("%s is %+v", key(i), row)
		}
	}
}

package spool

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// world is a spool on a folder that fails, and what must be true of it.
type world struct {
	t      testing.TB
	rng    *rand.Rand
	folder *ramFolder
	spool  *Spool
	now    time.Time

	lines    map[uint64]string // of every record whose Append returned
	points   map[uint64]int
	acked    map[uint64]bool
	safe     map[uint64]bool // synced: not even a power cut may lose it
	out      [][]Entry       // taken, neither acknowledged nor returned
	doubtful map[uint64]bool
	maybe    map[uint64]bool // a power cut may have lost it
	shed     float64         // of spools that are gone
	serial   int
	damages  bool // the disk turns bits over
	replaced int  // records whose number was given again: they must have been shed
	history  []string
}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 2)), folder: newRAMFolder(seed), now: time.UnixMilli(1_767_225_600_000),
		lines: map[uint64]string{}, points: map[uint64]int{}, acked: map[uint64]bool{}, safe: map[uint64]bool{}, maybe: map[uint64]bool{}, doubtful: map[uint64]bool{}}
	w.open()
	return w
}

func (w *world) open() {
	w.spool = New(Config{MaxBytes: 64 << 10, SegmentBytes: 4 << 10, Fsync: syncInterval},
		Options{Destination: "main", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	w.spool.dir, w.spool.still, w.spool.now = w.folder, true, func() time.Time { return w.now }
	fails := w.folder.failSyncs
	defer func() {
		if w.folder.failSyncs < fails { // what a start cannot bring to the disk is told of, and not promised
			for seq := range w.lines {
				w.doubtful[seq] = !w.safe[seq]
			}
		}
	}()
	if err := w.spool.Open(); err != nil {
		w.t.Fatalf("it does not open: %v\n%s", err, strings.Join(w.history, "\n"))
	}
	w.out = nil
}

// shedSoFar is how many records the metrics say are given up.
func (w *world) shedSoFar() float64 {
	n := w.shed
	for _, reason := range []string{shedCap, shedAge, shedDisk, shedDamaged} {
		n += testutil.ToFloat64(w.spool.metrics.shedRecords.WithLabelValues(reason))
	}
	return n
}

// gone is after the process ended. What was on its way while its segment was shed is lost with it.
func (w *world) gone() {
	for _, entries := range w.out {
		for _, e := range entries {
			if w.spool.settled.has(e.Seq) {
				w.maybe[e.Seq] = true
			}
		}
	}
	w.shed = w.shedSoFar()
}

func (w *world) note(format string, args ...any) {
	w.history = append(w.history, fmt.Sprintf(format, args...))
}

func (w *world) append() {
	w.serial++
	points := 1 + w.rng.IntN(5)
	lines := ""
	for range points {
		lines += fmt.Sprintf("m,k=%d v=%di %d\n", w.serial, w.rng.Uint32(), w.now.UnixMilli())
	}
	if w.rng.IntN(20) == 0 {
		for range 150 {
			lines += fmt.Sprintf("m v=%d %d\n", w.rng.Uint64(), w.now.UnixMilli())
			points++
		}
	}
	seq, err := w.spool.Append(Record{Points: points, Lines: []byte(lines), MinTime: w.now.UnixMilli(), MaxTime: w.now.UnixMilli()})
	w.note("append %d: %v", seq, err)
	if seq == 0 {
		return
	}
	if _, known := w.lines[seq]; known && !w.maybe[seq] && !w.acked[seq] {
		w.replaced++ // as when all was shed and the power went
	}
	w.lines[seq], w.points[seq] = lines, points
	delete(w.maybe, seq)
	delete(w.doubtful, seq)
	delete(w.acked, seq)
	delete(w.safe, seq)
}

func (w *world) take() {
	r := w.spool.Newest()
	if w.rng.IntN(2) == 0 {
		r = w.spool.Backlog()
	}
	entries := r.Take(1+w.rng.IntN(30), 1+w.rng.IntN(3000))
	w.check(entries)
	if len(entries) > 0 {
		w.note("take %d…%d (newest %t)", entries[0].Seq, entries[len(entries)-1].Seq, r.newest)
		w.out = append(w.out, entries)
	}
}

// check compares what came out with what went in.
func (w *world) check(entries []Entry) {
	for _, e := range entries {
		if want, ok := w.lines[e.Seq]; !ok || want != textOf(e) || w.points[e.Seq] != e.Points {
			w.t.Fatalf("record %d is %q of %d points, not %q\n%s", e.Seq, textOf(e), e.Points, want, strings.Join(w.history, "\n"))
		}
		for _, others := range w.out {
			for _, o := range others {
				if o.Seq == e.Seq {
					w.t.Fatalf("record %d is handed out while it is out\n%s", e.Seq, strings.Join(w.history, "\n"))
				}
			}
		}
	}
}

func (w *world) settle(ack bool) {
	if len(w.out) == 0 {
		return
	}
	i := w.rng.IntN(len(w.out))
	entries := w.out[i]
	w.out = append(w.out[:i], w.out[i+1:]...)
	w.note("ack %t %d…%d", ack, entries[0].Seq, entries[len(entries)-1].Seq)
	if !ack {
		w.spool.Return(entries)
		return
	}
	w.spool.Ack(entries)
	for _, e := range entries {
		w.acked[e.Seq] = true
	}
}

func (w *world) sync() {
	fails := w.folder.failSyncs
	w.spool.syncOnce()
	w.note("sync")
	if fails == 0 && w.spool.trouble.err == nil && len(w.spool.pending) == 0 {
		for seq := range w.lines {
			w.safe[seq] = !w.doubtful[seq]
		}
	}
}

func (w *world) kill() {
	w.note("kill")
	w.folder.locked = false
	w.gone()
	w.open()
}

func (w *world) losePower() {
	w.note("power")
	for seq := range w.lines {
		if !w.safe[seq] {
			w.maybe[seq] = true
		}
	}
	w.folder.losePower()
	w.gone()
	w.open()
}

func (w *world) restart() {
	w.note("close")
	if err := w.spool.Close(context.Background()); err != nil && w.folder.limit == 0 {
		w.note("close: %v", err)
	}
	w.shed = w.shedSoFar()
	for _, entries := range w.out {
		for _, e := range entries {
			if w.spool.settled.has(e.Seq) {
				w.maybe[e.Seq] = true
			}
		}
	}
	w.folder.locked = false
	w.open()
}

// step does one thing at random.
func (w *world) step() {
	switch n := w.rng.IntN(100); {
	case n < 45:
		w.append()
	case n < 62:
		w.take()
	case n < 76:
		w.settle(true)
	case n < 82:
		w.settle(false)
	case n < 88:
		w.sync()
	case n < 91:
		w.spool.saveCursor()
		w.note("cursor")
	case n < 93:
		w.kill()
	case n < 94:
		w.losePower()
	case n < 95:
		w.restart()
	case n < 96 && w.damages && w.rng.IntN(3) == 0:
		w.damage()
	case n < 96:
		if w.rng.IntN(4) == 0 {
			w.folder.failCuts = 1
		}
		w.folder.failWrites, w.folder.short = 1, w.rng.IntN(2) == 0
		w.note("a write will fail")
	case n < 97:
		w.folder.failSyncs = 1
		w.note("a sync will fail")
	case n < 98:
		w.folder.limit = w.folder.used() + int64(w.rng.IntN(6<<10))
		w.note("the disk is full at %d", w.folder.limit)
	case n < 99:
		w.folder.limit = 0
		w.note("there is room")
	default:
		w.now = w.now.Add(2 * time.Second)
	}
}

// settled looks whether everything is there that must be.
func (w *world) settled() {
	w.folder.limit, w.folder.failSyncs, w.folder.failWrites, w.folder.failCuts = 0, 0, 0, 0
	for len(w.out) > 0 {
		w.settle(false)
	}
	found := map[uint64]bool{}
	for _, r := range []*Reader{w.spool.Newest(), w.spool.Backlog(), w.spool.Newest()} {
		for {
			entries := r.Take(1000, 1<<20)
			if len(entries) == 0 {
				break
			}
			w.check(entries)
			for _, e := range entries {
				found[e.Seq] = true
			}
			w.out = append(w.out, entries)
		}
	}
	missing := 0
	for seq := range w.lines {
		if !found[seq] && !w.acked[seq] && !w.maybe[seq] {
			missing++
			w.note("missing %d", seq)
		}
	}
	if missing += w.replaced; float64(missing) > w.shedSoFar() {
		w.t.Fatalf("%d records are missing, %v were told of\n%s", missing, w.shedSoFar(), strings.Join(w.history, "\n"))
	}
	for len(w.out) > 0 {
		w.settle(true)
	}
	if st := w.spool.State(); st.Records != 0 || st.Points != 0 {
		w.t.Fatalf("all is acknowledged, and yet %+v\n%s", st, strings.Join(w.history, "\n"))
	}
}

// damage turns a bit over in a segment. The record that it is in may be lost, and no other.
func (w *world) damage() {
	segments := w.spool.segments
	if len(segments) == 0 {
		return
	}
	g := segments[w.rng.IntN(len(segments))]
	f := w.folder.names[g.name]
	if f == nil || len(f.data) == 0 {
		return
	}
	at := w.rng.Int64N(int64(len(f.data)))
	scan := newScanner(f, segmentHead, int64(len(f.data)))
	for h, _, err := scan.next(); err == nil; h, _, err = scan.next() {
		if at < scan.at && at >= scan.at-h.size() {
			w.maybe[h.seq] = true
		}
	}
	w.note("damage at %d of %s", at, g.name)
	f.flip(8*at + w.rng.Int64N(8))
}

// Random sequences of appends, reads, acknowledgements, crashes, power cuts, full disks and failing
// writes: nothing that must be there is missing, nothing is changed, it always opens.
func TestModel(t *testing.T) {
	seeds := sinktest.Trials(400, 100_000)
	first := 1
	if text := os.Getenv("SPOOL_SEED"); text != "" {
		first, _ = strconv.Atoi(text)
		seeds = 1
	}
	for seed := first; seed < first+seeds; seed++ {
		w := newWorld(t, uint64(seed))
		w.damages = seed%4 == 0
		w.note("seed %d: again with SPOOL_SEED=%d", seed, seed)
		for range 20 + w.rng.IntN(150) {
			w.step()
		}
		w.settled()
		w.gone()
		if t.Failed() {
			return
		}
	}
	t.Logf("%d sequences", seeds)
}

package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		os.Exit(child(dir))
	}
	goleak.VerifyTestMain(m)
}

// openSpool opens a spool in a folder of the real file system.
func openSpool(t testing.TB, dir string, change func(*Config)) *Spool {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	s := New(cfg, Options{Dir: dir, Destination: "main", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeSpool(t, s) })
	return s
}

func closeSpool(t testing.TB, s *Spool) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// record is one of a few lines, different for each n.
func record(n int) Record {
	lines := fmt.Sprintf("interface,device=core-1,interface=ether1 rx_bytes=%di,tx_bytes=%di %d\nrouter,device=core-1 cpu_percent=%d %d\n", n*1000, n*7, n, n%100, n)
	return Record{Points: 2, Lines: []byte(lines), MinTime: int64(n), MaxTime: int64(n)}
}

func appendRecords(t testing.TB, s *Spool, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if seq, err := s.Append(record(n)); err != nil || seq != uint64(n) {
			t.Fatalf("record %d has number %d, %v", n, seq, err)
		}
	}
}

// textOf is what a record says, or why it cannot be read.
func textOf(e Entry) string {
	lines, err := e.Lines()
	if err != nil {
		return err.Error()
	}
	return string(lines)
}

// drain takes everything from both readers.
func drain(s *Spool) map[uint64]string {
	out := map[uint64]string{}
	for _, r := range []*Reader{s.Backlog(), s.Newest(), s.Backlog()} {
		for entries := r.Take(100, 1<<16); len(entries) > 0; entries = r.Take(100, 1<<16) {
			for _, e := range entries {
				out[e.Seq] = textOf(e)
			}
		}
	}
	return out
}

// What was appended comes out, what was acknowledged does not come again, over restarts.
func TestSpool(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool", "main")
	s := openSpool(t, dir, func(c *Config) { c.SegmentBytes = minSegment })
	appendRecords(t, s, 1, 1001)
	first := s.Newest().Take(100, 1<<20)
	if len(first) == 0 || first[0].Seq != 1 {
		t.Fatalf("%d entries", len(first))
	}
	s.Ack(first)
	closeSpool(t, s)

	s = openSpool(t, dir, nil)
	if st := s.State(); st.Records != 1000-len(first) || st.Points != 2*(1000-len(first)) {
		t.Errorf("state %+v after %d acknowledged", st, len(first))
	}
	rest := drain(s)
	for n := 1; n <= 1000; n++ {
		want := ""
		if n > len(first) {
			want = string(record(n).Lines)
		}
		if rest[uint64(n)] != want {
			t.Fatalf("record %d: %q, want %q", n, rest[uint64(n)], want)
		}
	}
	sum, err := Inspect(dir)
	if err != nil || sum.Records != len(rest) {
		t.Errorf("%+v, %v", sum, err)
	}
	for seq := range rest {
		s.Ack([]Entry{{Seq: seq, Points: 2}})
	}
	s.saveCursor()
	if names, _ := filepath.Glob(filepath.Join(dir, "*.seg")); len(names) > 0 {
		t.Errorf("segments are left: %v", names)
	}
	if st := s.State(); st.Records != 0 || st.Points != 0 {
		t.Errorf("state %+v", st)
	}
}

// Fault 14: a second process is told so, and the first goes on.
func TestFault14TwoProcesses(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, nil)
	second := New(DefaultConfig(), Options{Dir: dir, Destination: "main", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	err := second.Open()
	if !errors.Is(err, errLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the second opens: %v", err)
	}
	appendRecords(t, s, 1, 11)
	sinktest.Fault{Row: "14", Lost: 10 - len(drain(s)), Trials: 1, Figures: fmt.Sprintf("spool: %v", err)}.Report(t)
}

// Fault 11: a segment that ends anywhere gives every record that is whole.
func TestFault11CutAnywhere(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, nil)
	ends := []int64{segmentHead}
	for n := 1; n <= 10; n++ {
		appendRecords(t, s, n, n+1)
		ends = append(ends, s.active.size)
	}
	whole, err := os.ReadFile(filepath.Join(dir, segmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	lost, wrong := 0, 0
	for cut := range whole {
		w := 0
		for w < 10 && ends[w+1] <= int64(cut) {
			w++
		}
		got := reopened(t, whole[:cut])
		for n := 1; n <= w; n++ {
			if got[uint64(n)] != string(record(n).Lines) {
				lost++
			}
		}
		if len(got) > w {
			wrong++
		}
	}
	sinktest.Fault{Row: "11", Lost: lost, Wrong: wrong, Trials: len(whole), Figures: "10 records, cut at every byte"}.Report(t)
}

// Fault 12: a flipped bit costs the record that it is in, which is counted, and gives no wrong value.
func TestFault12FlipEveryBit(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, nil)
	appendRecords(t, s, 1, 5)
	from := s.active.size
	appendRecords(t, s, 5, 6)
	to := s.active.size
	appendRecords(t, s, 6, 11)
	whole, err := os.ReadFile(filepath.Join(dir, segmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	lost, wrong, harmless := 0, 0, 0
	for bit := from * 8; bit < to*8; bit++ {
		flipped := bytes.Clone(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		got := reopened(t, flipped)
		for n := 1; n <= 10; n++ {
			text, there := got[uint64(n)]
			switch {
			case there && text != string(record(n).Lines):
				wrong++
			case !there && n != 5:
				lost++
			case there && n == 5:
				harmless++ // in what fills up to eight bytes
			}
		}
	}
	sinktest.Fault{Row: "12", Lost: lost, Wrong: wrong, Trials: int(to-from) * 8,
		Figures: fmt.Sprintf("every bit of one of 10 records: that record lost and counted, but for %d bits of padding", harmless)}.Report(t)
}

// reopened is what a spool hands out whose one segment is this.
func reopened(t *testing.T, data []byte) map[uint64]string {
	t.Helper()
	folder := newRAMFolder(1)
	folder.names[segmentName(1)] = &ramFile{folder: folder, data: bytes.Clone(data)}
	s := New(DefaultConfig(), Options{Destination: "main", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	s.dir, s.still = folder, true
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	before := s.State().Records
	got := drain(s)
	if counted := shedBy(s, shedDamaged); len(got)+counted < before {
		t.Fatalf("%d records, then %d and %d counted", before, len(got), counted)
	}
	closeSpool(t, s)
	return got
}

func shedBy(s *Spool, reason string) int {
	return int(testutil.ToFloat64(s.metrics.shedRecords.WithLabelValues(reason)))
}

// Fault 13: whatever became of the cursor or a segment, it opens and hands out what is there.
func TestFault13CursorAndSegments(t *testing.T) {
	trials, lost := 0, 0
	for name, damage := range map[string]func(t *testing.T, dir string){
		"cursor missing": func(t *testing.T, dir string) { remove(t, dir, cursorName) },
		"cursor empty":   func(t *testing.T, dir string) { write(t, dir, cursorName, nil) },
		"cursor garbage": func(t *testing.T, dir string) {
			write(t, dir, cursorName, bytes.Repeat([]byte("garbage."), 2*slotSize/8))
		},
		"cursor old": func(t *testing.T, dir string) {
			data, err := os.ReadFile(filepath.Join(dir, cursorName))
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, cursorName, data[:min(len(data), slotSize)])
		},
		"cursor from the future": func(t *testing.T, dir string) {
			c, _, err := openCursor(diskFolder(dir))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.write(intervals{{90_000, 91_000}}), c.close()); err != nil {
				t.Fatal(err)
			}
		},
		"segment missing in the middle": func(t *testing.T, dir string) {
			names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
			if err != nil || len(names) < 3 {
				t.Fatalf("%v, %v", names, err)
			}
			if err := os.Remove(names[1]); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openSpool(t, dir, func(c *Config) { c.SegmentBytes = minSegment })
			appendRecords(t, s, 1, 2001)
			s.Ack(s.Newest().Take(20, 1<<20))
			closeSpool(t, s)
			damage(t, dir)
			present, err := Inspect(dir)
			if err != nil {
				t.Fatal(err)
			}
			s = openSpool(t, dir, nil)
			got := drain(s)
			for seq, text := range got {
				if text != string(record(int(seq)).Lines) {
					t.Fatalf("record %d is %q", seq, text)
				}
			}
			trials++
			lost += max(0, present.Records-len(got))
			if seq, err := s.Append(record(1)); err != nil || seq <= 2000 {
				t.Errorf("the next record has number %d: %v", seq, err)
			}
		})
	}
	sinktest.Fault{Row: "13", Lost: lost, Trials: trials, Figures: "cursor missing, empty, garbage, old, from the future; a segment missing"}.Report(t)
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Fault 02: a power cut loses what was not synced, at most, and never keeps a spool from opening.
func TestFault02PowerLoss(t *testing.T) {
	seeds := sinktest.Trials(200, 10_000)
	lost, wrong := 0, 0
	for seed := range seeds {
		w := newWorld(t, uint64(seed))
		for range 40 {
			w.append()
			if w.rng.IntN(8) == 0 {
				w.sync()
			}
		}
		safe := 0
		for seq := range w.lines {
			if w.safe[seq] {
				safe++
			}
		}
		w.losePower()
		got := drain(w.spool)
		for seq, text := range got {
			if text != w.lines[seq] {
				wrong++
			}
			if w.safe[seq] {
				safe--
			}
		}
		lost += safe - shedBy(w.spool, shedCap)
		w.gone()
	}
	sinktest.Fault{Row: "02", Lost: max(0, lost), Wrong: wrong, Trials: seeds,
		Figures: "what was synced (every 200 ms or 1 MiB) is there, 0 refusals to open"}.Report(t)
}

// Dead letters can be read, and sent again while the spool is open.
func TestDeadLetters(t *testing.T) {
	dir := t.TempDir()
	s := openSpool(t, dir, nil)
	if err := s.Bury([]byte("m v=\"x\" 17\n"), 1, "400: field type\nconflict"); err != nil {
		t.Fatal(err)
	}
	sum, err := Inspect(dir)
	if err != nil || len(sum.Dead) != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
	letters, err := ReadDead(sum.Dead[0].Path)
	if err != nil || len(letters) != 1 || letters[0].Reason != "400: field type conflict" || len(letters[0].Lines) != 1 {
		t.Fatalf("%+v, %v", letters, err)
	}
	if err := Resend(sum.Dead[0].Path); err != nil {
		t.Fatal(err)
	}
	s.resend()
	got := s.Newest().Take(10, 1000)
	if len(got) != 1 || textOf(got[0]) != "m v=\"x\" 17\n" || got[0].MaxTime != 17 {
		t.Errorf("%+v", got)
	}
	if left, _ := Inspect(dir); len(left.Dead) != 0 {
		t.Errorf("left: %v", left.Dead)
	}
}

// The cap sheds whole segments, the oldest first, and counts them to the sample.
func TestCap(t *testing.T) {
	s := openSpool(t, t.TempDir(), func(c *Config) { c.SegmentBytes, c.MaxBytes = minSegment, 3*minSegment })
	appendRecords(t, s, 1, 4001)
	st := s.State()
	if st.Bytes > 3*minSegment {
		t.Errorf("%d bytes", st.Bytes)
	}
	shed := int(testutil.ToFloat64(s.metrics.shedSamples.WithLabelValues(shedCap)))
	if shed == 0 || shed+st.Points != 8000 {
		t.Errorf("%d shed, %d left", shed, st.Points)
	}
	if got := len(drain(s)); got != st.Records {
		t.Errorf("%d records of %d", got, st.Records)
	}
}

// Records that are too old go.
func TestAge(t *testing.T) {
	s := openSpool(t, t.TempDir(), func(c *Config) { c.SegmentBytes, c.MaxAge = minSegment, 1 })
	appendRecords(t, s, 1, 2001)
	s.tend()
	if s.State().Segments > 1 || shedBy(s, shedAge) == 0 {
		t.Errorf("%+v", s.State())
	}
}

func FuzzRecord(f *testing.F) {
	payload := newCodec().encode(record(7).Lines)
	f.Add(appendRecord(nil, head{kind: typeLines, codec: codecDeflate, points: 2, seq: 7}, payload))
	f.Add(appendRecord(nil, head{kind: typeFooter, seq: 7}, make([]byte, footerPayload)))
	f.Fuzz(func(t *testing.T, data []byte) {
		scan := newScanner(bytes.NewReader(data), 0, int64(len(data)))
		for {
			h, at, err := scan.next()
			if err != nil {
				return
			}
			if payload, err := scan.read(&h, at); err == nil {
				if p, err := decode(&h, payload); err == nil {
					if lines, err := p.Lines(); err == nil && len(lines) > maxLines {
						t.Fatalf("%d bytes of lines", len(lines))
					}
				}
			}
		}
	})
}

func FuzzCursor(f *testing.F) {
	folder := newRAMFolder(1)
	c, _, err := openCursor(folder)
	if err != nil {
		f.Fatal(err)
	}
	if err := c.write(intervals{{1, 7}, {9, 20}}); err != nil {
		f.Fatal(err)
	}
	f.Add(folder.names[cursorName].data)
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := newRAMFolder(1)
		folder.names[cursorName] = &ramFile{folder: folder, data: bytes.Clone(data)}
		c, settled, err := openCursor(folder)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range settled {
			if x.from > x.to || i > 0 && x.from <= settled[i-1].to {
				t.Fatalf("%v", settled)
			}
		}
		if err := c.write(settled); err != nil {
			t.Fatal(err)
		}
		if _, again, _ := openCursor(folder); fmt.Sprint(again) != fmt.Sprint(settled) {
			t.Fatalf("%v, then %v", settled, again)
		}
	})
}

package influxdb

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/sinks/spool"
)

// database is a stand-in that keeps lines, and answers as it is told.
type database struct {
	mu       sync.Mutex
	answer   func(lines []string) reply // nil: 204
	requests []request
	stored   map[string]int // line: how often it was accepted
	header   string
}

type request struct {
	at    time.Time
	lines int
	auth  string
}

func newDatabase() *database { return &database{stored: map[string]int{}} }

func (d *database) authorize(header string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.header = header
}

func (d *database) set(answer func(lines []string) reply) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = answer
}

func (d *database) post(ctx context.Context, body []byte) reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := unpack(bytes.NewReader(body))
	if err != nil {
		panic(err) // there is no test at hand
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	d.requests = append(d.requests, request{time.Now(), len(lines), d.header})
	r := reply{Status: http.StatusNoContent}
	if ctx.Err() != nil {
		r = reply{Err: ctx.Err()}
	} else if d.answer != nil {
		r = d.answer(lines)
	}
	if r.Status/100 == 2 {
		for _, l := range lines {
			d.stored[l]++
		}
	}
	return r
}

// unpack reads a gzip of one member: some servers read the first one alone.
func unpack(r io.Reader) (string, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return "", err
	}
	z.Multistream(false)
	text, err := io.ReadAll(z)
	return string(text), err
}

func (d *database) count() (requests, lines int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.requests), len(d.stored)
}

// gaps are the times between requests.
func (d *database) gaps() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []time.Duration
	for i := 1; i < len(d.requests); i++ {
		out = append(out, d.requests[i].at.Sub(d.requests[i-1].at))
	}
	return out
}

func status(code int) func([]string) reply {
	return func([]string) reply { return reply{Status: code} }
}

// refuseIf answers 400 when a line fits.
func refuseIf(bad func(line string) bool) func([]string) reply {
	return func(lines []string) reply {
		if slices.ContainsFunc(lines, bad) {
			return reply{Status: 400, Body: []byte("unable to parse")}
		}
		return reply{Status: 204}
	}
}

// openIn opens a sink whose spool is in a folder.
func openIn(t *testing.T, folder string, d *database) *Sink {
	t.Helper()
	s := newIn(t, Config{}, folder)
	if err := s.open(d, func() {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openTo(t *testing.T, cfg Config, d *database) *Sink {
	t.Helper()
	s := mustNew(t, cfg)
	if err := s.open(d, func() {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSenderLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		s := openTo(t, Config{}, d)
		for n := range 3 {
			mustWrite(t, s, batchOf(testTable(), n, 2))
		}
		time.Sleep(linger - time.Millisecond)
		synctest.Wait()
		if n, _ := d.count(); n != 0 {
			t.Fatalf("%d requests before the batch was a second old", n)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if n, lines := d.count(); n != 1 || lines != 6 {
			t.Errorf("%d requests with %d lines, want 1 with 6", n, lines)
		}
		if c := countsOf(s); c != (counts{written: 6}) {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestSenderSendsFullBatchesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		s := openTo(t, Config{}, d)
		for n := range 5 {
			mustWrite(t, s, batchOf(testTable(), n, 1024))
		}
		synctest.Wait()
		n, lines := d.count()
		if n == 0 || lines < batchLines {
			t.Errorf("%d requests with %d lines, and no time has passed", n, lines)
		}
		for _, r := range d.requests {
			if r.lines > batchLines {
				t.Errorf("%d lines in one request", r.lines)
			}
		}
	})
}

func TestSenderRetries(t *testing.T) {
	for name, answer := range map[string]func([]string) reply{
		"500":              status(500),
		"no answer":        func([]string) reply { return reply{Err: errors.New("connection refused")} },
		"disk full":        func([]string) reply { return reply{Status: 400, Body: []byte("no space left on device")} },
		"200 with sorrow":  func([]string) reply { return reply{Status: 200, Body: []byte(`{"error":"oops"}`)} },
		"500 partial lies": func([]string) reply { return reply{Status: 500, Body: []byte("partial write: unable to parse")} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDatabase()
				d.set(answer)
				s := openTo(t, Config{}, d)
				mustWrite(t, s, batchOf(testTable(), 1, 10))
				time.Sleep(time.Hour)
				tries, stored := d.count()
				if stored != 0 && name != "200 with sorrow" {
					t.Fatalf("%d lines stored", stored)
				}
				if tries < 120 || tries > 600 { // 15 s on average
					t.Errorf("%d tries in an hour", tries)
				}
				for i, gap := range d.gaps() {
					if most := min(backoffMost, backoffFirst<<min(i, 6)); gap > most {
						t.Errorf("try %d came after %v, at most %v", i+1, gap, most)
					}
				}
				d.set(nil)
				time.Sleep(backoffMost)
				synctest.Wait()
				if _, stored := d.count(); stored != 10 {
					t.Errorf("%d lines stored after it came back", stored)
				}
				if c := countsOf(s); c != (counts{written: 10}) {
					t.Errorf("counted %+v", c)
				}
			})
		})
	}
}

// TestSenderHalves: a server that takes 1000 bytes a request gets everything, and is not asked for more
// again.
func TestSenderHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		var over atomic.Int32
		d.set(func(lines []string) reply {
			if len(strings.Join(lines, "\n")) > 1000 {
				over.Add(1)
				return reply{Status: 413}
			}
			return reply{Status: 204}
		})
		s := openTo(t, Config{}, d)
		for n := range 10 {
			mustWrite(t, s, batchOf(testTable(), n, 100))
		}
		time.Sleep(time.Minute)
		if _, stored := d.count(); stored != 1000 {
			t.Errorf("%d of 1000 lines stored", stored)
		}
		learnt := over.Load()
		mustWrite(t, s, batchOf(testTable(), 11, 500))
		time.Sleep(time.Minute)
		// Another batch may have longer lines, and just not fit what was learnt.
		if more := over.Load() - learnt; more > 1 || learnt > 12 {
			t.Errorf("too large %d times, then %d times more", learnt, more)
		}
		if c := countsOf(s); c != (counts{written: 1500}) {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestSenderLosesOnlyALineThatIsTooLargeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		d.set(func(lines []string) reply {
			if slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "b2r7") }) {
				return reply{Status: 413}
			}
			return reply{Status: 204}
		})
		s := openTo(t, Config{}, d)
		for n := range 4 {
			mustWrite(t, s, batchOf(testTable(), n, 10))
		}
		time.Sleep(time.Minute)
		if _, stored := d.count(); stored != 39 {
			t.Errorf("%d of 39 lines stored", stored)
		}
		if c := countsOf(s); c != (counts{written: 39, rejected: 1}) {
			t.Errorf("counted %+v", c)
		}
	})
}

// TestSenderIsolatesOneBadLine: among 4,096 lines of one request one is bad. 4,095 arrive, within the
// first request, 12 halvings and one for what comes after it.
func TestSenderIsolatesOneBadLine(t *testing.T) {
	for _, place := range []int{0, 1, 2047, 2048, 3000, 4094, 4095} {
		synctest.Test(t, func(t *testing.T) {
			d := newDatabase()
			name := "b" + itoa(place/64) + "r" + itoa(place%64) + " "
			d.set(refuseIf(func(l string) bool { return strings.Contains(l, name) }))
			s := openTo(t, Config{}, d)
			for n := range 64 {
				mustWrite(t, s, batchOf(testTable(), n, 64))
			}
			time.Sleep(time.Minute)
			requests, stored := d.count()
			if stored != 4095 {
				t.Errorf("bad line %d: %d lines stored, want 4095", place, stored)
			}
			if requests > 14 {
				t.Errorf("bad line %d: %d requests", place, requests)
			}
			if c := countsOf(s); c != (counts{written: 4095, rejected: 1}) {
				t.Errorf("bad line %d: counted %+v", place, c)
			}
		})
	}
}

// TestSenderBisectsAnything: whichever lines are bad, every good one of a record with up to 8 bad ones
// arrives, no bad one does, and the figures fit.
func TestSenderBisectsAnything(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			d := newDatabase()
			s := openTo(t, Config{}, d)
			bad := map[string]bool{}
			want := 0
			records := 1 + rng.IntN(8) // 40 bad lines at most, so that the bound on probes is not met
			for n := range records {
				rows := 1 + rng.IntN(40)
				lines := map[string]bool{}
				for range min(rng.IntN(6), rows) {
					lines[`interface=b`+itoa(n)+`r`+itoa(rng.IntN(rows))+` `] = true
				}
				for l := range lines {
					bad[l] = true
				}
				want += rows - len(lines)
				mustWrite(t, s, batchOf(testTable(), n, rows))
			}
			d.set(refuseIf(func(l string) bool {
				for b := range bad {
					if strings.Contains(l, b) {
						return true
					}
				}
				return false
			}))
			time.Sleep(time.Minute)
			if _, stored := d.count(); stored != want {
				t.Errorf("seed %d: %d lines stored, want %d", seed, stored, want)
			}
			if c := countsOf(s); c != (counts{written: want, rejected: len(bad)}) {
				t.Errorf("seed %d: counted %+v, want %d and %d", seed, c, want, len(bad))
			}
		})
	}
}

// TestSenderGivesUpHopelessRecords: when all is refused, requests stay few and every sample is counted.
func TestSenderGivesUpHopelessRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		d.set(status(422))
		s := openTo(t, Config{}, d)
		for n := range 64 {
			mustWrite(t, s, batchOf(testTable(), n, 64))
		}
		time.Sleep(time.Hour)
		if c := countsOf(s); c != (counts{rejected: 4096}) {
			t.Errorf("counted %+v", c)
		}
		if n, _ := d.count(); n > 2*maxProbes+200 {
			t.Errorf("%d requests", n)
		}
	})
}

// Of records that the database refuses and that cannot be unpacked, no line is left to be looked at.
func TestSenderGivesUpRecordsWithoutLines(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
		d := newDatabase()
		d.set(status(code))
		s := openTo(t, Config{}, d)
		send := &sender{destination: s.dest, from: s.spool.Newest()}
		if got := send.deliver(t.Context(), []spool.Entry{{Points: 1}}); got != delivered {
			t.Errorf("%d: outcome %d", code, got)
		}
		if n := s.dest.limit(); n != batchBytes {
			t.Errorf("%d: requests of %d bytes from now on", code, n)
		}
	}
}

func TestSenderCountsLinesThatTheAnswerTellsOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		d.set(func([]string) reply {
			return reply{Status: 200, Body: []byte(`{"error":"partial write","data":[{},{}]}`)}
		})
		s := openTo(t, Config{}, d)
		mustWrite(t, s, batchOf(testTable(), 1, 10))
		time.Sleep(time.Minute)
		if c := countsOf(s); c != (counts{written: 8, rejected: 2}) {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		s := openTo(t, Config{}, d)
		for n := range 3 {
			mustWrite(t, s, batchOf(testTable(), n, 2000))
		}
		start := time.Now()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("close took %v with a healthy database", took)
		}
		if c := countsOf(s); c != (counts{written: 6000}) {
			t.Errorf("counted %+v", c)
		}
	})
}

// TestCloseIsBounded: whatever state the database is in, Close ends within its time, and what is left is
// there at the next start.
func TestCloseIsBounded(t *testing.T) {
	for name, answer := range map[string]func([]string) reply{
		"away":          status(500),
		"denied":        status(401),
		"told to wait":  func([]string) reply { return reply{Status: 503, Header: http.Header{"Retry-After": {"300"}}} },
		"hopeless line": refuseIf(func(l string) bool { return strings.Contains(l, "r3 ") }),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, folder := newDatabase(), t.TempDir()
				d.set(answer)
				s := openIn(t, folder, d)
				for n := range 3 {
					mustWrite(t, s, batchOf(testTable(), n, 10))
				}
				time.Sleep(time.Minute)
				start := time.Now()
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took > drainTime {
					t.Errorf("close took %v", took)
				}
				written, rejected, waiting := 0, 0, 30
				if name == "hopeless line" {
					written, rejected, waiting = 27, 3, 0
				}
				if c, n := countsOf(s), left(t, folder); c != (counts{written, rejected}) || n != waiting {
					t.Errorf("counted %+v, %d left", c, n)
				}
				d.set(nil)
				again := openIn(t, folder, d)
				time.Sleep(2 * linger)
				synctest.Wait()
				if c := countsOf(again); c.written != waiting {
					t.Errorf("%d of %d after the next start", c.written, waiting)
				}
			})
		})
	}
}

// TestCloseAfterHalfABatch: what of a batch was stored before the end is sent again, which does no harm.
func TestCloseAfterHalfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, folder := newDatabase(), t.TempDir()
		taken := false
		d.set(func(lines []string) reply {
			switch {
			case len(lines) > 10:
				return reply{Status: 413}
			case taken:
				return reply{Status: 500}
			}
			taken = true
			return reply{Status: 204}
		})
		s := openIn(t, folder, d)
		mustWrite(t, s, batchOf(testTable(), 1, 40))
		time.Sleep(time.Minute)
		_ = s.Close()
		if c := countsOf(s); c.written != 10 || left(t, folder) != 40 {
			t.Errorf("counted %+v, %d left", c, left(t, folder))
		}
		d.set(nil)
		openIn(t, folder, d)
		time.Sleep(2 * linger)
		synctest.Wait()
		if len(d.stored) != 40 {
			t.Errorf("%d different lines stored of 40", len(d.stored))
		}
	})
}

// TestWriteWhileNotOpen: a batch that cannot be kept is offered again.
func TestWriteWhileNotOpen(t *testing.T) {
	s := mustNew(t, Config{})
	if err := s.Write(t.Context(), batchOf(testTable(), 1, 10)); err == nil {
		t.Error("written before it was open")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Open(); err == nil {
		t.Error("open after close")
	}
}

// TestDeadLettersHaveTheLine: what the database refuses can be read, with the reason.
func TestDeadLettersHaveTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, folder := newDatabase(), t.TempDir()
		d.set(refuseIf(func(l string) bool { return strings.Contains(l, "b1r2 ") }))
		s := openIn(t, folder, d)
		mustWrite(t, s, batchOf(testTable(), 1, 10))
		time.Sleep(time.Minute)
		synctest.Wait()
		sum, err := spool.Inspect(filepath.Join(folder, defaultName))
		if err != nil || len(sum.Dead) != 1 {
			t.Fatalf("%+v, %v", sum, err)
		}
		letters, err := spool.ReadDead(sum.Dead[0].Path)
		if err != nil || len(letters) != 1 || !strings.Contains(letters[0].Reason, "unable to parse") ||
			len(letters[0].Lines) != 1 || !strings.Contains(letters[0].Lines[0], "interface=b1r2 ") {
			t.Errorf("%+v, %v", letters, err)
		}
	})
}

func TestSplitKeepsEveryByte(t *testing.T) {
	queue := spool.New(spool.DefaultConfig(), spool.Options{Dir: t.TempDir(), Destination: "a", Registry: prometheus.NewRegistry(), Log: discard()})
	if err := queue.Open(); err != nil {
		t.Fatal(err)
	}
	texts := []string{"a 1\nb 2\n", "c 3\n"}
	for i, text := range texts {
		if _, err := queue.Append(spool.Record{Lines: []byte(text), Points: 2 - i}); err != nil {
			t.Fatal(err)
		}
	}
	d := &delivery{sender: &sender{destination: &destination{}}}
	d.split(queue.Newest().Take(batchLines, batchBytes))
	if err := queue.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []byte
	for i, l := range d.lines {
		all = append(all, l.text...)
		if want := []int{0, 0, 1}[i]; l.record != want {
			t.Errorf("line %d is of record %d", i, l.record)
		}
	}
	if string(all) != strings.Join(texts, "") {
		t.Errorf("got %q", all)
	}
}

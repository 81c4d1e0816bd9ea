package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

const agedPolls = 360 // a minute apart: two blocks and a head

// agedPoll is poll n of the minute n.
func agedPoll(f *sinktest.Fleet, n int) pipeline.Batch {
	b := f.Poll(n)
	b.Time = time.UnixMilli(1_700_000_000_000).Add(time.Duration(n) * time.Minute)
	return b
}

// agedFolder is a data folder with blocks, head chunks, a write-ahead log and a snapshot.
func agedFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := New(Config{Path: dir, Retention: DefaultConfig().Retention}, pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	fleet := sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	for n := range agedPolls {
		if err := s.Write(context.Background(), agedPoll(fleet, n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(s.db.Blocks()) == 0 {
		t.Fatal("no block was written: the damage would not meet one")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// damage harms one file at random: flipped bytes, a cut, or removed. It says what it did.
func damage(t *testing.T, dir string, r *rand.Rand) string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	path := files[r.IntN(len(files))]
	name, _ := filepath.Rel(dir, path)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	how := r.IntN(3)
	if how == 0 || len(content) == 0 {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return name + " removed"
	}
	if how == 1 {
		n := r.IntN(len(content))
		if err := os.Truncate(path, int64(n)); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s cut at %d of %d", name, n, len(content))
	}
	for range 1 + r.IntN(16) {
		content[r.IntN(len(content))] ^= byte(1 + r.IntN(255))
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name + " flipped"
}

// TestFault43Damage: whatever file is damaged, the store opens, takes samples and answers, and no value
// is another than the one that was written. A query over a damaged chunk may be an error.
func TestFault43Damage(t *testing.T) {
	fault := sinktest.Fault{Row: "43", Trials: sinktest.Trials(8, 300)}
	aged := agedFolder(t)
	refused, moved, missing := 0, 0, 0
	for seed := range fault.Trials {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(aged)); err != nil {
			t.Fatal(err)
		}
		what := damage(t, dir, rand.New(rand.NewPCG(43, uint64(seed))))
		s := New(Config{Path: dir}, pipeline.NewSchema(), prometheus.NewRegistry(), discard())
		if err := s.Open(); err != nil {
			t.Errorf("seed %d: %s: %v", seed, what, err)
			continue
		}
		found, wrong, ok := agedValues(t, s)
		if wrong > 0 {
			t.Logf("seed %d: %s: %d wrong values", seed, what, wrong)
		}
		fault.Wrong += wrong
		if !ok {
			refused++
		} else if found < agedPolls {
			missing++
		}
		if lost := !takes(t, s); lost {
			t.Logf("seed %d: %s: a new batch is not there", seed, what)
			fault.Lost++
		}
		if err := s.Close(); err != nil {
			t.Errorf("seed %d: %s: close: %v", seed, what, err)
		}
		if aside, err := os.ReadDir(filepath.Join(dir, "corrupt")); err == nil && len(aside) > 0 {
			moved++
		}
	}
	fault.Figures = fmt.Sprintf("moved aside in %d, history incomplete in %d, a query over the damage is an error in %d", moved, missing, refused)
	fault.Report(t)
}

// agedValues compares what is stored of one row with what was written. ok is false when the query failed.
func agedValues(t *testing.T, s *Store) (found, wrong int, ok bool) {
	t.Helper()
	fleet := sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	want := map[float64]string{}
	for n := range agedPolls {
		b := agedPoll(fleet, n)
		want[float64(b.Time.UnixMilli())/1000] = b.Table("interface").Samples[0].Value("rx_bytes").String()
	}
	row := fleet.Poll(0).Table("interface").Samples[0].Series
	end := agedPoll(fleet, agedPolls).Time
	r := post(t, s, "/api/v1/query", url.Values{"query": {selector(row, "rx_bytes") + "[7h]"}, "time": {end.Format(time.RFC3339Nano)}})
	if r.code != http.StatusOK {
		return 0, 0, false
	}
	var m matrix
	if err := json.Unmarshal(r.Data, &m); err != nil {
		t.Fatal(err)
	}
	for _, series := range m.Result {
		for _, v := range series.Values {
			if found++; want[v[0].(float64)] != v[1].(string) {
				wrong++
			}
		}
	}
	return found, wrong, true
}

// takes writes one batch more and reports whether a query sees it.
func takes(t *testing.T, s *Store) bool {
	t.Helper()
	fleet := sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	b := agedPoll(fleet, agedPolls)
	if err := s.Write(context.Background(), b); err != nil {
		t.Logf("write: %v", err)
		return false
	}
	row := b.Table("interface").Samples[0].Series
	m := query(t, s, selector(row, "rx_bytes")+"[30s]", b.Time)
	return len(m.Result) == 1 && m.Result[0].Values[0][1] == b.Table("interface").Samples[0].Value("rx_bytes").String()
}

// TestOutside: a machine that is short of something is no reason to move sound data.
func TestOutside(t *testing.T) {
	for err, want := range map[error]bool{
		&fs.PathError{Op: "open", Err: syscall.EMFILE}: true,
		&fs.PathError{Op: "open", Err: syscall.EACCES}: true,
		fmt.Errorf("wal: %w", syscall.ENOSPC):          true,
		&fs.PathError{Op: "open", Err: syscall.ENOENT}: false,
		errors.New("invalid magic number"):             false,
	} {
		if outside(err) != want {
			t.Errorf("outside(%v) is %v", err, !want)
		}
	}
}

// TestAsideIsBounded: of what was moved aside the oldest goes when another comes and there is too much of it, with one
// line in the log. What is not ours stays, and so does what was moved a moment ago, however much that is.
func TestAsideIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		bytes []int64 // of what is there, an hour apart, the oldest first
		fresh int     // how many were moved just before
		gone  int
	}{
		"as many as may be":     {bytes: make([]int64, asideParts-1)},
		"one too many":          {bytes: make([]int64, asideParts), gone: 1},
		"too large":             {bytes: []int64{1, asideBytes - 10, 10, 10}, gone: 2},
		"one that is too large": {bytes: []int64{asideBytes + 1}, gone: 1},
		"many at once":          {bytes: []int64{1, 1}, fresh: 3 * asideParts, gone: 2},
	} {
		var log bytes.Buffer
		m := mover{dir: t.TempDir(), aside: filepath.Join(t.TempDir(), "corrupt"), log: slog.New(slog.NewTextHandler(&log, nil))}
		put := func(path string, size int64) string {
			file := filepath.Join(path, "chunks", "000001")
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, nil, 0o600), os.Truncate(file, size)); err != nil {
				t.Fatal(err)
			}
			return filepath.Base(path)
		}
		stamp := func(ago time.Duration) string { return time.Now().Add(-ago).UTC().Format(asideStamp) }
		want := []string{put(filepath.Join(m.aside, "1-mine"), 1)}
		for i, size := range c.bytes {
			part := put(filepath.Join(m.aside, stamp(time.Duration(len(c.bytes)-i+1)*time.Hour)+"-wal"), size)
			if i >= c.gone {
				want = append(want, part)
			}
		}
		for n := range c.fresh {
			want = append(want, put(filepath.Join(m.aside, fmt.Sprintf("%s-block%02d", stamp(time.Second), n)), 1))
		}
		put(filepath.Join(m.dir, "now"), 10)
		if err := m.move("now", errors.New("damage")); err != nil {
			t.Fatal(err)
		}
		var got []string
		entries, err := os.ReadDir(m.aside)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), "-now") {
				got = append(got, e.Name())
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) || len(entries) != len(want)+1 {
			t.Errorf("%s: %d are there, want %d and what was moved:\n%v\n%v", name, len(entries), len(want), got, want)
		}
		if n := strings.Count(log.String(), "were deleted"); n != min(c.gone, 1) {
			t.Errorf("%s: %d lines: %s", name, n, log.String())
		}
	}
}

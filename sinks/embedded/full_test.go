package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// smallDisk mounts a small file system.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: mounting a small file system needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes what is left of a file system but some pages; what it returns gives it back.
func fill(t *testing.T, dir string, pages int) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for chunk := make([]byte, 4096); ; {
		n, err := f.Write(chunk)
		size += int64(n)
		if err != nil {
			break
		}
	}
	if err := errors.Join(f.Truncate(size-int64(pages)*4096), f.Close()); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFault42DiskFull: the disk that the store shares with others is full. It takes nothing and goes on, answers
// queries, and takes samples again when there is room: no value is lost that it took, also not when it is killed then.
func TestFault42DiskFull(t *testing.T) {
	fault := sinktest.Fault{Row: "42", Trials: sinktest.Trials(2, 20)}
	refused, slowest, aside := 0, time.Duration(0), 0
	for n := range fault.Trials {
		// Every other time it does not know that the disk is full before a write fails, somewhere in a record.
		d := diskFull{t: t, dir: smallDisk(t, "64m"), blind: n%2 == 1, pages: n / 2}
		d.run()
		fault.Lost, fault.Duplicated, fault.Wrong = fault.Lost+d.lost, fault.Duplicated+d.doubled, fault.Wrong+d.wrong
		refused, slowest, aside = refused+d.refused, max(slowest, d.took), aside+d.aside
	}
	if slowest > 5*time.Second {
		t.Errorf("it took %v to go on", slowest)
	}
	if aside > 0 {
		t.Errorf("%d parts of the store were damaged", aside)
	}
	fault.Figures = fmt.Sprintf("%d batches refused; goes on %v after there is room at the latest (asked: < 5 s); %d corrupt blocks", refused, slowest.Round(time.Millisecond), aside)
	fault.Report(t)
}

type diskFull struct {
	t     *testing.T
	dir   string
	blind bool
	pages int // left when the disk is full

	s       *Store
	fleet   *sinktest.Fleet
	stored  int // polls
	refused int
	seen    atomic.Bool // that the disk is full
	took    time.Duration

	lost, doubled, wrong, aside int
}

func (d *diskFull) run() {
	t := d.t
	d.s = New(years(filepath.Join(d.dir, "data")), pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if d.blind {
		d.s.left = func(dir string) (free, total uint64, err error) {
			if !d.seen.Load() {
				return 1 << 40, 1 << 41, nil
			}
			return diskLeft(dir)
		}
	}
	if err := d.s.Open(); err != nil {
		t.Fatal(err)
	}
	d.fleet = sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	for d.stored < 150 { // some chunks are finished then
		if err := d.write(); err != nil {
			t.Fatal(err)
		}
	}
	free := fill(t, d.dir, d.pages)
	d.refuse()
	free()
	began := time.Now()
	for d.write() != nil {
		if d.took = time.Since(began); d.took > time.Minute {
			t.Fatal("it does not go on")
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.took = time.Since(began)
	for d.stored < 200 {
		if err := d.write(); err != nil {
			t.Fatal(err)
		}
	}
	if v := testutil.ToFloat64(d.s.own.full); v != 0 {
		t.Errorf("disk_full is %v when there is room", v)
	}
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(d.s.cfg.Path)); err != nil {
		t.Fatal(err)
	}
	closeStore(t, d.s)
	for _, dir := range []string{killed, d.s.cfg.Path} {
		s := New(years(dir), pipeline.NewSchema(), prometheus.NewRegistry(), discard())
		if err := s.Open(); err != nil {
			t.Fatal(err)
		}
		d.judge(s)
		closeStore(t, s)
	}
}

func (d *diskFull) write() error {
	b := poll(d.fleet, d.stored)
	if d.blind && d.stored >= 150 && d.stored < 160 {
		return d.offer(b) // all tables: a record of several pages of the log
	}
	b.Tables = slices.DeleteFunc(b.Tables, func(t pipeline.TableRead) bool { return !inEachPoll(t.Table.Name) })
	return d.offer(b)
}

func inEachPoll(table string) bool {
	return slices.Contains([]string{"interface", "router", "health"}, table)
}

func (d *diskFull) offer(b pipeline.Batch) error {
	err := d.s.Write(context.Background(), b)
	if err == nil {
		d.stored++
	}
	return err
}

// refuse offers batches while the disk is full.
func (d *diskFull) refuse() {
	t := d.t
	before := testutil.ToFloat64(d.s.own.failed)
	for d.refused < 100 {
		err := d.write()
		switch {
		case err == nil && d.refused == 0 && d.blind:
			continue // into what was left
		case err == nil:
			t.Fatal("a full disk took a batch")
		case !errors.Is(err, ErrDiskFull) && !(d.blind && d.refused == 0 && errors.Is(err, syscall.ENOSPC)):
			t.Fatal(err)
		}
		d.refused++
		d.seen.Store(true)
	}
	if n := testutil.ToFloat64(d.s.own.failed) - before; n != float64(d.refused) {
		t.Errorf("%v refused batches were counted of %d", n, d.refused)
	}
	if v := testutil.ToFloat64(d.s.own.full); v != 1 {
		t.Errorf("disk_full is %v", v)
	}
	if n := count(t, d.s, "interface_rx_bytes", poll(d.fleet, d.stored-1).Time); n != 2 {
		t.Errorf("a query finds %d series while the disk is full", n)
	}
}

// judge compares what a store has with what was written.
func (d *diskFull) judge(s *Store) {
	t := d.t
	end := poll(d.fleet, d.stored-1).Time
	tables := tableOf(s.schema)
	for _, r := range query(t, s, `{__name__!=""}[1h]`, end).Result {
		if !inEachPoll(tables[r.Metric["__name__"]]) {
			continue
		}
		d.lost += max(0, d.stored-len(r.Values))
		d.doubled += max(0, len(r.Values)-d.stored)
	}
	row := d.fleet.Poll(0).Table("interface").Samples[0].Series
	m := query(t, s, selector(row, "rx_bytes")+"[1h]", end)
	if len(m.Result) != 1 {
		t.Fatalf("%d series", len(m.Result))
	}
	for n, v := range m.Result[0].Values {
		if want := poll(d.fleet, n).Table("interface").Samples[0].Value("rx_bytes").String(); v[1].(string) != want {
			d.wrong++
		}
	}
	moved, err := os.ReadDir(filepath.Join(s.cfg.Path, "corrupt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	d.aside += len(moved)
}

// TestFault42StartOnFullDisk: a start on a full disk is none that fails: the store opens when there is room.
func TestFault42StartOnFullDisk(t *testing.T) {
	d := diskFull{t: t, dir: smallDisk(t, "64m"), fleet: sinktest.NewFleet(pipeline.NewSchema(), "core-1")}
	open := func() {
		d.s = New(years(filepath.Join(d.dir, "data")), pipeline.NewSchema(), prometheus.NewRegistry(), discard())
		if err := d.s.Open(); err != nil {
			t.Fatal(err)
		}
	}
	write := func() {
		if err := d.write(); err != nil {
			t.Fatal(err)
		}
	}
	open()
	write()
	closeStore(t, d.s)
	free := fill(t, d.dir, 0)
	open()
	if err := d.write(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("a full disk: %v", err)
	}
	if r := get(t, d.s, "/api/v1/labels", nil); r.code != 503 {
		t.Errorf("the API answers %d", r.code)
	}
	closeStore(t, d.s)
	open()
	free()
	write()
	d.judge(d.s)
	closeStore(t, d.s)
	sinktest.Fault{Row: "42", Lost: d.lost, Duplicated: d.doubled, Wrong: d.wrong, Trials: 1, Figures: "started on a full disk"}.Report(t)
}

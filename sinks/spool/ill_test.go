package spool

import (
	"bytes"
	"errors"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// illFolder is a folder on a disk that cannot read a part of one file.
type illFolder struct {
	*ramFolder
	name     string
	from, to int64
}

func (d illFolder) open(name string, create bool) (file, error) {
	f, err := d.ramFolder.open(name, create)
	if err == nil && name == d.name {
		return illFile{f, d.from, d.to}, nil
	}
	return f, err
}

type illFile struct {
	file
	from, to int64
}

func (f illFile) ReadAt(p []byte, off int64) (int, error) {
	if off < f.to && off+int64(len(p)) > f.from {
		n, err := f.file.ReadAt(p[:max(0, f.from-off)], off)
		return n, errors.Join(err, syscall.EIO)
	}
	return f.file.ReadAt(p, off)
}

func ramSpool(t testing.TB, dir folder, change func(*Config)) *Spool {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	s := New(cfg, Options{Destination: "main", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	s.dir, s.still = dir, true
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	return s
}

// A part of a segment that cannot be read costs the records that are in it, and they are counted.
func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct {
		from, to int64
		most     int // records that may be lost
		aside    bool
	}{
		"the header":            {from: 0, to: 64, most: 700, aside: true},
		"a block in the middle": {from: 40_960, to: 45_056, most: 40},
		"the end":               {from: 60_000, to: 1 << 20, most: 80},
	} {
		t.Run(name, func(t *testing.T) {
			ram := newRAMFolder(1)
			s := ramSpool(t, ram, func(c *Config) { c.SegmentBytes = minSegment })
			appendRecords(t, s, 1, 2001)
			closeSpool(t, s)
			ill := illFolder{ram, segmentName(s.segments[1].first), c.from, c.to}

			s = ramSpool(t, ill, nil)
			got := drain(s)
			for seq, text := range got {
				if text != string(record(int(seq)).Lines) {
					t.Fatalf("record %d is %q", seq, text)
				}
			}
			if len(got) < 2000-c.most || len(got)+shedBy(s, shedDamaged) != 2000 {
				t.Errorf("%d of 2000 records, %d counted", len(got), shedBy(s, shedDamaged))
			}
			if met := testutil.ToFloat64(s.metrics.errors.WithLabelValues("EIO")); met == 0 {
				t.Error("no error is counted")
			}
			if _, there := ram.names[ill.name+".bad"]; there != c.aside {
				t.Errorf("put aside: %t", there)
			}
			closeSpool(t, s)
		})
	}
}

// A sync that failed is not tried again: the kernel would say that all is well.
func TestSyncFailsForEver(t *testing.T) {
	ram := newRAMFolder(1)
	f, err := ram.open("x", true)
	if err != nil {
		t.Fatal(err)
	}
	g := &segment{file: f}
	ram.failSyncs = 1
	for range 2 {
		if err := g.sync(f); !errors.Is(err, syscall.EIO) {
			t.Errorf("sync: %v", err)
		}
	}
}

// A disk that takes what is written and brings none of it to its plates, as one on the network may whose owner's
// quota is used up: the records are written to another segment once in a while, not without end, and are there
// when it is well again.
func TestNoSyncWorks(t *testing.T) {
	const all = 1000
	ram := newRAMFolder(1)
	s := ramSpool(t, ram, nil)
	now := time.Now()
	s.now = func() time.Time { return now }
	appendRecords(t, s, 1, 3)
	ram.failSyncs = all
	s.syncOnce()
	for try := range 3 {
		if n := all - ram.failSyncs; n > 2+try {
			t.Fatalf("%d syncs after %d retries", n, try)
		}
		now = now.Add(retryAfter)
		if _, err := s.Append(record(3)); !errors.Is(err, errLostFsync) {
			t.Fatalf("append: %v", err)
		}
	}
	ram.failSyncs = 0
	now = now.Add(retryAfter)
	appendRecords(t, s, 3, 4)
	s.syncOnce()
	ram.losePower()
	s = ramSpool(t, ram, nil)
	if got := drain(s); len(got) != 3 {
		t.Errorf("%d of 3 records are left", len(got))
	}
	closeSpool(t, s)
}

// Others have filled the disk: what is behind goes, and what the database takes at once is still kept.
func TestDiskOfOthers(t *testing.T) {
	ram := newRAMFolder(1)
	s := ramSpool(t, ram, func(c *Config) { c.SegmentBytes = minSegment })
	appendRecords(t, s, 1, 2001)
	ram.limit = ram.used() + 2*minSegment
	ram.names["other"] = &ramFile{folder: ram, data: bytes.Repeat([]byte{1}, 100*minSegment)}
	ram.limit += 100 * minSegment
	for n := 2001; n < 10_001; n++ {
		if _, err := s.Append(record(n)); err != nil {
			t.Fatalf("record %d: %v", n, err)
		}
		s.Ack(s.Newest().Take(2000, 1<<20))
		if n%100 == 0 {
			s.saveCursor()
		}
	}
	if st := s.State(); st.Bytes > 3*minSegment || st.Records > 0 {
		t.Errorf("%+v", st)
	}
	closeSpool(t, s)
}

// FuzzSegment: whatever is in the file of a segment, a spool opens on it, hands out what is whole and
// takes more.
func FuzzSegment(f *testing.F) {
	ram := newRAMFolder(1)
	s := ramSpool(f, ram, nil)
	appendRecords(f, s, 1, 4)
	open := bytes.Clone(ram.names[segmentName(1)].data)
	closeSpool(f, s)
	f.Add(open)
	f.Add(ram.names[segmentName(1)].data)
	f.Fuzz(func(t *testing.T, data []byte) {
		ram := newRAMFolder(1)
		ram.names[segmentName(1)] = &ramFile{folder: ram, data: bytes.Clone(data)}
		s := ramSpool(t, ram, nil)
		drain(s)
		seq, err := s.Append(record(7))
		if err != nil {
			t.Fatal(err)
		}
		if got := drain(s)[seq]; got != string(record(7).Lines) {
			t.Fatalf("record %d is %q", seq, got)
		}
		closeSpool(t, s)
		s = ramSpool(t, ram, nil)
		if got := drain(s)[seq]; got != string(record(7).Lines) {
			t.Fatalf("record %d is %q after a restart", seq, got)
		}
		closeSpool(t, s)
	})
}

// Whoever appends much syncs as well, while a sync in the background is under way: when that returns, what
// was appended since is still known not to be on the disk.
func TestTwoSyncsAtOnce(t *testing.T) {
	s := ramSpool(t, newRAMFolder(1), nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	write := func(size int) {
		if err := s.write(head{kind: typeLines, codec: codecDeflate, points: 1}, bytes.Repeat([]byte{7}, size)); err != nil {
			t.Fatal(err)
		}
	}
	write(4000)
	inBackground := s.active.size
	write(3000)
	if err := s.syncActive(); err != nil {
		t.Fatal(err)
	}
	synced := s.active.size
	write(100)
	s.isSynced(s.active, inBackground)
	if want := int(s.active.size - synced); len(s.pending) != want || s.active.synced != synced {
		t.Errorf("%d bytes are taken as not on the disk, it is %d; up to %d synced, not %d", len(s.pending), want, s.active.synced, synced)
	}
	write(50)
	s.isSynced(s.active, s.active.size-56-headSize)
	if h, err := parseHead(s.pending); err != nil || h.seq != s.nextSeq-1 {
		t.Errorf("the last record alone is not on the disk, and the first byte of it is not its head: %v", err)
	}
}

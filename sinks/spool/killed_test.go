package spool

import (
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// killedFolder is one whose process is killed: after so many calls that change something, none does any
// more. A write that it is killed in is written in part.
type killedFolder struct {
	*ramFolder
	calls *int // that are left
}

var errKilled = errors.New("the process is gone")

func (d killedFolder) call() error {
	if *d.calls--; *d.calls < 0 {
		return errKilled
	}
	return nil
}

func (d killedFolder) open(name string, create bool) (file, error) {
	if create {
		if err := d.call(); err != nil {
			return nil, err
		}
	}
	f, err := d.ramFolder.open(name, create)
	return killedFile{f, d}, err
}

func (d killedFolder) rename(from, to string) error {
	return errors.Join(d.call(), d.ifAlive(func() error { return d.ramFolder.rename(from, to) }))
}

func (d killedFolder) remove(name string) error {
	return errors.Join(d.call(), d.ifAlive(func() error { return d.ramFolder.remove(name) }))
}

func (d killedFolder) sync() error {
	return errors.Join(d.call(), d.ifAlive(d.ramFolder.sync))
}

func (d killedFolder) ifAlive(do func() error) error {
	if *d.calls < 0 {
		return nil
	}
	return do()
}

type killedFile struct {
	file
	folder killedFolder
}

func (f killedFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.folder.call(); err != nil {
		if *f.folder.calls == -1 {
			_, _ = f.file.WriteAt(p[:len(p)/2], off)
		}
		return 0, err
	}
	return f.file.WriteAt(p, off)
}

func (f killedFile) Truncate(size int64) error {
	return errors.Join(f.folder.call(), f.folder.ifAlive(func() error { return f.file.Truncate(size) }))
}

func (f killedFile) Sync() error {
	return errors.Join(f.folder.call(), f.folder.ifAlive(f.file.Sync))
}

// An fsync fails and the process is killed while it moves what was not on the disk to another segment,
// at whichever step: no record is lost, whether all of a segment is moved or its end.
func TestKilledWhileMoving(t *testing.T) {
	const records = 5
	for name, synced := range map[string]int{"a whole segment": 0, "the end of one": 2} {
		t.Run(name, func(t *testing.T) {
			done := false
			for kill := 0; !done; kill++ {
				ram, calls := newRAMFolder(1), 1000
				s := ramSpool(t, killedFolder{ram, &calls}, nil)
				appendRecords(t, s, 1, 1+synced)
				s.syncOnce()
				appendRecords(t, s, 1+synced, 1+records)
				ram.failSyncs, calls = 1, 1+kill // the one is the sync that fails
				s.syncOnce()
				done = calls >= 0

				ram.failSyncs, ram.locked = 0, false
				again := ramSpool(t, ram, nil)
				got := drain(again)
				for n := uint64(1); n <= records; n++ {
					if want := string(record(int(n)).Lines); got[n] != want {
						t.Errorf("killed at call %d: record %d is %q", kill, n, got[n])
					}
				}
				closeSpool(t, again)
			}
		})
	}
}

// Room for what could not be brought to the disk is made by dropping just that: it is counted, and the
// account of bytes still holds.
func TestMovingWithoutRoom(t *testing.T) {
	ram := newRAMFolder(1)
	s := ramSpool(t, ram, func(cfg *Config) { cfg.MaxBytes, cfg.SegmentBytes = 2*minSegment, minSegment })
	n := 1
	for s.bytes+2*int64(len(record(n).Lines)) < minSegment {
		appendRecords(t, s, n, n+1)
		n++
	}
	s.cfg.MaxBytes = minSegment + 1024
	ram.failSyncs = 1
	s.syncOnce()
	if testutil.ToFloat64(s.metrics.shedRecords.WithLabelValues(shedCap)) != float64(n-1) {
		t.Errorf("not all of %d records are counted as shed", n-1)
	}
	appendRecords(t, s, n, n+2)
	if got := drain(s); len(got) != 2 {
		t.Errorf("%d records are left, want 2", len(got))
	}
	sum := int64(0)
	for _, g := range s.segments {
		sum += g.size
	}
	if s.bytes != sum {
		t.Errorf("%d bytes by the account, %d in segments", s.bytes, sum)
	}
	closeSpool(t, s)
}

package embedded

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/prometheus/tsdb"
	"golang.org/x/sys/unix"
)

const (
	// reserveBase and reserveSeries are what the database must be able to write without a check: a batch, and the
	// finished chunks of all series. For those it panics when it cannot.
	reserveBase   = 16 << 20
	reserveSeries = 512
	// reserveShare bounds that on a small file system. A spool gives way at a twentieth of it, long before.
	reserveShare = 40
	// lookEvery is how often the disk is looked at while nothing is written.
	lookEvery = time.Second
	// upkeepEvery is how often finished chunks are written.
	upkeepEvery = time.Minute
)

// ErrDiskFull is returned by Write while the disk has no room. The batch may be offered again.
var ErrDiskFull = errors.New("embedded store: the disk is full: make room, or lower retention or max_bytes; samples are not stored until then")

// room watches how much the disk has left. The database must not find it full: it panics over chunks that it cannot
// write, and a record of its log that was written by half hides all that come later.
type room struct {
	dir     string
	log     *slog.Logger
	own     *metrics
	reserve func() uint64 // bytes that must be left
	left    func(dir string) (free, total uint64, err error)

	mu   sync.Mutex
	full bool
}

// enough looks at the disk. Once it was full, a quarter more than the reserve is needed.
func (r *room) enough() bool {
	free, total, err := r.left(r.dir)
	if err != nil {
		return true // then a write will say what is wrong
	}
	need := min(r.reserve(), total/reserveShare)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full {
		need += need / 4
	}
	if full := free < need; full != r.full {
		r.full = full
		r.tell(full, free, need)
	}
	return !r.full
}

func (r *room) tell(full bool, free, need uint64) {
	if full {
		r.own.full.Set(1)
		r.log.Error("the disk is full: samples are not stored until there is room. Make room, or lower retention or max_bytes",
			"path", r.dir, "free_bytes", free, "needed_bytes", need)
		return
	}
	r.own.full.Set(0)
	r.log.Info("the disk has room again: samples are stored", "path", r.dir, "free_bytes", free)
}

func reserveFor(db *tsdb.DB) func() uint64 {
	return func() uint64 { return reserveBase + reserveSeries*db.Head().NumSeries() }
}

// reserveToOpen is for what the database writes while it reads its log. Most chunks of that are on the disk already.
func reserveToOpen(dir string) func() uint64 {
	return func() uint64 {
		size := uint64(0)
		found, _ := filepath.Glob(filepath.Join(globQuote(dir), "wal", "*")) // the pattern is a good one
		for _, path := range found {
			if info, err := os.Stat(path); err == nil { //nolint:gosec // G703: found in our folder
				size += uint64(info.Size())
			}
		}
		return reserveBase + size/8
	}
}

// diskLeft is what a process may still write to the file system of a folder, and its size.
func diskLeft(dir string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	block := uint64(s.Bsize)
	return s.Bavail * block, s.Blocks * block, nil
}

// upkeep writes finished chunks once a minute, as the database would by itself, but only while the disk has room.
func (s *Store) upkeep(ctx context.Context, db *tsdb.DB, disk *room, ended chan<- struct{}) {
	defer close(ended)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case now := <-look.C:
			if !disk.enough() || now.Sub(last) < upkeepEvery {
				continue
			}
			last = now
			db.ForceHeadMMap()
		}
	}
}

// removeSnapshots makes the next start read the whole log, and cut it where it is damaged.
func removeSnapshots(dir string) error {
	found, err := filepath.Glob(filepath.Join(globQuote(dir), "chunk_snapshot.*"))
	for _, path := range found {
		err = errors.Join(err, os.RemoveAll(path)) //nolint:gosec // G703: found in our folder
	}
	return err
}

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/tsdb"
)

// suspects are what can keep the database from opening once its blocks are sound, by how little is lost
// with them: each is moved when the ones before were not enough.
func suspects() []string {
	return []string{
		"chunk_snapshot.*", // the write-ahead log has it all
		"chunks_head",      // so it has here
		"wbl",              // late samples of the last hours
		"wal",              // all samples of the last hours
	}
}

// blockName is the length of the name of a block's folder, a ULID. Nothing else of the database's is as long.
const blockName = 26

const (
	// asideStamp begins the name of what was moved aside: it sorts by time.
	asideStamp = "20060102T150405.000000000Z"
	// asideParts and asideBytes bound what was moved aside.
	asideParts = 16
	asideBytes = 4 << 30
	// asideStays is how long a part stays in any case: one start may find many that are damaged.
	asideStays = time.Hour
)

// openDatabase opens what is in dir, which the caller has locked. What cannot be read is moved to the
// folder aside, the rest serves.
func openDatabase(dir, aside string, opts *tsdb.Options, log *slog.Logger) (*tsdb.DB, *prometheus.Registry, error) {
	m := mover{dir: dir, aside: aside, log: log}
	if err := m.blocks(); err != nil {
		return nil, nil, err
	}
	left := suspects()
	for {
		inner := prometheus.NewRegistry()
		db, err := tsdb.Open(dir, quiet(log), inner, opts, nil)
		if err == nil {
			return db, inner, nil
		}
		if len(left) == 0 || outside(err) {
			return nil, nil, err
		}
		if err := m.matching(left[0], err); err != nil {
			return nil, nil, err
		}
		left = left[1:]
	}
}

// outside tells errors of the machine from damage: what is sound must stay where it is.
func outside(err error) bool {
	for _, e := range [...]error{fs.ErrPermission, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

type mover struct {
	dir, aside string
	log        *slog.Logger
}

// blocks moves the blocks aside that do not open: the database refuses to start over one of them.
func (m mover) blocks() error {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || len(e.Name()) != blockName {
			continue
		}
		err := tryBlock(filepath.Join(m.dir, e.Name()), m.log)
		if err == nil {
			continue
		}
		if outside(err) {
			return fmt.Errorf("block %s: %w", e.Name(), err)
		}
		if err := m.move(e.Name(), err); err != nil {
			return err
		}
	}
	return nil
}

// tryBlock opens a block and closes it. The database panics over some damage, such as tombstones that were cut.
func tryBlock(dir string, log *slog.Logger) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be read: %v", p)
		}
	}()
	b, err := tsdb.OpenBlock(quiet(log), dir, nil, nil)
	if err != nil {
		return err
	}
	return b.Close()
}

// matching moves what fits the pattern.
func (m mover) matching(pattern string, cause error) error {
	found, err := filepath.Glob(filepath.Join(globQuote(m.dir), pattern))
	if err != nil {
		return err
	}
	for _, path := range found {
		if err := m.move(filepath.Base(path), cause); err != nil {
			return err
		}
	}
	return nil
}

func (m mover) move(name string, cause error) error {
	to := filepath.Join(m.aside, time.Now().UTC().Format(asideStamp)+"-"+name)
	if err := errors.Join(os.MkdirAll(m.aside, 0o700), os.Rename(filepath.Join(m.dir, name), to)); err != nil {
		return fmt.Errorf("move damaged %s aside: %w", name, err)
	}
	m.log.Error("a part of the store is damaged: it was moved aside, the rest serves. Restore it from a backup, or delete it",
		"part", name, "moved_to", to, "error", cause)
	if err := m.prune(); err != nil {
		m.log.Warn("damaged parts that were moved aside earlier cannot be deleted; there are too many", "path", m.aside, "error", err)
	}
	return nil
}

// prune bounds what was moved aside: a disk that damages something at each start must not fill up with it. The
// oldest goes first; nothing of this start, or of one shortly before.
func (m mover) prune() error {
	parts, err := m.asideParts()
	if err != nil {
		return err
	}
	gone, freed := 0, int64(0)
	left := int64(0)
	for _, p := range parts {
		left += p.bytes
	}
	for len(parts)-gone > asideParts || left > asideBytes {
		p := parts[gone]
		if time.Since(p.moved) < asideStays {
			break
		}
		if err := os.RemoveAll(p.path); err != nil {
			return err
		}
		gone, freed, left = gone+1, freed+p.bytes, left-p.bytes
	}
	if gone > 0 {
		m.log.Warn("damaged parts that were moved aside earlier were deleted, the oldest first: there were too many",
			"deleted", gone, "freed_bytes", freed, "kept", len(parts)-gone, "path", m.aside)
	}
	return nil
}

// asidePart is one that was moved aside.
type asidePart struct {
	path  string
	moved time.Time
	bytes int64
}

// asideParts are all that were moved aside, the oldest first. What others have put there is none.
func (m mover) asideParts() (parts []asidePart, err error) {
	entries, err := os.ReadDir(m.aside) // sorted by name, which begins with the time
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		stamp, _, _ := strings.Cut(e.Name(), "-")
		moved, err := time.Parse(asideStamp, stamp)
		if err != nil {
			continue
		}
		p := asidePart{path: filepath.Join(m.aside, e.Name()), moved: moved}
		err = filepath.WalkDir(p.path, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				p.bytes += info.Size()
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// globQuote makes a pattern that fits nothing but the path.
func globQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

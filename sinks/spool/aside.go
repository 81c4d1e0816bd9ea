package spool

import (
	"slices"
	"strings"
)

// What cannot be used is kept for people, under names that no segment has: files that are no segments, what
// stood behind the last whole record of one, and what could not be brought to the disk when the process ended.
const (
	badSuffix      = ".bad"
	tornSuffix     = ".torn"
	unsyncedSuffix = ".unsynced"

	maxTorn    = 1 << 20  // of the end of a segment
	asideFiles = 32       // the oldest go
	asideBytes = 64 << 20 // of all of them together, and a quarter of the spool's cap at most; the newest stays in any case
)

// setAside renames a file that is no segment: nothing is thrown away unseen.
func (s *Spool) setAside(name string, why error) error {
	s.log.Error("a segment cannot be used; it is kept under another name", "file", name, "as", name+badSuffix, "err", why)
	s.metrics.damaged.Inc()
	return s.dir.rename(name, name+badSuffix)
}

// restoreUnsynced undoes what a process did not come to the end of: a segment had to give its name to
// another that was to get all its records (moveTail), and that one is not there, or has not all of them.
func (s *Spool) restoreUnsynced() error {
	names, err := s.dir.list()
	if err != nil {
		return err
	}
	for _, aside := range names {
		name, ok := strings.CutSuffix(aside, unsyncedSuffix)
		if !ok || !isAside(aside) || s.intactIn(aside) <= s.intactIn(name) {
			continue
		}
		s.log.Warn("the last process ended while it moved records to another segment; they are read where they were", "file", name)
		if err := s.dir.rename(aside, name); err != nil {
			return err
		}
	}
	return nil
}

// intactIn counts the records of a file up to the first that is damaged; 0 if it cannot be read.
func (s *Spool) intactIn(name string) (n int) {
	f, err := s.dir.open(name, false)
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }() // it was only looked at
	size, err := f.size()
	if err != nil {
		return 0
	}
	scan := newScanner(f, segmentHead, size)
	for h, at, err := scan.next(); err == nil && h.kind == typeLines; h, at, err = scan.next() {
		if _, err := scan.read(&h, at); err != nil {
			break
		}
		n++
	}
	return n
}

// keepTorn keeps what is cut off, for people.
func (s *Spool) keepTorn(g *segment, f file, from, to int64) {
	b := make([]byte, min(to-from, maxTorn))
	n, _ := f.ReadAt(b, from)
	s.log.Warn("the last record of a segment was not written to its end", "file", g.name, "bytes", to-from)
	out, err := s.dir.open(g.name+tornSuffix, true)
	if err != nil {
		return
	}
	_, _ = out.WriteAt(b[:n], 0)
	_ = out.Close()
}

// trimAside removes the oldest of what was kept, beyond the bounds.
func (s *Spool) trimAside() error {
	names, err := s.dir.list()
	if err != nil {
		return err
	}
	slices.Sort(names) // by the numbers of their records
	var files int
	var bytes int64
	for _, name := range slices.Backward(names) {
		if !isAside(name) {
			continue
		}
		size := s.sizeOf(name)
		files, bytes = files+1, bytes+size
		if files == 1 || files <= asideFiles && bytes <= min(asideBytes, s.cfg.MaxBytes/4) {
			continue
		}
		if err := s.dir.remove(name); err != nil {
			s.metrics.failed(err)
			s.log.Error("a file that was kept aside cannot be removed", "file", name, "err", err)
			continue
		}
		s.metrics.trimmed.Inc()
		s.log.Warn("a file that was kept aside is removed: there are newer ones, and room for a few only", "file", name, "bytes", size)
	}
	return nil
}

// isAside tells names that this version or an earlier one gave to what it could not use.
func isAside(name string) bool {
	for _, suffix := range []string{badSuffix, tornSuffix, unsyncedSuffix} {
		if number, ok := strings.CutSuffix(name, suffix); ok {
			_, ok = parseName(number)
			return ok
		}
	}
	return false
}

// sizeOf is 0 for a file that cannot be read.
func (s *Spool) sizeOf(name string) int64 {
	f, err := s.dir.open(name, false)
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }() // it was only looked at
	size, _ := f.size()
	return size
}

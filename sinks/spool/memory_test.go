package spool

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
)

// ramFolder is a folder in memory that can fill up, fail, and lose what was not synced.
type ramFolder struct {
	rng     *rand.Rand
	names   map[string]*ramFile // as a process sees them
	durable map[string]*ramFile // as they were when the folder was synced
	locked  bool
	limit   int64 // of all files; 0: none
	// failures to come, by what is called: write, sync, truncate
	failWrites, failSyncs, failCuts int
	short                           bool // a write that fails has written a part
}

// ramFile is a file in memory.
type ramFile struct {
	folder  *ramFolder
	data    []byte
	durable []byte
	writes  []ramWrite // since the last sync
}

type ramWrite struct {
	at   int64
	data []byte // nil: cut to at
}

func newRAMFolder(seed uint64) *ramFolder {
	return &ramFolder{rng: rand.New(rand.NewPCG(seed, 1)), names: map[string]*ramFile{}, durable: map[string]*ramFile{}}
}

func (d *ramFolder) open(name string, create bool) (file, error) {
	f := d.names[name]
	switch {
	case f == nil && !create:
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case f != nil && create:
		return nil, fmt.Errorf("%s: %w", name, fs.ErrExist)
	case f == nil:
		f = &ramFile{folder: d}
		d.names[name] = f
	}
	return f, nil
}

func (d *ramFolder) list() ([]string, error) { return slices.Collect(maps.Keys(d.names)), nil }

func (d *ramFolder) remove(name string) error {
	if d.names[name] == nil {
		return fs.ErrNotExist
	}
	delete(d.names, name)
	return nil
}

func (d *ramFolder) rename(from, to string) error {
	f := d.names[from]
	if f == nil {
		return fs.ErrNotExist
	}
	delete(d.names, from)
	d.names[to] = f
	return nil
}

func (d *ramFolder) sync() error {
	d.durable = maps.Clone(d.names)
	return nil
}

func (d *ramFolder) used() (n int64) {
	for _, f := range d.names {
		n += int64(len(f.data))
	}
	return n
}

func (d *ramFolder) room() (free, total int64, err error) {
	if d.limit == 0 {
		return 1 << 40, 1 << 40, nil
	}
	return max(0, d.limit-d.used()), d.limit, nil
}

func (d *ramFolder) lock() (func() error, error) {
	if d.locked {
		return nil, errLocked
	}
	d.locked = true
	return func() error { d.locked = false; return nil }, nil
}

// losePower leaves what was synced, and of the rest some: whole writes, in any order, and one of them
// torn. Names that were not synced are there or not.
func (d *ramFolder) losePower() {
	d.locked = false
	after := map[string]*ramFile{}
	for name, f := range d.names {
		if d.durable[name] == f || d.rng.IntN(2) == 0 {
			after[name] = f
		}
	}
	for name, f := range d.durable {
		if _, there := after[name]; !there && d.names[name] == nil && d.rng.IntN(2) == 0 {
			after[name] = f // its removal is undone
		}
	}
	for _, f := range after {
		f.losePower(d.rng)
	}
	d.names, d.durable = after, maps.Clone(after)
}

func (f *ramFile) losePower(rng *rand.Rand) {
	data := slices.Clone(f.durable)
	for _, w := range f.writes {
		switch {
		case w.data == nil:
			if rng.IntN(2) == 0 {
				data = resize(data, w.at)
			}
		case rng.IntN(3) > 0:
			n := len(w.data)
			if rng.IntN(3) == 0 {
				n = rng.IntN(n + 1)
			}
			data = put(data, w.at, w.data[:n])
		}
	}
	f.data, f.durable, f.writes = data, slices.Clone(data), nil
}

func resize(data []byte, size int64) []byte {
	if int64(len(data)) >= size {
		return data[:size]
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}

func put(data []byte, at int64, b []byte) []byte {
	if int64(len(data)) < at+int64(len(b)) {
		data = resize(data, at+int64(len(b)))
	}
	copy(data[at:], b)
	return data
}

func (f *ramFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *ramFile) WriteAt(p []byte, off int64) (int, error) {
	d := f.folder
	n, err := len(p), error(nil)
	if grows := off + int64(len(p)) - int64(len(f.data)); d.limit > 0 && d.used()+max(0, grows) > d.limit {
		n, err = 0, syscall.ENOSPC
	}
	if d.failWrites > 0 {
		d.failWrites--
		n, err = 0, syscall.EIO
	}
	if err != nil && d.short {
		n = d.rng.IntN(len(p))
	}
	if n > 0 {
		f.data = put(f.data, off, p[:n])
		f.writes = append(f.writes, ramWrite{off, slices.Clone(p[:n])})
	}
	return n, err
}

func (f *ramFile) Truncate(size int64) error {
	if f.folder.failCuts > 0 {
		f.folder.failCuts--
		return syscall.EIO
	}
	f.data = resize(f.data, size)
	f.writes = append(f.writes, ramWrite{size, nil})
	return nil
}

// Sync that fails drops what was not synced, as kernels do, though it can still be read.
func (f *ramFile) Sync() error {
	if f.folder.failSyncs > 0 {
		f.folder.failSyncs--
		f.writes = nil
		return syscall.EIO
	}
	f.durable, f.writes = slices.Clone(f.data), nil
	return nil
}

func (f *ramFile) Close() error         { return nil }
func (f *ramFile) size() (int64, error) { return int64(len(f.data)), nil }

func (f *ramFile) reserve(size int64) error {
	if d := f.folder; d.limit > 0 && d.used()+size > d.limit {
		return syscall.ENOSPC
	}
	return nil
}

// flip turns a bit over, as an ill disk does.
func (f *ramFile) flip(bit int64) {
	for _, data := range [][]byte{f.data, f.durable} {
		if bit/8 < int64(len(data)) {
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
}

package sse

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/routerpulse/routerpulse/sse/state"
)

// disk keeps the hub's rows and its journal in a folder, so that a restart blanks no page and loses no
// event. Events are written before anybody is told of them; rows now and then.
type disk struct {
	dir   string
	store *state.Store

	journal *os.File // nil: it must be written anew
	added   int      // events since it was
	buf     []byte
}

// The files of the folder, and bounds of what is read.
const (
	temporary     = ".tmp"
	journalFile   = "journal"
	rowsFile      = "rows"
	rowsMagic     = "RouterPulse rows 1\n"
	maxSavedRows  = 1 << 30
	maxRecord     = 1 << 20
	journalGrows  = 20_000 // events after which the journal is written anew, without those that are out of its bounds
	devicesAtOnce = 100    // that are read under one lock
)

// openDisk goes on with the journal of the folder, or begins one. Nothing that is in the folder keeps
// it from opening.
func openDisk(dir string, store *state.Store) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d := &disk{dir: dir, store: store}
	if err := d.tidy(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(d.path(journalFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	store.Resume(func() (record []byte) {
		record, data = nextRecord(data)
		return record
	})
	return d, d.renew()
}

// tidy removes what a process that was killed was writing.
func (d *disk) tidy() error {
	left, err := filepath.Glob(filepath.Join(d.dir, "*"+temporary))
	if err != nil {
		return err // the folder has a name that is no pattern
	}
	var errs []error
	for _, name := range left {
		errs = append(errs, os.Remove(name))
	}
	return errors.Join(errs...)
}

func (d *disk) path(name string) string { return filepath.Join(d.dir, name) }

// nextRecord cuts a record off the front; nil if there is none that is whole.
func nextRecord(data []byte) (record, rest []byte) {
	if len(data) < 8 {
		return nil, nil
	}
	size := binary.LittleEndian.Uint32(data)
	if size == 0 || size > maxRecord || int(size) > len(data)-8 {
		return nil, nil
	}
	record, rest = data[8:8+size], data[8+size:]
	if crc32.Checksum(record, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(data[4:]) {
		return nil, nil
	}
	return record, rest
}

func appendRecord(b, record []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(record, crc32.MakeTable(crc32.Castagnoli)))
	return append(b, record...)
}

// renew writes the journal anew, as far as the store remembers it. It is for the committer.
func (d *disk) renew() error {
	if d.journal != nil {
		_ = d.journal.Close() // another takes its place
		d.journal = nil
	}
	b := appendRecord(nil, d.store.AppendLife(nil))
	d.store.SavedJournal(func(record []byte) { b = appendRecord(b, record) })
	if err := d.replace(journalFile, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		return err
	}
	var err error
	d.journal, err = os.OpenFile(d.path(journalFile), os.O_WRONLY|os.O_APPEND, 0)
	d.added = 0
	return err
}

// add appends events to the journal. It is for the committer; after an error, the next call writes the
// journal anew.
func (d *disk) add(events []*state.Entry) error {
	if len(events) == 0 {
		return nil
	}
	if d.journal == nil || d.added > journalGrows {
		return d.renew() // the store has them already
	}
	d.buf = d.buf[:0]
	var one []byte
	for _, e := range events {
		one = e.Append(one[:0])
		d.buf = appendRecord(d.buf, one)
	}
	d.added += len(events)
	if _, err := d.journal.Write(d.buf); err != nil {
		_ = d.journal.Close() // it may end in half a record
		d.journal = nil
		return err
	}
	return nil
}

// replace writes a file beside the one of that name, and puts it in its place when it is on the disk.
func (d *disk) replace(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(d.dir, name+".*"+temporary)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), d.path(name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// saveRows writes all rows. Subscribers and the committer go on meanwhile.
func (d *disk) saveRows(layouts map[*state.Topic]*state.Layout) error {
	return d.replace(rowsFile, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 64<<10)
		_, _ = buffered.WriteString(rowsMagic) // an error comes again
		z, _ := gzip.NewWriterLevel(buffered, gzip.BestSpeed)
		var head []byte
		d.store.Read(func() { head = d.store.AppendHead(nil, layouts) })
		err := writeBlock(z, head)
		var block []byte
		for at, more := 0, true; more && err == nil; at += devicesAtOnce {
			block = block[:0]
			d.store.Read(func() {
				all := d.store.Devices()
				for _, device := range all[min(at, len(all)):min(at+devicesAtOnce, len(all))] {
					if device != nil {
						block = d.store.AppendDevice(block, device, layouts)
					}
				}
				more = at+devicesAtOnce < len(all)
			})
			_, err = z.Write(block)
		}
		return errors.Join(err, z.Close(), buffered.Flush())
	})
}

func writeBlock(w io.Writer, b []byte) error {
	_, err := w.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
	return err
}

// loadRows puts the saved rows into the store, which must be empty, and calls device for each. Rows that
// cannot be read to their end are left out and moved aside.
func (d *disk) loadRows(layouts map[*state.Topic]*state.Layout, device func(name string)) error {
	data, err := readRows(d.path(rowsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return errors.Join(err, os.Rename(d.path(rowsFile), d.path(rowsFile+".bad")))
	}
	size, n := binary.Uvarint(data)
	if n <= 0 || size > uint64(len(data)-n) {
		return errors.New("saved rows without a head")
	}
	saved, err := d.store.OpenSaved(data[n:n+int(size)], data[n+int(size):], layouts)
	for more := err == nil; more; {
		var name string
		if name, more, err = saved.Next(); more {
			device(name)
		}
	}
	return err
}

func readRows(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	in := bufio.NewReaderSize(f, 64<<10)
	magic := make([]byte, len(rowsMagic))
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != rowsMagic {
		return nil, fmt.Errorf("%s: not the rows of this version", file)
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxSavedRows)) // its checksum is at the end
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return data, nil
}

func (d *disk) close() error {
	if d.journal == nil {
		return nil
	}
	err := errors.Join(d.journal.Sync(), d.journal.Close())
	d.journal = nil
	return err
}

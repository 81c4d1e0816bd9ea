package spool

import (
	"errors"
	"io/fs"
)

// folder is the file system as the spool needs it: one folder. The tests have one that loses power.
type folder interface {
	// open opens a file for reading and writing; create: it must not be there.
	open(name string, create bool) (file, error)
	list() ([]string, error)
	remove(name string) error
	rename(from, to string) error
	// sync makes what was created, renamed and removed durable.
	sync() error
	// room tells how many bytes are free for us, of how many.
	room() (free, total int64, err error)
	// lock keeps other processes out until unlock.
	lock() (unlock func() error, err error)
}

// file is an open file.
type file interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
	// reserve makes room for so many bytes, so that a full disk shows now.
	reserve(size int64) error
	size() (int64, error)
}

// errLocked says that another process has the folder.
var errLocked = errors.New("another process is using it")

func isNotThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }

package spool

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Sync writes the data to the disk, and of what is known about the file only what reading it needs.
func (f diskFile) Sync() error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (f diskFile) reserve(size int64) error {
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil // the file system cannot: then a full disk shows later
	}
	return err
}

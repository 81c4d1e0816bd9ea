package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockFolder makes the data folder ours for as long as this process lives: the spools, the store and the
// stream's memory in it have one writer. unlock gives it back; "" is no folder, and free.
func lockFolder(folder string) (unlock func() error, err error) {
	if folder == "" {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil { //nolint:gosec // G703: the folder is the operator's choice
		return nil, fmt.Errorf("data folder: %w: choose another one with --data, or make it for this user", err)
	}
	f, err := os.OpenFile(filepath.Join(folder, "LOCK"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // G703: the folder is the operator's choice
	if err != nil {
		return nil, fmt.Errorf("data folder: %w: it must be this user's", err)
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		holder, _ := os.ReadFile(f.Name()) //nolint:gosec // G703: the folder is the operator's choice
		_ = f.Close()                      // nothing was written
		return nil, fmt.Errorf("data folder %s: another process is using it%s: stop it, or choose another folder with --data", folder, sayHolder(holder))
	case err != nil:
		return nil, errors.Join(fmt.Errorf("data folder %s cannot be locked: %w", folder, err), f.Close())
	}
	// For people, and for the message above; the lock holds without.
	if f.Truncate(0) == nil {
		_, _ = f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	}
	return f.Close, nil
}

// sayHolder names the process whose number is in a lock file, if it is one.
func sayHolder(text []byte) string {
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		return fmt.Sprintf(" (pid %d)", pid)
	}
	return ""
}

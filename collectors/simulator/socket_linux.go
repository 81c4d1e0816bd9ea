//go:build linux

package simulator

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// keepLocal ties a socket to the loopback interface, so that nothing from outside reaches it. It is
// an extra wall: a kernel that refuses it is no error, since addresses are checked as well.
func keepLocal(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		_ = unix.BindToDevice(int(fd), "lo")
	})
}

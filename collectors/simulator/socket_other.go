//go:build !linux

package simulator

import "syscall"

// keepLocal has no way to tie a socket to the loopback interface here; addresses are checked anyway.
func keepLocal(_, _ string, _ syscall.RawConn) error { return nil }

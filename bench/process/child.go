package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Child is a measured program in a process of its own, so that its CPU and memory are its alone.
type Child struct {
	cmd     *exec.Cmd
	stopped bool
}

// timerSlack is how late the kernel may wake a measured program: TimerSlackNSec of configs/routerpulse.service.
const timerSlack = time.Millisecond

// Start runs a program, whose errors come out here. When ctx ends it is interrupted. Every program gets the
// timer slack that RouterPulse has as a service, so that no side of a comparison has it alone.
func Start(ctx context.Context, program string, args ...string) (*Child, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := StartSlack(cmd); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return &Child{cmd: cmd}, nil
}

// StartSlack starts a program that has the timer slack of the service: it inherits that of this thread.
func StartSlack(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack.Nanoseconds()), 0, 0, 0); err != nil {
		return fmt.Errorf("timer slack: %w", err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // what it was before
	return cmd.Start()
}

// Stop interrupts the program and waits for its end. A second time it does nothing.
func (c *Child) Stop() {
	if c.stopped {
		return
	}
	c.stopped = true
	_ = c.cmd.Process.Signal(os.Interrupt)
	_ = c.cmd.Wait()
}

// CPU is the seconds of user and system time so far.
func (c *Child) CPU() float64 { return CPU(c.cmd.Process.Pid) }

// Memory is a line of its status, in megabytes.
func (c *Child) Memory(line string) float64 { return Memory(c.cmd.Process.Pid, line) / (1 << 20) }

// OpenFiles is how many it has open right now.
func (c *Child) OpenFiles() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.cmd.Process.Pid))
	return len(entries)
}

// Wait lets what is measured go on for a time. Its error is that of a context that ends meanwhile.
func Wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

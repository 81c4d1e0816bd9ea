package pipeline

import "golang.org/x/sys/unix"

// kernelSynced reports that the kernel's clock is kept by a time server. Setting it by hand ends that,
// until the time server has set it again. Where it may not be asked, nothing is known: false.
func kernelSynced() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}

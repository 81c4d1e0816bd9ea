// Package process runs the programs that are measured, and tells what they have used, as Linux accounts for it.
package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// CPU is the seconds of user and system time that a process has used; 0 if it is gone.
func CPU(pid int) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // a name may have spaces
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // clock ticks are hundredths on Linux
}

// Memory is a line of a process's status in bytes, as VmRSS (now) or VmHWM (the most there ever was); 0 if
// the process is gone.
func Memory(pid int, line string) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for text := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(text, line+":"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb * 1024
		}
	}
	return 0
}

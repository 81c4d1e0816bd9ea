//go:build unix

package door

import "golang.org/x/sys/unix"

// Files is how many files this process may have open; 0: nobody knows.
func Files() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(min(limit.Cur, 1<<30))
}

package spool

import (
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// What is put aside is bounded, in files and in bytes; the newest stay, and what is not the spool's.
func TestAsideBounded(t *testing.T) {
	for name, c := range map[string]struct{ files, bytes, stay int }{
		"few":       {files: 3, bytes: 1000, stay: 3},
		"many":      {files: 40, bytes: 10, stay: asideFiles},
		"large":     {files: 5, bytes: 7000, stay: 2},
		"one large": {files: 1, bytes: 100_000, stay: 1},
	} {
		t.Run(name, func(t *testing.T) {
			ram := newRAMFolder(1)
			put := func(name string) {
				f, err := ram.open(name, true)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteAt(make([]byte, c.bytes), 0); err != nil {
					t.Fatal(err)
				}
			}
			put("notes.bad")
			suffixes := []string{badSuffix, tornSuffix, unsyncedSuffix}
			for i := range c.files {
				put(segmentName(uint64(i+1)) + suffixes[i%len(suffixes)])
			}
			s := ramSpool(t, ram, func(cfg *Config) { cfg.MaxBytes = 64 << 10 })
			names, err := ram.list()
			if err != nil {
				t.Fatal(err)
			}
			left := slices.DeleteFunc(names, func(name string) bool { return !isAside(name) })
			slices.Sort(left)
			if len(left) != c.stay || left[0] < segmentName(uint64(c.files-c.stay+1)) {
				t.Errorf("%d are left, from %v", len(left), left)
			}
			if removed := testutil.ToFloat64(s.metrics.trimmed); int(removed) != c.files-c.stay {
				t.Errorf("%v are counted", removed)
			}
			if ram.names["notes.bad"] == nil {
				t.Error("a file of somebody else is gone")
			}
			closeSpool(t, s)
		})
	}
}

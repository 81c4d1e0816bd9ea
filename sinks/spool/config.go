package spool

import (
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

// Config bounds one spool.
type Config struct {
	// MaxBytes on the disk; beyond it the oldest segment is dropped, and counted.
	MaxBytes int64 `yaml:"max_bytes"`
	// MaxAge is how much older than the newest a record may become; older ones are dropped, and counted. 0: any age.
	MaxAge configs.Duration `yaml:"max_age"`
	// SegmentBytes is the size of one file.
	SegmentBytes int64 `yaml:"segment_bytes"`
	// Fsync is "interval" (every 200 ms, the default) or "always" (before Append returns).
	Fsync string `yaml:"fsync"`
}

const (
	minSegment = 64 << 10
	// maxRecord bounds one record as it lies on the disk.
	maxRecord = 4 << 20

	syncInterval  = "interval"
	syncAlways    = "always"
	syncEvery     = 200 * time.Millisecond
	syncBytes     = 1 << 20
	unsyncedBytes = 4 << 20 // records that are not on the disk yet and are kept, to be written again
)

// DefaultConfig is 4 GiB in files of 16 MiB.
func DefaultConfig() Config {
	return Config{MaxBytes: 4 << 30, SegmentBytes: 16 << 20, Fsync: syncInterval}
}

// SetDefaults fills in DefaultConfig before a config file is read.
func (c *Config) SetDefaults() { *c = DefaultConfig() }

// Validate reports what cannot work.
func (c *Config) Validate(r *configs.Report) {
	if c.SegmentBytes < minSegment {
		r.At("segment_bytes").Errorf("16777216 (16 MiB) is the default", "%d is too small: at least %d", c.SegmentBytes, minSegment)
	}
	if c.MaxBytes < 2*c.SegmentBytes {
		r.At("max_bytes").Errorf("4294967296 (4 GiB) is the default", "%d is too small: at least two segments of %d", c.MaxBytes, c.SegmentBytes)
	}
	if c.MaxAge < 0 {
		r.At("max_age").Errorf("leave it out to keep records of any age", "%s is negative", c.MaxAge)
	}
	if c.Fsync != syncInterval && c.Fsync != syncAlways {
		r.At("fsync").Errorf("interval (the default) or always", "there is no %q", c.Fsync)
	}
}

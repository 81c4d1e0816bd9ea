package embedded

import (
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

const (
	defaultPath      = "./data"
	defaultRetention = configs.Duration(30 * 24 * time.Hour)
	// defaultCoarseRetention compares this year with the one before, and those before.
	defaultCoarseRetention = configs.Duration(5 * 365 * 24 * time.Hour)
	// minRetention is the length of the shortest block: less would keep nothing but the head.
	minRetention = configs.Duration(2 * time.Hour)
)

// Config of the embedded store. A field that is left out has its value of DefaultConfig.
type Config struct {
	// Path is the data folder; the store keeps its files in its subfolder "tsdb".
	Path string `yaml:"path"`
	// Retention says how long samples are kept, at least 2h. Whole blocks are deleted, so samples live
	// up to a tenth longer.
	Retention configs.Duration `yaml:"retention"`
	// MaxBytes is the size beyond which the oldest block is deleted, write-ahead log included; 0: any.
	MaxBytes int64 `yaml:"max_bytes"`
	// Coarse is the second store, of a value every five minutes.
	Coarse CoarseConfig `yaml:"coarse"`
	// MaxSeries is how many series of the last hours the store holds; new ones are refused then; 0: any.
	MaxSeries uint64 `yaml:"max_series"`
}

// CoarseConfig of the store that keeps a value every five minutes for years.
type CoarseConfig struct {
	// Retention says how long values are kept; not longer than the fine store's: there is no coarse store.
	Retention configs.Duration `yaml:"retention"`
	// MaxBytes is the size beyond which the oldest block is deleted; 0: any.
	MaxBytes int64 `yaml:"max_bytes"`
}

// DefaultConfig keeps 30 days in ./data, and five years of a value every five minutes.
func DefaultConfig() Config {
	return Config{Path: defaultPath, Retention: defaultRetention, Coarse: CoarseConfig{Retention: defaultCoarseRetention}}
}

// SetDefaults fills in DefaultConfig before a config file is read.
func (c *Config) SetDefaults() { *c = DefaultConfig() }

// Validate reports what cannot work.
func (c *Config) Validate(r *configs.Report) {
	if c.MaxBytes < 0 {
		r.At("max_bytes").Errorf("give bytes, or 0 for any size", "%d is negative", c.MaxBytes)
	}
	if c.Coarse.MaxBytes < 0 {
		r.At("coarse", "max_bytes").Errorf("give bytes, or 0 for any size", "%d is negative", c.Coarse.MaxBytes)
	}
	if c.Retention != 0 && c.Retention < minRetention {
		r.At("retention").Errorf("give at least 2h; 30d is the default", "%s is too short", c.Retention)
	}
}

func (c Config) withDefaults() Config {
	if c.Path == "" {
		c.Path = defaultPath
	}
	if c.Retention == 0 {
		c.Retention = defaultRetention
	}
	return c
}

// hasCoarse reports that the coarse store keeps something that the fine one does not.
func (c Config) hasCoarse() bool { return c.Coarse.Retention > c.Retention }

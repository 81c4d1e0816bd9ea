package embedded

import (
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

const (
	defaultPath      = "./data"
	defaultRetention = configs.Duration(30 * 24 * time.Hour)
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
	// MaxSeries is how many series of the last hours the store holds; new ones are refused then; 0: any.
	MaxSeries uint64 `yaml:"max_series"`
}

// DefaultConfig keeps 30 days in ./data.
func DefaultConfig() Config { return Config{Path: defaultPath, Retention: defaultRetention} }

// SetDefaults fills in DefaultConfig before a config file is read.
func (c *Config) SetDefaults() { *c = DefaultConfig() }

// Validate reports what cannot work.
func (c *Config) Validate(r *configs.Report) {
	if c.MaxBytes < 0 {
		r.At("max_bytes").Errorf("give bytes, or 0 for any size", "%d is negative", c.MaxBytes)
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

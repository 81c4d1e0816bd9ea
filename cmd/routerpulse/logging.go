package main

import (
	"io"
	"log/slog"
	"strings"

	"github.com/routerpulse/routerpulse/configs"
)

// LogConfig says how much is logged, and how.
type LogConfig struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // logfmt, json
}

// Validate reports a level or format that does not exist.
func (c LogConfig) Validate(r *configs.Report) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		r.At("level").Errorf("debug, info, warn or error", "there is no log level %q", c.Level)
	}
	if c.Format != "logfmt" && c.Format != "json" {
		r.At("format").Errorf("logfmt or json", "there is no log format %q", c.Format)
	}
}

// newLogger logs to w, which is stderr: stdout is for data. The level may be set later.
func newLogger(c LogConfig, w io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := &slog.LevelVar{}
	level.Set(c.level())
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), level
	}
	return slog.New(slog.NewTextHandler(w, opts)), level
}

func (c LogConfig) level() (level slog.Level) {
	_ = level.UnmarshalText([]byte(strings.ToUpper(c.Level))) // Validate has checked it
	return level
}

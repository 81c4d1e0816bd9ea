package collectors

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// TableConfig is what a config says of one table: on, off, or { lane: …, every: … }, which is on as well.
type TableConfig struct {
	On    bool             `yaml:"-"`
	Lane  string           `yaml:"lane"`  // "": the table's own
	Every configs.Duration `yaml:"every"` // 0: the table's own
}

// SetDefaults makes one that is named one that is on.
func (t *TableConfig) SetDefaults() { t.On = true }

// UnmarshalText takes the short form.
func (t *TableConfig) UnmarshalText(b []byte) error {
	switch string(b) {
	case "on", "true":
		t.On = true
	case "off", "false":
		t.On = false
	default:
		return fmt.Errorf("%q is neither on nor off: write one of them, or { every: 5m, lane: slow }", b)
	}
	return nil
}

// over fills in from base what t leaves out.
func (t TableConfig) over(base TableConfig) TableConfig {
	if t.Lane == "" {
		t.Lane = base.Lane
	}
	if t.Every == 0 {
		t.Every = base.Every
	}
	return t
}

// The bounds of every.
const (
	minEvery = time.Second
	maxEvery = 30 * 24 * time.Hour
)

// validate checks what the root or a device says of tables. Of a device, protocols are those that
// it has; nil is any.
func (c *catalogue) validate(r *configs.Report, tables map[string]TableConfig, protocols []string) {
	for name, t := range tables {
		at := r.At(name)
		switch e := c.entries[name]; {
		case e == nil:
			at.Errorf(c.hint(name), "there is no table %q to read", name)
		case t.On && protocols != nil && !e.readableOver(protocols):
			at.Errorf("it is read over "+strings.Join(e.Protocols(), " and "), "the device has no credential with which %s can be read", name)
		}
		if t.Lane != "" && !slices.Contains(pollLanes(), pipeline.Lane(t.Lane)) {
			at.At("lane").Errorf("live, sessions or slow", "there is no lane %q for tables", t.Lane)
		}
		if t.Every != 0 && (t.Every.Std() < minEvery || t.Every.Std() > maxEvery) {
			at.At("every").Errorf("how often its lane is read is the lane's period: lanes", "%s: must be between 1s and 30d", t.Every)
		}
	}
}

// hint names the tables that a misspelt one may have been meant to be.
func (c *catalogue) hint(wrong string) string {
	if near := configs.Nearest(wrong, c.names); near != "" {
		return "did you mean " + near + "?"
	}
	var alike []string
	for _, name := range c.names {
		if strings.Contains(name, wrong) || strings.Contains(wrong, name) {
			alike = append(alike, name)
		}
	}
	const all = "routerpulse tables lists them all"
	if len(alike) == 0 || len(alike) > 6 {
		return all
	}
	return "there is " + strings.Join(alike, ", ") + "; " + all
}

package influxdb

import (
	"slices"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// deviceTag is the tag that every row of a device has beside those of the config.
const deviceTag = "device"

// filter chooses what goes to a destination. It remembers its last answer: a batch is of one device.
type filter struct {
	cfg    *Config
	device string
	known  bool
	passes bool
}

// wantsTable reports that a table goes to this destination.
func (c *Config) wantsTable(table string) bool {
	return (len(c.Tables) == 0 || slices.Contains(c.Tables, table)) && !slices.Contains(c.NotTables, table)
}

// wantsRow reports that rows of this row's device do.
func (f *filter) wantsRow(s *pipeline.Series) bool {
	if len(f.cfg.Tags) == 0 && len(f.cfg.NotTags) == 0 {
		return true
	}
	if !f.known || f.device != s.Device() {
		f.device, f.known = s.Device(), true
		f.passes = f.cfg.wantsDevice(f.device, s.DeviceTags())
	}
	return f.passes
}

// wantsDevice asks for one of the values of each key of Tags, and for none of those of NotTags.
func (c *Config) wantsDevice(device string, tags []pipeline.Tag) bool {
	value := func(key string) string {
		if key == deviceTag {
			return device
		}
		for _, t := range tags {
			if t.Key == key {
				return t.Value
			}
		}
		return ""
	}
	for key, allowed := range c.Tags {
		if !slices.Contains(allowed, value(key)) {
			return false
		}
	}
	for key, denied := range c.NotTags {
		if slices.Contains(denied, value(key)) {
			return false
		}
	}
	return true
}

func validateTags(tags map[string][]string, r *configs.Report) {
	for key, values := range tags {
		if len(values) == 0 {
			r.At(key).Errorf("write it as "+key+": [one, another], or remove it", "no value is given")
		}
	}
}

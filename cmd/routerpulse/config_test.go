package main

import (
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/configs"
)

// TestAdviceOnRareReads: what is read more rarely than a value holds in the embedded store is told, by name; without
// that store nothing is.
func TestAdviceOnRareReads(t *testing.T) {
	every := func(d time.Duration) collectors.TableConfig {
		return collectors.TableConfig{On: true, Every: configs.Duration(d)}
	}
	cfg := DefaultConfig()
	cfg.Collectors.Tables = map[string]collectors.TableConfig{"certificate": every(12 * time.Hour), "storage": every(10 * time.Minute), "optics": {Every: configs.Duration(time.Hour)}}
	cfg.Collectors.Devices = []collectors.DeviceConfig{
		{Name: "core-1", Tables: map[string]collectors.TableConfig{"license": every(25 * time.Minute)}},
		{Name: "core-2", Lanes: collectors.Lanes{Slow: configs.Duration(time.Hour)}},
	}
	got := cfg.Advice()
	if len(got) != 1 || !strings.HasPrefix(got[0], "lane slow, table certificate, table license: read no oftener than every 25m") {
		t.Errorf("%q", got)
	}
	cfg.Storage.None = true
	if got := cfg.Advice(); len(got) != 0 {
		t.Errorf("without a store: %q", got)
	}
	cfg = DefaultConfig()
	if got := cfg.Advice(); len(got) != 0 {
		t.Errorf("a config that says nothing: %q", got)
	}
}

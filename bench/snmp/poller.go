package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// poller is a measured process.
type poller interface {
	CPU() float64
	Stop()
}

// start runs a poller over the whole fleet.
func start(ctx context.Context, o options, name string, fleet *simulator.Fleet, dir string, db *database) (poller, error) {
	if name == "telegraf" {
		return startTelegraf(ctx, o, fleet, dir, db)
	}
	return process.StartRouterPulse(ctx, o.program, dir, fmt.Sprintf("data: %q\nstorage: { %s }\nlanes: { live: %s, status: 1h }\ntables: {%s: off }\n",
		filepath.Join(dir, "data"), db.routerPulse(), o.period, strings.Join(allBut("router", "interface"), ": off, "))+process.SNMPDevices(fleet))
}

// allBut are the tables that both sides do not read.
func allBut(both ...string) (names []string) {
	cfg := collectors.DefaultConfig()
	for _, t := range cfg.TableInfos() {
		if !slices.Contains(both, t.Table.Name) {
			names = append(names, t.Table.Name)
		}
	}
	return names
}

// profile saves what RouterPulse's CPU did in the time that is measured.
func profile(ctx context.Context, o options, p poller) {
	program, ours := p.(*process.RouterPulse)
	if !ours {
		return
	}
	if err := program.Profile(ctx, fmt.Sprintf("profile?seconds=%d", o.seconds-1), o.profile); err != nil {
		fmt.Fprintln(os.Stderr, "snmp: profile:", err)
	}
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// startTelegraf runs Telegraf's inputs.snmp with outputs.influxdb_v2 or outputs.discard.
func startTelegraf(ctx context.Context, o options, fleet *simulator.Fleet, dir string, db *database) (poller, error) {
	var agents []string
	for _, r := range fleet.Routers() {
		agents = append(agents, fmt.Sprintf("%q", fmt.Sprintf("udp://%s:%d", r.Address(), fleet.SNMPPort())))
	}
	file := filepath.Join(dir, "telegraf.conf")
	config := telegrafConfig(o, strings.Join(agents, ","), db.telegraf())
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	return process.Start(ctx, o.telegraf, "--config", file, "--quiet", "--non-strict-env-handling")
}

// telegrafConfig reads the same columns as RouterPulse does. 25 repetitions instead of its default of 10
// spare it two requests of three for each column.
func telegrafConfig(o options, agents, output string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[agent]\n  interval = \"%s\"\n  round_interval = true\n  flush_interval = \"%s\"\n  omit_hostname = true\n  quiet = true\n  metric_buffer_limit = 100000\n", o.period, o.period)
	b.WriteString(output)
	fmt.Fprintf(&b, "[[inputs.snmp]]\n  agents = [%s]\n  version = 2\n  community = \"public\"\n  timeout = \"5s\"\n  retries = 1\n  max_repetitions = 25\n  name = \"router\"\n", agents)
	for _, c := range scalars() {
		fmt.Fprintf(&b, "  [[inputs.snmp.field]]\n    name = %q\n    oid = %q\n", c.name, c.oid)
	}
	b.WriteString("  [[inputs.snmp.table]]\n    name = \"interface\"\n    index_as_tag = true\n")
	for _, c := range columns() {
		fmt.Fprintf(&b, "    [[inputs.snmp.table.field]]\n      name = %q\n      oid = %q\n", c.name, c.oid)
		if c.isName {
			b.WriteString("      is_tag = true\n")
		}
	}
	return b.String()
}

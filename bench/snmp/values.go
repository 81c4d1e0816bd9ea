package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// sampled is for how many routers it is counted what a poller makes of their answers.
const sampled = 5

// values counts the values that a poller reads from a router, on average. A speed of 0 means that it is
// not known: RouterPulse leaves it out, and so does this count.
func values(ctx context.Context, o options, name string, fleet *simulator.Fleet, dir string) (float64, error) {
	routers := fleet.Routers()
	routers = routers[:min(sampled, len(routers))]
	count := countRouterPulse
	if name == "telegraf" {
		count = countTelegraf
	}
	total := 0
	for _, r := range routers {
		n, err := count(ctx, o, r, fleet.SNMPPort(), dir)
		if err != nil {
			return 0, fmt.Errorf("counting values of %s: %w", r.Name(), err)
		}
		total += n
	}
	return float64(total) / float64(len(routers)), nil
}

// objectsOf is how many objects a field is made of; those that are not listed are made of none that
// another field is not made of as well.
func objectsOf() map[string]int {
	return map[string]int{
		"description": 1, "object_id": 1, "uptime_seconds": 1, "identity": 1, "location": 1, "version": 1,
		"admin_status": 1, "oper_status": 1, "speed_bits_per_second": 1, "rx_bytes": 1, "tx_bytes": 1,
		"rx_packets": 3, "tx_packets": 3, "rx_errors": 1, "tx_errors": 1,
	}
}

func countRouterPulse(ctx context.Context, o options, r *simulator.Router, port int, _ string) (n int, err error) {
	out, err := exec.CommandContext(ctx, o.program, "probe", r.Address().String(), "--community", "public",
		"--snmp-port", strconv.Itoa(port), "--json").Output()
	if err != nil {
		return 0, err
	}
	var read struct {
		Tables []struct {
			Table string
			Rows  []struct {
				Key    string
				Fields map[string]any
			}
		}
	}
	if err := json.Unmarshal(out, &read); err != nil {
		return 0, err
	}
	objects := objectsOf()
	for _, t := range read.Tables {
		for _, row := range t.Rows {
			if t.Table != "router" && t.Table != "interface" {
				return 0, fmt.Errorf("it read the table %s, which Telegraf does not", t.Table)
			}
			if row.Key != "" {
				n++
			}
			for field := range row.Fields {
				n += objects[field]
			}
		}
	}
	return n, nil
}

func countTelegraf(ctx context.Context, o options, r *simulator.Router, port int, dir string) (n int, err error) {
	agent := fmt.Sprintf("\"udp://%s:%d\"", r.Address(), port)
	file := filepath.Join(dir, "once.conf")
	config := telegrafConfig(o, agent, "[[outputs.file]]\n  files = [\"stdout\"]\n  data_format = \"influx\"\n")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, o.telegraf, "--config", file, "--once", "--non-strict-env-handling").Output()
	if err != nil {
		return 0, err
	}
	objects := map[string]bool{}
	for _, object := range append(scalars(), columns()...) {
		objects[object.name] = true
	}
	// Of a line of line protocol: words between separators; which one is a tag or a field does not matter,
	// as long as no text of a simulated router has an equal sign in it.
	for line := range strings.SplitSeq(string(out), "\n") {
		for _, word := range strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ' ' }) {
			name, value, _ := strings.Cut(word, "=")
			if objects[name] && (name != "ifHighSpeed" || value != "0i" && value != "0u") {
				n++
			}
		}
	}
	return n, nil
}

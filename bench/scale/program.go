package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// program is the measured process.
type program struct{ *process.RouterPulse }

// startProgram runs the program over SNMP.
func startProgram(ctx context.Context, o options, fleet *simulator.Fleet, dir string, store bool) (*program, error) {
	storage := "{ none: true }"
	if store {
		storage = fmt.Sprintf("{ embedded: { path: %s } }", filepath.Join(dir, "data"))
	}
	config := fmt.Sprintf("storage: %s\nlanes: { live: %s, status: 60s }\n", storage, o.period)
	if o.few {
		off, err := allBut(ctx, o.program, "router", "cpu", "storage", "health", "interface")
		if err != nil {
			return nil, err
		}
		config += "tables: {" + strings.Join(off, ", ") + "}\n"
	}
	p, err := process.StartRouterPulse(ctx, o.program, dir, config+process.SNMPDevices(fleet))
	return &program{p}, err
}

// allBut turns off all tables that the program can read, but a few.
func allBut(ctx context.Context, program string, few ...string) (off []string, err error) {
	list, err := exec.CommandContext(ctx, program, "tables").Output()
	if err != nil {
		return nil, fmt.Errorf("%s tables: %w", program, err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n")[1:] { // below the heading
		if name := strings.Fields(line)[0]; !slices.Contains(few, name) {
			off = append(off, name+": off")
		}
	}
	slices.Sort(off) // a table with parts in two lanes is there twice
	return slices.Compact(off), nil
}

// metrics sums up each metric of the program over its labels; nothing if it does not answer.
func (p *program) metrics(ctx context.Context) map[string]float64 {
	sums := map[string]float64{}
	page, err := p.Get(ctx, "/metrics")
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		return sums
	}
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, " ")
		if i := strings.IndexByte(line, '}'); i >= 0 {
			name, _, _ = strings.Cut(line, "{")
			value = strings.TrimSpace(line[i+1:])
		}
		if strings.HasSuffix(name, "_bucket") { // keep its bound
			_, bound, _ := strings.Cut(line, `le="`)
			bound, _, _ = strings.Cut(bound, `"`)
			name += `{le="` + bound + `"}`
		}
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			sums[name] += f
		}
	}
	return sums
}

// profile saves the heap and ten seconds of CPU. The heap's profile collects garbage before.
func (p *program) profile(ctx context.Context, folder string) {
	for name, path := range map[string]string{"heap.prof": "heap?gc=1", "cpu.prof": "profile?seconds=10"} {
		if err := p.Profile(ctx, path, filepath.Join(folder, name)); err != nil {
			fmt.Fprintln(os.Stderr, "scale:", err)
		}
	}
}

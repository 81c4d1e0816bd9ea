package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// program is the measured process.
type program struct{ cmd *exec.Cmd }

// startProgram runs the program over SNMP with the embedded store.
func startProgram(ctx context.Context, o options, fleet *simulator.Fleet, dir string) (*program, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "web: { listen: \"127.0.0.1:0\" }\nstorage: { embedded: { path: %s } }\nlanes: { live: %s, status: %s }\n",
		filepath.Join(dir, "data"), o.period, "60s")
	b.WriteString("credentials: [{ name: c, snmp: { version: 2c, community: public } }]\ndevices:\n")
	for _, r := range fleet.Routers() {
		fmt.Fprintf(&b, "  - { name: %s, address: %s, credentials: [c], snmp: { port: %d } }\n", r.Name(), r.Address(), fleet.SNMPPort())
	}
	file := filepath.Join(dir, "routerpulse.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.program, "serve", "--config.file", file, "--log.level", "error")
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w (make build)", o.program, err)
	}
	return &program{cmd}, nil
}

func (p *program) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
}

// cpu is the seconds of user and system time so far.
func (p *program) cpu() float64 { return process.CPU(p.cmd.Process.Pid) }

// maxRSS is the most memory it ever had, in megabytes.
func (p *program) maxRSS() float64 { return process.Memory(p.cmd.Process.Pid, "VmHWM") / (1 << 20) }

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// poller is a measured process.
type poller struct {
	cmd        *exec.Cmd
	url, token string // of RouterPulse, for its profile
	stopped    bool
}

// start runs a poller over the whole fleet.
func start(ctx context.Context, o options, name string, fleet *simulator.Fleet, dir string, db *database) (*poller, error) {
	if name == "telegraf" {
		return startTelegraf(ctx, o, fleet, dir, db)
	}
	return startRouterPulse(ctx, o, fleet, dir, db)
}

// startRouterPulse runs the program with the hub and rates on.
func startRouterPulse(ctx context.Context, o options, fleet *simulator.Fleet, dir string, db *database) (*poller, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &poller{url: "http://" + address, token: rand.Text()}
	var b strings.Builder
	fmt.Fprintf(&b, "web: { listen: %q }\ndata: %q\nstorage: { %s }\nlanes: { live: %s, status: 1h }\n",
		address, filepath.Join(dir, "data"), db.routerPulse(), o.period)
	fmt.Fprintf(&b, "access: { tokens: [{ name: bench, sha256: \"%x\", roles: [admin] }] }\n", sha256.Sum256([]byte(p.token)))
	b.WriteString("tables: {" + strings.Join(allBut("router", "interface"), ": off, ") + ": off }\n")
	b.WriteString("credentials: [{ name: c, snmp: { version: 2c, community: public } }]\ndevices:\n")
	for _, r := range fleet.Routers() {
		fmt.Fprintf(&b, "  - { name: %s, address: %s, credentials: [c], snmp: { port: %d } }\n", r.Name(), r.Address(), fleet.SNMPPort())
	}
	file := filepath.Join(dir, "routerpulse.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return p, p.run(ctx, o.program, "serve", "--config.file", file, "--log.level", "error")
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

func (p *poller) run(ctx context.Context, program string, args ...string) error {
	p.cmd = exec.CommandContext(ctx, program, args...)
	p.cmd.Stderr = os.Stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	return p.cmd.Start()
}

// freeAddress is one that nobody listens on right now.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

func (p *poller) stop() {
	if p.stopped {
		return
	}
	p.stopped = true
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
}

// cpu is the seconds of user and system time so far.
func (p *poller) cpu() float64 { return process.CPU(p.cmd.Process.Pid) }

// profile saves what the CPU did in the time that is measured.
func (p *poller) profile(ctx context.Context, o options) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", p.url, o.seconds-1), nil)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintln(os.Stderr, "snmp: profile:", err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err == nil {
		err = os.WriteFile(o.profile, data, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "snmp: profile:", err)
	}
}

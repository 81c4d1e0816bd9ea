package main

import (
	"bufio"
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
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// program is the measured process.
type program struct {
	cmd   *exec.Cmd
	url   string
	token string // of role admin, for its profiles
}

// startProgram runs the program over SNMP, the hub on.
func startProgram(ctx context.Context, o options, fleet *simulator.Fleet, dir string, store bool) (*program, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &program{url: "http://" + address, token: rand.Text()}
	storage := "{ none: true }"
	if store {
		storage = fmt.Sprintf("{ embedded: { path: %s } }", filepath.Join(dir, "data"))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "web: { listen: %q }\nstorage: %s\nlanes: { live: %s, status: 60s }\n", address, storage, o.period)
	fmt.Fprintf(&b, "access: { tokens: [{ name: bench, sha256: \"%x\", roles: [admin] }] }\n", sha256.Sum256([]byte(p.token)))
	if o.few {
		off, err := allBut(ctx, o.program, "router", "cpu", "storage", "health", "interface")
		if err != nil {
			return nil, err
		}
		b.WriteString("tables: {" + strings.Join(off, ", ") + "}\n")
	}
	b.WriteString("credentials: [{ name: c, snmp: { version: 2c, community: public } }]\ndevices:\n")
	for _, r := range fleet.Routers() {
		fmt.Fprintf(&b, "  - { name: %s, address: %s, credentials: [c], snmp: { port: %d } }\n", r.Name(), r.Address(), fleet.SNMPPort())
	}
	file := filepath.Join(dir, "routerpulse.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	p.cmd = exec.CommandContext(ctx, o.program, "serve", "--config.file", file, "--log.level", "error")
	p.cmd.Stderr = os.Stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w (make build)", o.program, err)
	}
	return p, nil
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

func (p *program) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
}

// metrics sums up each metric of the program over its labels; nothing if it does not answer.
func (p *program) metrics(ctx context.Context) map[string]float64 {
	sums := map[string]float64{}
	body, err := p.get(ctx, "/metrics")
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		return sums
	}
	defer func() { _ = body.Close() }()
	for lines := bufio.NewScanner(body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if i := strings.IndexByte(lines.Text(), '}'); i >= 0 {
			name, _, _ = strings.Cut(lines.Text(), "{")
			value = strings.TrimSpace(lines.Text()[i+1:])
		}
		if strings.HasSuffix(name, "_bucket") { // keep its bound
			_, bound, _ := strings.Cut(lines.Text(), `le="`)
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
	for name, path := range map[string]string{"heap.prof": "/debug/pprof/heap?gc=1", "cpu.prof": "/debug/pprof/profile?seconds=10"} {
		body, err := p.get(ctx, path)
		if err != nil {
			fmt.Fprintln(os.Stderr, "scale:", err)
			continue
		}
		data, err := io.ReadAll(body)
		_ = body.Close()
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), data, 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "scale:", err)
		}
	}
}

func (p *program) get(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return resp.Body, nil
}

// cpu is the seconds of user and system time so far.
func (p *program) cpu() float64 { return process.CPU(p.cmd.Process.Pid) }

// memory is a line of the process's status, in megabytes.
func (p *program) memory(line string) float64 {
	return process.Memory(p.cmd.Process.Pid, line) / (1 << 20)
}

// openFiles is how many the process has open right now.
func (p *program) openFiles() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	return len(entries)
}

package process

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// RouterPulse is the measured program, with the hub and rates on, and a page that this one may read.
type RouterPulse struct {
	*Child

	url, token string
}

// readyTime bounds how long it may take to answer for the first time.
const readyTime = 2 * time.Minute

// StartRouterPulse runs the program with a config to which it adds where to listen and who may read it. The
// config lies in dir. It returns when the program answers.
func StartRouterPulse(ctx context.Context, program, dir, config string) (*RouterPulse, error) {
	address, err := FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &RouterPulse{url: "http://" + address, token: rand.Text()}
	config += fmt.Sprintf("web: { listen: %q }\naccess: { tokens: [{ name: bench, sha256: \"%x\", roles: [admin] }] }\n", address, sha256.Sum256([]byte(p.token)))
	file := filepath.Join(dir, "routerpulse.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	if p.Child, err = Start(ctx, program, "serve", "--config.file", file, "--log.level", "error"); err != nil {
		return nil, fmt.Errorf("%w (make build)", err)
	}
	if err := Answers(ctx, p.url+"/-/healthy"); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// SNMPDevices is the part of a config that has all routers of a fleet, polled over SNMP v2c.
func SNMPDevices(fleet *simulator.Fleet) string {
	var b strings.Builder
	b.WriteString("credentials: [{ name: c, snmp: { version: 2c, community: public } }]\ndevices:\n")
	for _, r := range fleet.Routers() {
		fmt.Fprintf(&b, "  - { name: %s, address: %s, credentials: [c], snmp: { port: %d } }\n", r.Name(), r.Address(), fleet.SNMPPort())
	}
	return b.String()
}

// Get reads a path of the program.
func (p *RouterPulse) Get(ctx context.Context, path string) ([]byte, error) {
	return get(ctx, p.url+path, p.token)
}

// Profile saves what a path of /debug/pprof says in a file.
func (p *RouterPulse) Profile(ctx context.Context, path, file string) error {
	data, err := p.Get(ctx, "/debug/pprof/"+path)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// FreeAddress is one of loopback that nobody listens on right now.
func FreeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// Answers waits for a page to be there.
func Answers(ctx context.Context, url string) error {
	for began := time.Now(); ; {
		_, err := get(ctx, url, "")
		if err == nil {
			return nil
		}
		if time.Since(began) > readyTime {
			return err
		}
		if err := Wait(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func get(ctx context.Context, url, token string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// Page reads a page of another program.
func Page(ctx context.Context, url string) ([]byte, error) { return get(ctx, url, "") }

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// A flood of connections that say nothing, at a program that may have 256 files: polls go on, the store keeps,
// streams that are open go on, and whoever asks is answered.
func TestFloodLeavesFiles(t *testing.T) {
	sim := simulator.Options{Routers: 3, Seed: 1, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry"}
	fleet := openFleet(t, sim)
	yaml, err := demoYAML(fleet, sim, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	listen := freeAddress(t)
	text := strings.Replace(string(yaml), "access:\n", "access:\n  trusted_proxies: [127.0.0.2]\n", 1) // who floods in the name of many
	config := writeFile(t, "routerpulse.yaml", text)
	stderr := &output{}
	args := fmt.Sprintf("serve --config.file %s --listen %s --data %s", config, listen, t.TempDir())
	cmd := exec.Command("/bin/sh", "-c", `ulimit -n 256; exec "$0" -test.run=^$`, os.Args[0])
	cmd.Env = append(os.Environ(), childArgs+"="+args)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("serve ended with %v:\n%s", err, stderr)
		}
	})
	base := "http://" + listen
	await(t, "it is ready", func() bool {
		resp, err := http.Get(base + "/-/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	s := subscribe(t, base+"/v1/stream?channel=public-routers", "")
	await(t, "the stream is in sync", func() bool { _, synced := s.count("router.live"); return synced })

	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for range 600 {
		c, err := from.Dial("tcp", listen)
		if err != nil {
			continue // refused as soon as it was there
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n")
	}
	http.DefaultClient.CloseIdleConnections()
	await(t, "the others are refused", func() bool { return strings.Contains(stderr.String(), "connection refused: as many are open") })
	await(t, "it answers", func() bool { // as soon as one of the flood has waited for a second
		resp, err := http.Get(base + "/metrics")
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		return err == nil && metricIn(t, string(body), "routerpulse_http_connections_cut_total") > 500
	})
	deltas := len(s.past("router.live router/" + fleet.Routers()[0].Name()))
	await(t, "polls and the stream go on", func() bool {
		return len(s.past("router.live router/"+fleet.Routers()[0].Name())) > deltas+2
	})
	for _, bad := range []string{"too many open files", "accept"} {
		if strings.Contains(stderr.String(), bad) {
			t.Errorf("the log says %q", bad)
		}
	}
}

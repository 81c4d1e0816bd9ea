package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/configs"
)

// A fleet that simulate serves is polled with the config that it prints, and tail shows it.
func TestSimulateServeTail(t *testing.T) {
	t.Parallel()
	sim := start(t, "simulate", "--routers", "3", "--quiet")
	await(t, "the config", func() bool {
		return strings.Contains(sim.out.String(), "tower-1") || strings.Count(sim.out.String(), "- name: ") >= 5
	})
	yaml := sim.out.String() + "web: { loopback_read: true }\nlanes: { live: 1s }\n"
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", yaml), "--listen", "127.0.0.1:0", "--data", t.TempDir())
	base := p.url(t)

	people := start(t, "tail", "public-routers", "--url", base)
	await(t, "tail is live, and shows changes", func() bool {
		_, after, live := strings.Cut(people.out.String(), "-- live --")
		return live && strings.Contains(after, "router.live  router/") && strings.Contains(after, "cpu_percent=")
	})
	scripts := start(t, "tail", "--json", "--url", base)
	await(t, "tail --json", func() bool { return strings.Contains(scripts.out.String(), `{"event":"delta","data":{`) })

	code, _, errOut := run(t, "tail", "private-router-status", "--url", base)
	if code != exitError || !strings.Contains(errOut, "401") || !strings.Contains(errOut, "private-router-status") {
		t.Errorf("a private channel without a token: %d: %s", code, errOut)
	}
	if code := people.stop(); code != exitOK {
		t.Errorf("tail ended with %d", code)
	}
}

// tail resumes after the last whole frame, even if the connection is cut inside a frame that has an id.
func TestTailResumes(t *testing.T) {
	var mu sync.Mutex
	var cursors []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		cursors = append(cursors, r.Header.Get("Last-Event-ID"))
		n := len(cursors)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "retry: 100\n\nevent: sync\nid: c.%d\ndata: {\"seq\":1}\n\n", n)
		fmt.Fprintf(w, "event: delta\nid: cut.%d\ndata: {\"time\":1,\"chan", n)
	}))
	defer server.Close()
	tail := start(t, "tail", "x", "--url", server.URL)
	await(t, "four connections", func() bool { mu.Lock(); defer mu.Unlock(); return len(cursors) >= 4 })
	tail.stop()
	mu.Lock()
	defer mu.Unlock()
	for i, c := range cursors[1:] {
		if want := fmt.Sprintf("c.%d", i+1); c != want {
			t.Errorf("connection %d resumed after %q, want %q", i+2, c, want)
		}
	}
	if strings.Contains(tail.out.String(), "chan") {
		t.Errorf("a frame that was cut was shown:\n%s", tail.out.String())
	}
}

// The shipped configs are right.
func TestShippedConfigs(t *testing.T) {
	fleet := simulator.New(simulator.Options{Routers: 2, Quiet: true})
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fleet.Close() }()
	demo, err := demoYAML(fleet, simulator.Options{Community: "public", User: "telemetry", Password: "telemetry"}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"init": configs.Default(), "demo": demo} {
		cfg := DefaultConfig()
		if err := configs.Parse(name, text, &cfg); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a router or a server says does not reach the terminal as commands, and --json stays JSON.
func TestTailOfHostileNames(t *testing.T) {
	const name = "sfp-sfpplus1/vlan10\\u001b[2J\\u202e\\r"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "event: snapshot\ndata: {\"topic\":\"t\",\"rows\":[[\"interface/core-1/%s\",1,1,{\"comment\":\"\u009b2J\"}]]}\n\n", name)
		fmt.Fprintf(w, "event: delta\ndata: {\"changes\":[{\"topic\":\"t\",\"key\":\"interface/core-1/%s\",\"patch\":null}]}\n\n", name)
		fmt.Fprint(w, "event: odd\x1b\u00e9\"\ndata: {}\n\nevent: bye\ndata: {\"code\":\"logged-out\",\"why\":\"You logged out.\\u001b[1m\"}\n\n")
	}))
	defer server.Close()
	for _, mode := range [][]string{{}, {"--json"}} {
		code, out, errOut := run(t, append([]string{"tail", "x", "--url", server.URL}, mode...)...)
		if code != exitError || !strings.Contains(errOut, "You logged out.") {
			t.Errorf("after a goodbye for ever it ended with %d: %s", code, errOut)
		}
		if strings.ContainsAny(out+errOut, "\x1b\u009b\r") && len(mode) == 0 {
			t.Errorf("the terminal is given %q", out+errOut)
		}
		for line := range strings.Lines(out) {
			if len(mode) > 0 && !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
		}
		if len(mode) == 0 && !strings.Contains(out, `interface/core-1/sfp-sfpplus1/vlan10\u001b[2J\u202e\u000d  gone`) {
			t.Errorf("printed %s", out)
		}
	}
}

// A goodbye that says when to come back is told, and so is what a server that is gone looks like.
func TestTailSaysWhy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "retry: 60000\n\nevent: bye\ndata: {\"code\":\"shutdown\",\"why\":\"the server is stopping\",\"reconnect\":true}\n\n")
	}))
	defer server.Close()
	tail := start(t, "tail", "x", "--url", server.URL)
	await(t, "the reason", func() bool {
		return strings.Contains(tail.err.String(), "the server ended the stream: the server is stopping; connecting again in 1m0s")
	})
	tail.stop()
}

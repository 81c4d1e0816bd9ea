package sse

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// restart ends a server, if there is one, and starts another on the same folder.
func restart(t *testing.T, old *server, folder string, before func(h *Hub)) *server {
	t.Helper()
	if old != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := old.hub.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return serveFrom(t, testConfig(), testOptions(), func(h *Hub) {
		if err := h.Restore(folder); err != nil {
			t.Fatal(err)
		}
		before(h)
	})
}

// TestRestartBlanksNoPage: rows outlive the process with all they said, but for devices that are no
// longer configured and interfaces that are gone; a router that is polled anew does not become unknown.
func TestRestartBlanksNoPage(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "stream")
	f := newFleet()
	s := restart(t, nil, folder, func(h *Hub) {
		for i := range 3 {
			name := fmt.Sprintf("core-%d", i)
			h.Publish(f.status(name, "online", ""))
			h.Publish(f.live(name, fields{"cpu_percent": 10 + i, "identity": "gw"}))
			h.Publish(f.interfaces(name, map[string]fields{"ether1": {"rx_bits_per_second": 1000}, "ether2": {"oper_status": "up"}}))
		}
	})
	s = restart(t, s, folder, func(h *Hub) {
		h.Publish(f.status("core-0", "unknown", "")) // as polling begins; core-2 is not configured any more
		h.Publish(f.status("core-1", "unknown", ""))
	})
	st := s.open(nil, "channel=public-routers&channel=router-core-0&channel=router-core-1&channel=router-core-2", "Authorization", "Bearer viewer-token")
	st.untilSync()
	for i, want := range []any{10.0, 11.0, nil} {
		key := fmt.Sprintf("router/core-%d", i)
		if got := st.client.field("public-routers", topicLive, key, "cpu_percent"); got != want {
			t.Errorf("%s: cpu %v, want %v", key, got, want)
		}
	}
	if got := st.client.field("public-routers", topicLive, "router/core-0", "status"); got != "online" {
		t.Errorf("status %v", got)
	}
	if got := st.client.field("router-core-0", topicInterfaces, "interface/core-0/ether1", "rx_bits_per_second"); got != 1000.0 {
		t.Errorf("rate %v", got)
	}
	s.hub.Publish(f.interfaces("core-0", map[string]fields{"ether2": {"oper_status": "down"}}))
	st.until("ether1 is gone", func(c *client) bool { return len(c.rows["router-core-0 "+topicInterfaces]) == 1 })
	if len(st.client.events) != 0 {
		t.Errorf("events of a restart: %v", st.client.events)
	}
}

// goneBefore returns a server and a client that is away since before the router went offline.
func goneBefore(t *testing.T, folder string, f *fleet) (*server, *stream) {
	s := restart(t, nil, folder, func(h *Hub) { h.Publish(f.status("core-1", "online", "")) })
	st := s.open(nil, "channel=public-routers")
	st.untilSync()
	st.close()
	s.hub.Publish(f.status("core-1", "offline", "before"))
	return s, st
}

// TestRestartLosesNoEvent: a client that was away over a restart gets the events from before and after,
// each once, and no gap.
func TestRestartLosesNoEvent(t *testing.T) {
	folder := t.TempDir()
	f := newFleet()
	s, st := goneBefore(t, folder, f)
	eventually(t, "the event is in", func() (in bool) {
		s.hub.store.Read(func() { in = s.hub.store.Place().Journal >= 3 })
		return in
	})
	journal := s.hub.store.Journal()
	half := filepath.Join(folder, rowsFile+".17"+temporary) // as a process that was killed leaves it
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = restart(t, s, folder, func(*Hub) {})
	s.hub.Publish(f.status("core-1", "online", "after"))
	again := s.open(st.client, "channel=public-routers")
	again.until("both", func(c *client) bool { return len(c.events) >= 2 && c.synced })
	if again.client.journal != journal {
		t.Errorf("journal %s, was %s", again.client.journal, journal)
	}
	if got := again.client.events[0].Data["reason"]; got != "before" {
		t.Errorf("first event %v", again.client.events)
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("what was half written is still there")
	}
	if len(again.client.gaps) != 0 {
		t.Errorf("gaps %v", again.client.gaps)
	}
}

// TestCutOffAfterRestart: whose connection breaks again before all rows are here loses no event either, with an id
// that stands for none of the rows.
func TestCutOffAfterRestart(t *testing.T) {
	folder := t.TempDir()
	f := newFleet()
	s, st := goneBefore(t, folder, f)
	s = restart(t, s, folder, func(*Hub) {})
	c := st.client
	whole := s.open(c, "channel=public-routers")
	var text []byte
	for !bytes.Contains(text, []byte("event: event")) {
		n, err := whole.resp.Body.Read(whole.buf[:])
		if text = append(text, whole.buf[:n]...); err != nil {
			t.Fatal(err)
		}
	}
	whole.close()
	half, _, _ := bytes.Cut(text, []byte("event: event"))
	before := c.lastID
	if err := c.feed(half); err != nil || len(c.rows) == 0 || c.lastID == before {
		t.Fatalf("%v, id %s, after %s", err, c.lastID, half)
	}
	s.open(c, "channel=public-routers").untilSync()
	if c.resume != "snapshot" || len(c.events) != 1 {
		t.Errorf("resume %s, events %v", c.resume, c.events)
	}
}

// TestRestartOnDamage: whatever is in the folder, the hub starts, with all that is whole.
func TestRestartOnDamage(t *testing.T) {
	folder := t.TempDir()
	f := newFleet()
	s := restart(t, nil, folder, func(h *Hub) {
		h.Publish(f.live("core-1", fields{"cpu_percent": 5}))
		for i := range 20 {
			h.Publish(f.status("core-1", []string{"online", "offline"}[i%2], fmt.Sprint(i)))
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.hub.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{rowsFile, journalFile} {
		whole, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(whole); at += 1 + len(whole)/60 {
			for _, damaged := range [][]byte{whole[:at], append(append([]byte(nil), whole[:at]...), append([]byte{whole[at] ^ 0x55}, whole[at+1:]...)...)} {
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), damaged, 0o600); err != nil {
					t.Fatal(err)
				}
				h := newTestHub(t, testConfig(), testOptions())
				if err := h.Restore(dir); err != nil {
					t.Fatalf("%s damaged at %d: %v", name, at, err)
				}
				if d := h.store.Device("core-1"); name == journalFile && d == nil {
					t.Fatalf("%s damaged at %d: the rows are gone too", name, at)
				}
				if err := h.disk.close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestUnknownState guards the assumption that a device begins as unknown.
func TestUnknownState(t *testing.T) {
	if name := pipeline.NewSchema().Table("router_status").Field("state").NameOf(pipeline.StateUnknown); name != "unknown" {
		t.Error(name)
	}
}

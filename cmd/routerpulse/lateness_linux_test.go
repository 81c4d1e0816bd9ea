package main

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// TestSubscribersNeverDelayPolls: while many subscribers read nothing, and others are gone without a
// word, polls start as they do while nobody listens, by the scheduler's own counters. Whoever waited for one
// of those subscribers would do so for seconds; what a busy machine adds is far less.
func TestSubscribersNeverDelayPolls(t *testing.T) {
	const routers, each, period, phase = 10, 20, time.Second, 3 * time.Second
	sim := simulator.Options{Routers: routers, Seed: 8, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry", Interfaces: 4}
	yaml, err := demoYAML(openFleet(t, sim), sim, period)
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer(
		"access:\n", fmt.Sprintf("access:\n  tokens: [{ name: filler, sha256: \"%x\", roles: [publisher] }]\n", sha256.Sum256([]byte("filler-token"))),
		"carries: [router.live,", "carries: [app.filler, router.live,").Replace(string(yaml)) + "\nstorage: { none: true }\n"
	base := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", config), "--listen", "127.0.0.1:0").url(t)
	await(t, "routers that were polled", func() bool { return latenessOf(t, base).polls > 2*routers })
	alone := observe(t, base, phase)

	for i := range 2 * each {
		conn := lazySubscriber(t, strings.TrimPrefix(base, "http://"))
		if i%2 == 0 {
			deafen(t, conn)
		}
	}
	await(t, "subscribers", func() bool { return metric(t, base, "routerpulse_stream_subscribers") == 2*each })
	sent := -1.0
	await(t, "subscribers all of whom take nothing", func() bool {
		before := sent
		publishMuch(t, base)
		sent = metric(t, base, "routerpulse_stream_sent_bytes_total")
		return sent == before
	})
	stalled := observe(t, base, phase)
	if n := metric(t, base, "routerpulse_stream_ended_total"); n > 0 {
		t.Logf("%.0f of the subscribers were cut off before it was over", n)
	}
	t.Logf("alone %v; with %d subscribers who take nothing %v", alone, 2*each, stalled)
	scheduled := float64(routers * int(phase/period))
	if stalled.polls < scheduled/2 || stalled.skipped > alone.skipped || stalled.late/stalled.polls > alone.late/alone.polls+0.5 {
		t.Errorf("polls came later or not at all: alone %v, then %v", alone, stalled)
	}
}

// started is what the scheduler counts: polls, those that began over a second late, and slots without one
// because the last poll still went on.
type started struct{ polls, late, skipped float64 }

func (l started) String() string {
	return fmt.Sprintf("%.0f polls, %.0f of them over a second late, %.0f skipped", l.polls, l.late, l.skipped)
}

func latenessOf(t *testing.T, base string) started {
	t.Helper()
	const name, live = "routerpulse_poll_lateness_seconds", `{lane="live"`
	_, body := get(t, base+"/metrics", "")
	polls := metricIn(t, body, name+"_count"+live+"}")
	return started{polls, polls - metricIn(t, body, name+"_bucket"+live+`,le="1"}`),
		metricIn(t, body, `routerpulse_polls_skipped_total{lane="live",reason="overrun"}`)}
}

// observe is what is added in a span of time.
func observe(t *testing.T, base string, span time.Duration) started {
	t.Helper()
	before := latenessOf(t, base)
	<-time.After(span)
	after := latenessOf(t, base)
	return started{after.polls - before.polls, after.late - before.late, after.skipped - before.skipped}
}

// publishMuch publishes an event as large as may be.
func publishMuch(t *testing.T, base string) {
	t.Helper()
	event := fmt.Sprintf(`{"channel":"public-routers","event":"filler","data":%q}`, strings.Repeat("x", 9000))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/events", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer filler-token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("publishing: %s", resp.Status)
	}
}

// lazySubscriber opens a stream that nobody reads, with segments as over Ethernet: for those of loopback
// the kernel keeps so much that it would seem to read for minutes.
func lazySubscriber(t *testing.T, address string) net.Conn {
	t.Helper()
	dialer := net.Dialer{Timeout: patience, Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			if failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1400); failed == nil {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
			}
		})
		if err != nil {
			return err
		}
		return failed
	}}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprint(conn, "GET /v1/stream?channel=public-routers HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// deafen has the kernel drop whatever comes on a connection, as if its cable were cut.
func deafen(t *testing.T, conn net.Conn) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing[0]})
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
}

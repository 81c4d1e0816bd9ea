package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

// systemd is the socket on which systemd is told how a service goes.
type systemd struct{ conn *net.UnixConn }

func listenAsSystemd(t *testing.T) systemd {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return systemd{conn}
}

// next is what is told next.
func (s systemd) next(t *testing.T) string {
	t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := s.conn.Read(buf)
	if err != nil {
		t.Fatalf("systemd is told nothing: %v", err)
	}
	return string(buf[:n])
}

// until skips what is told until it has a line.
func (s systemd) until(t *testing.T, line string) string {
	t.Helper()
	for {
		if told := s.next(t); strings.Contains("\n"+told+"\n", "\n"+line+"\n") {
			return told
		}
	}
}

func TestSystemdIsTold(t *testing.T) {
	socket := listenAsSystemd(t)
	t.Setenv("WATCHDOG_USEC", "200000")
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", "web: { listen: \"127.0.0.1:0\" }\nstorage: { none: true }\n"))
	if told := socket.next(t); !strings.HasPrefix(told, "STATUS=opening") {
		t.Errorf("at first: %q", told)
	}
	base := p.url(t)
	if told := socket.until(t, "READY=1"); !strings.Contains(told, "STATUS=polling 0 devices; the page is at "+base+"/") {
		t.Errorf("when it runs: %q", told)
	}
	socket.until(t, "WATCHDOG=1")
	socket.until(t, "WATCHDOG=1")
	if status, _ := get(t, base+"/-/ready", ""); status != http.StatusOK {
		t.Errorf("ready: %d", status)
	}
	if code := p.stop(); code != exitOK {
		t.Errorf("exit %d", code)
	}
	socket.until(t, "STOPPING=1")
}

func TestSystemdIsToldOfAReload(t *testing.T) {
	socket := listenAsSystemd(t)
	l := newLife(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	l.reload(func() string { return "polling 3 devices" })
	if told := socket.next(t); !strings.HasPrefix(told, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("before: %q", told)
	}
	if told := socket.next(t); told != "STATUS=polling 3 devices\nREADY=1" {
		t.Errorf("after: %q", told)
	}
}

// The watchdog is answered while all hearts beat only; /-/healthy says the same.
func TestWatchdogWantsHearts(t *testing.T) {
	for name, stand := range map[string]func(*life){
		"scheduler": func(l *life) { l.beat(&l.pipeline) },
		"pipeline":  func(l *life) { l.beat(&l.scheduler) },
	} {
		t.Run(name, func(t *testing.T) {
			socket, said := listenAsSystemd(t), &output{}
			t.Setenv("WATCHDOG_USEC", "30000")
			l := newLife(prometheus.NewRegistry(), slog.New(slog.NewTextHandler(said, nil)))
			l.enter(running, "")
			socket.until(t, "READY=1")
			l.began = time.Now().Add(-time.Hour) // the last beats were long ago
			stand(l)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); l.watch(ctx) }()
			defer func() { cancel(); <-done }()
			await(t, "it is said", func() bool { return strings.Contains(said.String(), "watchdog is not answered") })
			if code := codeOf(l.healthy); code != http.StatusServiceUnavailable {
				t.Errorf("healthy: %d", code)
			}
			l.tell("STATUS=mark")
			if told := socket.next(t); told != "STATUS=mark" {
				t.Errorf("though it stands still: %q", told)
			}
			l.beat(&l.scheduler)
			l.beat(&l.pipeline)
			socket.until(t, "WATCHDOG=1")
			if code := codeOf(l.healthy); code != http.StatusOK {
				t.Errorf("healthy: %d", code)
			}
		})
	}
}

func codeOf(h http.HandlerFunc) int {
	w := httptest.NewRecorder()
	h(w, httptest.NewRequest(http.MethodGet, "/", nil))
	return w.Code
}

func TestReadyByStage(t *testing.T) {
	l := newLife(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	for s, want := range map[stage]int{starting: 503, running: 200, stopping: 503} {
		l.enter(s, "")
		if code := codeOf(l.ready); code != want {
			t.Errorf("%s: %d, want %d", s, code, want)
		}
	}
}

// A start that takes long says that it is not ready yet, and a stop meanwhile does not wait for it.
func TestStopWhileItStarts(t *testing.T) {
	before := goleak.IgnoreCurrent()
	token := writeFile(t, "token", "secret")
	cfg, err := loadConfig(writeFile(t, "routerpulse.yaml", "data: "+t.TempDir()+"\nweb: { listen: \"127.0.0.1:0\" }\n"+
		"storage: { influxdb: [{ name: main, url: \"http://127.0.0.1:9\", org: o, bucket: b, token_file: "+token+" }] }\n"), newServe(streams{}).Flags(), &output{})
	if err != nil {
		t.Fatal(err)
	}
	said := &output{}
	a, err := build(cfg, prometheus.NewRegistry(), slog.New(slog.NewTextHandler(said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	// Whoever reads the token waits from now on.
	if err := os.Remove(token); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(token, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(token, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.cfg.Web.Listen = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, func() { t.Error("it is ready") }) }()
	awaitStart := func(what string, holds func() bool) {
		await(t, what, func() bool {
			select {
			case err := <-ended:
				t.Fatalf("it ended: %v\n%s", err, said)
			default:
			}
			return holds()
		})
	}
	base := "http://" + a.cfg.Web.Listen
	for path, want := range map[string]int{"/-/ready": 503, "/-/healthy": 200, "/": 503, "/v1/stream": 503, "/metrics": 503} {
		status := 0
		awaitStart(path, func() bool {
			resp, err := http.Get(base + path)
			if err != nil {
				return false // it does not listen yet
			}
			status = resp.StatusCode
			return resp.Body.Close() == nil
		})
		if status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	select {
	case err := <-ended:
		if err != nil || !strings.Contains(said.String(), "stopped while what is stored was still being opened") {
			t.Errorf("%v\n%s", err, said)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	// Let the one that waits go, and its sink end.
	if _, err := writer.WriteString("secret"); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

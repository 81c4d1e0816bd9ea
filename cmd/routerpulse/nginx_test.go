package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// nginx is Debian's, in front of the program as docs/reverse-proxy.md says, with pages of a test at /app/.
type nginx struct {
	base string // without the last slash
	dir  string
}

// startNginx starts it; upstream is the program's HOST:PORT. It ends with the test.
func startNginx(t *testing.T, upstream string, pages map[string]string) *nginx {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // not in the PATH of every user
	}
	n := &nginx{dir: t.TempDir()}
	listen := freeAddress(t)
	n.base = "http://" + listen
	for name, text := range pages {
		file := filepath.Join(n.dir, "app", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// The workers run as whoever started it: as root they would be nobody, who may not read the folder.
	conf := fmt.Sprintf(`
daemon off;
user %s;
worker_processes 1;
pid %[2]s/pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log %[2]s/access.log;
  client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy;
  fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
  types { text/html html; text/javascript js; }
  server {
    listen %[3]s;
    location /app/ { root %[2]s; }
%[4]s
  }
}
`, userName(t), n.dir, listen, locations(t, upstream))
	file := filepath.Join(n.dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	stderr := &output{}
	cmd := exec.Command(path, "-c", file, "-p", n.dir, "-e", "stderr")
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("this test needs Debian's nginx (apt-get install nginx): %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // a fast shutdown
		if err := <-done; err != nil || t.Failed() {
			t.Logf("nginx: %v\n%s", err, stderr.String())
		}
	})
	await(t, "nginx listens", func() bool {
		select {
		case err := <-done:
			done <- err
			t.Fatalf("nginx ended: %v\n%s", err, stderr.String())
		default:
		}
		c, err := net.Dial("tcp", listen)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return n
}

// locations are those of the guide, for this upstream.
func locations(t *testing.T, upstream string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/reverse-proxy.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, rest := range strings.Split(string(text), "```nginx\n")[1:] {
		block, _, _ := strings.Cut(rest, "```")
		all.WriteString(block)
	}
	if !strings.Contains(all.String(), "127.0.0.1:8080") {
		t.Fatal("docs/reverse-proxy.md has no block for nginx with 127.0.0.1:8080 in it")
	}
	return strings.ReplaceAll(all.String(), "127.0.0.1:8080", upstream)
}

// requests are the lines of the log about a path that begins so; a request is there when it has ended.
func (n *nginx) requests(t *testing.T, path string) (lines []string) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(n.dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "GET "+path) || strings.Contains(line, "POST "+path) {
			lines = append(lines, line)
		}
	}
	return lines
}

// freeAddress is a loopback address with a port that nobody has.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

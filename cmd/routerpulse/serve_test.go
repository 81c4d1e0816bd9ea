package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUsageErrors(t *testing.T) {
	cases := map[string]struct {
		args []string
		code int
		says string
	}{
		"unknown command":   {[]string{"serv"}, exitUsage, `there is no command "serv"`},
		"unknown flag":      {[]string{"serve", "--prot"}, exitUsage, "unknown flag: --prot"},
		"extra argument":    {[]string{"token", "x"}, exitUsage, `it takes no argument, but got "x"`},
		"probe nothing":     {[]string{"probe"}, exitUsage, "it takes one argument, the address of the device"},
		"probe how":         {[]string{"probe", "10.0.0.1"}, exitUsage, "say how to ask: --community C"},
		"probe port":        {[]string{"probe", "10.0.0.1:161", "--community", "x"}, exitUsage, "give the port by itself: 10.0.0.1 --snmp-port 161"},
		"probe without TLS": {[]string{"probe", "10.0.0.1", "--user", "u"}, exitUsage, "--password-file"},
		"demo routers":      {[]string{"demo", "--routers", "0"}, exitUsage, "--routers 0: 1 to 10000"},
		"demo listen":       {[]string{"demo", "--listen", "nonsense"}, exitUsage, `routerpulse demo: "nonsense" is not host:port (write host:port, as 127.0.0.1:8080, [::1]:8080 or :8080)` + "\nRun"},
		"demo every":        {[]string{"demo", "--every", "1ms"}, exitUsage, "--every 1ms: at least 1s"},
		"tail url":          {[]string{"tail", "--url", "nowhere"}, exitUsage, "an address like http://127.0.0.1:8080 is needed"},
		"no such config":    {[]string{"serve", "-c", "/nowhere/x.yaml"}, exitError, "/nowhere/x.yaml"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, _, errOut := run(t, c.args...)
			if code != c.code || !strings.Contains(errOut, c.says) {
				t.Errorf("exit %d, want %d; it says:\n%s\nwant: %s", code, c.code, errOut, c.says)
			}
		})
	}
}

func TestInitCheckServe(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, errOut := run(t, "check"); code != exitError || !strings.Contains(errOut, "routerpulse init") {
		t.Errorf("check without a config: %d: %s", code, errOut)
	}
	code, out, errOut := run(t, "init")
	if code != exitOK || !strings.Contains(out, "routerpulse serve") {
		t.Fatalf("init: %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := run(t, "init"); code != exitError || !strings.Contains(errOut, "is there already") {
		t.Errorf("a second init: %d: %s", code, errOut)
	}
	if info, err := os.Stat("routerpulse.yaml"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if code, out, errOut := run(t, "check"); code != exitOK || !strings.Contains(out, "routerpulse.yaml is fine: 1 devices, 5 channels, stored in embedded") {
		t.Errorf("check: %d: %s%s", code, out, errOut)
	}
	p := start(t, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data"))
	for _, path := range []string{"/-/healthy", "/-/ready", "/metrics", "/"} {
		if status := statusOf(t, p.url(t)+path, ""); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, name := range []string{"heap", "allocs", "goroutine", "profile"} {
		if status := statusOf(t, p.url(t)+"/debug/pprof/"+name, ""); status != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", name, status)
		}
	}
	if code := p.stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, p.err.String())
	}
}

// With storage: { none: true } nothing is written anywhere, and the program's profiles are its admin's.
func TestServeKeepsNothing(t *testing.T) {
	const token = "of-the-admin"
	t.Chdir(t.TempDir())
	file := writeFile(t, "none.yaml", fmt.Sprintf(`
storage: { none: true }
access: { tokens: [{ name: a, sha256: "%x", roles: [admin] }, { name: v, sha256: "%x", roles: [viewer] }] }
`, sha256.Sum256([]byte(token)), sha256.Sum256([]byte("of-a-viewer"))))
	p := start(t, "serve", "-c", file, "--listen", "127.0.0.1:0")
	if status := statusOf(t, p.url(t)+"/debug/pprof/heap", token); status != http.StatusOK {
		t.Errorf("heap for the admin: %d", status)
	}
	if status := statusOf(t, p.url(t)+"/debug/pprof/heap", "of-a-viewer"); status != http.StatusForbidden {
		t.Errorf("heap for a viewer: %d", status)
	}
	if code := p.stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, p.err.String())
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func statusOf(t *testing.T, url, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Every mistake of a file is reported in one run, with its place.
func TestCheckReportsEverything(t *testing.T) {
	file := writeFile(t, "bad.yaml", `web: { listen: 127.0.0.1:8080, listn: x }
credentials:
  - { name: a, snmp: { version: 2c, community_file: /nowhere/secret } }
  - { name: b, snmp: { version: 4, community: public } }
devices:
  - { name: core-1, address: 10.0.0.1, credentials: [a] }
  - { name: core-1, address: 10.0.0.2, credentials: [a] }
  - { name: core-2, address: "10.0.0.3", credentials: [c], lanes: { live: soon } }
channels:
  - { name: x, access: public, carries: [router.lve] }
`)
	code, out, errOut := run(t, "check", "--config.file", file)
	if code != exitError || out != "" {
		t.Errorf("exit %d, stdout %q", code, out)
	}
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(errOut), "\n") {
		place, _, _ := strings.Cut(strings.TrimPrefix(line, file+":"), " ")
		got = append(got, place)
		if strings.HasPrefix(line, file) && !strings.HasSuffix(line, ")") {
			t.Errorf("no hint: %s", line)
		}
	}
	want := []string{"1:32:", "3:53:", "4:33:", "7:13:", "8:56:", "8:75:", "10:42:", "7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", diff, errOut)
	}
}

func TestBadFiles(t *testing.T) {
	cases := map[string]struct{ content, says string }{
		"empty":   {"", "is empty"},
		"tab":     {"web:\n\tlisten: 127.0.0.1:0\n", ":2:1: "},
		"exposed": {"web: { listen: 0.0.0.0:0 }\n", "would show the routers to everybody"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, _, errOut := run(t, "serve", "--config.file", writeFile(t, "bad.yaml", c.content))
			if code != exitError || !strings.Contains(errOut, c.says) {
				t.Errorf("exit %d: %s\nwant: %s", code, errOut, c.says)
			}
		})
	}
}

func TestTokenOpensAPrivateChannel(t *testing.T) {
	code, out, _ := run(t, "token")
	fields := strings.Fields(out)
	if code != exitOK || len(fields) < 4 {
		t.Fatalf("token: %d: %s", code, out)
	}
	token, sum := fields[1], fields[3]
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", fmt.Sprintf(`
web: { listen: "127.0.0.1:0" }
storage: { embedded: { path: %q } }
access: { tokens: [{ name: noc, sha256: %q, roles: [viewer] }] }
channels: [{ name: private-router-status, access: authenticated, carries: [router.status] }]
`, t.TempDir(), sum)))
	stream := p.url(t) + "/v1/stream?channel=private-router-status"
	for given, want := range map[string]int{"": 401, "wrong": 401, token: 200} {
		if got := statusOf(t, stream, given); got != want {
			t.Errorf("token %q: %d, want %d", given, got, want)
		}
		if got := statusOf(t, p.url(t)+"/v1/devices", given); got != want {
			t.Errorf("devices with token %q: %d, want %d", given, got, want)
		}
		if got := statusOf(t, p.url(t)+"/api/v1/query?query=1", given); got != want {
			t.Errorf("query with token %q: %d, want %d", given, got, want)
		}
	}
}

func TestVersion(t *testing.T) {
	_, out, _ := run(t, "version", "--json")
	var v buildVersion
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Version != "dev" || v.Go == "" {
		t.Errorf("%v: %s", err, out)
	}
}

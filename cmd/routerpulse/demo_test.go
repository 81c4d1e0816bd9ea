package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/web/webtest"
)

// The first thing that a newcomer runs: the terminal says where, the stream has every router, the link
// logs in once, and nothing stays behind.
func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	begin := time.Now()
	p := start(t, "demo", "--listen", "127.0.0.1:0", "--every", "2s")
	base := p.url(t)
	s := subscribe(t, base+"/v1/stream?channel=public-routers", "")
	await(t, "the end of the first step", func() bool { _, synced := s.count("router.live"); return synced })
	if n := s.inSnapshot(); n != 25 {
		t.Errorf("%d of 25 routers in the snapshot of the first subscriber", n)
	}
	await(t, "a delta", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return !s.first.IsZero()
	})
	t.Logf("first delta %s after the start", s.first.Sub(begin).Round(time.Millisecond))
	await(t, "all online", func() bool {
		online := 0
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range s.rows {
			if r["status"] == "online" {
				online++
			}
		}
		return online >= 23 // one is slow, one may be rebooting
	})
	loginLinkWorksOnce(t, p.out.String(), base)

	end := time.Now()
	if code := p.stop(); code != exitOK {
		t.Errorf("exit %d", code)
	}
	t.Logf("ended within %s", time.Since(end).Round(time.Millisecond))
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if s.err != nil {
		t.Error(s.err)
	}
}

func loginLinkWorksOnce(t *testing.T, out, base string) {
	t.Helper()
	link := regexp.MustCompile(`http://\S+/login\?code=\S+`).FindString(out)
	if link == "" {
		t.Fatalf("no login link:\n%s", out)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	get := func(url string, cookies []*http.Cookie) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cookies {
			req.AddCookie(c)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	private := base + "/v1/stream?channel=private-dashboard-stats"
	if resp := get(private, nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a private channel without login: %s", resp.Status)
	}
	cookies := get(link, nil).Cookies()
	if resp := get(private, cookies); resp.StatusCode != http.StatusOK {
		t.Errorf("a private channel after login: %s", resp.Status)
	}
	if again := get(link, nil).Cookies(); len(again) > 0 {
		t.Error("the link logs in twice")
	}
}

// What a demo shows in a real browser: the list fills, a value changes by itself, a router that goes
// away turns offline in time, and the console stays clean.
func TestPageOfTheDemo(t *testing.T) {
	t.Parallel()
	sim := simulator.Options{Routers: 25, Seed: 1, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry"}
	fleet := simulator.New(sim)
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	yaml, err := demoYAML(fleet, sim, 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", string(yaml)), "--listen", "127.0.0.1:0", "--data", t.TempDir())
	base := p.url(t)

	b := webtest.Open(t)
	b.Go(base + "/")
	b.Until("25 routers in the list", `document.querySelectorAll(".fleet [data-row]").length >= 20 && document.body.innerText.includes("25")`)
	away := fleet.Router("core-1")
	const rowOf = `[...document.querySelectorAll(".fleet [data-row]")].find(a => a.textContent.includes("core-1")).closest("[role=row]").innerText`
	b.Until("core-1 is online, with its traffic", `/online/.test(`+rowOf+`) && /bps/.test(`+rowOf+`)`)
	before := b.Text(rowOf)
	b.Until("a value changes without a reload", rowOf+` !== `+quoteJS(before))

	const statusPeriod = 12 * time.Second // demoYAML: four times --every
	gone := time.Now()
	away.SetDown(true)
	b.Until("core-1 is offline", `/offline/.test(`+rowOf+`)`)
	took := time.Since(gone)
	t.Logf("offline %s after it went away; status period %s", took.Round(time.Millisecond), statusPeriod)
	if took > statusPeriod+10*time.Second {
		t.Errorf("offline after %s, want at most a status period and 10 s", took)
	}
	away.SetDown(false)
	b.Until("core-1 is back", `/online/.test(`+rowOf+`)`)

	b.Go(base + "/#/router/core-1")
	b.Until("its interfaces", `document.body.innerText.includes("ether1")`)
	b.Until("its chart", `document.querySelector("canvas") !== null`)
	if errs := append(b.Errors(), b.NetworkErrors()...); len(errs) > 0 {
		t.Errorf("the console is not clean: %s", strings.Join(errs, "\n"))
	}
}

func quoteJS(s string) string {
	b := strings.NewReplacer("\\", `\\`, "`", "\\`", "$", `\$`).Replace(s)
	return "`" + b + "`"
}

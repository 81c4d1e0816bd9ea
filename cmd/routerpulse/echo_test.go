package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/web/webtest"
)

// oldPage was written for Laravel Echo; only its broadcaster is another.
const oldPage = `<!doctype html><title>old</title><script type="module">
import Echo from "./laravel-echo.js";
import { RouterPulse } from "/client/echo.js";
window.Echo = new Echo({ broadcaster: RouterPulse });
window.rows = {}; window.statuses = []; window.changed = []; window.payments = []; window.why = "";
window.Echo.channel("public-traidnet")
  .listen("RouterLiveDataUpdated", (e) => (rows[e.router_name] = e))
  .listen("RouterStatusUpdated", (e) => statuses.push(e));
window.Echo.private("router-status").listen(".router.status.changed", (e) => changed.push(e));
window.Echo.private("dashboard-stats").listen("DashboardStatsUpdated", (e) => (window.stats = e));
window.Echo.private("payments").listen("PaymentReceived", (e) => payments.push(e)).error((e) => (window.why = e.why));
</script>`

// laravel answers /broadcasting/auth as routes/channels.php would: ann may listen to all, bob not to payments.
func laravel(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("laravel_session")
		channel := r.FormValue("channel_name")
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/broadcasting/auth" ||
			c.Value != "ann" && (c.Value != "bob" || channel == "private-payments") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprint(w, `{"auth":"traidnet-key:signature"}`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// guided is the config of the migration guide, with the fleet of a simulator and the addresses of a test.
func guided(t *testing.T, fleet *simulator.Fleet, sim simulator.Options, secret string) string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/migrating-from-laravel-echo.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```yaml\n")
	config, _, found := strings.Cut(rest, "```")
	for from, to := range map[string]string{
		"http://127.0.0.1:8000":          laravel(t),
		"/etc/routerpulse/pusher-secret": writeFile(t, "pusher-secret", secret),
	} {
		if !found || !strings.Contains(config, from) {
			t.Fatalf("the guide has no config with %s in it", from)
		}
		config = strings.ReplaceAll(config, from, to)
	}
	var b strings.Builder
	b.WriteString(config + "\nlanes: { live: 1s, status: 4s, sessions: 5s }\n")
	if err := writeFleetConfig(&b, fleet, sim); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "routerpulse.yaml", b.String())
}

// A page that was written for Laravel Echo works as the migration guide says: whole rows under the old names, Laravel's
// word on who may listen, and events that the back end publishes with the official package.
func TestMigrationFromLaravelEcho(t *testing.T) {
	t.Parallel()
	modules := nodeModules(t)
	echo, err := os.ReadFile(filepath.Join(modules, "laravel-echo/dist/echo.js"))
	if err != nil {
		t.Fatal(err)
	}
	sim := simulator.Options{Routers: 5, Seed: 1, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry"}
	fleet := openFleet(t, sim)
	secret := fmt.Sprintf("%x", sha256.Sum256([]byte(t.Name())))
	p := start(t, "serve", "--config.file", guided(t, fleet, sim, secret), "--listen", "127.0.0.1:0", "--data", t.TempDir())
	n := startNginx(t, strings.TrimPrefix(p.url(t), "http://"), map[string]string{"old.html": oldPage, "laravel-echo.js": string(echo)})

	bob := webtest.Open(t)
	bob.Go(n.base + "/app/laravel-echo.js")
	bob.Run(webtest.Script(`document.cookie = "laravel_session=bob; path=/"`))
	bob.Go(n.base + "/app/old.html")
	const whole = `Object.values(rows).filter((r) => r.status === "online" && r.router_name && r.cpu !== undefined && r.memory !== undefined && r.uptime && r.model).length === 5`
	bob.Until("whole rows under the old names", whole+` && stats.routers === 5`)
	bob.Until("why a channel is closed", `why.includes("private-payments")`)
	bob.Run(webtest.Script(`rows = {}`))
	bob.Until("a row that changes comes whole again", `Object.values(rows).some((r) => r.router_name && r.model && r.cpu !== undefined)`)
	fleet.Router("core-1").SetDown(true)
	const down = `.some((e) => e.router === "core-1" && e.to === "offline" && e.reason)`
	bob.Until("a change of state in both channels", `statuses`+down+` && changed`+down)

	ann := webtest.Open(t)
	ann.Go(n.base + "/app/laravel-echo.js")
	ann.Run(webtest.Script(`document.cookie = "laravel_session=ann; path=/"`))
	ann.Go(n.base + "/app/old.html")
	ann.Until("nothing is closed to ann", `Echo.connectionStatus() === "connected" && Object.keys(rows).length === 5 && why === ""`)
	publish(t, modules, n.base, secret)
	ann.Until("what the back end published", `JSON.stringify(payments) === '[{"amount":7,"from":"0700 123"}]'`)
	if got := bob.Text(`JSON.stringify(payments)`); got != "[]" {
		t.Errorf("bob was told of payments: %s", got)
	}
	for name, b := range map[string]*webtest.Browser{"ann": ann, "bob": bob} {
		if errs := b.Errors(); len(errs) > 0 {
			t.Errorf("%s: %q", name, errs)
		}
	}
}

// publish runs the official package, as a back end of Node would, with Laravel's name for the event.
func publish(t *testing.T, modules, base, secret string) {
	t.Helper()
	host, port, _ := strings.Cut(strings.TrimPrefix(base, "http://"), ":")
	script := fmt.Sprintf(`
const Pusher = require("pusher");
const pusher = new Pusher({ appId: "traidnet", key: "traidnet-key", secret: process.env.PUSHER_APP_SECRET, host: %q, port: %q, useTLS: false });
pusher.trigger("private-payments", "App\\Events\\PaymentReceived", { amount: 7, from: "0700 123" })
  .then((r) => { if (r.status !== 200) throw new Error("status " + r.status); })
  .catch((e) => { console.error(e.message, e.status, e.body); process.exit(1); });
`, host, port)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "-e", script)
	cmd.Dir = filepath.Dir(modules)
	cmd.Env = append(os.Environ(), "PUSHER_APP_SECRET="+secret)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the package pusher: %v\n%s", err, out)
	}
}

// nodeModules is the folder with laravel-echo and pusher, which make test-page installs.
func nodeModules(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../web/client")
	if err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "pusher")); err == nil {
		return modules
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("NOT RUN: laravel-echo and pusher come from npm, which is not here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--silent")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return modules
}

package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os/user"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/web/webtest"
)

// sharing is a page that uses the client module as its README says.
const sharing = `<!doctype html><title>sharing</title><p id="status"></p><script type="module">
const query = new URLSearchParams(location.search);
if (query.has("old")) delete window.SharedWorker; // as browsers without it are
const { connect } = await import("/client/index.js");
window.rows = new Map();
window.client = connect(query.has("token") ? { token: () => query.get("token") } : {});
const channels = query.getAll("channel");
client.subscribe(channels, {
  rows: (list) => list.forEach(({ key, value }) => value ? rows.set(key, value) : rows.delete(key)),
  status: (s) => { window.last = s; document.querySelector("#status").textContent = [s.state, s.code, s.why].join(": "); },
});
</script>`

// native is a page that knows nothing but EventSource: the code of docs/stream.md.
const native = `<!doctype html><title>native</title><script>
const rows = new Map();
let state = "connecting";
const source = new EventSource("/v1/stream" + location.search);
const read = (e) => JSON.parse(e.data);
source.addEventListener("snapshot", (e) => {
  const { part, rows: list } = read(e);
  if (part === 1) rows.clear();
  for (const [key, seq, n, value] of list) rows.set(key, { seq, value });
});
source.addEventListener("delta", (e) => {
  for (const { key, seq, patch, full } of read(e).changes) {
    const old = rows.get(key);
    if (old && seq <= old.seq) continue;
    if (patch === null) rows.delete(key);
    else rows.set(key, { seq, value: merge(full ? {} : old?.value, patch) });
  }
});
source.addEventListener("sync", () => (state = "live"));
source.addEventListener("error", () => (state = "broken"));
function merge(value, patch) {
  const out = { ...value, ...patch };
  for (const k in patch) if (patch[k] === null) delete out[k];
  return out;
}
</script>`

const proxyToken = "of-the-page"

// proxied is the program behind nginx, and how to start it again.
type proxied struct {
	*nginx
	*process
	upstream string // its own address, without the last slash
	again    func()
}

func startProxied(t *testing.T, pages map[string]string) *proxied {
	t.Helper()
	sim := simulator.Options{Routers: 5, Seed: 1, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry"}
	fleet := simulator.New(sim)
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	yaml, err := demoYAML(fleet, sim, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	access := fmt.Sprintf("access:\n  trusted_proxies: [127.0.0.1]\n  tokens: [{ name: page, roles: [viewer], sha256: %x }]\n", sha256.Sum256([]byte(proxyToken)))
	upstream, data := freeAddress(t), t.TempDir()
	p := &proxied{nginx: startNginx(t, upstream, pages), upstream: "http://" + upstream}
	access += fmt.Sprintf("  origins: [%q]\n", p.base) // its pages, where they ask the program itself
	config := writeFile(t, "routerpulse.yaml", strings.Replace(string(yaml), "access:\n", access, 1))
	p.again = func() {
		p.process = start(t, "serve", "--config.file", config, "--listen", upstream, "--data", data)
		_ = p.url(t)
	}
	p.again()
	return p
}

const (
	isLive   = `window.last?.state === "live"`
	fiveRows = `rows.size === 5`
)

// Eight tabs of one browser behind nginx over HTTP/1.1, which allows six connections: they share one, and are in
// sync after the server was away, and after they had no network.
func TestTabsBehindNginx(t *testing.T) {
	t.Parallel()
	p := startProxied(t, map[string]string{"sharing.html": sharing, "native.html": native})
	cable := webtest.NewCable(t, strings.TrimPrefix(p.base, "http://"))
	page := "http://" + cable.Address + "/app/sharing.html?channel=public-routers"
	first := webtest.Open(t)
	tabs := []*webtest.Browser{first}
	for len(tabs) < 8 {
		tabs = append(tabs, first.Tab())
	}
	all := func(what, expression string) {
		t.Helper()
		for i, b := range tabs {
			b.Until(fmt.Sprintf("tab %d: %s", i, what), expression)
		}
	}
	for _, b := range tabs {
		b.Go(page)
	}
	all("live", isLive+` && `+fiveRows)
	if n := metric(t, p.upstream, "routerpulse_stream_subscribers"); n != 1 {
		t.Errorf("%v streams for eight tabs", n)
	}
	plain := first.Tab()
	plain.Go(p.base + "/app/native.html?channel=public-routers")
	plain.Until("an EventSource of its own is live", `state === "live" && `+fiveRows)

	if code := p.stop(); code != exitOK {
		t.Fatalf("exit %d", code)
	}
	all("the end is noticed, and nothing blanks", `last.state !== "live" && `+fiveRows)
	plain.Until("the EventSource goes on trying", `state === "broken" && source.readyState === 0`)
	p.again()
	all("live after the restart", isLive)
	plain.Until("the EventSource came back by itself", `state === "live"`)
	inSync(t, p.base, tabs[7], plain)
	plain.Go("about:blank")

	online := first.Offline() // requests fail, and the page is told; what is open needs to be broken
	cable.Break()
	all("no network", `last.state === "waiting" && last.code === "lost" && `+fiveRows)
	time.Sleep(time.Duration(sinktest.Trials(1, 60)) * time.Second) // a minute without a network
	online()
	all("live with the network", isLive)
	inSync(t, p.base, tabs[0], tabs[7])
	for i, b := range tabs {
		if errs := b.Errors(); len(errs) > 0 {
			t.Errorf("tab %d: %q", i, errs)
		}
	}
}

// A cable that is pulled tells nobody: the page notices the silence, and goes on when the cable is back.
func TestSilenceBehindNginx(t *testing.T) {
	if sinktest.Trials(0, 1) == 0 {
		t.Skip("three heartbeats are 45 s: with ROUTERPULSE_FAULTS=full")
	}
	p := startProxied(t, map[string]string{"sharing.html": sharing})
	cable := webtest.NewCable(t, strings.TrimPrefix(p.base, "http://"))
	b := webtest.Open(t)
	b.Go("http://" + cable.Address + "/app/sharing.html?channel=public-routers")
	b.Until("live", isLive+` && `+fiveRows)
	plug := cable.Pull()
	time.Sleep(time.Minute)
	b.Until("the silence is noticed", `last.state !== "live" && `+fiveRows)
	plug()
	b.Until("live again", isLive)
	inSync(t, p.base, b)
}

// inSync waits until each page shows exactly what a subscriber without a browser has.
func inSync(t *testing.T, base string, pages ...*webtest.Browser) {
	t.Helper()
	s := subscribe(t, base+"/v1/stream?channel=public-routers", "")
	defer s.close()
	for _, b := range pages {
		await(t, "the page shows what there is", func() bool {
			text := b.Text(`JSON.stringify(Object.fromEntries([...rows].map(([key, row]) => ["router.live " + key, row.seq ? row.value : row])))`)
			shown := map[string]row{}
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			if err := d.Decode(&shown); err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.synced && reflect.DeepEqual(maps.Clone(s.rows), shown)
		})
	}
}

// Without shared workers one tab holds the connection for all, and another takes over when it is closed.
func TestTabsWithoutSharedWorkers(t *testing.T) {
	t.Parallel()
	p := startProxied(t, map[string]string{"sharing.html": sharing})
	first := webtest.Open(t)
	tabs := []*webtest.Browser{first, first.Tab(), first.Tab()}
	for _, b := range tabs {
		b.Go(p.base + "/app/sharing.html?old&channel=public-routers")
		b.Until("live", isLive+` && `+fiveRows)
	}
	if n := metric(t, p.upstream, "routerpulse_stream_subscribers"); n != 1 {
		t.Errorf("%v streams for three tabs", n)
	}
	for _, b := range tabs[1:] {
		b.Run(webtest.Script(`window.first = last.conn`))
	}
	first.Go("about:blank")
	for _, b := range tabs[1:] {
		b.Until("live with another stream", isLive+` && last.conn !== window.first && `+fiveRows)
	}
	await(t, "one stream", func() bool { return metric(t, p.upstream, "routerpulse_stream_subscribers") == 1 })
	inSync(t, p.base, tabs[1:]...)
}

// A page with a token of its own needs no cookie: its token becomes a ticket, and is in no address.
func TestTokenBehindNginx(t *testing.T) {
	t.Parallel()
	p := startProxied(t, map[string]string{"sharing.html": sharing})
	b := webtest.Open(t)
	b.Go(p.base + "/app/sharing.html?channel=private-dashboard-stats&token=" + proxyToken)
	b.Until("live", isLive+` && rows.size === 1`)
	b.Run(webtest.Script(`window.first = last.conn; client.retry()`))
	b.Until("and again", isLive+` && last.conn !== window.first`)
	tickets := 0
	for _, line := range p.requests(t, "/v1/") {
		if strings.Contains(line, proxyToken) {
			t.Errorf("the token is in the log: %s", line)
		}
		if strings.Contains(line, "&ticket=") {
			tickets++
		}
	}
	if tickets == 0 {
		t.Error("no stream was opened with a ticket")
	}
}

// A page that needs a login says why it shows nothing; one that was logged out is told so, and stops.
func TestLoginBehindNginx(t *testing.T) {
	t.Parallel()
	p := startProxied(t, map[string]string{"sharing.html": sharing, "native.html": native})
	b := webtest.Open(t)
	b.Go(p.base + "/app/sharing.html?channel=private-dashboard-stats")
	const shown = `document.querySelector("#status").textContent`
	b.Until("the reason is on the page", shown+`.startsWith("stopped: expired: channel private-dashboard-stats needs an identity")`)

	b.Go(p.base + "/app/sharing.html?channel=private-dashboard-stats&channel=public-routers")
	b.Until("what is public is shown, and why the rest is not", isLive+` && `+fiveRows+` && last.denied["private-dashboard-stats"].includes("needs an identity")`)

	login := fmt.Sprintf(`fetch("/v1/login", { method: "POST", headers: { Authorization: "Bearer %s" } }).then(() => client.retry())`, proxyToken)
	b.Run(webtest.Script(login))
	b.Until("after the login everything is there", isLive+` && !last.denied && rows.size === 6`)

	plain := b.Tab()
	plain.Go(p.base + "/app/native.html?channel=private-dashboard-stats")
	plain.Until("an EventSource is in, too", `state === "live"`)
	b.Run(webtest.Script(`fetch("/v1/logout", { method: "POST" })`))
	b.Until("the page is told, and stops", shown+`.startsWith("stopped: logged-out: ")`)
	plain.Until("the EventSource is told, and stops", `source.readyState === 2`)
}

func userName(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

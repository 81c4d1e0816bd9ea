package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/web/webtest"
)

// guest is a page of another origin: it asks the program itself, not by the server that it came from.
const guest = `<!doctype html><title>guest</title><script>
const at = new URLSearchParams(location.search).get("at");
let state = "none", source, conn, got = {};
function listen(query, withCredentials) {
  state = "connecting";
  source = new EventSource(at + "/v1/stream?" + query, { withCredentials });
  source.addEventListener("hello", (e) => (conn = JSON.parse(e.data).conn));
  source.addEventListener("sync", () => (state = "live"));
  source.addEventListener("error", () => (state = source.readyState === 2 ? "refused" : "broken"));
}
function ask(name, path, init) {
  fetch(at + path, { credentials: "include", ...init }).then(
    async (r) => (got[name] = { status: r.status, body: await r.text() }), () => (got[name] = { status: 0 }));
}
</script>`

// A page of an origin that the config names uses everything about the stream, with the cookies of its user; one of
// another origin sees nothing.
func TestPagesOfOtherOrigins(t *testing.T) {
	p := startProxied(t, map[string]string{"guest.html": guest})
	b := webtest.Open(t)
	b.Go(p.base + "/app/guest.html?at=" + p.upstream)
	b.Run(webtest.Script(fmt.Sprintf(`fetch("/v1/login", { method: "POST", headers: { Authorization: "Bearer %s" } }).then(() => (got.login = true))`, proxyToken)))
	b.Until("logged in, which is for the host, whatever its ports", `got.login === true`)
	b.Run(webtest.Script(`listen("channel=private-dashboard-stats&channel=public-routers&track=1", true)`))
	b.Until("an EventSource with the cookie of its user", `state === "live"`)
	b.Run(webtest.Script(`ask("check", "/v1/stream/check?channel=nowhere");
		ask("track", "/v1/stream/" + conn + "/track", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"add":["core-1"]}' });
		ask("auth", "/v1/stream/" + conn + "/auth", { method: "POST" });
		ask("ticket", "/v1/stream/ticket", { method: "POST" });
		ask("publish", "/v1/events", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
		ask("login", "/v1/login", { method: "POST" });
		ask("reload", "/-/reload", { method: "POST" })`))
	b.Until("reasons can be read", `got.check?.status === 404 && got.check.body.includes("nowhere") && got.publish?.status === 403`)
	b.Until("what is about the stream works", `got.track?.status === 200 && got.auth?.status === 200 && got.ticket?.status === 200`)
	b.Until("nothing else does", `got.login?.status === 0 && got.reload?.status === 0`)
	b.Run(webtest.Script(`source.close(); listen("channel=private-dashboard-stats&ticket=" + JSON.parse(got.ticket.body).ticket, false)`))
	b.Until("a ticket needs no cookie", `state === "live"`)

	other := b.Tab()
	other.Go(strings.Replace(p.base, "127.0.0.1", "localhost", 1) + "/app/guest.html?at=" + p.upstream)
	other.Run(webtest.Script(`listen("channel=public-routers", false); ask("check", "/v1/stream/check?channel=public-routers"); ask("ticket", "/v1/stream/ticket", { method: "POST" })`))
	other.Until("a page of another origin reads nothing", `state === "refused" && got.check?.status === 0 && got.ticket?.status === 0`)
}

// Below /pulse/ of a proxy the page, the client module, logins and tickets work as they do at the root.
func TestBelowPrefix(t *testing.T) {
	below := strings.NewReplacer(`"/client/`, `"/pulse/client/`, `? { token:`, `? { url: "/pulse/", token:`).Replace(sharing)
	p := startProxied(t, map[string]string{"sharing.html": below, "guest.html": guest})
	b := webtest.Open(t)
	b.Go(p.base + "/pulse/")
	b.Until("the page shows the routers", `document.body.textContent.includes("core-1")`)

	b.Go(p.base + "/app/guest.html?at=/pulse")
	b.Run(webtest.Script(fmt.Sprintf(`ask("ticket", "/v1/stream/ticket", { method: "POST", headers: { Authorization: "Bearer %s" } })`, proxyToken)))
	b.Until("a ticket", `got.ticket?.status === 200`)
	b.Run(webtest.Script(`window.query = "channel=private-dashboard-stats&ticket=" + JSON.parse(got.ticket.body).ticket; listen(query)`))
	b.Until("it counts", `state === "live"`)
	b.Run(webtest.Script(`source.close(); listen(query)`))
	b.Until("the browser comes back with the same URL", `state === "live"`)
	b.Run(webtest.Script(`source.close()`))

	b.Go(p.base + "/app/sharing.html?channel=private-dashboard-stats&token=" + proxyToken)
	b.Until("the client module is live", isLive)

	for _, c := range []struct{ base, cookie, location string }{{p.base + "/pulse", "/pulse/", "/pulse/?login=expired"}, {p.base, "/", "/?login=expired"}} {
		req := httpRequest(t, http.MethodPost, c.base+"/v1/login")
		req.Header.Set("Authorization", "Bearer "+proxyToken)
		resp := roundTrip(t, req)
		if cookies := resp.Cookies(); len(cookies) != 1 || cookies[0].Path != c.cookie {
			t.Errorf("%s: %v, want a cookie for %s", c.base, cookies, c.cookie)
		}
		req = httpRequest(t, http.MethodGet, c.base+"/login?code=used")
		req.Header.Set("Accept", "text/html")
		if resp := roundTrip(t, req); resp.Header.Get("Location") != c.location {
			t.Errorf("%s: sent to %q, want %s", c.base, resp.Header.Get("Location"), c.location)
		}
	}
}

func httpRequest(t *testing.T, method, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// roundTrip makes a request, and follows nothing.
func roundTrip(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

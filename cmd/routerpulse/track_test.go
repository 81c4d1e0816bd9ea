package main

import (
	"testing"

	"github.com/routerpulse/routerpulse/web/webtest"
)

// tracking is a page that shows some of many routers: at first none.
const tracking = `<!doctype html><title>tracking</title><script type="module">
const { connect } = await import("/client/index.js");
window.rows = new Map();
window.seen = connect().subscribe("public-routers", {
  rows: (list) => list.forEach(({ key, value }) => value ? rows.set(key, value) : rows.delete(key)),
  status: (s) => (window.last = s),
}, { track: true });
window.shows = (...routers) => [...rows.keys()].sort().join() === routers.map((r) => "router/" + r).join();
</script>`

// Two tabs show different routers over one connection, which goes on while they scroll.
func TestTabsTrackRouters(t *testing.T) {
	t.Parallel()
	p := startProxied(t, map[string]string{"tracking.html": tracking})
	one := webtest.Open(t)
	other := one.Tab()
	for _, b := range []*webtest.Browser{one, other} {
		b.Go(p.base + "/app/tracking.html")
		b.Until("live, without a router", isLive+` && shows()`)
	}
	conn := one.Text(`last.conn`)

	one.Run(webtest.Script(`seen.track(["core-1"])`))
	one.Until("its whole row", `shows("core-1") && rows.get("router/core-1").status && rows.get("router/core-1").identity`)
	other.Run(webtest.Script(`seen.track(["core-1", "tower-1"])`))
	other.Until("the row that the connection had, and the new one", `shows("core-1", "tower-1")`)
	one.Run(webtest.Script(`seen.track([])`))
	one.Until("it went", `shows()`)
	other.Until("the other tab shows it still", `shows("core-1", "tower-1")`)
	other.Run(webtest.Script(`seen.track(["tower-1"])`))
	other.Until("nobody shows it any more", `shows("tower-1")`)

	for _, b := range []*webtest.Browser{one, other} {
		b.Until("live over the same connection", isLive+` && last.conn === "`+conn+`"`)
		if errs := b.Errors(); len(errs) > 0 {
			t.Errorf("%q", errs)
		}
	}
	if n := metric(t, p.upstream, "routerpulse_stream_subscribers"); n != 1 {
		t.Errorf("%v streams for two tabs", n)
	}
}

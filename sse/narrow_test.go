package sse

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/sse/access"
)

// narrowConfig knows a token that sees the routers of site x, and one of two channels.
func narrowConfig() Config {
	cfg := testConfig()
	cfg.Access.Tokens = append(cfg.Access.Tokens,
		access.TokenConfig{Name: "tenant", SHA256: sha256Hex("tenant-token"), Roles: []string{"viewer"}, Routers: []string{"site=x"}},
		access.TokenConfig{Name: "screen", SHA256: sha256Hex("screen-token"), Channels: access.Patterns{"router-*", "private-dashboard-*"}})
	return cfg
}

var tenant = []string{"Authorization", "Bearer tenant-token"}

// What an application publishes to the channel of a router goes to those who may see that router as it is tagged
// then, not only to those who might when they came.
func TestAppEventsOfOtherRouters(t *testing.T) {
	cfg := publishConfig(t)
	cfg.Access.Tokens = append(cfg.Access.Tokens, narrowConfig().Access.Tokens...)
	cfg.Apps[0].Channels = append(cfg.Apps[0].Channels, "shop-*")
	cfg.Channels = append(cfg.Channels, ChannelConfig{Name: "shop-{router}", Access: access.ForRoles("viewer"), Carries: []CarryConfig{{Topic: topicLive}, {Topic: "app.shop"}}})
	s := serve(t, cfg, testOptions())
	f := newFleet()
	f.device("mine", tag("site", "x"))
	s.hub.Publish(f.live("mine", fields{"cpu_percent": 1}))
	tell := func(name string) {
		body := fmt.Sprintf(`{"name":%q,"channels":["shop-mine"],"data":"{}"}`, name)
		if status, text := s.signed("/apps/shop/events", body, appSecret, time.Now()); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
	}
	eventually(t, "its router", func() bool { return s.hub.seesRouter(access.Identity{}, "mine") && s.hub.settled.Load().Cut > 0 })
	st, all := s.open(nil, "channel=shop-mine", tenant...), s.open(nil, "channel=shop-mine", "Authorization", "Bearer viewer-token")
	st.untilSync()
	all.untilSync()
	tell("before")
	st.until("an event of its router", func(c *client) bool { return countFrames(c.frames, "event") == 1 })
	f.device("mine", tag("site", "y"))
	s.hub.Publish(f.live("mine", fields{"cpu_percent": 2}))
	st.until("the router is gone", func(c *client) bool { return len(c.rows["shop-mine "+topicLive]) == 0 })
	tell("after")
	f.device("mine", tag("site", "x"))
	s.hub.Publish(f.live("mine", fields{"cpu_percent": 3}))
	st.until("the router is back", func(c *client) bool { return len(c.rows["shop-mine "+topicLive]) == 1 })
	if n := countFrames(st.client.frames, "event"); n != 1 {
		t.Errorf("it was told of %d events, though the router was another's at the second", n)
	}
	all.until("both events", func(c *client) bool { return countFrames(c.frames, "event") == 2 })
}

// TestIdentitySeesItsRoutersOnly: in the snapshot, in deltas, in events and their history, after a
// reconnect, and when a router's tags change; with the rows that it may no longer see taken away.
func TestIdentitySeesItsRoutersOnly(t *testing.T) {
	s := serve(t, narrowConfig(), testOptions())
	f := newFleet()
	f.device("mine", tag("site", "x"))
	f.device("other", tag("site", "y"))
	both := func(state string) {
		before := s.hub.settled.Load().Journal
		s.hub.Publish(f.status("mine", state, ""))
		s.hub.Publish(f.status("other", state, ""))
		eventually(t, "two events", func() bool { return s.hub.settled.Load().Journal >= before+2 })
	}
	s.hub.Publish(f.sums(fields{"routers": 2}))
	both("online")
	const query = "channel=public-routers&channel=private-router-status&channel=private-dashboard-stats&history=100"
	st := s.open(nil, query, tenant...)
	st.untilSync()
	both("offline")
	st.until("the event of its router", func(c *client) bool { return slices.ContainsFunc(c.events, offline) })
	st.close()
	both("degraded")
	st = s.open(st.client, query, tenant...)
	st.untilSync()
	if st.client.resume != "delta" {
		t.Errorf("it came back with a %s", st.client.resume)
	}
	f.device("other", tag("site", "x"))
	f.device("mine", tag("site", "y"))
	s.hub.Publish(f.live("other", fields{"cpu_percent": 1}))
	s.hub.Publish(f.live("mine", fields{"cpu_percent": 1}))
	rows := func(c *client) map[string]refRow { return c.rows["public-routers "+topicLive] }
	st.until("the routers changed places", func(c *client) bool {
		_, mine := rows(c)["router/mine"]
		_, other := rows(c)["router/other"]
		return other && !mine
	})
	for _, e := range st.client.events {
		if e.Data["router"] != "mine" {
			t.Errorf("it was told of %+v", e)
		}
	}
	if n := len(st.client.rows["private-dashboard-stats "+topicStats]); n > 0 {
		t.Errorf("%d rows with sums of all routers", n)
	}
	all := s.open(nil, query, "Authorization", "Bearer viewer-token")
	all.untilSync()
	if len(rows(all.client)) != 2 || len(all.client.rows["private-dashboard-stats "+topicStats]) != 1 || len(all.client.events) <= len(st.client.events) {
		t.Errorf("without a limit there are %d routers and %d events", len(rows(all.client)), len(all.client.events))
	}
}

// TestNarrowedRequests: a channel of one router is judged by its router, and every channel by the list
// of the token.
func TestNarrowedRequests(t *testing.T) {
	cfg := narrowConfig()
	believeJWT(t, &cfg)
	s := serve(t, cfg, testOptions())
	f := newFleet()
	f.device("mine", tag("site", "x"))
	f.device("other", tag("site", "y"))
	for _, name := range []string{"mine", "other"} {
		s.hub.Publish(f.live(name, fields{"cpu_percent": 1}))
	}
	eventually(t, "rows", func() bool { rows, _ := s.counts(); return rows >= 2 })
	screen := []string{"Authorization", "Bearer screen-token"}
	signed := func(claims map[string]any) []string {
		return []string{"Authorization", signJWT(t, time.Now().Add(time.Hour), claims)}
	}
	for _, c := range []struct {
		channel string
		header  []string
		status  int
		reason  string
	}{
		{"router-mine", tenant, 200, ""},
		{"router-other", tenant, 403, "channel router-other is not among the routers of tenant"},
		{"router-nothing", tenant, 403, "channel router-nothing is not among the routers of tenant"},
		{"router-other", screen, 200, ""},
		{"private-dashboard-stats", screen, 200, ""},
		{"private-router-status", screen, 403, "channel private-router-status is not among the channels of screen: router-*, private-dashboard-*"},
		{"public-routers", screen, 200, ""},
		{"router-mine", signed(map[string]any{"routers": "site=x"}), 200, ""},
		{"router-other", signed(map[string]any{"routers": []string{"site=x"}}), 403, "not among the routers of ann"},
		{"router-other", signed(map[string]any{"channels": []string{"router-o*"}}), 200, ""},
		{"router-mine", signed(map[string]any{"channels": []string{"router-o*"}}), 403, "not among the channels of ann"},
		{"router-mine", signed(map[string]any{"channels": []string{}}), 403, "not among the channels of ann"},
	} {
		resp, text := s.decide("/v1/stream/check?channel="+c.channel, c.header)
		if resp.StatusCode != c.status || !strings.Contains(text, c.reason) {
			t.Errorf("%s with %.30v: %d %s", c.channel, c.header, resp.StatusCode, text)
		}
	}
	guarded := s.hub.access.Require("viewer")(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "all") }))
	for token, want := range map[string]int{"tenant-token": 403, "screen-token": 403, "viewer-token": 200} {
		w := httptest.NewRecorder()
		guarded.ServeHTTP(w, s.request("GET", "/", "", "Authorization", "Bearer "+token))
		if w.Code != want {
			t.Errorf("%s on what shows everything: %d %s", token, w.Code, w.Body)
		}
	}
}

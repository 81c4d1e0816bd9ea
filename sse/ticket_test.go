package sse

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// ticket asks for a ticket.
func (s *server) ticket(query string, header ...string) string {
	s.t.Helper()
	resp, text := s.do("POST", "/v1/stream/ticket?"+query, "", header...)
	var answer struct {
		Ticket  string
		Expires int `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || resp.StatusCode != 200 || len(answer.Ticket) < 32 || answer.Expires != 30 {
		s.t.Fatalf("ticket: %d %s", resp.StatusCode, text)
	}
	return answer.Ticket
}

// cookieOf returns the cookie that a stream was given, as a Cookie header.
func (st *stream) cookieOf() string {
	st.t.Helper()
	cookies := st.resp.Cookies()
	if len(cookies) != 1 {
		st.t.Fatalf("the ticket gave %d cookies", len(cookies))
	}
	c := cookies[0]
	if c.Name != "routerpulse_ticket" || !c.HttpOnly || c.Path != "/v1/stream" || c.SameSite != http.SameSiteLaxMode {
		st.t.Errorf("cookie %+v", c)
	}
	return c.Name + "=" + c.Value
}

func TestTicket(t *testing.T) {
	cfg, clock := testConfig(), newFrozen()
	believeJWT(t, &cfg)
	opt := testOptions()
	opt.now = clock.now
	s := serve(t, cfg, opt)
	const private = "channel=private-router-status"
	viewer := []string{"Authorization", "Bearer viewer-token"}
	check := func(name, query string, want int, header ...string) {
		t.Helper()
		if resp, text := s.decide("/v1/stream/check?"+query, header); resp.StatusCode != want {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
	ticket := s.ticket("", viewer...)
	check("a look does not use it up", private+"&ticket="+ticket, 200)
	st := s.open(nil, private+"&ticket="+ticket)
	st.untilSync()
	cookie := st.cookieOf()
	check("a second time", private+"&ticket="+ticket, 401)
	check("a second time, with the cookie", private+"&ticket="+ticket, 200, "Cookie", cookie)
	check("the cookie alone", private, 200, "Cookie", cookie)
	check("the rights are the token's", "channel=admin-pipeline", 403, "Cookie", cookie)
	check("invented", private+"&ticket=abc", 401)
	check("a token is no ticket", private+"&ticket=viewer-token", 401)
	if resp, _ := s.do("GET", "/v1/me?ticket="+s.ticket("", viewer...), "", "Cookie", cookie); resp.StatusCode != 200 {
		t.Errorf("me: %d", resp.StatusCode)
	} else if _, text := s.do("GET", "/v1/me", "", "Cookie", cookie); !strings.Contains(text, `"user":""`) {
		t.Errorf("the cookie counts beside the stream: %s", text)
	}
	old := s.ticket("", viewer...)
	clock.advance(31 * time.Second)
	check("after half a minute", private+"&ticket="+old, 401)
	if resp, text := s.do("POST", "/v1/stream/ticket", ""); resp.StatusCode != 401 {
		t.Errorf("a ticket for nobody: %d %s", resp.StatusCode, text)
	}
	if resp, text := s.do("POST", "/v1/stream/ticket", "", "Cookie", s.login(), "Sec-Fetch-Site", "cross-site"); resp.StatusCode != 403 {
		t.Errorf("a ticket for another site: %d %s", resp.StatusCode, text)
	}
	st.close()
	eventually(t, "the stream is gone", func() bool { return s.hub.conns.count() == 0 })
	clock.advance(6 * time.Minute)
	check("long after the last stream", private, 401, "Cookie", cookie)

	ticket = s.ticket("", viewer...)
	st = s.open(nil, private+"&ticket="+ticket)
	st.untilSync()
	s.apply(func(c *Config) { c.Access.Tokens = slices.Delete(c.Access.Tokens, 0, 1) })
	st.untilEnd()
	if b := st.client.bye; b == nil || b.Code != "session-ended" {
		t.Errorf("the token is revoked: bye %+v", b)
	}
	check("the token is revoked", private, 401, "Cookie", st.cookieOf())
}

// TestTicketOfAnApplication: where an application decides by channel, a ticket is good for the channels
// that it was asked for, and no other.
func TestTicketOfAnApplication(t *testing.T) {
	s, a, clock := serveApp(t, "laravel", nil)
	const status, stats = "private-router-status", "private-dashboard-stats"
	a.users = map[string]string{"Bearer opaque": "yes"}
	a.channels = map[string]string{"Bearer opaque " + status: "{}"}
	bearer := []string{"Authorization", "Bearer opaque"}
	if resp, text := s.do("POST", "/v1/stream/ticket?channel="+stats, "", bearer...); resp.StatusCode != 403 {
		t.Errorf("a ticket for a channel that is not theirs: %d %s", resp.StatusCode, text)
	}
	if resp, text := s.do("POST", "/v1/stream/ticket", "", bearer...); resp.StatusCode != 401 {
		t.Errorf("a ticket for no channel: %d %s", resp.StatusCode, text)
	}
	st := s.open(nil, "channel="+status+"&track=1&ticket="+s.ticket("channel="+status, bearer...))
	st.untilSync()
	cookie := st.cookieOf()
	for channel, want := range map[string]int{status: 200, stats: 403, "admin-pipeline": 403, "public-routers": 200} {
		if resp, text := s.decide("/v1/stream/check?channel="+channel, []string{"Cookie", cookie}); resp.StatusCode != want {
			t.Errorf("%s: %d %s", channel, resp.StatusCode, text)
		}
	}
	for name, c := range map[string]struct {
		header []string
		status int
	}{"its cookie": {[]string{"Cookie", cookie}, 200}, "the token": {bearer, 200}, "another token": {[]string{"Authorization", "Bearer x"}, 401}, "nothing": {nil, 401}} {
		if got, text := s.track(st.client, `{"add":["r1"]}`, c.header...); got != c.status {
			t.Errorf("track with %s: %d %s", name, got, text)
		}
	}
	a.set(func() { a.channels = map[string]string{} })
	clock.advance(16 * time.Second)
	st.untilEnd()
	if b := st.client.bye; b == nil || b.Code != "session-ended" {
		t.Errorf("bye %+v", b)
	}
}

// TestRenew: a fresh token goes on where the old one ends, on the stream that is open and for its
// reconnects; and with the rights of the fresh one.
func TestRenew(t *testing.T) {
	cfg, clock := narrowConfig(), newFrozen()
	believeJWT(t, &cfg)
	opt := testOptions()
	opt.now = clock.now
	s := serve(t, cfg, opt)
	f := newFleet()
	f.device("mine", tag("site", "x"))
	f.device("other", tag("site", "y"))
	for _, name := range []string{"mine", "other"} {
		s.hub.Publish(f.live(name, fields{"cpu_percent": 1}))
	}
	eventually(t, "rows", func() bool { rows, _ := s.counts(); return rows >= 2 })
	token := func(life time.Duration, claims map[string]any) []string {
		return []string{"Authorization", signJWT(t, clock.now().Add(life), claims)}
	}
	const query = "channel=public-routers&channel=private-router-status"
	st := s.open(nil, query+"&ticket="+s.ticket("", token(5*time.Minute, nil)...))
	st.untilSync()
	cookie := st.cookieOf()
	renew := func(header ...string) (int, string) {
		t.Helper()
		resp, text := s.do("POST", "/v1/stream/"+st.client.conn+"/auth", "", header...)
		return resp.StatusCode, text
	}
	clock.advance(4*time.Minute + 30*time.Second)
	st.until("a warning", func(c *client) bool { return c.warnings == 1 })
	for _, c := range []struct {
		name   string
		header []string
		status int
	}{
		{"nothing", nil, 401},
		{"another user", token(time.Hour, map[string]any{"sub": "eve"}), 403},
		{"a token that is over", token(-time.Minute, nil), 401},
		{"a token that may not hear the channel", token(time.Hour, map[string]any{"channels": []string{"router-*"}}), 403},
		{"a fresh token", append(token(10*time.Minute, nil), "Cookie", cookie), 200},
	} {
		if status, text := renew(c.header...); status != c.status {
			t.Errorf("%s: %d %s", c.name, status, text)
		}
	}
	clock.advance(2 * time.Minute) // the first is over
	s.hub.Publish(f.status("mine", "offline", ""))
	st.until("an event after the end of the first token", func(c *client) bool { return slices.ContainsFunc(c.events, offline) })
	if resp, text := s.decide("/v1/stream/check?"+query, []string{"Cookie", cookie}); resp.StatusCode != 200 {
		t.Errorf("the cookie after the end of the first token: %d %s", resp.StatusCode, text)
	}
	if status, text := renew(token(10*time.Minute, map[string]any{"routers": "site=x"})...); status != 200 {
		t.Errorf("narrower rights: %d %s", status, text)
	}
	st.until("the other router is gone", func(c *client) bool { return c.live() == "router/mine" })
	clock.advance(9*time.Minute + 30*time.Second)
	st.until("another warning", func(c *client) bool { return c.warnings == 2 })
	clock.advance(30 * time.Second)
	st.untilEnd()
	if b := st.client.bye; b == nil || b.Code != "expired" {
		t.Errorf("bye %+v", b)
	}
	anonymous := s.open(nil, "channel=public-routers")
	anonymous.untilSync()
	st = anonymous
	if status, text := renew(token(time.Hour, nil)...); status != 403 {
		t.Errorf("a stream that was opened without an identity: %d %s", status, text)
	}
}

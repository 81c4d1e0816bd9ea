package sse

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWhoMayListen is the table of who may, who may not, and what they are told.
func TestWhoMayListen(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	const open, private, admin = "channel=public-routers", "channel=private-router-status", "channel=admin-pipeline"
	viewer, root := []string{"Authorization", "Bearer viewer-token"}, []string{"Authorization", "Bearer root-token"}
	const login = ": send Authorization: Bearer <token>, or log in"
	for _, c := range []struct {
		name, query string
		header      []string
		status      int
		detail      string
	}{
		{"anyone on a public channel", open, nil, 200, ""},
		{"no identity", private, nil, 401, "channel private-router-status needs an identity" + login},
		{"no identity, several channels", private + "&" + admin + "&" + open, nil, 401, "channels admin-pipeline, private-router-status need an identity" + login},
		{"a wrong token", private, []string{"Authorization", "Bearer wrong"}, 401, "channel private-router-status needs an identity, and the token that was sent is not valid"},
		{"a prefix of a token", private, []string{"Authorization", "Bearer viewer-toke"}, 401, "channel private-router-status needs an identity, and the token that was sent is not valid"},
		{"the hash of a token", private, []string{"Authorization", "Bearer " + sha256Hex("viewer-token")}, 401, "channel private-router-status needs an identity, and the token that was sent is not valid"},
		{"an empty token", private, []string{"Authorization", "Bearer "}, 401, "channel private-router-status needs an identity, and the Authorization header is not of the form: Bearer <token>"},
		{"a huge token", private, []string{"Authorization", "Bearer " + strings.Repeat(".", 12<<10)}, 401, "channel private-router-status needs an identity, and the token that was sent is not valid"},
		{"another scheme", private, []string{"Authorization", "Basic dXNlcjpwYXNz"}, 401, "channel private-router-status needs an identity, and the Authorization header is not of the form: Bearer <token>"},
		{"two Authorization headers, one right", private, []string{"Authorization", "Bearer viewer-token", "Authorization", "Bearer x"}, 401, "channel private-router-status needs an identity, and two Authorization headers were sent: send one"},
		{"two tokens in one header", private, []string{"Authorization", "Bearer viewer-token, Bearer x"}, 401, "channel private-router-status needs an identity, and the Authorization header is not of the form: Bearer <token>"},
		{"a cookie that was never given", private, []string{"Cookie", "routerpulse_session=abc"}, 401, "channel private-router-status needs an identity, and your session has ended: log in again"},
		{"a wrong token on a public channel", open, []string{"Authorization", "Bearer wrong"}, 200, ""},
		{"the right token", private, viewer, 200, ""},
		{"the scheme in small letters", private, []string{"Authorization", "bearer viewer-token"}, 200, ""},
		{"a channel of another role", admin, viewer, 403, "channel admin-pipeline is only for role admin; you are viewer with role viewer"},
		{"the role", admin, root, 200, ""},
		{"one of several is not allowed", open + "&" + private + "&" + admin, viewer, 403, "channel admin-pipeline is only for role admin; you are viewer with role viewer"},
		{"partial", open + "&" + private + "&" + admin + "&partial=1", viewer, 200, ""},
		{"partial, nothing is left", admin + "&partial=1", viewer, 403, "channel admin-pipeline is only for role admin; you are viewer with role viewer"},
		{"partial without identity", private + "&partial=1", nil, 401, "channel private-router-status needs an identity" + login},
		{"token in the query", private + "&token=viewer-token", nil, 401, "a token in a URL ends up in logs and histories, so it is refused: send it as Authorization: Bearer <token>, or log in"},
		{"access_token in the query, on a public channel", open + "&access_token=viewer-token", viewer, 401, "a token in a URL ends up in logs and histories, so it is refused: send it as Authorization: Bearer <token>, or log in"},
		{"no such channel", "channel=nothing", nil, 404, "there is no channel nothing: /v1/me lists them"},
		{"no channel", "", nil, 400, "no channel was asked for: add ?channel=NAME; /v1/me lists them"},
		{"a placeholder left as it is", "channel=router-{router}", viewer, 404, "there is no channel router-{router}: /v1/me lists them"},
		{"a bad group", open + "&group=nairobi", nil, 400, `group is "nairobi": it has the form tag:value, as in group=site:nairobi`},
		{"a bad history", open + "&history=-1", nil, 400, `history is "-1": it is how many past events you want, 0 to 1000`},
		{"100,000 channels", strings.Repeat("channel=public-routers&", 10) + many("channel=c", 90), nil, 400, "91 channels in one stream are too many: at most 64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, path := range []string{"/v1/stream", "/v1/stream/check"} {
				resp, text := s.decide(path+"?"+c.query, c.header)
				if resp.StatusCode != c.status {
					t.Fatalf("%s: status %d, want %d: %s", path, resp.StatusCode, c.status, text)
				}
				if c.status == 200 {
					continue
				}
				var p struct {
					Status        int
					Detail, Title string
				}
				if err := json.Unmarshal([]byte(text), &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
					t.Fatalf("%s: no problem document: %s", path, text)
				}
				if p.Detail != c.detail || p.Status != c.status {
					t.Errorf("%s: detail\n%q, want\n%q", path, p.Detail, c.detail)
				}
				if got := resp.Header.Get("WWW-Authenticate"); (c.status == 401) != strings.HasPrefix(got, "Bearer ") {
					t.Errorf("%s: WWW-Authenticate %q with %d", path, got, c.status)
				}
			}
		})
	}
}

func many(prefix string, n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(prefix, i))
	}
	return strings.Join(list, "&")
}

// decide returns the answer without waiting for the end of a stream.
func (s *server) decide(path string, header []string) (*http.Response, string) {
	s.t.Helper()
	resp, err := s.Client().Do(s.request("GET", path, "", header...))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		return resp, ""
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(text)
}

func TestPartialSaysWhatIsDenied(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	st := s.open(nil, "channel=public-routers&channel=admin-pipeline&channel=nothing&partial=1", "Authorization", "Bearer viewer-token")
	st.untilSync()
	want := map[string]string{"admin-pipeline": "channel admin-pipeline is only for role admin; you are viewer with role viewer", "nothing": "there is no such channel"}
	if diff := cmp.Diff(want, st.client.denied); diff != "" {
		t.Error(diff)
	}
	if _, ok := st.client.rows["admin-pipeline "+topicHealth]; ok {
		t.Error("it got rows of a channel that is denied")
	}
}

func TestMe(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	_, text := s.do("GET", "/v1/me", "")
	for _, want := range []string{`"user":""`, `"name":"public-routers","topics":["router.live","router.status","router.connected"],"allowed":true}`, `"name":"router-{router}"`, `"allowed":false,"reason":"needs an identity"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	_, text = s.do("GET", "/v1/me", "", "Authorization", "Bearer root-token")
	if !strings.Contains(text, `"user":"root"`) || !strings.Contains(text, `"roles":["admin"]`) || strings.Contains(text, `"allowed":false`) {
		t.Error(text)
	}
	_, text = s.do("GET", "/v1/me", "", "Authorization", "Bearer wrong")
	if !strings.Contains(text, `"reason":"the token that was sent is not valid"`) {
		t.Error(text)
	}
}

// login returns the session cookie, as a Cookie header.
func (s *server) login() string {
	s.t.Helper()
	resp, text := s.do("POST", "/v1/login", `{"token":"viewer-token"}`)
	if resp.StatusCode != 200 || len(resp.Cookies()) != 1 {
		s.t.Fatalf("login: %d %s", resp.StatusCode, text)
	}
	return resp.Cookies()[0].Name + "=" + resp.Cookies()[0].Value
}

func TestLogoutEndsTheStream(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	cookie := s.login()
	other := s.login()
	st := s.open(nil, "channel=private-router-status", "Cookie", cookie)
	st.untilSync()
	stays := s.open(nil, "channel=private-router-status", "Cookie", other)
	stays.untilSync()
	start := time.Now()
	if resp, _ := s.do("POST", "/v1/logout", "", "Cookie", cookie); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("logout: %d", resp.StatusCode)
	}
	st.untilEnd()
	if took := time.Since(start); took > time.Second {
		t.Errorf("the stream ended %v after the logout", took)
	}
	if b := st.client.bye; b == nil || b.Code != "logged-out" || b.Reconnect {
		t.Errorf("bye %+v", b)
	}
	for path, want := range map[string]int{"/v1/stream?channel=private-router-status": 204, "/v1/stream/check?channel=private-router-status": 204, "/v1/stream/check?channel=public-routers": 200} {
		if resp, text := s.decide(path, []string{"Cookie", cookie}); resp.StatusCode != want {
			t.Errorf("%s with the old cookie: %d %s", path, resp.StatusCode, text)
		}
	}
	f := newFleet()
	s.hub.Publish(f.status("core-1", "offline", ""))
	stays.until("an event", func(c *client) bool { return len(c.events) == 1 })
}

func TestLimits(t *testing.T) {
	viewer := []string{"Authorization", "Bearer viewer-token"}
	for _, c := range []struct {
		name                string
		identity, addr, all int
		header              []string
		status              int
		code                string
	}{
		{"of an identity", 1, 9, 9, viewer, 429, "too-many-connections"},
		{"of an address", 9, 1, 9, nil, 429, "too-many-connections"},
		{"in all", 9, 9, 1, nil, 503, "server-busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := testConfig()
			cfg.Access.Limits.PerIdentity, cfg.Access.Limits.PerAddress, cfg.Access.Limits.Total = c.identity, c.addr, c.all
			s := serve(t, cfg, testOptions())
			first := s.open(nil, "channel=public-routers", c.header...)
			first.untilSync()

			second := s.open(nil, "channel=public-routers", append([]string{"Accept", "text/event-stream"}, c.header...)...)
			second.untilEnd()
			if b := second.client.bye; b == nil || b.Code != c.code || !b.Reconnect || second.client.parser.retry == "" {
				t.Errorf("bye %+v, retry %q", b, second.client.parser.retry)
			}
			for _, q := range []struct{ path, accept string }{
				{"/v1/stream?channel=public-routers&es=0", "text/event-stream"},
				{"/v1/stream?channel=public-routers", "*/*"},
				{"/v1/stream/check?channel=public-routers", "text/event-stream"},
			} {
				resp, text := s.decide(q.path, append([]string{"Accept", q.accept}, c.header...))
				if resp.StatusCode != c.status || resp.Header.Get("Retry-After") == "" || !strings.Contains(text, "access.limits.") {
					t.Errorf("%s: %d, Retry-After %q: %s", q.path, resp.StatusCode, resp.Header.Get("Retry-After"), text)
				}
			}
			first.close()
			eventually(t, "room for another", func() bool {
				resp, _ := s.decide("/v1/stream/check?channel=public-routers", c.header)
				return resp.StatusCode == 200
			})
		})
	}
}

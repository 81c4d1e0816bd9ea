package access

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

func testAccess(t *testing.T) (*Access, *clock) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Tokens = []TokenConfig{
		{Name: "wall", SHA256: hexSum("wall-token"), Roles: []string{"viewer"}},
		{Name: "boss", SHA256: strings.ToUpper(hexSum("boss-token")), Roles: []string{"viewer", "admin"}},
	}
	cfg.TrustedProxies = []string{"127.0.0.0/8", "10.9.9.9", "::1"}
	c := &clock{time.Unix(1_767_225_600, 0)}
	a, err := New(cfg, c.read, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func request(method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestIdentify(t *testing.T) {
	a, _ := testAccess(t)
	session := a.sessions.start(Identity{User: "wall", Roles: []string{"viewer"}}, a.now())
	cookie := []string{"Cookie", cookieName + "=" + session}
	for _, c := range []struct {
		name   string
		target string
		header []string
		user   string
		err    error
	}{
		{"nothing", "/", nil, "", nil},
		{"token", "/", []string{"Authorization", "Bearer wall-token"}, "wall", nil},
		{"token whose hash was written in capitals", "/", []string{"Authorization", "Bearer boss-token"}, "boss", nil},
		{"wrong token", "/", []string{"Authorization", "Bearer wall-tokem"}, "", ErrInvalidToken},
		{"two headers", "/", []string{"Authorization", "Bearer wall-token", "Authorization", "Bearer wall-token"}, "", ErrAmbiguous},
		{"not bearer", "/", []string{"Authorization", "Token wall-token"}, "", ErrNotBearer},
		{"no token", "/", []string{"Authorization", "Bearer"}, "", ErrNotBearer},
		{"too long", "/", []string{"Authorization", "Bearer " + strings.Repeat("a", maxHeader)}, "", ErrInvalidToken},
		{"session", "/", cookie, "wall", nil},
		{"other cookie", "/", []string{"Cookie", "x=y"}, "", nil},
		{"unknown session", "/", []string{"Cookie", cookieName + "=" + session + "x"}, "", ErrNoSession},
		{"a wrong token is not healed by a session", "/", append([]string{"Authorization", "Bearer x"}, cookie...), "", ErrInvalidToken},
		{"a token goes before a session", "/", append([]string{"Authorization", "Bearer boss-token"}, cookie...), "boss", nil},
		{"token in the URL", "/?token=wall-token", nil, "", ErrTokenInURL},
		{"access_token in the URL, and a right header", "/?access_token=x", []string{"Authorization", "Bearer boss-token"}, "", ErrTokenInURL},
		{"the hash of a token", "/", []string{"Authorization", "Bearer " + hexSum("wall-token")}, "", ErrInvalidToken},
		{"the name of a token", "/", []string{"Authorization", "Bearer wall"}, "", ErrInvalidToken},
	} {
		id, err := a.Identify(request("GET", c.target, c.header...))
		if id.User != c.user || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", c.name, id.User, err)
		}
	}
}

func TestRule(t *testing.T) {
	nobody, viewer, admin := Identity{}, Identity{User: "v", Roles: []string{"viewer"}}, Identity{User: "a", Roles: []string{"admin", "x"}}
	for _, c := range []struct {
		rule Rule
		who  Identity
		ok   bool
		why  string
	}{
		{Public(), nobody, true, ""},
		{Authenticated(), nobody, false, "needs an identity"},
		{Authenticated(), viewer, true, ""},
		{ForRoles("admin"), viewer, false, "is only for role admin; you are v with role viewer"},
		{ForRoles("admin", "noc"), viewer, false, "is only for roles admin or noc; you are v with role viewer"},
		{ForRoles("admin"), admin, true, ""},
		{Rule{Users: []string{"v"}}, viewer, true, ""},
		{Rule{Users: []string{"v"}}, admin, false, "is only for certain users; you are a with roles admin, x"},
		{Rule{Users: []string{"v"}, Roles: []string{"y"}}, admin, false, "is only for role y and for certain users; you are a with roles admin, x"},
		{Rule{Users: []string{"v"}}, Identity{User: "w"}, false, "is only for certain users; you are w, without a role"},
		{Rule{}, admin, false, "is only for nobody; you are a with roles admin, x"},
		{Rule{Users: []string{""}}, nobody, false, "needs an identity"},
	} {
		if ok, why := c.rule.Allows(c.who); ok != c.ok || why != c.why {
			t.Errorf("%+v for %+v: %v %q", c.rule, c.who, ok, why)
		}
	}
}

func TestRequire(t *testing.T) {
	a, _ := testAccess(t)
	cookie := cookieName + "=" + a.sessions.start(Identity{User: "boss", Roles: []string{"admin"}}, a.now())
	for _, c := range []struct {
		name   string
		roles  []string
		method string
		header []string
		status int
		want   string
	}{
		{"anonymous", nil, "GET", nil, 401, "this needs an identity: send Authorization: Bearer <token>, or log in"},
		{"wrong token", nil, "GET", []string{"Authorization", "Bearer x"}, 401, "this needs an identity, and the token that was sent is not valid"},
		{"any identity", nil, "GET", []string{"Authorization", "Bearer wall-token"}, 200, ""},
		{"not the role", []string{"admin"}, "GET", []string{"Authorization", "Bearer wall-token"}, 403, "this is only for role admin; you are wall with role viewer"},
		{"one of the roles", []string{"metrics", "admin"}, "GET", []string{"Authorization", "Bearer boss-token"}, 200, ""},
		{"cookie", []string{"admin"}, "GET", []string{"Cookie", cookie}, 200, ""},
		{"cookie, a change, from our page", []string{"admin"}, "POST", []string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin"}, 200, ""},
		{"cookie, a change, from another site", []string{"admin"}, "POST", []string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 403, "another site's page"},
		{"cookie, a change, another origin", []string{"admin"}, "POST", []string{"Cookie", cookie, "Origin", "https://evil.example"}, 403, "another site's page"},
		{"token, a change, another origin", []string{"admin"}, "POST", []string{"Authorization", "Bearer boss-token", "Origin", "https://app.example"}, 200, ""},
	} {
		w := httptest.NewRecorder()
		a.Require(c.roles...)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })).ServeHTTP(w, request(c.method, "/", c.header...))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: WWW-Authenticate %q", c.name, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestLoginAndLogout(t *testing.T) {
	a, c := testAccess(t)
	login := func(body string, header ...string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := request("POST", "/v1/login", header...)
		r.Body = http.NoBody
		if body != "" {
			r.Body = httptest.NewRequest("POST", "/", strings.NewReader(body)).Body
		}
		a.Login().ServeHTTP(w, r)
		return w
	}
	for _, bad := range []struct {
		body   string
		header []string
		status int
	}{
		{`{"token":"x"}`, nil, 401}, {`{"token":""}`, nil, 401}, {``, nil, 401}, {`{`, nil, 401}, {`{"token":"` + strings.Repeat("x", maxLoginBody) + `"}`, nil, 413},
		{``, []string{"Authorization", "Bearer x"}, 401}, {`{"token":"wall-token"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if w := login(bad.body, bad.header...); w.Code != bad.status || len(w.Result().Cookies()) != 0 {
			t.Errorf("%.40s: %d, cookies %v", bad.body, w.Code, w.Result().Cookies())
		}
	}
	w := login(`{"token":"wall-token"}`)
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"roles":["viewer"],"user":"wall"}` {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	cookie := w.Result().Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure || cookie.Path != "/" || len(cookie.Value) < 32 {
		t.Errorf("cookie %+v", cookie)
	}
	session := request("GET", "/", "Cookie", cookieName+"="+cookie.Value)
	id, err := a.Identify(session)
	if err != nil || id.User != "wall" {
		t.Fatal(id, err)
	}

	c.now = c.now.Add(11 * time.Hour)
	if _, err := a.Identify(session); err != nil {
		t.Errorf("after 11 hours: %v", err)
	}
	c.now = c.now.Add(11 * time.Hour)
	id.Touch(c.now) // a stream is open
	c.now = c.now.Add(11 * time.Hour)
	a.Sweep()
	if _, err := a.Identify(session); err != nil || id.Err() != nil {
		t.Errorf("after 11 hours with a stream: %v", err)
	}

	w = httptest.NewRecorder()
	a.Logout().ServeHTTP(w, request("POST", "/v1/logout", "Cookie", cookieName+"="+cookie.Value))
	if w.Code != 204 || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("logout: %d %v", w.Code, w.Result().Cookies())
	}
	if !errors.Is(id.Err(), ErrLoggedOut) {
		t.Errorf("after the logout the identity says %v", id.Err())
	}
	if _, err := a.Identify(session); !errors.Is(err, ErrLoggedOut) {
		t.Errorf("after the logout: %v", err)
	}
	c.now = c.now.Add(13 * time.Hour)
	a.Sweep()
	if _, err := a.Identify(session); !errors.Is(err, ErrNoSession) {
		t.Errorf("long after the logout: %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	a, c := testAccess(t)
	id, err := a.sessions.find(a.sessions.start(Identity{User: "wall"}, a.now()), a.now())
	if err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(sessionIdle + time.Second)
	a.Sweep()
	if !errors.Is(id.Err(), ErrNoSession) {
		t.Errorf("after its time: %v", id.Err())
	}
}

// TestSessionsAreBounded: too many sessions end the one of the same user that was not used for longest,
// never somebody else's.
func TestSessionsAreBounded(t *testing.T) {
	s := newSessions(sessionIdle)
	now := time.Unix(1000, 0)
	other := s.start(Identity{User: "other"}, now)
	var secrets []string
	for i := range maxPerUser + 10 {
		secrets = append(secrets, s.start(Identity{User: "wall"}, now.Add(time.Duration(i)*time.Second)))
	}
	now = now.Add(time.Hour)
	if _, err := s.find(other, now); err != nil {
		t.Errorf("the other user's: %v", err)
	}
	for i, secret := range secrets {
		if _, err := s.find(secret, now); (err == nil) != (i >= 10) {
			t.Errorf("session %d: %v", i, err)
		}
	}
	for i := len(s.live); i < maxSessions; i++ {
		s.live[keyOf(fmt.Sprint(i))] = Identity{User: fmt.Sprint("u", i), lease: newLease(now)}
	}
	s.start(Identity{User: "one more"}, now.Add(time.Hour))
	if len(s.live) > maxSessions {
		t.Errorf("%d sessions", len(s.live))
	}
}

func TestLoginLink(t *testing.T) {
	a, c := testAccess(t)
	redeem := func(code string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		a.LoginLink("/page").ServeHTTP(w, request("GET", "/login?code="+code))
		return w
	}
	code := a.NewLoginCode(Identity{User: "demo", Roles: []string{"admin"}})
	w := redeem(code)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/page" || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	id, err := a.Identify(request("GET", "/", "Cookie", cookieName+"="+w.Result().Cookies()[0].Value))
	if err != nil || id.User != "demo" || !id.Has("admin") {
		t.Errorf("%+v %v", id, err)
	}
	old := a.NewLoginCode(Identity{User: "demo"})
	c.now = c.now.Add(codeLife + time.Second)
	for name, code := range map[string]string{"a second time": code, "none": "", "invented": "abc", "too late": old} {
		if w := redeem(code); w.Code != 401 || len(w.Result().Cookies()) != 0 || !strings.Contains(w.Body.String(), "login link") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	w = httptest.NewRecorder()
	a.LoginLink("/").ServeHTTP(w, request("GET", "/login?code="+code, "Accept", "text/html,*/*"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/?login=expired" || len(w.Result().Cookies()) != 0 {
		t.Errorf("a browser with a used link: %d %v", w.Code, w.Header())
	}
	first := a.NewLoginCode(Identity{User: "demo"})
	for range maxCodes {
		c.now = c.now.Add(time.Second)
		a.NewLoginCode(Identity{User: "demo"})
	}
	if len(a.codes.open) > maxCodes || redeem(first).Code != 401 {
		t.Errorf("%d codes are open", len(a.codes.open))
	}
}

func TestAddress(t *testing.T) {
	a, _ := testAccess(t)
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"198.51.100.7"}, "192.0.2.1"},
		{"127.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"6.6.6.6, 198.51.100.7"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"6.6.6.6", "198.51.100.7, 10.9.9.9"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"garbage, 10.9.9.9"}, "10.9.9.9"},
		{"127.0.0.1:1", nil, "127.0.0.1"},
		{"[::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"[::ffff:127.0.0.1]:1", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"[fe80::1%eth0]:1", nil, "fe80::1"},
	} {
		r := request("GET", "/")
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := a.Address(r); got.String() != c.want {
			t.Errorf("%s via %v: %v, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestSecureCookie(t *testing.T) {
	a, _ := testAccess(t)
	for _, c := range []struct {
		peer, proto string
		tls, want   bool
	}{{"192.0.2.1:1", "", true, true}, {"192.0.2.1:1", "https", false, false}, {"127.0.0.1:1", "https", false, true}, {"127.0.0.1:1", "http", false, false}} {
		r := request("GET", "/", "X-Forwarded-Proto", c.proto)
		r.RemoteAddr = c.peer
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		a.setCookie(w, r, "x")
		if got := w.Result().Cookies()[0].Secure; got != c.want {
			t.Errorf("%+v: secure is %v", c, got)
		}
	}
}

// TestNoReasonTellsWhatTheServerKnows: whatever token is sent, the answer is the same.
func TestNoReasonTellsWhatTheServerKnows(t *testing.T) {
	a, _ := testAccess(t)
	var details []string
	for _, token := range []string{"x", "wall-toke", "wall-token1", "wall", hexSum("wall-token"), strings.Repeat("y", 4000)} {
		_, err := a.Identify(request("GET", "/", "Authorization", "Bearer "+token))
		details = append(details, Unauthorized("it", err).Detail)
	}
	if slices.Sort(details); len(slices.Compact(details)) != 1 {
		t.Errorf("%v", details)
	}
}

func BenchmarkIdentify(b *testing.B) {
	cfg := DefaultConfig()
	for i := range 100 {
		cfg.Tokens = append(cfg.Tokens, TokenConfig{Name: fmt.Sprint("t", i), SHA256: hexSum(fmt.Sprint(i))})
	}
	a, err := New(cfg, time.Now, Hooks{})
	if err != nil {
		b.Fatal(err)
	}
	r := request("GET", "/", "Authorization", "Bearer "+strings.Repeat(".", maxHeader-20))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Identify(r); err == nil {
			b.Fatal("accepted")
		}
	}
}

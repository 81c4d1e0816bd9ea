package access

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

const app = "https://app.example"

func newGuestAccess(t *testing.T) *Access {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Origins, cfg.TrustedProxies = []string{app}, []string{"10.0.0.0/8"}
	a, err := New(cfg, time.Now, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestOrigins(t *testing.T) {
	a := newGuestAccess(t)
	handler := a.Shared(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := a.SameSite(r); p != nil {
			p.Write(w)
		}
	}))
	for _, c := range []struct {
		method, origin string
		status         int
		shared         bool
	}{
		{http.MethodGet, "", 200, false}, {http.MethodGet, app, 200, true}, {http.MethodPost, app, 200, true},
		{http.MethodPost, "https://evil.example", 403, false}, {http.MethodPost, "null", 403, false},
		{http.MethodPost, "http://app.example", 403, false}, {http.MethodPost, app + ":8443", 403, false}, {http.MethodPost, "https://APP.example", 403, false},
		{http.MethodOptions, app, 204, true}, {http.MethodOptions, "https://evil.example", 403, false}, {http.MethodOptions, "", 403, false},
	} {
		r := httptest.NewRequest(c.method, "https://pulse.example/v1/stream/ticket", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		w := httptest.NewRecorder()
		h := handler
		if c.method == http.MethodOptions {
			h = a.Preflight(http.MethodPost)
		}
		h.ServeHTTP(w, r)
		allowed, credentials := w.Header().Get("Access-Control-Allow-Origin"), w.Header().Get("Access-Control-Allow-Credentials")
		if w.Code != c.status || (allowed == app && credentials == "true") != c.shared || !c.shared && allowed+credentials != "" {
			t.Errorf("%s from %q: %d, %q %q", c.method, c.origin, w.Code, allowed, credentials)
		}
		if w.Header().Get("Vary") != "Origin" {
			t.Errorf("%s from %q: Vary is %q", c.method, c.origin, w.Header().Get("Vary"))
		}
		if got := w.Header().Get("Access-Control-Allow-Methods"); (got == "POST") != (c.method == http.MethodOptions && c.shared) {
			t.Errorf("%s from %q: methods %q", c.method, c.origin, got)
		}
	}
}

func TestOriginsAreExact(t *testing.T) {
	for origin, want := range map[string]string{
		app: "", "http://127.0.0.1:8000": "", "https://app.example:8443": "", "*": "pages of many", "https://*.example": "pages of many",
		"https://app.example/": "is no origin", "app.example": "is no origin", "null": "is no origin", "https://App.example": "is no origin",
		"https://app.example:443": "is no origin", "https://u@app.example": "is no origin", "ftp://app.example": "is no origin", "": "is no origin",
	} {
		var said string
		cfg := DefaultConfig()
		cfg.Origins = []string{origin}
		cfg.Validate(configs.NewReport(func(_, message, _ string) { said += message }))
		if (said == "") != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%q: %q, want %q", origin, said, want)
		}
	}
}

func TestBelow(t *testing.T) {
	a := newGuestAccess(t)
	for _, c := range []struct {
		prefix, from, header, path string
		at, under, location        string
	}{
		{"", "10.0.0.1", "/pulse", "/v1/stream", "/v1/stream", "/pulse", ""},
		{"", "10.0.0.1", "/pulse/", "/pulse/v1/stream", "/v1/stream", "/pulse", ""},
		{"", "192.0.2.1", "/pulse", "/v1/stream", "/v1/stream", "", ""}, // not a proxy of ours
		{"", "10.0.0.1", "", "/v1/stream", "/v1/stream", "", ""},
		{"/pulse", "192.0.2.1", "/other", "/pulse/v1/stream", "/v1/stream", "/pulse", ""},
		{"/pulse", "192.0.2.1", "", "/", "/", "/pulse", ""},
		{"/pulse", "192.0.2.1", "", "/pulse", "", "", "/pulse/"},
		{"/pulse", "192.0.2.1", "", "/pulses/x", "/pulses/x", "/pulse", ""},
		{"", "10.0.0.1", "//evil.example", "/v1/stream", "/v1/stream", "", ""},
		{"", "10.0.0.1", "/a; Domain=example", "/v1/stream", "/v1/stream", "", ""},
		{"", "10.0.0.1", "/a/../b", "/v1/stream", "/v1/stream", "", ""},
		{"", "10.0.0.1", "/", "/v1/stream", "/v1/stream", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://x"+c.path, nil)
		r.RemoteAddr = c.from + ":1"
		if c.header != "" {
			r.Header.Set("X-Forwarded-Prefix", c.header)
		}
		var at, under string
		w := httptest.NewRecorder()
		a.Below(c.prefix, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { at, under = r.URL.Path, prefixOf(r) })).ServeHTTP(w, r)
		if at != c.at || under != c.under || w.Header().Get("Location") != c.location {
			t.Errorf("%+v: at %q below %q, sent to %q", c, at, under, w.Header().Get("Location"))
		}
	}
}

// The cookie of a ticket is for the stream below the prefix; over TLS, for a page of another site too.
func TestTicketCookie(t *testing.T) {
	a := newGuestAccess(t)
	for _, c := range []struct {
		origin, proto, prefix string
		want                  string
	}{
		{"", "http", "", "Path=/v1/stream; HttpOnly; SameSite=Lax"},
		{"", "https", "/pulse", "Path=/pulse/v1/stream; HttpOnly; Secure; SameSite=Lax"},
		{app, "https", "/pulse", "Path=/pulse/v1/stream; HttpOnly; Secure; SameSite=None"},
		{app, "http", "", "Path=/v1/stream; HttpOnly; SameSite=Lax"}, // browsers take None with Secure only
		{"https://evil.example", "https", "", "Path=/v1/stream; HttpOnly; Secure; SameSite=Lax"},
	} {
		secret, _, p := a.NewTicket(Identity{User: "ann", lease: newLease(time.Now())})
		if p != nil {
			t.Fatal(p)
		}
		r := httptest.NewRequest(http.MethodGet, "http://x/v1/stream?ticket="+secret, nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("X-Forwarded-Proto", c.proto)
		r.Header.Set("X-Forwarded-Prefix", c.prefix)
		r.Header.Set("Origin", c.origin)
		w := httptest.NewRecorder()
		a.Below("", a.Shared(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if id, err := a.IdentifyStream(w, r); err != nil || id.User != "ann" {
				t.Errorf("%v, %v", id, err)
			}
		}))).ServeHTTP(w, r)
		if _, got, _ := strings.Cut(w.Header().Get("Set-Cookie"), "; "); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

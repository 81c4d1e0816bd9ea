package access

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestDenialsAreToldOncePerKind: the first at once, others like it later and with their number; of very
// many kinds only how many there were.
func TestDenialsAreToldOncePerKind(t *testing.T) {
	c := &clock{time.Unix(1_767_225_600, 0)}
	var told []Denial
	cfg := DefaultConfig()
	cfg.Tokens = []TokenConfig{{Name: "wall", SHA256: hexSum("wall-token"), Roles: []string{"viewer"}}}
	a, err := New(cfg, c.read, Hooks{Denied: func(d Denial) { told = append(told, d) }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /admin/{what}", a.Require("admin")(http.NotFoundHandler()))
	mux.Handle("POST /v1/login", a.Login())
	ask := func(method, target, from, body string, header ...string) {
		r := request(method, target, header...)
		if body != "" {
			r.Body = httptest.NewRequest("POST", "/", strings.NewReader(body)).Body
		}
		r.RemoteAddr = from
		mux.ServeHTTP(httptest.NewRecorder(), r)
	}
	for range 50 {
		ask("GET", "/admin/secret-path", "10.0.0.1:1", "", "Authorization", "Bearer wall-token")
		ask("GET", "/admin/secret-path", "10.0.0.1:1", "", "Authorization", "Bearer secret-token")
		ask("POST", "/v1/login", "10.0.0.1:1", `{"user":"secret-typed-here","password":"secret-password"}`)
	}
	want := []string{"GET /admin/{what} 403 wall", "GET /admin/{what} 401 ", "POST /v1/login 401 ", "POST /v1/login 429 "}
	kinds := func() (list []string) {
		for _, d := range told {
			list = append(list, fmt.Sprintf("%s %d %s", d.What, d.Status, d.User))
		}
		return list
	}
	if got := kinds(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told %q, want %q", got, want)
	}
	if text := fmt.Sprintf("%+v", told); strings.Contains(text, "secret") {
		t.Errorf("it tells what was sent: %s", text)
	}
	told = nil
	c.now = c.now.Add(auditPeriod)
	a.Sweep()
	times := 0
	for _, d := range told {
		times += d.Times
	}
	if len(told) != 4 || times != 150-4 {
		t.Errorf("later it tells %+v", told)
	}
	told = nil
	for i := range maxAudited + 50 {
		ask("GET", "/admin/x", fmt.Sprintf("10.1.%d.%d:1", i/250, i%250), "")
	}
	c.now = c.now.Add(auditPeriod)
	a.Sweep()
	if n := len(told); n != maxAudited+1 || told[n-1].Times != 50 {
		t.Errorf("of very many kinds %d were told, the last of %d", n, told[n-1].Times)
	}
}

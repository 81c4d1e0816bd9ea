package sse

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
)

// application is a web application with sessions of its own.
type application struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	users    map[string]string // value of the cookie app, or of Authorization, to the answer
	channels map[string]string // of laravel: user and channel that they may listen to
	broken   bool              // it answers nothing but errors
	asked    []*http.Request
	inside   atomic.Int64 // questions that are being answered
	most     atomic.Int64
	gate     chan struct{} // if not nil, each answer takes one
}

func newApplication(t *testing.T) *application {
	a := &application{t: t, users: map[string]string{}, channels: map[string]string{}}
	a.Server = httptest.NewServer(http.HandlerFunc(a.answer))
	t.Cleanup(a.Close)
	return a
}

func (a *application) answer(w http.ResponseWriter, r *http.Request) {
	n := a.inside.Add(1)
	defer a.inside.Add(-1)
	for most := a.most.Load(); n > most; most = a.most.Load() {
		if a.most.CompareAndSwap(most, n) {
			break
		}
	}
	if a.gate != nil {
		<-a.gate
	}
	if err := r.ParseForm(); err != nil {
		a.t.Error(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r)
	secret := r.Header.Get("Authorization")
	if c, err := r.Cookie("app"); err == nil {
		secret = c.Value
	}
	answer, known := a.users[secret]
	switch {
	case a.broken:
		w.WriteHeader(http.StatusBadGateway)
	case !known:
		http.Redirect(w, r, "/login", http.StatusFound)
	case r.Method == http.MethodPost && a.channels[secret+" "+r.Form.Get("channel_name")] == "":
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPost:
		_, _ = fmt.Fprint(w, a.channels[secret+" "+r.Form.Get("channel_name")])
	default:
		_, _ = fmt.Fprint(w, answer)
	}
}

// set changes what the application says.
func (a *application) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

func (a *application) questions() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

// frozen is a clock that goes on only when it is told to.
type frozen struct{ at atomic.Int64 }

func newFrozen() *frozen {
	f := &frozen{}
	f.at.Store(1_767_225_600_000)
	return f
}

func (f *frozen) now() time.Time          { return time.UnixMilli(f.at.Load()) }
func (f *frozen) advance(d time.Duration) { f.at.Add(d.Milliseconds()) }

// serveApp serves with an application that decides. Answers count for 30 s of the clock.
func serveApp(t *testing.T, kind string, change func(*access.ForwardConfig)) (*server, *application, *frozen) {
	a, clock := newApplication(t), newFrozen()
	cfg, opt := testConfig(), testOptions()
	cfg.Access.Forward = &access.ForwardConfig{}
	cfg.Access.Forward.SetDefaults()
	cfg.Access.Forward.Type, cfg.Access.Forward.URL = kind, a.URL+"/who"
	cfg.Access.Forward.Timeout = configs.Duration(5 * time.Second)
	if change != nil {
		change(cfg.Access.Forward)
	}
	opt.now = clock.now
	return serve(t, cfg, opt), a, clock
}

const ann = `{"user":"ann","roles":["viewer"]}`

func TestForwardJSON(t *testing.T) {
	s, a, clock := serveApp(t, "json", nil)
	a.users = map[string]string{"c1": ann, "c2": `{"user":17,"roles":["admin"],"channels":["admin-*"]}`, "Bearer opaque": `{"user":"api"}`,
		"bad": `{"user":"a b"}`, "worse": `{"user":"eve","routers":[]}`, "html": "<html>"}
	const private, admin = "channel=private-router-status", "channel=admin-pipeline"
	for _, c := range []struct {
		name, query string
		header      []string
		status      int
		text        string
	}{
		{"nothing to know anybody by", private, nil, 401, "needs an identity: send"},
		{"a user of the application", private, []string{"Cookie", "x=y; app=c1"}, 200, `"user":"ann"`},
		{"roles are the application's", admin, []string{"Cookie", "app=c1"}, 403, "you are ann with role viewer"},
		{"a number is a name, too", admin, []string{"Cookie", "app=c2"}, 200, `"user":"17"`},
		{"channels are the application's", private, []string{"Cookie", "app=c2"}, 403, "not among the channels of 17"},
		{"an opaque token", private, []string{"Authorization", "Bearer opaque"}, 200, `"user":"api"`},
		{"a token of ours goes before", admin, []string{"Authorization", "Bearer root-token", "Cookie", "app=c1"}, 200, `"user":"root"`},
		{"a cookie that it does not know", private, []string{"Cookie", "app=c9"}, 401, "the application that decides does not know you"},
		{"a token that nobody knows", private, []string{"Authorization", "Bearer nobody"}, 401, "does not know you"},
		{"a name that is none", private, []string{"Cookie", "app=bad"}, 401, "its answer cannot be used"},
		{"a limit that is none", private, []string{"Cookie", "app=worse"}, 401, "its answer cannot be used"},
		{"no JSON", private, []string{"Cookie", "app=html"}, 401, "its answer is no JSON object"},
		{"a public channel needs none", "channel=public-routers", []string{"Cookie", "app=c9"}, 200, `"user":""`},
	} {
		if resp, text := s.decide("/v1/stream/check?"+c.query, c.header); resp.StatusCode != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, text)
		}
	}
	before := a.questions()
	cookie := []string{"Cookie", "routerpulse_session=secret; app=c1", "Referer", "https://app.example/page"}
	for range 5 {
		s.decide("/v1/stream/check?"+private, cookie)
	}
	if n := a.questions() - before; n > 1 {
		t.Errorf("asked %d times for the same cookies", n)
	}
	last := a.asked[len(a.asked)-1]
	if got := last.Header.Get("Cookie"); strings.Contains(got, "routerpulse") || last.Method != http.MethodGet {
		t.Errorf("the application got %s with the cookies %q", last.Method, got)
	}
	clock.advance(31 * time.Second)
	a.set(func() { a.broken = true })
	resp, text := s.decide("/v1/stream/check?"+private, cookie)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(text, "does not answer") {
		t.Errorf("an application that is broken: %d %s", resp.StatusCode, text)
	}
}

// TestForwardedStreamEnds: whoever the application no longer knows, or knows otherwise, is out when the
// answer's time is over at the latest; an application that is away for a moment harms nobody.
func TestForwardedStreamEnds(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(a *application)
		code      string
		reconnect bool
		later     time.Duration // until when nobody answers
	}{
		{"logged out", func(a *application) { delete(a.users, "c1") }, "session-ended", false, 0},
		{"other roles", func(a *application) { a.users["c1"] = `{"user":"ann","roles":["guest"]}` }, "ask-again", true, 0},
		{"the application is away", func(a *application) { a.broken = true }, "ask-again", true, 15 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, a, clock := serveApp(t, "json", nil)
			a.users = map[string]string{"c1": ann}
			st := s.open(nil, "channel=private-router-status", "Cookie", "app=c1")
			st.untilSync()
			again := func(what string, d time.Duration) {
				t.Helper()
				before := a.questions()
				clock.advance(d)
				eventually(t, "another question, "+what, func() bool { return a.questions() > before })
			}
			again("as the answer is half its age", 16*time.Second)
			a.set(func() { a.broken = true })
			again("with a broken application", 16*time.Second)
			a.set(func() { a.broken = false })
			again("soon after", time.Second)
			again("later", 16*time.Second)
			s.hub.Publish(newFleet().status("core-1", "offline", ""))
			st.until("an event: the stream is open still", func(c *client) bool { return len(c.events) == 1 })
			a.set(func() { c.change(a) })
			again("after the change", 16*time.Second)
			clock.advance(c.later)
			st.untilEnd()
			if b := st.client.bye; b == nil || b.Code != c.code || b.Reconnect != c.reconnect {
				t.Errorf("bye %+v", b)
			}
		})
	}
}

// TestForwardIsBounded: however many come at once, the application gets no more questions at once than
// the config says, and one for those who are the same.
func TestForwardIsBounded(t *testing.T) {
	s, a, _ := serveApp(t, "json", func(c *access.ForwardConfig) { c.Concurrency = 3 })
	a.gate = make(chan struct{})
	var wait sync.WaitGroup
	for i := range 40 {
		cookie := fmt.Sprintf("app=u%d", i%20)
		a.set(func() { a.users[fmt.Sprintf("u%d", i%20)] = fmt.Sprintf(`{"user":"u%d"}`, i%20) })
		wait.Go(func() {
			if resp, text := s.decide("/v1/stream/check?channel=private-router-status", []string{"Cookie", cookie}); resp.StatusCode != 200 {
				t.Errorf("%s: %d %s", cookie, resp.StatusCode, text)
			}
		})
	}
	eventually(t, "three questions at once", func() bool { return a.inside.Load() == 3 })
	close(a.gate)
	wait.Wait()
	if a.most.Load() > 3 || a.questions() != 20 {
		t.Errorf("%d at once, %d in all", a.most.Load(), a.questions())
	}
}

// TestForwardGivesUp: an application that hangs costs a client the time for an answer, not more.
func TestForwardGivesUp(t *testing.T) {
	s, a, _ := serveApp(t, "json", func(c *access.ForwardConfig) { c.Timeout = configs.Duration(20 * time.Millisecond) })
	a.gate = make(chan struct{})
	defer close(a.gate)
	resp, text := s.decide("/v1/stream/check?channel=private-router-status", []string{"Cookie", "app=c1"})
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if n := testutil.ToFloat64(s.hub.metrics.asked.WithLabelValues("failed")); n != 1 {
		t.Errorf("%v failures counted", n)
	}
}

func TestForwardLaravel(t *testing.T) {
	s, a, clock := serveApp(t, "laravel", nil)
	const status, stats = "private-router-status", "private-dashboard-stats"
	a.users = map[string]string{"c1": "yes"}
	a.channels = map[string]string{"c1 " + status: `{"auth":"key:sig"}`, "c1 router-core-1": `{"auth":"k:s","channel_data":"{\"user_id\":42}"}`}
	cookie := []string{"Cookie", "app=c1; XSRF-TOKEN=abc%3D"}
	for _, c := range []struct {
		query  string
		header []string
		code   int
		text   string
	}{
		{"channel=" + status, cookie, 200, `"user":"app-`},
		{"channel=router-core-1", cookie, 200, `"user":"42"`},
		{"channel=" + status + "&channel=public-routers", cookie, 200, ""},
		{"channel=" + stats, cookie, 403, "channel private-dashboard-stats is not for you: the application that decides says no"},
		{"channel=" + status + "&channel=" + stats, cookie, 403, stats},
		{"channel=" + status + "&channel=" + stats + "&partial=1", cookie, 200, `"denied":{"private-dashboard-stats"`},
		{"channel=" + status, []string{"Cookie", "app=c9"}, 401, "does not know you"},
		{"channel=" + status, nil, 401, "needs an identity: send"},
	} {
		if resp, text := s.decide("/v1/stream/check?"+c.query, c.header); resp.StatusCode != c.code || !strings.Contains(text, c.text) {
			t.Errorf("%s with %v: %d %s", c.query, c.header, resp.StatusCode, text)
		}
	}
	for _, r := range a.asked {
		if !regexp.MustCompile(`^\d+\.\d+$`).MatchString(r.Form.Get("socket_id")) || r.Method != http.MethodPost || strings.Contains(r.Form.Get("channel_name"), "public") {
			t.Errorf("it was asked %s %v", r.Method, r.Form)
		}
	}
	if got := a.asked[0].Header.Get("X-XSRF-TOKEN"); got != "abc=" {
		t.Errorf("X-XSRF-TOKEN is %q", got)
	}
	st := s.open(nil, "channel="+status+"&channel=router-core-1", cookie...)
	st.untilSync()
	a.set(func() { delete(a.channels, "c1 "+status) }) // one of the two
	clock.advance(20 * time.Second)
	st.untilEnd()
	if b := st.client.bye; b == nil || b.Code != "session-ended" {
		t.Errorf("bye %+v", b)
	}
}

// TestForwardReload: another application does not inherit what the last one said.
func TestForwardReload(t *testing.T) {
	s, a, _ := serveApp(t, "json", nil)
	a.users = map[string]string{"c1": ann}
	st := s.open(nil, "channel=private-router-status", "Cookie", "app=c1")
	st.untilSync()
	s.apply(func(*Config) {}) // which has no application
	st.untilEnd()
	if b := st.client.bye; b == nil || b.Code != "session-ended" {
		t.Errorf("bye %+v", b)
	}
	if resp, text := s.decide("/v1/stream/check?channel=private-router-status", []string{"Cookie", "app=c1"}); resp.StatusCode != 401 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

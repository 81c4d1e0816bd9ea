package sse

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/sse/access"
)

// rightEnds is one way in which a stream loses its right while it is open.
type rightEnds struct {
	name string
	from func(*Config)            // what the config has beside that of newRights
	end  func(r *rights)          // takes the right away
	code string                   // of the goodbye
	back int                      // what who comes back with the same is told
	who  func(r *rights) []string // the header that says who asks; nil: the signed token
}

// rights is a server whose clock is ours.
type rights struct {
	*server
	t     *testing.T
	clock *clock
	cfg   Config
	who   []string
	exp   time.Time
	fleet *fleet
}

const secretChannel = "private-router-status"

func newRights(t *testing.T, c rightEnds, http2 bool) *rights {
	r := &rights{t: t, clock: &clock{}, cfg: testConfig(), fleet: newFleet()}
	believeJWT(t, &r.cfg)
	if c.from != nil {
		c.from(&r.cfg)
	}
	opt := testOptions()
	opt.now = r.clock.now
	if http2 {
		r.server = serveTLS(t, r.cfg, opt)
	} else {
		r.server = serve(t, r.cfg, opt)
	}
	r.exp = r.clock.now().Add(time.Hour).Truncate(time.Second)
	r.who = r.bearer(nil)
	if c.who != nil {
		r.who = c.who(r)
	}
	return r
}

// bearer is the header with a signed token.
func (r *rights) bearer(claims map[string]any) []string {
	return []string{"Authorization", signJWT(r.t, r.exp, claims)}
}

// session is the header with the cookie of a login.
func (r *rights) session(form string) []string {
	r.t.Helper()
	resp, text := r.do("POST", "/v1/login", form)
	if resp.StatusCode != 200 || len(resp.Cookies()) != 1 {
		r.t.Fatalf("login: %d %s", resp.StatusCode, text)
	}
	return []string{"Cookie", resp.Cookies()[0].Name + "=" + resp.Cookies()[0].Value}
}

// change makes a changed config the hub's.
func (r *rights) change(change func(*Config)) {
	r.t.Helper()
	cfg := r.cfg
	cfg.Access.Tokens, cfg.Channels = slices.Clone(cfg.Access.Tokens), slices.Clone(cfg.Channels)
	change(&cfg)
	apply, err := r.hub.Prepare(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	apply()
}

// secret publishes an event of the secret channel.
func (r *rights) secret(state string) {
	r.t.Helper()
	before := r.hub.settled.Load().Journal
	r.hub.Publish(r.fleet.status("core-1", state, "secret"))
	eventually(r.t, "the event in the journal", func() bool { return r.hub.settled.Load().Journal > before })
}

func waysToLoseARight() []rightEnds {
	viewer := func(*rights) []string { return []string{"Authorization", "Bearer viewer-token"} }
	logIn := func(r *rights) []string { return r.session(`{"token":"viewer-token"}`) }
	const form = `{"user":"ann","password":"correct horse"}`
	user := func(hash string) func(*Config) {
		return func(c *Config) {
			c.Access.Users = []access.UserConfig{{Name: "ann", PasswordBcrypt: hash, Roles: []string{"viewer"}}}
		}
	}
	ticket := func(r *rights) []string {
		st := r.open(nil, "channel="+secretChannel+"&ticket="+r.ticket("", viewer(r)...))
		defer st.close()
		return []string{"Cookie", st.cookieOf()}
	}
	return []rightEnds{
		{name: "token expires", end: func(r *rights) { r.clock.to(r.exp) }, code: "expired", back: 401},
		{name: "jti denied", end: func(r *rights) { r.change(func(c *Config) { c.Access.JWT.Denied = []string{"0", "1"} }) }, code: "session-ended", back: 401},
		{name: "no signed token is believed", end: func(r *rights) { r.change(func(c *Config) { c.Access.JWT = access.JWTConfig{} }) }, code: "session-ended", back: 401},
		{name: "another audience", end: func(r *rights) { r.change(func(c *Config) { c.Access.JWT.Audience = "else" }) }, code: "session-ended", back: 401},
		{name: "another key", end: func(r *rights) {
			r.change(func(c *Config) { c.Access.JWT.KeyFile = configs.File(writeFile(r.t, "key", jwtSecret+" that is new")) })
		}, code: "session-ended", back: 401},
		{name: "a token without jti, then some are denied", who: func(r *rights) []string { return r.bearer(map[string]any{"jti": nil}) },
			end: func(r *rights) { r.change(func(c *Config) { c.Access.JWT.Denied = []string{"0"} }) }, code: "session-ended", back: 401},
		{name: "static token removed", who: viewer, end: func(r *rights) { r.change(func(c *Config) { c.Access.Tokens = c.Access.Tokens[1:] }) }, code: "session-ended", back: 401},
		{name: "static token with another role", who: viewer, from: onlyFor("viewer"),
			end: func(r *rights) { r.change(func(c *Config) { c.Access.Tokens[0].Roles = []string{"guest"} }) }, code: "session-ended", back: 403},
		{name: "logged out", who: logIn, end: func(r *rights) { r.do("POST", "/v1/logout", "", r.who...) }, code: "logged-out", back: 204},
		{name: "the token of a session removed", who: logIn, end: func(r *rights) { r.change(func(c *Config) { c.Access.Tokens = c.Access.Tokens[1:] }) }, code: "session-ended", back: 401},
		{name: "the token of a ticket removed", who: ticket, end: func(r *rights) { r.change(func(c *Config) { c.Access.Tokens = c.Access.Tokens[1:] }) }, code: "session-ended", back: 401},
		{name: "another password", from: user(cheapHash("correct horse")), who: func(r *rights) []string { return r.session(form) },
			end: func(r *rights) { r.change(user(cheapHash("another horse"))) }, code: "session-ended", back: 401},
		{name: "channel for another role", end: func(r *rights) { r.change(onlyFor("admin")) }, code: "reconfigured", back: 403},
		{name: "channel removed", end: func(r *rights) {
			r.change(func(c *Config) {
				c.Channels = slices.DeleteFunc(c.Channels, func(ch ChannelConfig) bool { return ch.Name == secretChannel })
			})
		}, code: "reconfigured", back: 404},
	}
}

// cheapHash is checked quickly.
func cheapHash(password string) string {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(hash)
}

func onlyFor(role string) func(*Config) {
	return func(c *Config) {
		for i := range c.Channels {
			if c.Channels[i].Name == secretChannel {
				c.Channels[i].Access = access.ForRoles(role)
			}
		}
	}
}

// TestFault36RightEndsWhileStreaming: whatever ends a right ends the streams that are open within a
// second, not one event that comes later is told, and a cursor from before replays nothing of it.
func TestFault36RightEndsWhileStreaming(t *testing.T) {
	var sum sync.Mutex
	var late time.Duration
	leaked, trials := 0, 0
	t.Run("ways", func(t *testing.T) {
		for range sinktest.Trials(1, 20) {
			for _, c := range waysToLoseARight() {
				for i := range 4 {
					http2, quiet := i&1 > 0, i&2 > 0
					t.Run(fmt.Sprintf("%s, HTTP/2 %v, quiet %v", c.name, http2, quiet), func(t *testing.T) {
						t.Parallel()
						took, n := newRights(t, c, http2).lose(c, quiet)
						sum.Lock()
						defer sum.Unlock()
						late, leaked, trials = max(late, took), leaked+n, trials+1
					})
				}
			}
		}
	})
	if late > time.Second {
		t.Errorf("a stream ended %v after its right", late)
	}
	sinktest.Fault{Row: "36", Wrong: leaked, Trials: trials, Figures: fmt.Sprintf("%d events leaked, streams ended at most %v after the right", leaked, late.Round(time.Millisecond))}.Report(t)
}

// lose opens a stream, takes its right, and returns how long the stream went on and what leaked. If it is
// quiet, nothing happens then that would wake the stream.
func (r *rights) lose(c rightEnds, quiet bool) (took time.Duration, leaked int) {
	r.t.Helper()
	r.secret("online")
	st := r.open(nil, "channel="+secretChannel+"&channel=public-routers", r.who...)
	st.untilSync()
	c.end(r)
	start := time.Now()
	if !quiet {
		r.secret("offline")
	}
	st.untilEnd()
	took = time.Since(start)
	if quiet {
		r.secret("offline")
	}
	if b := st.client.bye; b == nil || b.Code != c.code {
		r.t.Errorf("bye %+v, want %s", b, c.code)
	}
	leaked = st.client.secrets()
	last := st.client.lastID
	for _, path := range []string{"/v1/stream", "/v1/stream/check"} {
		query := "?channel=" + secretChannel + "&history=9&last_event_id=" + last
		if resp, text := r.decide(path+query, append(slices.Clone(r.who), "Last-Event-ID", last)); resp.StatusCode != c.back {
			r.t.Errorf("%s when it comes back: %d %s", path, resp.StatusCode, text)
		}
	}
	again := r.open(st.client, "channel="+secretChannel+"&channel=public-routers&partial=1&history=9", r.who...)
	again.untilSync()
	again.until("the events of the other channel", func(c *client) bool { return slices.ContainsFunc(c.events, offline) })
	return took, leaked + st.client.secrets()
}

func offline(e refEvent) bool { return e.Topic == topicStatus && e.Data["to"] == "offline" }

// secrets counts the events of the secret channel that a client was told and had no right to.
func (c *client) secrets() (n int) {
	for _, e := range c.events {
		if e.Channel == secretChannel && offline(e) {
			n++
		}
	}
	return n
}

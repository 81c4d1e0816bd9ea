package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// userConfig knows ann, whose password is cheap to check.
func userConfig(t *testing.T, password string) Config {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Users = []UserConfig{{Name: "ann", PasswordBcrypt: string(hash), Roles: []string{"viewer"}, Routers: []string{"site=x"}}}
	return cfg
}

// form logs in from an address.
func (a *Access) form(user, password, from string, header ...string) *httptest.ResponseRecorder {
	body, _ := json.Marshal(map[string]string{"user": user, "password": password})
	r := request("POST", "/v1/login", header...)
	r.Body = httptest.NewRequest("POST", "/", strings.NewReader(string(body))).Body
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	a.Login().ServeHTTP(w, r)
	return w
}

func TestUsersLogIn(t *testing.T) {
	c := &clock{time.Unix(1_767_225_600, 0)}
	cfg := userConfig(t, "correct horse")
	a, err := New(cfg, c.read, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	const here = "10.0.0.1:1"
	for name, try := range map[string][2]string{"another password": {"ann", "correct hors"}, "no password": {"ann", ""}, "another user": {"bob", "correct horse"}, "the hash": {"ann", cfg.Users[0].PasswordBcrypt}} {
		w := a.form(try[0], try[1], here)
		if w.Code != 401 || len(w.Result().Cookies()) > 0 || !strings.Contains(w.Body.String(), "user or password is wrong") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := a.form("ann", "correct horse", here, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("from another site's page: %d %s", w.Code, w.Body)
	}
	w := a.form("ann", "correct horse", here)
	if w.Code != 200 || len(w.Result().Cookies()) != 1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	session := request("GET", "/", "Cookie", cookieName+"="+w.Result().Cookies()[0].Value)
	id, err := a.Identify(session)
	if err != nil || id.User != "ann" || !id.Has("viewer") || id.Routers.String() != "site=x" {
		t.Fatalf("%+v %v", id, err)
	}
	again, err := a.Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	again()
	if id.Err() != nil {
		t.Errorf("the same config ends the session: %v", id.Err())
	}
	other, err := a.Prepare(userConfig(t, "another horse"))
	if err != nil {
		t.Fatal(err)
	}
	other()
	if _, err := a.Identify(session); !errors.Is(id.Err(), ErrRevoked) || err == nil {
		t.Errorf("after a change of password: %v, %v", id.Err(), err)
	}
}

// TestLoginsAreThrottled: of an address and of a user only so many logins may fail, also when they come at
// once; whoever waits may try again, and the right password of another user is not kept out.
func TestLoginsAreThrottled(t *testing.T) {
	c := &clock{time.Unix(1_767_225_600, 0)}
	a, err := New(userConfig(t, "correct horse"), c.read, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	var refused, wrong atomic.Int64
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			switch w := a.form(fmt.Sprint("u", i), "x", "10.0.0.1:1"); w.Code {
			case 401:
				wrong.Add(1)
			case 429:
				refused.Add(1)
			}
		})
	}
	wait.Wait()
	if wrong.Load() != failuresAddress || refused.Load() != 40-failuresAddress {
		t.Errorf("of 40 logins at once %d were judged and %d refused", wrong.Load(), refused.Load())
	}
	w := a.form("ann", "correct horse", "10.0.0.1:1")
	if w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the right password after too many wrong ones: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	c.now = c.now.Add(failurePeriod)
	for range 5 {
		if w := a.form("ann", "correct horse", "10.0.0.1:1"); w.Code != 200 {
			t.Errorf("a while later: %d %s", w.Code, w.Body)
		}
	}
	judged := 0
	for i := range failuresUser + 20 {
		if w := a.form("ann", "x", fmt.Sprintf("10.0.1.%d:1", i)); w.Code == 401 {
			judged++
		}
	}
	if judged != failuresUser {
		t.Errorf("from many addresses %d passwords of one user were tried", judged)
	}
	if w := a.form("bob", "x", "10.0.0.9:1"); w.Code != 401 {
		t.Errorf("another user from another address: %d", w.Code)
	}
	c.now = c.now.Add(time.Hour)
	a.Sweep()
	if n := len(a.throttle.addresses) + len(a.throttle.users); n > 0 {
		t.Errorf("%d are remembered for ever", n)
	}
}

// TestThrottleIsBounded: many addresses take no more memory than some.
func TestThrottleIsBounded(t *testing.T) {
	th, now := newThrottle(), time.Unix(1000, 0)
	for i := range maxThrottled + 500 {
		r := request("GET", "/")
		r.RemoteAddr = fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff)
		th.begin(peerOf(r), fmt.Sprint("u", i), now)
	}
	if len(th.addresses) > maxThrottled || len(th.users) > maxThrottled {
		t.Errorf("%d addresses, %d users", len(th.addresses), len(th.users))
	}
}

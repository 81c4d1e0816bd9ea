package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/web"
)

// inventory is a list of devices.
type inventory []web.Device

func (i inventory) Devices() []web.Device { return i }

func (i inventory) Device(name string) (web.Device, bool) {
	for _, d := range i {
		if d.Name == name {
			return d, true
		}
	}
	return web.Device{}, false
}

// anyone sees everything.
type anyone struct{}

func (anyone) Visible(*http.Request) (func(string, map[string]string) bool, error) {
	return func(string, map[string]string) bool { return true }, nil
}

// site sees the devices of one site.
type site string

func (s site) Visible(*http.Request) (func(string, map[string]string) bool, error) {
	return func(_ string, tags map[string]string) bool { return tags["site"] == string(s) }, nil
}

// refusing answers with an error.
type refusing struct{ err error }

func (r refusing) Visible(*http.Request) (func(string, map[string]string) bool, error) {
	return nil, r.err
}

var fleet = inventory{
	{Name: "tower-7", Address: "10.0.7.1", Tags: map[string]string{"site": "kisumu"}, State: "offline", Reason: "no answer",
		Since: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), Lanes: []web.Lane{{Name: "live", PeriodSeconds: 10, Error: "no answer"}}},
	{Name: "core-1", Address: "10.0.0.1", Tags: map[string]string{"site": "nairobi"}, State: "online", Model: "RB5009"},
	{Name: "a/b", Address: "10.0.0.2", State: "unknown"},
}

func decode(t *testing.T, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
}

func names(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	var body struct{ Devices []web.Device }
	decode(t, w, &body)
	got := []string{}
	for _, d := range body.Devices {
		got = append(got, d.Name)
	}
	return got
}

func TestDevicesByNameAndRight(t *testing.T) {
	for _, c := range []struct {
		name   string
		rights web.Rights
		want   []string
	}{
		{"all", anyone{}, []string{"a/b", "core-1", "tower-7"}},
		{"one site", site("kisumu"), []string{"tower-7"}},
		{"none", site("mombasa"), []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(newWeb(t, web.DefaultConfig(), fleet, c.rights), "/v1/devices")
			if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			if diff := cmp.Diff(c.want, names(t, w)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeviceAsJSON(t *testing.T) {
	w := get(newWeb(t, web.DefaultConfig(), fleet, anyone{}), "/v1/devices/tower-7")
	var got, want any
	decode(t, w, &got)
	err := json.Unmarshal([]byte(`{"name":"tower-7","address":"10.0.7.1","tags":{"site":"kisumu"},"state":"offline","reason":"no answer",
		"since":"2026-01-01T12:00:00Z","lanes":[{"name":"live","period_seconds":10,"error":"no answer"}]}`), &want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDeviceNameWithASlash(t *testing.T) {
	w := get(newWeb(t, web.DefaultConfig(), fleet, anyone{}), "/v1/devices/a%2Fb")
	var d web.Device
	decode(t, w, &d)
	if d.Name != "a/b" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAHiddenDeviceIsLikeNone(t *testing.T) {
	h := newWeb(t, web.DefaultConfig(), fleet, site("kisumu"))
	hidden, none := get(h, "/v1/devices/core-1"), get(h, "/v1/devices/core-99")
	if hidden.Code != http.StatusNotFound || hidden.Body.String() != none.Body.String() {
		t.Errorf("a hidden device can be told from none: %d %s, %s", hidden.Code, hidden.Body, none.Body)
	}
}

func TestWhoMayNotIsTold(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		detail string
	}{
		{web.ErrNoIdentity, http.StatusUnauthorized, "a login or a token is needed"},
		{fmt.Errorf("your session ended at 12:00: %w", web.ErrNoIdentity), http.StatusUnauthorized, "your session ended at 12:00: a login or a token is needed"},
		{web.ErrForbidden, http.StatusForbidden, "your rights do not include this"},
		{errors.New("dial tcp 10.1.1.1: secret place"), http.StatusInternalServerError, "who you are could not be found out; the log has the reason"},
	} {
		for _, path := range []string{"/v1/devices", "/v1/devices/core-1"} {
			w := get(newWeb(t, web.DefaultConfig(), fleet, refusing{c.err}), path)
			var p web.Problem
			decode(t, w, &p)
			want := web.Problem{Title: http.StatusText(c.status), Status: c.status, Detail: c.detail}
			if diff := cmp.Diff(want, p); diff != "" || w.Code != c.status {
				t.Errorf("%s: %d\n%s", path, w.Code, diff)
			}
			if challenged := w.Header().Get("WWW-Authenticate") != ""; challenged != (c.status == http.StatusUnauthorized) {
				t.Errorf("%s: WWW-Authenticate %q", path, w.Header().Get("WWW-Authenticate"))
			}
		}
	}
}

func TestLoopbackRead(t *testing.T) {
	local := web.Config{Listen: "127.0.0.1:0", LoopbackRead: true}
	for _, c := range []struct {
		name   string
		cfg    web.Config
		remote string
		host   string
		header string
		want   int
	}{
		{"from here", local, "127.0.0.1:4711", "127.0.0.1:8080", "", 200},
		{"from here by IPv6", local, "[::1]:4711", "[::1]:8080", "", 200},
		{"from here by name", local, "127.0.0.2:4711", "localhost:8080", "", 200},
		{"host without a port", local, "[::1]:4711", "[::1]", "", 200},
		{"mapped", local, "[::ffff:127.0.0.1]:4711", "localhost", "", 200},
		{"switched off", web.DefaultConfig(), "127.0.0.1:4711", "127.0.0.1:8080", "", 401},
		{"from elsewhere", local, "192.0.2.7:4711", "127.0.0.1:8080", "", 401},
		{"through a proxy here", local, "127.0.0.1:4711", "127.0.0.1:8080", "X-Forwarded-For", 401},
		{"through another proxy", local, "127.0.0.1:4711", "127.0.0.1:8080", "Forwarded", 401},
		{"a name that was pointed here", local, "127.0.0.1:4711", "evil.example:8080", "", 401},
		{"no address", local, "", "localhost", "", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/v1/devices", nil)
			r.RemoteAddr, r.Host = c.remote, c.host
			if c.header != "" {
				r.Header.Set(c.header, "for=192.0.2.1")
			}
			w := httptest.NewRecorder()
			newWeb(t, c.cfg, fleet, refusing{web.ErrNoIdentity}).ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("%d, want %d", w.Code, c.want)
			}
		})
	}
}

package routeros

import (
	"crypto/md5" // the challenge of routers before 6.43
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

func TestLogin(t *testing.T) {
	stub := newStub(t, v7().serve)
	if err := stub.collector().Check(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := stub.heard(); got != "/login=name=telemetry=password="+canary {
		t.Errorf("%q", got)
	}
}

// challenge takes the login of routers before 6.43.
func challenge(c *stubConn, hexChallenge, password string) (response string, ok bool) {
	if c.sentence() == nil {
		return "", false
	}
	c.say("!done", "=ret="+hexChallenge)
	words := c.sentence()
	raw, _ := hex.DecodeString(hexChallenge)
	sum := md5.Sum(append(append([]byte{0}, password...), raw...)) // see above
	want := "=response=00" + hex.EncodeToString(sum[:])
	if len(words) != 3 || words[1] != "=name=telemetry" || words[2] != want {
		c.say("!trap", "=message=cannot log in")
		c.say("!done")
		return "", false
	}
	c.say("!done")
	return words[2], true
}

func TestLoginByChallenge(t *testing.T) {
	var file struct {
		Vectors []struct{ Password, Challenge, Response string }
	}
	file.Vectors = append(file.Vectors, struct{ Password, Challenge, Response string }{canary, "93b438ec9b80057c06dd9fe67d56aa9a", ""})
	vectors(t, "login_md5.json", &file)
	for _, v := range file.Vectors {
		got := make(chan string, 1)
		stub := newStub(t, func(c *stubConn) {
			response, ok := challenge(c, v.Challenge, v.Password)
			got <- response
			if ok {
				gone(c)
			}
		})
		target := stub.target()
		target.Credential.Password = configs.NewSecret(v.Password)
		if err := collect(t, target, newShared(t)).Check(within(t, 5*time.Second)); err != nil {
			t.Error(err)
		}
		if response := <-got; v.Response != "" && response != "=response="+v.Response {
			t.Errorf("%q, want %q", response, v.Response)
		}
	}
	t.Logf("%d challenges", len(file.Vectors))
}

func TestLoginOddities(t *testing.T) {
	tests := []struct {
		name  string
		serve func(*stubConn)
		want  error
	}{
		{"wrong response", func(c *stubConn) { challenge(c, "abcd", "another password") }, pipeline.ErrRefused},
		{"challenge not in hex", func(c *stubConn) { c.sentence(); c.say("!done", "=ret=Invalid Hex String"); gone(c) }, errProtocol},
		{"fatal", func(c *stubConn) { c.sentence(); c.raw(encode("!fatal", "too many connections")) }, errFatal},
		{"fatal as attribute", func(c *stubConn) { c.sentence(); c.raw(encode("!fatal", "=message=too many connections")) }, errFatal},
		{"something else", func(c *stubConn) { c.sentence(); c.raw(encode("!hello")); gone(c) }, errProtocol},
		{"bytes after it", func(c *stubConn) { c.sentence(); c.raw(append(encode("!done"), 1)); gone(c) }, errProtocol},
		{"word of 4 GiB", func(c *stubConn) { c.sentence(); c.raw([]byte{0xF0, 0xFF, 0xFF, 0xFF, 0xFF}); gone(c) }, errLimit},
		{"closed", func(c *stubConn) { c.sentence() }, pipeline.ErrUnreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := newStub(t, tt.serve).collector().Check(within(t, 5*time.Second))
			if !errors.Is(err, tt.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if errors.Is(err, pipeline.ErrRefused) != (tt.want == pipeline.ErrRefused) {
				t.Errorf("%v is no refusal, or is one", err)
			}
		})
	}
}

// TestRefusedLogin: after 1, 5 and 30 minutes it is tried again, not by checks and polls in between.
func TestRefusedLogin(t *testing.T) {
	var accept atomic.Bool
	stub := newStub(t, func(c *stubConn) {
		if accept.Load() {
			v7().serve(c)
			return
		}
		c.sentence()
		c.say("!trap", "=message=invalid user name or password (6)")
		c.say("!done")
		gone(c)
	})
	c := stub.collector()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c.now = func() time.Time { return now }
	var first error
	attempt := func(after time.Duration, logins int) {
		t.Helper()
		now = now.Add(after)
		err := c.Check(within(t, 5*time.Second))
		_, pollErr := c.Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
		if first == nil {
			first = err
		}
		for _, err := range []error{err, pollErr} {
			if !errors.Is(err, pipeline.ErrRefused) || err.Error() != first.Error() || strings.Contains(err.Error(), canary) {
				t.Errorf("after %v: %v", after, err)
			}
		}
		if got := stub.connections(); got != logins {
			t.Errorf("after %v: %d logins, want %d", after, got, logins)
		}
	}
	attempt(0, 1)
	attempt(59*time.Second, 1)
	attempt(time.Second, 2)
	attempt(5*time.Minute-time.Second, 2)
	attempt(time.Second, 3)
	attempt(29*time.Minute, 3)
	attempt(time.Minute, 4)
	attempt(29*time.Minute, 4)
	attempt(time.Minute, 5)
	if !strings.Contains(first.Error(), "invalid user name or password (6)") || !strings.Contains(first.Error(), "telemetry") {
		t.Error(first)
	}

	accept.Store(true)
	now = now.Add(30 * time.Minute)
	if err := c.Check(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	accept.Store(false)
	stub.hangUp()
	attempt(time.Second, 7) // a login worked, so the pauses begin anew
	attempt(time.Minute, 8)
}

// TestPasswordFile: it is read at each login, so a new password needs no restart.
func TestPasswordFile(t *testing.T) {
	stub := newStub(t, v7().serve)
	target := stub.target()
	name := filepath.Join(t.TempDir(), "password")
	target.Credential.Password, target.Credential.PasswordFile = configs.Secret{}, configs.File(name)
	c := collect(t, target, newShared(t))
	if err := c.Check(within(t, 5*time.Second)); !errors.Is(err, os.ErrNotExist) || stub.connections() != 0 {
		t.Error(err)
	}
	for _, password := range []string{"one", "two"} {
		if err := os.WriteFile(name, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		stub.hangUp()
		if err := c.Check(within(t, 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(stub.heard(), "=password="+password) {
			t.Errorf("%q", stub.heard())
		}
	}
}

package sse

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
)

// clock runs as real time does, but a test can put it forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// to puts it forward to a time.
func (c *clock) to(at time.Time) { c.ahead.Store(int64(time.Until(at))) }

const jwtSecret = "a shared secret of more than 32 bytes"

// believeJWT has a config believe tokens that signJWT makes.
func believeJWT(t testing.TB, cfg *Config) {
	t.Helper()
	cfg.Access.JWT = access.JWTConfig{Algorithm: "HS256", KeyFile: configs.File(writeFile(t, "key", jwtSecret)), Issuer: "app", Audience: "routerpulse"}
}

func writeFile(t testing.TB, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// signJWT makes the Authorization header of a token of viewer ann; claims are added, or removed if nil.
func signJWT(t testing.TB, end time.Time, claims map[string]any) string {
	t.Helper()
	all := map[string]any{"sub": "ann", "roles": []string{"viewer"}, "iss": "app", "aud": "routerpulse", "exp": end.Unix(), "jti": "1"}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(jwtSecret))
	mac.Write([]byte(text))
	return "Bearer " + text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

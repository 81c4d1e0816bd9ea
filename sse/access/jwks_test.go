package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// keyServer publishes keys as an issuer does.
type keyServer struct {
	*httptest.Server
	mu    sync.Mutex
	body  []byte
	reads int
}

func newKeyServer(t *testing.T, keys ...jose.JSONWebKey) *keyServer {
	t.Helper()
	s := &keyServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reads++
		if s.body == nil {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = w.Write(s.body)
	}))
	t.Cleanup(s.Close)
	s.publish(t, keys...)
	return s
}

func (s *keyServer) publish(t *testing.T, keys ...jose.JSONWebKey) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"keys": append([]jose.JSONWebKey{}, keys...)})
	if err != nil {
		t.Fatal(err)
	}
	s.set(body)
}

func (s *keyServer) set(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body = body
}

func (s *keyServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

func keyOfSet(kid, algorithm string, public any) jose.JSONWebKey {
	return jose.JSONWebKey{Key: public, KeyID: kid, Algorithm: algorithm, Use: "sig"}
}

func newECKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestKeysRotate: a new key counts as soon as a token names it, one that is taken back counts no more,
// and an issuer that is away harms nobody who is known.
func TestKeysRotate(t *testing.T) {
	first, second := newECKey(t, elliptic.P256()), newECKey(t, elliptic.P256())
	s := newKeyServer(t, keyOfSet("k1", "ES256", &first.PublicKey))
	c := &clock{time.Unix(1_767_225_600, 0)}
	cfg := DefaultConfig()
	cfg.JWT = JWTConfig{Algorithm: "ES256", JWKSURL: s.URL, Issuer: "app", Audience: "routerpulse"}
	var told []error
	a, err := New(cfg, c.read, Hooks{Keys: func(err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	sign := func(kid any, key *ecdsa.PrivateKey) string {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"sub": "ann", "iss": "app", "aud": "routerpulse", "exp": c.now.Add(time.Hour).Unix()})
		if kid != nil {
			token.Header["kid"] = kid
		}
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	identify := func(kid any, key *ecdsa.PrivateKey) (Identity, error) {
		return a.Identify(request("GET", "/", "Authorization", "Bearer "+sign(kid, key)))
	}
	want := func(what string, kid any, key *ecdsa.PrivateKey, want error) Identity {
		t.Helper()
		id, err := identify(kid, key)
		if !errors.Is(err, want) || (err == nil) == id.Anonymous() {
			t.Errorf("%s: %v, %v", what, id.User, err)
		}
		return id
	}
	good := s.body
	s.set(nil)
	want("before the keys could be read", "k1", first, ErrNoKeys)
	want("soon after", "k1", first, ErrNoKeys)
	if p := Unauthorized("x", ErrNoKeys); s.count() != 1 || p.Status != http.StatusServiceUnavailable || told[0] == nil || !strings.Contains(told[0].Error(), "status 502") {
		t.Errorf("%d reads, %+v, told %v", s.count(), p, told)
	}
	s.set(good)
	c.now = c.now.Add(keysPause)
	old := want("the first key", "k1", first, nil)
	want("no kid, one key", nil, first, nil)
	want("another key under the same kid", "k1", second, ErrInvalidToken)
	for _, kid := range []any{"", "k9", "../k1", s.URL, strings.Repeat("x", 5000), 1, []string{"k1"}} {
		want("a kid that is none", kid, second, ErrInvalidToken)
	}
	if n := s.count(); n != 2 {
		t.Errorf("%d reads: unknown keys may not have the set read again so soon", n)
	}

	s.publish(t, keyOfSet("k1", "ES256", &first.PublicKey), keyOfSet("k2", "ES256", &second.PublicKey))
	c.now = c.now.Add(keysPause)
	now := want("a key that is new", "k2", second, nil)
	want("the old key beside it", "k1", first, nil)
	want("no kid, two keys", nil, first, ErrInvalidToken)

	s.publish(t, keyOfSet("k2", "ES256", &second.PublicKey))
	c.now = c.now.Add(keysPeriod)
	a.readDueKeys(t)
	if old.Err() == nil || now.Err() != nil {
		t.Errorf("the first key is taken back: %v, and of the second %v", old.Err(), now.Err())
	}
	want("a key that was taken back", "k1", first, ErrInvalidToken)

	s.set([]byte("<html>"))
	c.now = c.now.Add(keysPeriod)
	a.readDueKeys(t)
	want("while the issuer is away", "k2", second, nil)
	if err := told[len(told)-1]; now.Err() != nil || err == nil || !strings.Contains(err.Error(), "no set of keys") {
		t.Errorf("while the issuer is away: %v, told %v", now.Err(), err)
	}
	change, err := a.Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	change()
	if now.Err() != nil {
		t.Errorf("the same config again: %v", now.Err())
	}
	want("the same config again", "k2", second, nil)
}

// readDueKeys does what the keeper does.
func (a *Access) readDueKeys(t *testing.T) {
	t.Helper()
	keys := a.rules.Load().signed.keys
	asking := keys.due()
	if asking == nil {
		t.Fatal("it is not time to read the keys again")
	}
	keys.read(t.Context(), asking)
}

// TestKeySetsTakeWhatFits: of a set, only public keys of the algorithm's kind and size are believed.
func TestKeySetsTakeWhatFits(t *testing.T) {
	ec, p384 := newECKey(t, elliptic.P256()), newECKey(t, elliptic.P384())
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, algorithm string
		key             jose.JSONWebKey
		taken           int
	}{
		{"fits", "ES256", keyOfSet("a", "ES256", &ec.PublicKey), 1},
		{"says nothing of itself", "ES256", jose.JSONWebKey{Key: &ec.PublicKey}, 1},
		{"for encryption", "ES256", jose.JSONWebKey{Key: &ec.PublicKey, Use: "enc"}, 0},
		{"of another algorithm", "RS256", keyOfSet("a", "RS512", &strong.PublicKey), 0},
		{"of another curve", "ES256", jose.JSONWebKey{Key: &p384.PublicKey}, 0},
		{"short", "RS256", jose.JSONWebKey{Key: &weak.PublicKey}, 0},
		{"long enough", "RS256", jose.JSONWebKey{Key: &strong.PublicKey}, 1},
		{"private", "ES256", jose.JSONWebKey{Key: ec}, 0},
		{"a shared secret", "ES256", jose.JSONWebKey{Key: []byte("a shared secret of more than 32 bytes")}, 0},
	} {
		body, err := json.Marshal(map[string]any{"keys": []any{c.key, map[string]string{"kty": "martian"}}})
		if err != nil {
			t.Fatal(err)
		}
		if keys, err := parseKeySet(body, c.algorithm); err != nil || len(keys) != c.taken {
			t.Errorf("%s: %d keys, %v", c.name, len(keys), err)
		}
	}
	for _, bad := range []string{"", "[]", "{}", `{"keys":7}`, `{"keys":[` + strings.Repeat("{},", maxKeys) + `{}]}`} {
		if keys, err := parseKeySet([]byte(bad), "ES256"); err == nil {
			t.Errorf("%.40q gave %d keys", bad, len(keys))
		}
	}
}

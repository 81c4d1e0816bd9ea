package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

const hmacSecret = "a shared secret of more than 32 bytes"

type issuer struct {
	access  *Access
	method  jwt.SigningMethod
	private any
	public  []byte // as in the key file
}

// newIssuer makes an issuer whose key is in a file, or published.
func newIssuer(t *testing.T, algorithm string, published bool) issuer {
	t.Helper()
	i := issuer{method: jwt.GetSigningMethod(algorithm)}
	var public any
	var err error
	switch algorithm[:2] {
	case "HS":
		i.private, i.public = []byte(hmacSecret), []byte(hmacSecret)
	case "RS":
		k, e := rsa.GenerateKey(rand.Reader, 2048)
		i.private, public, err = k, &k.PublicKey, e
	case "ES":
		k, e := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		i.private, public, err = k, &k.PublicKey, e
	default:
		public, i.private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	if public != nil {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		i.public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, i.public, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.JWT = JWTConfig{Algorithm: algorithm, KeyFile: configs.File(file), Issuer: "app", Audience: "routerpulse", Denied: []string{"gone"}}
	if published {
		cfg.JWT.KeyFile, cfg.JWT.JWKSURL = "", newKeyServer(t, keyOfSet("", algorithm, public)).URL
	}
	if i.access, err = New(cfg, func() time.Time { return time.Unix(1_767_225_600, 0) }, Hooks{}); err != nil {
		t.Fatal(err)
	}
	return i
}

// sign makes a token that is good but for the changes; nil removes a claim.
func (i issuer) sign(t *testing.T, method jwt.SigningMethod, key any, claims, header map[string]any) string {
	t.Helper()
	all := jwt.MapClaims{"sub": "ann", "roles": []string{"viewer"}, "iss": "app", "aud": "routerpulse", "exp": 1_767_225_900, "jti": "1"}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	token := jwt.NewWithClaims(method, all)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// forged lists tokens of which none may be accepted.
func (i issuer) forged(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{}
	good := i.sign(t, i.method, i.private, nil, nil)
	parts := strings.Split(good, ".")
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "none ", ""} {
		head := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":%q,"typ":"JWT"}`, alg))
		list["alg "+alg+", unsigned"] = head + "." + parts[1] + "."
		list["alg "+alg+", signed"] = head + "." + parts[1] + "." + parts[2]
	}
	if i.method != jwt.SigningMethodHS256 {
		list["the public key as an HMAC secret"] = i.sign(t, jwt.SigningMethodHS256, i.public, nil, nil)
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	list["another key"] = i.sign(t, jwt.SigningMethodRS256, own, nil, nil)
	for _, name := range []string{"jwk", "jku", "x5u", "x5c", "crit"} {
		list["header "+name] = i.sign(t, i.method, i.private, nil, map[string]any{name: "https://evil.example/"})
	}
	list["kid that is a path, empty secret"] = i.sign(t, jwt.SigningMethodHS256, []byte{}, nil, map[string]any{"kid": "../../dev/null"})
	for name, claims := range map[string]map[string]any{
		"no exp": {"exp": nil}, "exp over": {"exp": 1_767_225_600}, "exp text": {"exp": "9999999999"}, "exp 1e300": {"exp": 1e300}, "exp negative": {"exp": -1},
		"nbf later": {"nbf": 1_767_225_700}, "nbf 1e300": {"nbf": 1e300}, "nbf text": {"nbf": "1"},
		"iss": {"iss": "other"}, "no iss": {"iss": nil}, "aud": {"aud": "other"}, "no aud": {"aud": nil}, "aud number": {"aud": 1},
		"denied": {"jti": "gone"}, "no jti": {"jti": nil}, "jti number": {"jti": 1},
		"no sub": {"sub": nil}, "sub line": {"sub": "a\nb"}, "roles text": {"roles": "admin"}, "roles numbers": {"roles": []int{1}},
		"channels text": {"channels": "x"}, "channels that are none": {"channels": []string{"[a]"}}, "channels numbers": {"channels": []int{1}},
		"routers that are none": {"routers": "site"}, "routers numbers": {"routers": []int{1}}, "routers empty": {"routers": []string{}}, "routers empty text": {"routers": ""},
	} {
		list[name] = i.sign(t, i.method, i.private, claims, nil)
	}
	list["empty signature"] = parts[0] + "." + parts[1] + "."
	list["other claims"] = parts[0] + "." + parts[1] + "A." + parts[2]
	list["padding"] = good + "="
	list["1 MiB of dots"] = strings.Repeat(".", 1<<20)
	list["8 KiB of dots"] = strings.Repeat(".", maxHeader-20)
	list["huge header"] = strings.Repeat("A", 7000) + ".e30.e30"
	return list
}

// TestFault35ForgedTokens: no forged token gives an identity, whatever algorithm is configured.
func TestFault35ForgedTokens(t *testing.T) {
	const maxAlloc = 64 << 10
	accepted, trials, most := 0, 0, uint64(0)
	for _, kind := range []string{"HS256", "RS256", "ES256", "EdDSA", "RS256 published", "ES256 published", "EdDSA published"} {
		algorithm, _, published := strings.Cut(kind, " ")
		i := newIssuer(t, algorithm, published)
		good := i.sign(t, i.method, i.private, nil, nil)
		id, err := i.access.Identify(request("GET", "/", "Authorization", "Bearer "+good))
		if err != nil || id.User != "ann" || !id.Has("viewer") || id.Expires.Unix() != 1_767_225_900 {
			t.Fatalf("%s: a good token: %+v %v", algorithm, id, err)
		}
		try := func(name, target string, header ...string) {
			r := request("GET", target, header...)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			id, err := i.access.Identify(r)
			runtime.ReadMemStats(&after)
			if trials++; err == nil || !id.Anonymous() {
				accepted++
				t.Errorf("%s, %s: accepted as %q", algorithm, name, id.User)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > most {
				most = n
			}
		}
		for name, token := range i.forged(t) {
			try(name, "/", "Authorization", "Bearer "+token)
		}
		try("two headers", "/", "Authorization", "Bearer "+good, "Authorization", "Bearer "+good)
		try("in the query", "/?token="+good)
	}
	if most >= maxAlloc {
		t.Errorf("one try allocated %d bytes", most)
	}
	sinktest.Fault{Row: "35", Wrong: accepted, Trials: trials, Figures: fmt.Sprintf("%d accepted, at most %d bytes allocated a try", accepted, most)}.Report(t)
}

// TestKeyFiles: a key that does not fit the algorithm is refused at the start.
func TestKeyFiles(t *testing.T) {
	public := newIssuer(t, "RS256", false).public
	for _, c := range []struct {
		algorithm string
		key       []byte
		want      string
	}{{"HS256", public, "this is a PEM file"}, {"HS256", []byte("short"), "shorter than 32 bytes"}, {"ES256", public, "not"}, {"EdDSA", public, "not"}, {"RS256", []byte("x"), "PEM"}} {
		if _, err := parseKey(c.algorithm, c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %.20q: %v", c.algorithm, c.key, err)
		}
	}
}

// Only who holds a token that was good once is told that its time is over.
func TestExpiredTokenSaysSo(t *testing.T) {
	i := newIssuer(t, "ES256", false)
	over := map[string]any{"exp": 1_767_225_600}
	good := i.sign(t, i.method, i.private, over, nil)
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"expired":        {good, ErrExpired},
		"other audience": {i.sign(t, i.method, i.private, map[string]any{"exp": over["exp"], "aud": "other"}, nil), ErrInvalidToken},
		"other issuer":   {i.sign(t, i.method, i.private, map[string]any{"exp": over["exp"], "iss": "other"}, nil), ErrInvalidToken},
		"forged":         {good[:len(good)-8] + "AAAAAAAA", ErrInvalidToken},
	} {
		if _, err := i.access.Identify(request("GET", "/", "Authorization", "Bearer "+c.token)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	const want = `Bearer realm="routerpulse", error="invalid_token", error_description="the token that was sent has expired: send a fresh one"`
	if got := Challenge(ErrExpired); got != want {
		t.Errorf("challenge %s", got)
	}
	if got := Challenge(errors.New(`a "quote"`)); strings.Contains(got, "description") {
		t.Errorf("a header that cannot be read: %s", got)
	}
}

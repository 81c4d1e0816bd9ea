package access

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// verifier turns signed tokens into identities.
type verifier struct {
	access *Access
	config JWTConfig
	key    *verifyKey // nil: one of the set
	keys   *keySet    // nil: there is the one key
	parser *jwt.Parser
	denied map[string]bool
}

// signed is what the identity of a signed token lives on, beside its time: that the present config
// believes the token.
type signed struct {
	by  *verifier // who checked it
	key *verifyKey
	jti string
}

func (s *signed) err() error {
	present := s.by.access.rules.Load().signed
	if present == nil || s.key.gone.Load() || present != s.by && !present.agrees(s.by) || !present.mayPass(s.jti) {
		return ErrRevoked
	}
	return nil
}

// agrees reports that a token which another verifier found good would be good here.
func (v *verifier) agrees(other *verifier) bool {
	return v.config.Algorithm == other.config.Algorithm && v.config.Issuer == other.config.Issuer &&
		v.config.Audience == other.config.Audience && v.keys == other.keys && (v.keys != nil || reflect.DeepEqual(v.key.key, other.key.key))
}

// mayPass reports that a token is not denied. Without a jti nobody could deny it.
func (v *verifier) mayPass(jti string) bool {
	return !v.denied[jti] && (jti != "" || len(v.denied) == 0)
}

// newVerifier is nil if no signed token is believed.
func newVerifier(cfg JWTConfig, a *Access) (*verifier, error) {
	if !cfg.enabled() {
		return nil, nil
	}
	if !slices.Contains(algorithms(), cfg.Algorithm) || cfg.Issuer == "" || cfg.Audience == "" {
		return nil, errors.New("access.jwt: algorithm, issuer and audience are needed")
	}
	v := &verifier{access: a, config: cfg, denied: map[string]bool{}}
	if err := v.takeKeys(a.rules.Load().signed); err != nil {
		return nil, err
	}
	for _, jti := range cfg.Denied {
		v.denied[jti] = true
	}
	v.parser = jwt.NewParser(jwt.WithValidMethods([]string{cfg.Algorithm}), jwt.WithExpirationRequired(),
		jwt.WithIssuer(cfg.Issuer), jwt.WithAudience(cfg.Audience), jwt.WithStrictDecoding(), jwt.WithTimeFunc(a.now))
	return v, nil
}

// takeKeys reads the key, or goes on with the set of keys that was read before.
func (v *verifier) takeKeys(present *verifier) error {
	if v.config.JWKSURL == "" {
		key, err := v.config.key()
		v.key = &verifyKey{key: key}
		return err
	}
	if present != nil && present.config.JWKSURL == v.config.JWKSURL && present.config.Algorithm == v.config.Algorithm {
		v.keys = present.keys
	} else {
		v.keys = newKeySet(v.config, v.access.now, v.access.hooks.Keys)
	}
	return nil
}

// looksSigned reports the three parts of a signed token, before anything is decoded or allocated.
func looksSigned(secret string) bool { return strings.Count(secret, ".") == 2 }

// identify says only that a token is not valid, never why: the reasons help those who forge one. One that is
// ours in all but its time was valid once, and its owner can do something about it.
func (v *verifier) identify(ctx context.Context, secret string) (Identity, error) {
	claims := jwt.MapClaims{}
	var key *verifyKey
	_, err := v.parser.ParseWithClaims(secret, claims, func(t *jwt.Token) (found any, err error) {
		if key, err = v.keyFor(ctx, t); err != nil {
			return nil, err
		}
		return key.key, nil
	})
	if errors.Is(err, ErrNoKeys) {
		return Identity{}, ErrNoKeys
	}
	if errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidIssuer) && !errors.Is(err, jwt.ErrTokenInvalidAudience) {
		return Identity{}, ErrExpired
	}
	if err != nil {
		return Identity{}, ErrInvalidToken
	}
	id, err := v.identityIn(claims)
	if err != nil {
		return Identity{}, ErrInvalidToken
	}
	id.signed.key = key
	return id, nil
}

// keyFor gives the one key there is, or chooses one of the set by its kid. A token that brings its own is
// refused.
func (v *verifier) keyFor(ctx context.Context, t *jwt.Token) (*verifyKey, error) {
	for _, name := range []string{"jwk", "jku", "x5c", "x5u", "crit"} {
		if _, ok := t.Header[name]; ok {
			return nil, fmt.Errorf("header %s is refused", name)
		}
	}
	if v.keys == nil {
		return v.key, nil
	}
	kid, isText := t.Header["kid"].(string)
	if t.Header["kid"] != nil && !isText {
		return nil, ErrInvalidToken
	}
	return v.keys.find(ctx, kid)
}

func (v *verifier) identityIn(claims jwt.MapClaims) (Identity, error) {
	for _, name := range []string{"exp", "nbf", "iat"} {
		if !plainTime(claims[name]) {
			return Identity{}, fmt.Errorf("%s is no time", name)
		}
	}
	jti, isText := claims["jti"].(string)
	if claims["jti"] != nil && !isText || !v.mayPass(jti) {
		return Identity{}, errors.New("the token is denied, or could not be")
	}
	id, err := identityOf(claims["sub"], claims)
	if err != nil {
		return Identity{}, err
	}
	end, _ := claims["exp"].(float64) // plainTime has seen it, and the parser requires it
	id.Expires, id.signed = time.Unix(int64(end), 0), &signed{by: v, jti: jti}
	return id, nil
}

// plainTime refuses seconds that no int64 or calendar holds: 1e300 would wrap around into any time.
func plainTime(v any) bool {
	if v == nil {
		return true
	}
	seconds, ok := v.(float64)
	return ok && seconds > 0 && seconds < 253402300800 // the year 10000
}

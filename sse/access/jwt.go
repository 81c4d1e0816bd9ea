package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// verifier turns signed tokens into identities.
type verifier struct {
	key    any
	parser *jwt.Parser
	denied []string
}

// newVerifier is nil if no signed token is believed.
func newVerifier(cfg JWTConfig, now func() time.Time) (*verifier, error) {
	if !cfg.enabled() {
		return nil, nil
	}
	if !slices.Contains(algorithms(), cfg.Algorithm) || cfg.Issuer == "" || cfg.Audience == "" {
		return nil, errors.New("access.jwt: algorithm, issuer and audience are needed")
	}
	key, err := cfg.key()
	if err != nil {
		return nil, err
	}
	return &verifier{key, jwt.NewParser(jwt.WithValidMethods([]string{cfg.Algorithm}), jwt.WithExpirationRequired(),
		jwt.WithIssuer(cfg.Issuer), jwt.WithAudience(cfg.Audience), jwt.WithStrictDecoding(), jwt.WithTimeFunc(now)), cfg.Denied}, nil
}

// looksSigned reports the three parts of a signed token, before anything is decoded or allocated.
func looksSigned(secret string) bool { return strings.Count(secret, ".") == 2 }

// identify says only that a token is not valid, never why: the reasons help those who forge one.
func (v *verifier) identify(secret string) (Identity, error) {
	claims := jwt.MapClaims{}
	if _, err := v.parser.ParseWithClaims(secret, claims, v.keyFor); err != nil {
		return Identity{}, ErrInvalidToken
	}
	id, err := v.identityOf(claims)
	if err != nil {
		return Identity{}, ErrInvalidToken
	}
	return id, nil
}

// keyFor gives the one key there is. A token that brings its own is refused; a kid chooses nothing.
func (v *verifier) keyFor(t *jwt.Token) (any, error) {
	for _, name := range []string{"jwk", "jku", "x5c", "x5u", "crit"} {
		if _, ok := t.Header[name]; ok {
			return nil, fmt.Errorf("header %s is refused", name)
		}
	}
	return v.key, nil
}

func (v *verifier) identityOf(claims jwt.MapClaims) (Identity, error) {
	for _, name := range []string{"exp", "nbf", "iat"} {
		if !plainTime(claims[name]) {
			return Identity{}, fmt.Errorf("%s is no time", name)
		}
	}
	// These narrow what a token may see. As the hub does not apply them, a token with one gives nothing,
	// rather than more than its issuer meant.
	for _, name := range []string{"channels", "routers"} {
		if _, ok := claims[name]; ok {
			return Identity{}, fmt.Errorf("claim %s is not supported", name)
		}
	}
	if jti, ok := claims["jti"]; ok {
		if s, isText := jti.(string); !isText || slices.Contains(v.denied, s) {
			return Identity{}, errors.New("the token is denied")
		}
	} else if len(v.denied) > 0 {
		return Identity{}, errors.New("a token without jti could not be denied")
	}
	user, _ := claims["sub"].(string)
	roles, err := rolesOf(claims["roles"])
	if err != nil || !plainName(user) {
		return Identity{}, errors.New("sub or roles is no name")
	}
	end, _ := claims["exp"].(float64) // plainTime has seen it, and the parser requires it
	return Identity{User: user, Roles: roles, Expires: time.Unix(int64(end), 0)}, nil
}

// plainTime refuses seconds that no int64 or calendar holds: 1e300 would wrap around into any time.
func plainTime(v any) bool {
	if v == nil {
		return true
	}
	seconds, ok := v.(float64)
	return ok && seconds > 0 && seconds < 253402300800 // the year 10000
}

func rolesOf(v any) (roles []string, err error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok || len(list) > 64 {
		return nil, errors.New("roles is no list")
	}
	for _, item := range list {
		role, _ := item.(string)
		if !plainName(role) {
			return nil, errors.New("this is no role")
		}
		roles = append(roles, role)
	}
	return roles, nil
}

package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxHeader bounds what is looked at of an Authorization header.
const maxHeader = 8 << 10

// token is a static token: its hash, and who it stands for.
type token struct {
	sum      [sha256.Size]byte
	identity Identity
}

// same reports that another config has the token as it is.
func (t token) same(other token) bool {
	return t.sum == other.sum && t.identity.sameRights(other.identity)
}

// newTokens takes those that are the same over from the present ones: their streams go on.
func newTokens(list []TokenConfig, present []token, now time.Time) ([]token, error) {
	tokens := make([]token, len(list))
	for i, t := range list {
		raw, err := hex.DecodeString(t.SHA256)
		if err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("token %s: its sha256 is not 64 hexadecimal digits", t.Name)
		}
		copy(tokens[i].sum[:], raw)
		routers, err := NewSelector(t.Routers)
		if err != nil {
			return nil, fmt.Errorf("token %s: %w", t.Name, err)
		}
		tokens[i].identity = Identity{User: t.Name, Roles: t.Roles, Channels: t.Channels, Routers: routers}
		if at := slices.IndexFunc(present, tokens[i].same); at >= 0 {
			tokens[i].identity = present[at].identity
			continue
		}
		tokens[i].identity.lease = newLease(now)
	}
	return tokens, nil
}

// byToken finds the identity of a static token. It takes the same time whichever token matches, or
// none: every hash is compared, in constant time.
func (a *Access) byToken(secret string) (Identity, error) {
	sum := sha256.Sum256([]byte(secret))
	found := -1
	tokens := a.rules.Load().tokens
	for i := range tokens {
		match := subtle.ConstantTimeCompare(sum[:], tokens[i].sum[:])
		found = subtle.ConstantTimeSelect(match, i, found)
	}
	if found < 0 || secret == "" {
		return Identity{}, ErrInvalidToken
	}
	return tokens[found].identity, nil
}

// bearer returns the token of the Authorization header, "" if there is no header.
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", ErrAmbiguous
	case len(values[0]) > maxHeader:
		return "", ErrInvalidToken
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	secret := strings.TrimLeft(rest, " ")
	if !strings.EqualFold(scheme, "Bearer") || secret == "" || strings.ContainsAny(secret, " \t,") {
		return "", ErrNotBearer
	}
	return secret, nil
}

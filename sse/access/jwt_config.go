package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/routerpulse/routerpulse/configs"
)

// JWTConfig says which signed tokens of another program are believed. Without an algorithm, none is.
type JWTConfig struct {
	// Algorithm is the only one that is accepted, whatever a token says of itself.
	Algorithm string       `yaml:"algorithm"`
	KeyFile   configs.File `yaml:"key_file" config:"secret"` // PEM of the public key; for HS, the secret
	// JWKSURL is where the issuer publishes its keys, in place of a file.
	JWKSURL  string   `yaml:"jwks_url"`
	Issuer   string   `yaml:"issuer"`
	Audience string   `yaml:"audience"`
	Denied   []string `yaml:"denied"` // the jti of tokens that are no longer believed
}

// minHMAC is the shortest secret: what RFC 7518 asks of HS256.
const minHMAC = 32

func algorithms() []string {
	return []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func (c JWTConfig) enabled() bool {
	return c.Algorithm != "" || c.KeyFile != "" || c.JWKSURL != "" || c.Issuer != "" || c.Audience != "" || len(c.Denied) > 0
}

func (c JWTConfig) validate(r *configs.Report) {
	if !c.enabled() {
		return
	}
	if !slices.Contains(algorithms(), c.Algorithm) {
		r.At("algorithm").Errorf("name one of "+strings.Join(algorithms(), ", "), "%q is no algorithm that can be trusted", c.Algorithm)
	}
	c.validateSource(r)
	for _, need := range []struct{ key, value, hint string }{
		{"issuer", c.Issuer, "write what the tokens have as iss"},
		{"audience", c.Audience, "write what the tokens have as aud"},
	} {
		if need.value == "" {
			r.At(need.key).Errorf(need.hint, "jwt needs it")
		}
	}
}

// validateSource reports what is wrong with where the keys come from.
func (c JWTConfig) validateSource(r *configs.Report) {
	u, err := url.Parse(c.JWKSURL)
	switch {
	case c.KeyFile == "" && c.JWKSURL == "":
		r.At("key_file").Errorf("name the file with the issuer's public key, or for HS the shared secret; or jwks_url", "jwt needs it")
	case c.KeyFile != "" && c.JWKSURL != "":
		r.At("jwks_url").Errorf("take one of them out", "there is a key_file, too")
	case c.JWKSURL == "":
	case err != nil || u.Host == "" || u.User != nil:
		r.At("jwks_url").Errorf("jwks_url: https://login.example/.well-known/jwks.json", "this is no address of keys")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		r.At("jwks_url").Errorf("use https, or on this machine http://127.0.0.1", "whoever is on the way could put in keys of their own")
	case strings.HasPrefix(c.Algorithm, "HS"):
		r.At("algorithm").Errorf("name RS, ES or EdDSA", "a shared secret is not published")
	}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// fits reports that a public key is of the kind, and long enough, that an algorithm needs.
func fits(algorithm string, key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") && k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		bits := map[string]int{"ES256": 256, "ES384": 384, "ES512": 521}
		return k.Curve.Params().BitSize == bits[algorithm]
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}

// key reads what signatures are checked with.
func (c JWTConfig) key() (any, error) {
	text, err := configs.ReadSecretFile(c.KeyFile.String())
	if err != nil {
		return nil, fmt.Errorf("access.jwt: %w", err)
	}
	key, err := parseKey(c.Algorithm, []byte(text.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("access.jwt: key_file %s, for %s: %w", c.KeyFile, c.Algorithm, err)
	}
	if !strings.HasPrefix(c.Algorithm, "HS") && !fits(c.Algorithm, key) {
		return nil, fmt.Errorf("access.jwt: key_file %s: the key is not one for %s, or shorter than %d bits", c.KeyFile, c.Algorithm, minRSABits)
	}
	return key, nil
}

func parseKey(algorithm string, data []byte) (any, error) {
	switch algorithm[:2] {
	case "HS":
		if len(data) < minHMAC {
			return nil, errors.New("the secret is shorter than 32 bytes: make a longer one")
		}
		if strings.Contains(string(data), "-----BEGIN") {
			return nil, errors.New("this is a PEM file, not a shared secret: name RS, ES or EdDSA as the algorithm")
		}
		return data, nil
	case "RS":
		return jwt.ParseRSAPublicKeyFromPEM(data)
	case "ES":
		return jwt.ParseECPublicKeyFromPEM(data)
	}
	return jwt.ParseEdPublicKeyFromPEM(data)
}

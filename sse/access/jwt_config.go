package access

import (
	"errors"
	"fmt"
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
	Issuer    string       `yaml:"issuer"`
	Audience  string       `yaml:"audience"`
	Denied    []string     `yaml:"denied"` // the jti of tokens that are no longer believed
}

// minHMAC is the shortest secret: what RFC 7518 asks of HS256.
const minHMAC = 32

func algorithms() []string {
	return []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func (c JWTConfig) enabled() bool {
	return c.Algorithm != "" || c.KeyFile != "" || c.Issuer != "" || c.Audience != "" || len(c.Denied) > 0
}

func (c JWTConfig) validate(r *configs.Report) {
	if !c.enabled() {
		return
	}
	if !slices.Contains(algorithms(), c.Algorithm) {
		r.At("algorithm").Errorf("name one of "+strings.Join(algorithms(), ", "), "%q is no algorithm that can be trusted", c.Algorithm)
	}
	for _, need := range []struct{ key, value, hint string }{
		{"key_file", c.KeyFile.String(), "name the file with the issuer's public key, or for HS the shared secret"},
		{"issuer", c.Issuer, "write what the tokens have as iss"},
		{"audience", c.Audience, "write what the tokens have as aud"},
	} {
		if need.value == "" {
			r.At(need.key).Errorf(need.hint, "jwt needs it")
		}
	}
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

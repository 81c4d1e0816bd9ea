package access

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/routerpulse/routerpulse/configs"
)

// Config is the section access of the config file.
type Config struct {
	Tokens []TokenConfig `yaml:"tokens"` // static tokens, of which only the hash is kept
	Users  []UserConfig  `yaml:"users"`  // of the page, with passwords
	JWT    JWTConfig     `yaml:"jwt"`    // tokens that another program signs
	// Forward asks another web application who its users are; without it, none.
	Forward *ForwardConfig `yaml:"forward"`
	// Origins are those of other applications' pages that may use the stream and publish, with the cookies of
	// whoever looks at them: https://app.example.com. Without any, only our own pages may.
	Origins []string `yaml:"origins"`
	// TrustedProxies are addresses or networks whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Prefix are
	// believed.
	TrustedProxies []string     `yaml:"trusted_proxies"`
	Limits         LimitsConfig `yaml:"limits"`
}

// TokenConfig is one static token.
type TokenConfig struct {
	Name   string   `yaml:"name"`   // the user that it stands for
	SHA256 string   `yaml:"sha256"` // of the token, 64 hexadecimal digits
	Roles  []string `yaml:"roles"`
	// Channels, if there are any, are all that it may listen to, beside public ones; * stands for any part.
	Channels Patterns `yaml:"channels"`
	// Routers, if there are any, are all that it sees: tag=value, those with several tags tag=value,tag=value.
	Routers []string `yaml:"routers"`
}

// LimitsConfig bounds the streams that are open at once.
type LimitsConfig struct {
	PerIdentity int `yaml:"per_identity"`
	PerAddress  int `yaml:"per_address"` // of a client; an IPv6 client is a /64
	Total       int `yaml:"total"`
}

// DefaultConfig knows no token, so nobody but who got a login code has an identity.
func DefaultConfig() Config {
	return Config{Limits: LimitsConfig{PerIdentity: 20, PerAddress: 100, Total: 15000}}
}

// KnowsStrangers reports that there may be users whom the config does not name.
func (c *Config) KnowsStrangers() bool { return c.JWT.enabled() || c.Forward != nil }

// KnowsNobody reports that nobody can have an identity, but by a login link.
func (c *Config) KnowsNobody() bool { return c.NobodyLogsIn() && !c.KnowsStrangers() }

// NobodyLogsIn reports that there is neither a token nor a password that the page could ask for.
func (c *Config) NobodyLogsIn() bool { return len(c.Tokens)+len(c.Users) == 0 }

// Validate reports what is wrong with the section.
func (c *Config) Validate(r *configs.Report) {
	names, sums := map[string]bool{}, map[string]bool{}
	for i, t := range c.Tokens {
		at := r.At("tokens", i)
		t.validate(at)
		if t.Name != "" && names[t.Name] {
			at.At("name").Errorf("give each token a name of its own", "duplicate token %q", t.Name)
		}
		sum := strings.ToLower(t.SHA256)
		if t.SHA256 != "" && sums[sum] {
			at.At("sha256").Errorf("make one token per client with `routerpulse token`", "the same token is listed twice")
		}
		names[t.Name], sums[sum] = true, true
	}
	for i, u := range c.Users {
		at := r.At("users", i)
		u.validate(at)
		if u.Name != "" && names[u.Name] {
			at.At("name").Errorf("give each user and each token a name of its own", "duplicate user %q", u.Name)
		}
		names[u.Name] = true
	}
	for i, p := range c.TrustedProxies {
		if _, err := parsePrefix(p); err != nil {
			r.At("trusted_proxies", i).Errorf("write an address or a network: 10.0.0.1, 127.0.0.0/8", "%q is no address", p)
		}
	}
	validateOrigins(r.At("origins"), c.Origins)
	c.JWT.validate(r.At("jwt"))
	if c.Forward != nil {
		c.Forward.validate(r.At("forward"))
	}
	c.Limits.validate(r.At("limits"))
}

const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (t TokenConfig) validate(r *configs.Report) {
	if t.Name == "" {
		r.At("name").Errorf("it is the user's name in logs and limits", "the token has no name")
	} else if !PlainName(t.Name) {
		r.At("name").Errorf("use at most 64 letters, digits, - _ . @", "%q is no name for a token", t.Name)
	}
	raw, err := hex.DecodeString(t.SHA256)
	switch {
	case t.SHA256 == "":
		r.At("sha256").Errorf("`routerpulse token` makes a token and its hash", "the token has no hash")
	case err != nil || len(raw) != 32:
		r.At("sha256").Errorf("put the SHA-256 here, 64 hexadecimal digits, never the token; `routerpulse token` makes both", "this is no SHA-256")
	case strings.ToLower(t.SHA256) == emptySum:
		r.At("sha256").Errorf("`routerpulse token` makes a token and its hash", "this is the hash of an empty token")
	}
	validateNames(r.At("roles"), "role", t.Roles)
	t.Channels.Validate(r.At("channels"))
	validateSelector(r.At("routers"), t.Routers)
}

func (l LimitsConfig) validate(r *configs.Report) {
	for _, limit := range []struct {
		key string
		n   int
	}{{"per_identity", l.PerIdentity}, {"per_address", l.PerAddress}, {"total", l.Total}} {
		if limit.n < 1 {
			r.At(limit.key).Errorf("leave it out for the default", "%d streams are too few", limit.n)
		}
	}
}

func validateNames(r *configs.Report, what string, names []string) {
	for i, n := range names {
		if !PlainName(n) {
			r.At(i).Errorf("use at most 64 letters, digits, - _ . @", "%q is no name for a %s", n, what)
		}
	}
}

// PlainName reports that s is fit to name a user, a role or an application.
func PlainName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@", r) {
			return false
		}
	}
	return true
}

func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address and no network: %w", s, err)
	}
	return p.Masked(), nil
}

package web

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/routerpulse/routerpulse/configs"
)

// Config says where the program listens and how freely it answers.
type Config struct {
	// Listen is host:port; port 0 picks a free one, an empty host means every address of the machine.
	Listen string `yaml:"listen"`
	// Prefix is the path that a proxy serves the program under, as /pulse; empty: none, or what a trusted proxy says.
	Prefix string `yaml:"prefix"`
	// Insecure allows to listen on more than loopback without any access configured.
	Insecure bool `yaml:"insecure"`
	// LoopbackRead opens the read-only paths to requests from this machine, without a login. Not behind
	// a reverse proxy on the same machine: all its clients would count as local if it forgets to say whom
	// it forwards.
	LoopbackRead bool `yaml:"loopback_read"`
}

// DefaultConfig listens on loopback only.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:8080"} }

// Validate reports what is wrong with the values.
func (c *Config) Validate(r *configs.Report) {
	const hint = "write host:port, as 127.0.0.1:8080, [::1]:8080 or :8080"
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		r.At("listen").Errorf(hint, "%q is not host:port", c.Listen)
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		r.At("listen").Errorf(hint, "%q is not a port between 0 and 65535", port)
	}
}

// Loopback reports that only this machine can reach the address. A host name other than localhost
// counts as reachable, because what it means can change.
func (c *Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	return err == nil && isLoopback(host)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

package snmp

import (
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

// Credential opens a device's agent. SNMP v1 and v2c have a community, which travels in clear; v3 has a
// user, who may have a password that signs the messages and one that encrypts them.
type Credential struct {
	Version       string         `yaml:"version"` // 1, 2c or 3
	Community     configs.Secret `yaml:"community"`
	CommunityFile configs.File   `yaml:"community_file" config:"secret"`

	User             string         `yaml:"user"`
	Auth             string         `yaml:"auth"` // "" does not sign
	AuthPassword     configs.Secret `yaml:"auth_password"`
	AuthPasswordFile configs.File   `yaml:"auth_password_file" config:"secret"`
	Priv             string         `yaml:"priv"` // "" does not encrypt
	PrivPassword     configs.Secret `yaml:"priv_password"`
	PrivPasswordFile configs.File   `yaml:"priv_password_file" config:"secret"`
	Context          string         `yaml:"context"` // "" is the agent's own
}

// Validate reports what is missing or contradicts.
func (c *Credential) Validate(r *configs.Report) {
	switch c.Version {
	case "1", "2c":
		c.validateCommunity(r)
	case "3":
		c.validateUser(r)
	case "":
		r.At("version").Errorf("write version: 2c, or 3", "missing")
	default:
		r.At("version").Errorf("write 2c, 3, or 1 for very old devices", "unknown SNMP version %q", c.Version)
	}
}

func (c *Credential) validateCommunity(r *configs.Report) {
	for _, key := range c.userKeys() {
		r.At(key).Errorf("remove it, or write version: 3", "SNMP v%s has a community and no users", c.Version)
	}
	switch {
	case c.Community.IsZero() && c.CommunityFile == "":
		r.At("community").Errorf(`write community: "${SNMP_COMMUNITY}", or community_file: with a path`, "missing")
	case !c.Community.IsZero() && c.CommunityFile != "":
		r.At("community_file").Errorf("keep one of them", "community is given as well")
	case len(c.Community.Reveal()) > maxCommunity:
		r.At("community").Errorf("", "longer than %d bytes", maxCommunity)
	}
}

// maxCommunity is what a length of one byte can say; agents take less.
const maxCommunity = 127

func (c *Credential) version() version {
	switch c.Version {
	case "1":
		return v1
	case "3":
		return v3
	}
	return v2c
}

// revealCommunity returns the community, from its file if it has one.
func (c *Credential) revealCommunity() (string, error) {
	if c.CommunityFile == "" {
		return c.Community.Reveal(), nil
	}
	secret, err := configs.ReadSecretFile(c.CommunityFile.String())
	if err != nil {
		return "", err
	}
	if len(secret.Reveal()) > maxCommunity {
		return "", errors.New(c.CommunityFile.String() + ": the community is longer than 127 bytes")
	}
	return secret.Reveal(), nil
}

// Target is one device to read.
type Target struct {
	Device     string // its name in the config
	Address    string // a host name or an IP address
	Port       int    // 0 means 161
	Credential Credential
	// Timeout is how long one try of a request waits for its reply; 0 means 1 s. Retries is how many
	// more tries follow; 0 means 2, a negative number none.
	Timeout time.Duration
	Retries int
	// InFlight is how many requests of one poll may wait for their replies at a time; 0 means 8, 1 asks one
	// after the other. It goes down by itself when replies are lost.
	InFlight int
}

const (
	defaultPort    = 161
	defaultTimeout = time.Second
	defaultRetries = 2

	defaultInFlight = 8
)

// MaxInFlight bounds Target.InFlight: so many replies fit the socket that they come in by.
const MaxInFlight = 32

func (t *Target) endpoint() string {
	return net.JoinHostPort(t.Address, strconv.Itoa(int(t.port())))
}

func (t *Target) port() uint16 {
	if t.Port == 0 {
		return defaultPort
	}
	return uint16(t.Port)
}

func (t *Target) timeout() time.Duration {
	if t.Timeout <= 0 {
		return defaultTimeout
	}
	return t.Timeout
}

func (t *Target) retries() int {
	switch {
	case t.Retries == 0:
		return defaultRetries
	case t.Retries < 0:
		return 0
	}
	return t.Retries
}

func (t *Target) inFlight() int {
	if t.InFlight <= 0 {
		return defaultInFlight
	}
	return min(t.InFlight, MaxInFlight)
}

package routeros

import (
	"fmt"
	"net"
	"strconv"

	"github.com/routerpulse/routerpulse/configs"
)

// The ports that RouterOS gives the API.
const (
	PortTLS   = 8729 // service api-ssl
	PortPlain = 8728 // service api
)

// Credential is how to log in to routers.
type Credential struct {
	User         string         `yaml:"user"`
	Password     configs.Secret `yaml:"password,omitempty"`
	PasswordFile configs.File   `yaml:"password_file,omitempty" config:"secret"` // read at each login
	TLS          TLS            `yaml:"tls,omitempty"`
	// Insecure means the plain API: password and answers cross the network in the clear.
	Insecure bool `yaml:"insecure,omitempty"`
	// Listen: logins and changes of interfaces are heard at once, over a second connection. Unset: yes.
	Listen *bool `yaml:"listen,omitempty"`
}

// TLS says which certificate proves that it is the router. With neither CAFile nor Pin, the CAs of
// the system do.
type TLS struct {
	CAFile     configs.File `yaml:"ca_file,omitempty" config:"exists"` // PEM
	Pin        string       `yaml:"pin,omitempty"`                     // SHA-256 of the certificate, hex, colons allowed
	ServerName string       `yaml:"server_name,omitempty"`             // name in the certificate, if it is not the address
}

// Validate reports what is wrong with the credential.
func (c *Credential) Validate(r *configs.Report) {
	if c.User == "" {
		r.At("user").Errorf("name a user of a group with policy read,api", "is missing")
	}
	switch {
	case c.Password.IsZero() && c.PasswordFile == "":
		r.At("password_file").Errorf("name a file that holds the password", "is missing, and so is password")
	case !c.Password.IsZero() && c.PasswordFile != "":
		r.At("password").Errorf("remove one of them", "is set beside password_file")
	}
	if c.Insecure && c.TLS != (TLS{}) {
		r.At("insecure").Errorf("remove it, or tls", "the plain API has no certificate to check")
	}
	c.TLS.validate(r.At("tls"))
}

func (t *TLS) validate(r *configs.Report) {
	if t.Pin != "" {
		if _, err := parsePin(t.Pin); err != nil {
			r.At("pin").Errorf("print it with: openssl x509 -noout -fingerprint -sha256", "want 64 hex digits, colons allowed")
		}
	}
	if t.CAFile != "" {
		if _, err := readCAs(t.CAFile.String()); err != nil {
			r.At("ca_file").Errorf("name a file of certificates in PEM form", "%s cannot be used", t.CAFile)
		}
	}
}

// password returns it, from the file if that is where it is.
func (c *Credential) password() (configs.Secret, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	return configs.ReadSecretFile(c.PasswordFile.String())
}

// Target is one router and how to get in.
type Target struct {
	Device     string // its name in the config
	Address    string // IP address or host name
	Port       int    // 0: PortTLS, or PortPlain if the credential is insecure
	Credential Credential
}

// endpoint is host:port.
func (t *Target) endpoint() string {
	port := t.Port
	switch {
	case port != 0:
	case t.Credential.Insecure:
		port = PortPlain
	default:
		port = PortTLS
	}
	return net.JoinHostPort(t.Address, strconv.Itoa(port))
}

func (t *Target) check() error {
	if t.Device == "" || t.Address == "" || t.Credential.User == "" {
		return fmt.Errorf("routeros: device %q at %q: name, address and user are needed", t.Device, t.Address)
	}
	if t.Credential.Insecure && t.Credential.TLS != (TLS{}) {
		return fmt.Errorf("routeros: device %s: tls and insecure exclude each other", t.Device)
	}
	if t.Credential.TLS.Pin != "" {
		if _, err := parsePin(t.Credential.TLS.Pin); err != nil {
			return fmt.Errorf("routeros: device %s: tls: %w", t.Device, err)
		}
	}
	return nil
}

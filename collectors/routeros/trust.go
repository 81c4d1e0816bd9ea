package routeros

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// tlsConfig makes the client's side. With a pin alone the certificate itself is the proof: neither
// name nor expiry is looked at, as the pin stands for that one key. With a CA file, or with nothing
// (the system's CAs), chain, name and expiry must hold; a pin besides must hold, too.
func (t TLS) tlsConfig(address string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if config.ServerName == "" {
		config.ServerName = address
	}
	if t.CAFile != "" {
		pool, err := readCAs(t.CAFile.String())
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	if t.Pin == "" {
		return config, nil
	}
	pin, err := parsePin(t.Pin)
	if err != nil {
		return nil, err
	}
	config.InsecureSkipVerify = t.CAFile == "" // the pin below proves more than a chain
	config.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pin, state) }
	return config, nil
}

func checkPin(pin string, state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return fmt.Errorf("%w: none was shown", ErrUntrusted)
	}
	if shown := fingerprint(state.PeerCertificates[0]); shown != pin {
		return fmt.Errorf("%w: its SHA-256 is %s, the pin is another", ErrUntrusted, shown)
	}
	return nil
}

func readCAs(name string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", name)
	}
	return pool, nil
}

// fingerprint is the SHA-256 of a certificate in lower-case hex, as /certificate print shows it.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// parsePin takes a SHA-256 in hex, in either case, with or without colons or spaces.
func parsePin(text string) (string, error) {
	pin := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(text))
	if raw, err := hex.DecodeString(pin); err != nil || len(raw) != sha256.Size {
		return "", errors.New("pin: want the SHA-256 of the certificate: 64 hex digits, colons allowed")
	}
	return pin, nil
}

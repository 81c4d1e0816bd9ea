package influxdb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/routerpulse/routerpulse/configs"
)

// TLS says how the server is known, and how it knows us. Empty: the CAs of the system, no certificate.
type TLS struct {
	// CAFile has the certificates, in PEM form, that may sign the server's.
	CAFile configs.File `yaml:"ca_file" config:"exists"`
	// CertFile and KeyFile are our certificate, where the server asks for one. They are read at each
	// connection, so that they can be replaced.
	CertFile configs.File `yaml:"cert_file" config:"exists"`
	KeyFile  configs.File `yaml:"key_file" config:"secret"`
	// ServerName is the name in the server's certificate, if it is not the one in the URL.
	ServerName string `yaml:"server_name"`
	// Insecure takes any certificate: whoever is on the way can read and change everything, the token too.
	Insecure bool `yaml:"insecure"`
}

// noProxy as the proxy ignores those of the environment.
const noProxy = "none"

func (t *TLS) validate(r *configs.Report, scheme string) {
	if *t != (TLS{}) && scheme == "http" {
		r.Errorf("write https:// in url, or remove tls", "the url is http: nothing is encrypted")
	}
	if t.Insecure && t.CAFile != "" {
		r.At("insecure").Errorf("remove it", "ca_file says what to trust, insecure to trust everybody")
	}
	if t.CAFile != "" {
		if _, err := readCAs(t.CAFile); err != nil {
			r.At("ca_file").Errorf("name a file of certificates in PEM form", "%s cannot be used", t.CAFile)
		}
	}
	switch {
	case (t.CertFile == "") != (t.KeyFile == ""):
		r.At("cert_file").Errorf("name both", "cert_file and key_file belong together")
	case t.CertFile != "":
		if _, err := tls.LoadX509KeyPair(t.CertFile.String(), t.KeyFile.String()); err != nil {
			r.At("cert_file").Errorf("both in PEM form, of one certificate", "cert_file and key_file cannot be used together")
		}
	}
}

func (t *TLS) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.Insecure} //nolint:gosec // G402: who asks for it is warned
	if t.CAFile != "" {
		pool, err := readCAs(t.CAFile)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = pool
	}
	if t.CertFile != "" {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(t.CertFile.String(), t.KeyFile.String())
			if err != nil {
				return nil, fmt.Errorf("cert_file and key_file: %w", err)
			}
			return &pair, nil
		}
	}
	return cfg, nil
}

func readCAs(name configs.File) (*x509.CertPool, error) {
	pem, err := os.ReadFile(name.String())
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", name)
	}
	return pool, nil
}

// reserved are the headers that have keys of their own, or are ours to say.
func reserved() []string {
	return []string{"Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Host", "Transfer-Encoding", "User-Agent"}
}

func validateHeaders(headers map[string]configs.Secret, r *configs.Report) {
	for name, value := range headers {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			r.At(name).Errorf("letters, digits and -", "%q cannot be the name of a header", name)
		case slices.Contains(reserved(), textproto.CanonicalMIMEHeaderKey(name)):
			r.At(name).Errorf("remove it; token_file, or username and password_file, log in", "%s cannot be set here", name)
		case !httpguts.ValidHeaderFieldValue(value.Reveal()):
			r.At(name).Errorf("it must be one line", "its value cannot be sent")
		}
	}
}

// parseProxy reads the proxy; nil: those of the environment, or none.
func parseProxy(proxy configs.Secret) (*url.URL, error) {
	if proxy.IsZero() || proxy.Reveal() == noProxy {
		return nil, nil
	}
	u, err := url.Parse(proxy.Reveal())
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil, errors.New("proxy: not the address of a proxy") // it may hold a password
	}
	return u, nil
}

func validateProxy(proxy configs.Secret, r *configs.Report) {
	if _, err := parseProxy(proxy); err != nil {
		r.Errorf(`write it as http://10.0.0.1:3128, with http, https or socks5; none ignores the environment's`, "not the address of a proxy")
	}
}

// transport carries the requests to one server.
func transport(cfg *Config) (*http.Transport, error) {
	secure, err := cfg.TLS.config()
	if err != nil {
		return nil, err
	}
	proxy, err := parseProxy(cfg.Proxy)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSClientConfig:       secure,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	switch {
	case proxy != nil:
		t.Proxy = http.ProxyURL(proxy)
	case cfg.Proxy.Reveal() == noProxy:
		t.Proxy = nil
	}
	return t, nil
}

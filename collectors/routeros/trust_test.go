package routeros

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// certificate is one for a test, with its key.
type certificate struct {
	tls.Certificate
	leaf *x509.Certificate
}

// issue makes a certificate, signed by issuer, or by itself if there is none.
func issue(t *testing.T, issuer *certificate, change func(*x509.Certificate)) *certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "router"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames: []string{"core-1.example.net"}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		BasicConstraintsValid: true, IsCA: issuer == nil}
	if change != nil {
		change(template)
	}
	parent, signer := template, any(key)
	if issuer != nil {
		parent, signer = issuer.leaf, issuer.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &certificate{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, leaf}
}

// file writes the certificate as PEM.
func (c *certificate) file(t *testing.T) configs.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.leaf.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return configs.File(name)
}

// wiretap keeps the bytes that come in.
type wiretap struct {
	net.Listener
	mu   sync.Mutex
	data []byte
}

type tapped struct {
	net.Conn
	tap *wiretap
}

func (w *wiretap) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	return &tapped{conn, w}, err
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tap.mu.Lock()
	c.tap.data = append(c.tap.data, p[:n]...)
	c.tap.mu.Unlock()
	return n, err
}

func (w *wiretap) saw(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Contains(w.data, []byte(text))
}

// TestFault30Trust: who proves to be the router gets the password, nobody else gets a byte of it, neither in
// TLS nor beneath it.
func TestFault30Trust(t *testing.T) {
	ca := issue(t, nil, nil)
	good := issue(t, ca, nil)
	other := issue(t, nil, nil)
	self := issue(t, nil, nil)
	expired := issue(t, ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	future := issue(t, ca, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })
	wrongName := issue(t, ca, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example.net"} })
	pin := fingerprint(self.leaf)
	colons := strings.ToUpper(pin[:2])
	for i := 2; i < len(pin); i += 2 {
		colons += ":" + strings.ToUpper(pin[i:i+2])
	}
	serverWith := func(c *certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c.Certificate}} }
	old := serverWith(good)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 // what must be refused
	oldest := old.Clone()
	oldest.MaxVersion = tls.VersionTLS10
	tests := []struct {
		name   string
		server *tls.Config // nil: the plain API
		trust  TLS
		want   error // nil: in
	}{
		{"CA", serverWith(good), TLS{CAFile: ca.file(t)}, nil},
		{"CA and another name", serverWith(good), TLS{CAFile: ca.file(t), ServerName: "core-1.example.net"}, nil},
		{"the certificate itself as CA", serverWith(self), TLS{CAFile: self.file(t)}, nil},
		{"pin", serverWith(self), TLS{Pin: pin}, nil},
		{"pin with colons", serverWith(self), TLS{Pin: colons}, nil},
		{"pin of one that expired", serverWith(expired), TLS{Pin: fingerprint(expired.leaf)}, nil},
		{"pin and CA", serverWith(good), TLS{CAFile: ca.file(t), Pin: fingerprint(good.leaf)}, nil},
		{"self-signed, not pinned", serverWith(self), TLS{}, ErrUntrusted},
		{"self-signed, CA of others", serverWith(self), TLS{CAFile: ca.file(t)}, ErrUntrusted},
		{"pin of another", serverWith(good), TLS{Pin: pin}, ErrUntrusted},
		{"pin of the CA", serverWith(good), TLS{Pin: fingerprint(ca.leaf)}, ErrUntrusted},
		{"pin right, CA wrong", serverWith(self), TLS{CAFile: other.file(t), Pin: pin}, ErrUntrusted},
		{"CA right, pin wrong", serverWith(good), TLS{CAFile: ca.file(t), Pin: pin}, ErrUntrusted},
		{"pin right, CA right, expired", serverWith(expired), TLS{CAFile: ca.file(t), Pin: fingerprint(expired.leaf)}, ErrUntrusted},
		{"expired", serverWith(expired), TLS{CAFile: ca.file(t)}, ErrUntrusted},
		{"not yet valid", serverWith(future), TLS{CAFile: ca.file(t)}, ErrUntrusted},
		{"wrong name", serverWith(wrongName), TLS{CAFile: ca.file(t)}, ErrUntrusted},
		{"name not in it", serverWith(good), TLS{CAFile: ca.file(t), ServerName: "core-2.example.net"}, ErrUntrusted},
		{"TLS 1.1 at most", old, TLS{CAFile: ca.file(t)}, errAny},
		{"TLS 1.0", oldest, TLS{CAFile: ca.file(t)}, errAny},
		{"TLS 1.1 at most, pin", old, TLS{Pin: fingerprint(good.leaf)}, errAny},
		{"no certificate at all", &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }},
			TLS{Pin: pin}, errAny},
		{"the plain API's port", nil, TLS{Pin: pin}, errAny},
		{"no CA file", serverWith(good), TLS{CAFile: "/nonexistent/ca.pem"}, os.ErrNotExist},
		{"CA file without certificates", serverWith(good), TLS{CAFile: configs.File(os.Args[0])}, errAny},
	}
	refused, leaked := 0, 0
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tap, plaintext, target := tlsStub(t, tt.server, tt.trust)
			err := collect(t, target, newShared(t)).Check(within(t, 2*time.Second))
			switch {
			case tt.want == nil && err != nil, tt.want != nil && err == nil:
				t.Errorf("got %v, want %v", err, tt.want)
			case tt.want != nil && tt.want != errAny && !errors.Is(err, tt.want):
				t.Errorf("got %v, want %v", err, tt.want)
			case errors.Is(err, pipeline.ErrRefused):
				t.Errorf("a certificate is no login: %v", err)
			}
			if err != nil {
				refused++
			}
			if err != nil && (plaintext.saw(canary) || tap.saw(canary)) {
				leaked += len(canary)
			}
			if sent := plaintext.saw(canary); sent != (tt.want == nil) || tap.saw(canary) {
				t.Errorf("password in TLS: %v, beneath: %v", sent, tap.saw(canary))
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Error(err)
			}
		})
	}
	sinktest.Fault{Row: "30", Wrong: leaked, Trials: refused,
		Figures: fmt.Sprintf("%d kinds refused, %d bytes of the password on the wire (asked: 0)", refused, leaked)}.Report(t)
}

// TestFault30Downgrade: when api-ssl does not answer, or says nonsense, nobody tries the plain API, on
// whatever port: there is one connection, and nothing of the password in it.
func TestFault30Downgrade(t *testing.T) {
	for name, serve := range map[string]func(*stubConn){
		"closed at once":   func(*stubConn) {},
		"the plain API":    v7().serve,
		"an alert":         func(c *stubConn) { _, _ = io.ReadFull(c.r, make([]byte, 64)); c.raw([]byte{21, 3, 3, 0, 2, 2, 70}) },
		"a challenge":      func(c *stubConn) { c.raw(encode("!done", "=ret=93b438ec9b80057c06dd9fe67d56aa9a")); gone(c) },
		"asks to go plain": func(c *stubConn) { c.raw(encode("!fatal", "use port 8728")) },
		"silence":          gone,
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			tap := &wiretap{Listener: listener}
			stub := serveOn(t, tap, serve)
			target := stub.target()
			target.Credential.Insecure, target.Credential.TLS = false, TLS{Pin: strings.Repeat("ab", 32)}
			c := collect(t, target, newShared(t))
			for range 3 {
				if err := c.Check(within(t, time.Second)); err == nil || errors.Is(err, pipeline.ErrRefused) {
					t.Error(err)
				}
			}
			if tap.saw(canary) || tap.saw("/login") || stub.connections() != 3 {
				t.Errorf("%d connections, password: %v", stub.connections(), tap.saw(canary))
			}
		})
	}
}

var errAny = errors.New("any error") // a sentinel of the table above

// tlsStub serves the API behind TLS (plain if config is nil), with a tap on both sides of it.
func tlsStub(t *testing.T, config *tls.Config, trust TLS) (beneath, plaintext *wiretap, target Target) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	beneath = &wiretap{Listener: listener}
	inner := net.Listener(beneath)
	if config != nil {
		inner = tls.NewListener(beneath, config)
	}
	plaintext = &wiretap{Listener: inner}
	stub := serveOn(t, plaintext, v7().serve)
	target = stub.target()
	target.Credential.Insecure, target.Credential.TLS = false, trust
	return beneath, plaintext, target
}

// TestFault30Anonymous is a router without a certificate: it can only offer what nobody can check.
func TestFault30Anonymous(t *testing.T) {
	stub := newStub(t, func(c *stubConn) {
		_, _ = io.ReadFull(c.r, make([]byte, 64))
		c.raw([]byte{21, 3, 3, 0, 2, 2, 40}) // a fatal alert: handshake failure
	})
	target := stub.target()
	target.Credential.Insecure, target.Credential.TLS = false, TLS{Pin: strings.Repeat("ab", 32)}
	err := collect(t, target, newShared(t)).Check(within(t, 5*time.Second))
	if err == nil || !strings.Contains(err.Error(), "give api-ssl a certificate") {
		t.Error(err)
	}
	if strings.Contains(stub.heard(), canary) {
		t.Error("the password was sent")
	}
}

// TestUntrustedSaysWhich: the error shows the fingerprint, so that it can be compared and pinned.
func TestUntrustedSaysWhich(t *testing.T) {
	self := issue(t, nil, nil)
	_, _, target := tlsStub(t, &tls.Config{Certificates: []tls.Certificate{self.Certificate}}, TLS{})
	err := collect(t, target, newShared(t)).Check(within(t, 5*time.Second))
	if err == nil || !strings.Contains(err.Error(), fingerprint(self.leaf)) || !strings.Contains(err.Error(), "pin") {
		t.Error(err)
	}
}

func TestParsePin(t *testing.T) {
	want := strings.Repeat("ab", 32)
	for _, text := range []string{want, strings.ToUpper(want), strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), strings.Repeat("ab ", 32)} {
		if got, err := parsePin(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ab", want + "ab", want[:62] + "zz", strings.Repeat("ab", 20)} {
		if _, err := parsePin(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

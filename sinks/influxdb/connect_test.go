package influxdb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

// writePEM keeps one block in a file.
func writePEM(t *testing.T, kind string, der []byte) configs.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return configs.File(name)
}

// ourCertificate makes a certificate that signs itself.
func ourCertificate(t *testing.T) (parsed *x509.Certificate, cert, key configs.File) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	if parsed, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return parsed, writePEM(t, "CERTIFICATE", der), writePEM(t, "PRIVATE KEY", raw)
}

// TestTLS: whom the client trusts, and how it shows itself.
func TestTLS(t *testing.T) {
	own, cert, key := ourCertificate(t)
	asks := httptest.NewUnstartedServer(http.HandlerFunc(noContent))
	asks.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	asks.TLS.ClientCAs.AddCert(own)
	plain := httptest.NewUnstartedServer(http.HandlerFunc(noContent))
	for _, srv := range []*httptest.Server{asks, plain} {
		srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail as they should
		srv.StartTLS()
		t.Cleanup(srv.Close)
	}
	ca := writePEM(t, "CERTIFICATE", plain.Certificate().Raw)
	for name, tc := range map[string]struct {
		srv  *httptest.Server
		tls  TLS
		want string // of the error; none: it is written
	}{
		"the system's CAs":      {plain, TLS{}, "certificate signed by unknown authority"},
		"its CA":                {plain, TLS{CAFile: ca}, ""},
		"anybody":               {plain, TLS{Insecure: true}, ""},
		"another name":          {plain, TLS{CAFile: ca, ServerName: "example.com"}, ""},
		"a name that it is not": {plain, TLS{CAFile: ca, ServerName: "influx.lan"}, "influx.lan"},
		"no certificate":        {asks, TLS{CAFile: ca}, "certificate required"},
		"our certificate":       {asks, TLS{CAFile: ca, CertFile: cert, KeyFile: key}, ""},
		"key of another":        {asks, TLS{CAFile: ca, CertFile: cert, KeyFile: ca}, "cert_file and key_file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := postTo(t, Config{URL: tc.srv.URL, Bucket: "b", TLS: tc.tls}, "a b=1 1\n")
			switch {
			case tc.want == "" && r.Status != http.StatusNoContent:
				t.Errorf("status %d, %v", r.Status, r.Err)
			case tc.want != "" && (r.Err == nil || !strings.Contains(r.Err.Error(), tc.want)):
				t.Errorf("status %d, %v, want %q", r.Status, r.Err, tc.want)
			}
		})
	}
}

// TestHeaders: they are sent with every request, that which asks for the version too, and no reason repeats them.
func TestHeaders(t *testing.T) {
	const canary = "c4n4ry"
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Scope") != canary {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "scope "+r.Header.Get("X-Scope"))
		}
	})
	r := postTo(t, Config{URL: url, Database: "d", Headers: map[string]configs.Secret{"x-scope": configs.NewSecret(canary)}}, "a b=1 1\n")
	if reason := r.judge(time.Now()).reason; reason != "502 Bad Gateway: scope <secret>" {
		t.Error(reason)
	}
}

// TestProxy: the one of the config is asked, with its login.
func TestProxy(t *testing.T) {
	proxy, seen := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, r.Host+" "+r.Header.Get("Proxy-Authorization"))
	})), "Basic dTpwdw==" // u:pw
	defer proxy.Close()
	address := configs.NewSecret(strings.Replace(proxy.URL, "//", "//u:pw@", 1))
	r := postTo(t, Config{URL: "http://influx.example:8086", Bucket: "b", Proxy: address}, "a b=1 1\n")
	if text := string(r.Body); r.Status != http.StatusBadGateway || text != "influx.example:8086 "+seen {
		t.Errorf("status %d, %q, %v", r.Status, text, r.Err)
	}
	url, _ := serve(t, noContent)
	t.Setenv("HTTP_PROXY", proxy.URL)
	if r := postTo(t, Config{URL: url, Bucket: "b", Proxy: configs.NewSecret(noProxy)}, "a b=1 1\n"); r.Status != http.StatusNoContent {
		t.Errorf("status %d, %v", r.Status, r.Err)
	}
}

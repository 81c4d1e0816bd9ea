package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// viewports gives each subscriber fifty routers of its own.
func viewports(ctx context.Context, b *bench) error {
	sees := func(i int) (list []int) {
		for k := range min(50, b.routers) {
			list = append(list, (i+k*(1+i/b.routers))%b.routers)
		}
		return list
	}
	f, err := b.try(ctx, trial{scenario: "viewports", server: ours, subscribers: b.subscribers, sees: sees})
	b.report.add(f)
	return err
}

// compressed is the load with subscribers that accept gzip.
func compressed(ctx context.Context, b *bench) error {
	f, err := b.try(ctx, trial{scenario: "gzip", server: ours, subscribers: b.subscribers, target: func(to *target) { to.gzip = true }})
	b.report.add(f)
	return err
}

// asking is the path of a stream of some routers.
func asking(routers []int) string {
	var s strings.Builder
	s.WriteString("/v1/stream?channel=public-routers")
	for _, r := range routers {
		fmt.Fprintf(&s, "&router=core-%04d", r)
	}
	return s.String()
}

// overTLS is the load over TLS, which the kernel does not write for us.
func overTLS(ctx context.Context, b *bench) error {
	return b.secured(ctx, trial{scenario: "tls", server: ours, subscribers: b.subscribers}, "http/1.1")
}

// overHTTP2 gives each subscriber an HTTP/2 connection of its own, as browsers have.
func overHTTP2(ctx context.Context, b *bench) error {
	return b.secured(ctx, trial{scenario: "http2", server: ours, subscribers: b.subscribers}, "h2")
}

func (b *bench) secured(ctx context.Context, t trial, protocol string) error {
	cert, key := filepath.Join(b.dir, "cert.pem"), filepath.Join(b.dir, "key.pem")
	roots, err := newCertificate(cert, key)
	if err != nil {
		return err
	}
	t.args = []string{"-cert", cert, "-key", key}
	t.target = func(to *target) {
		to.http2 = protocol == "h2"
		to.tls = &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS13, NextProtos: []string{protocol}}
	}
	f, err := b.try(ctx, t)
	b.report.add(f)
	return err
}

// newCertificate writes a certificate for localhost that signs itself, and its key.
func newCertificate(certFile, keyFile string) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	if err := os.WriteFile(certFile, certPEM, 0o600); err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return pool, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)
}

package routeros

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// root is a config that holds one credential.
type root struct {
	API Credential `yaml:"api"`
}

func (r *root) Validate(report *configs.Report) { r.API.Validate(report.At("api")) }

func TestCredential(t *testing.T) {
	pin := strings.Repeat("ab", 32)
	ca := string(issue(t, nil, nil).file(t))
	junk := filepath.Join(t.TempDir(), "junk.pem")
	secret := filepath.Join(t.TempDir(), "password")
	for _, name := range []string{junk, secret} {
		if err := os.WriteFile(name, []byte("no certificate"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		yaml string
		want []string // paths of problems
	}{
		{"user: u, password: p", nil}, {"user: u, password: p, insecure: true", nil}, {"user: u, password_file: " + secret, nil},
		{"user: u, password: p, tls: {pin: '" + pin + "'}", nil}, {"user: u, password: p, tls: {ca_file: " + ca + ", server_name: x}", nil},
		{"password: p", []string{"api.user"}}, {"user: u", []string{"api.password_file"}},
		{"user: u, password: p, password_file: " + secret, []string{"api.password"}},
		{"user: u, password_file: " + secret + "x", []string{"api.password_file"}},
		{"user: u, password: p, insecure: true, tls: {pin: '" + pin + "'}", []string{"api.insecure"}},
		{"user: u, password: p, tls: {pin: abc}", []string{"api.tls.pin"}},
		{"user: u, password: p, tls: {ca_file: " + junk + "}", []string{"api.tls.ca_file"}},
		{"user: u, password: p, tls: {ca_file: " + junk + "x}", []string{"api.tls.ca_file"}},
		{"user: u, password: p, tls: {verify: false}", []string{"api.tls.verify"}},
	}
	for _, tt := range tests {
		var got root
		err := configs.Parse("t.yaml", []byte("api: {"+tt.yaml+"}"), &got)
		var problems configs.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatal(err)
		}
		var paths []string
		for _, p := range problems {
			if p.Hint == "" {
				t.Errorf("%s: no hint: %s", tt.yaml, p.Message)
			}
			paths = append(paths, p.Path)
		}
		if !slices.Equal(paths, tt.want) {
			t.Errorf("%s: %v, want %q", tt.yaml, err, tt.want)
		}
		if strings.Contains(fmt.Sprintf("%+v %#v", got, got), "no certificate") {
			t.Errorf("%+v", got)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for want, target := range map[string]Target{
		"10.0.0.1:8729": {Address: "10.0.0.1"}, "10.0.0.1:8728": {Address: "10.0.0.1", Credential: Credential{Insecure: true}},
		"10.0.0.1:99": {Address: "10.0.0.1", Port: 99}, "[fd00::1]:8729": {Address: "fd00::1"}, "core-1:8729": {Address: "core-1"},
	} {
		if got := target.endpoint(); got != want {
			t.Errorf("%+v: %s", target, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	shared := newShared(t)
	good := Target{Device: "d", Address: "127.0.0.1", Credential: Credential{User: "u"}}
	if _, err := New(good, pipeline.NewRows("d", nil), shared); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Target){
		"no device": func(t *Target) { t.Device = "" }, "no address": func(t *Target) { t.Address = "" },
		"no user": func(t *Target) { t.Credential.User = "" }, "bad pin": func(t *Target) { t.Credential.TLS.Pin = "x" },
		"both": func(t *Target) { t.Credential.Insecure, t.Credential.TLS.ServerName = true, "x" },
	} {
		target := good
		change(&target)
		if _, err := New(target, pipeline.NewRows("d", nil), shared); err == nil {
			t.Error(name, "is taken")
		}
	}
}

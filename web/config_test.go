package web_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/web"
)

func TestConfigListen(t *testing.T) {
	for _, c := range []struct {
		listen   string
		loopback bool
		problem  string
	}{
		{listen: "127.0.0.1:8080", loopback: true},
		{listen: "[::1]:0", loopback: true},
		{listen: "localhost:80", loopback: true},
		{listen: ":8080"},
		{listen: "0.0.0.0:8080"},
		{listen: "[::]:8080"},
		{listen: "noc.example.net:443"},
		{listen: "", problem: `"" is not host:port`},
		{listen: "8080", problem: `"8080" is not host:port`},
		{listen: "::1:8080", problem: `"::1:8080" is not host:port`},
		{listen: "127.0.0.1:http", problem: `"http" is not a port between 0 and 65535`, loopback: true},
		{listen: "127.0.0.1:65536", problem: `"65536" is not a port between 0 and 65535`, loopback: true},
	} {
		t.Run(c.listen, func(t *testing.T) {
			cfg := web.Config{Listen: c.listen}
			var got []string
			cfg.Validate(configs.NewReport(func(path, message, hint string) {
				if path != "listen" || hint == "" {
					t.Errorf("path %q, hint %q", path, hint)
				}
				got = append(got, message)
			}))
			var want []string
			if c.problem != "" {
				want = []string{c.problem}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if cfg.Loopback() != c.loopback {
				t.Errorf("Loopback is %v", cfg.Loopback())
			}
		})
	}
}

func TestDefaultConfigIsValid(t *testing.T) {
	cfg := web.DefaultConfig()
	cfg.Validate(configs.NewReport(func(path, message, _ string) { t.Errorf("%s: %s", path, message) }))
	if !cfg.Loopback() || cfg.Insecure || cfg.LoopbackRead {
		t.Errorf("the default is open: %+v", cfg)
	}
}

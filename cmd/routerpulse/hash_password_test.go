package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

// TestHashPassword: what is printed is a config of a user with that password.
func TestHashPassword(t *testing.T) {
	for _, c := range []struct {
		in, stderr string
		code       int
	}{{"correct horse\n", "", exitOK}, {"correct horse", "", exitOK}, {"short\n", "shorter than 8", exitError}, {strings.Repeat("x", 73), "longer than 72", exitError}, {"", "shorter than 8", exitError}} {
		var out, errOut bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		code := execute(ctx, []string{"hash-password"}, streams{strings.NewReader(c.in), &out, &errOut})
		cancel()
		if code != c.code || !strings.Contains(errOut.String(), c.stderr) || strings.Contains(out.String()+errOut.String(), "horse") {
			t.Errorf("%q: %d %s %s", c.in, code, out.String(), errOut.String())
		}
		cfg := DefaultConfig()
		if c.code != exitOK {
			continue
		}
		if err := configs.Parse("x.yaml", out.Bytes(), &cfg); err != nil || len(cfg.Stream.Access.Users) != 1 || !cfg.Stream.Access.Users[0].Matches("correct horse") {
			t.Errorf("%s: %v", out.String(), err)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/sinks/spool"
)

// TestSpoolCommand: what waits can be seen, dead letters can be read and sent again.
func TestSpoolCommand(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	file := writeFile(t, "c.yaml", fmt.Sprintf("data: %s\nstorage: { influxdb: [{ name: main, url: 'http://127.0.0.1:1', bucket: b }] }\n", data))
	s := spool.New(spool.DefaultConfig(), spool.Options{Dir: filepath.Join(data, "spool", "main"), Destination: "main",
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(spool.Record{Points: 3, Lines: []byte("a v=1 1\na v=2 2\na v=3 3\n"), MinTime: 1, MaxTime: 3}); err != nil {
		t.Fatal(err)
	}
	if err := s.Bury([]byte("m v=\"many\" 17\n"), 1, "400 Bad Request: field type conflict"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range []struct {
		args string
		want []string
	}{
		{"spool", []string{"DESTINATION", "main", "1", "3", "DEAD LETTERS"}},
		{"spool dead", []string{"field type conflict", `m v="many" 17`}},
		{"spool resend", []string{"1 file(s) will be sent again"}},
	} {
		code, out, errOut := run(t, append(strings.Fields(c.args), "-c", file)...)
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", c.args, code, errOut)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", c.args, want, out)
			}
		}
	}
	if !sinktest.Eventually(patience, func() bool { return s.State().Records == 2 }) {
		t.Error("the dead letter is not sent again")
	}
	code, _, errOut := run(t, "spool", "-c", file, "--destination", "other")
	if code != exitUsage || !strings.Contains(errOut, `there is no destination "other"`) {
		t.Errorf("exit %d: %s", code, errOut)
	}
	code, _, errOut = run(t, "spool", "-c", writeFile(t, "none.yaml", "web: {}\n"))
	if code != exitError || !strings.Contains(errOut, "there is no spool") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

package embedded

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// TestGuide runs every PromQL example of the guide.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/storage.md")
	if err != nil {
		t.Fatal(err)
	}
	s := openStore(t, t.TempDir())
	fleet := sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	for n := range 3 {
		if err := s.Write(t.Context(), fleet.Poll(n)); err != nil {
			t.Fatal(err)
		}
	}
	examples := 0
	for i, block := range strings.Split(string(text), "```promql\n") {
		if i == 0 {
			continue
		}
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			promQL, _, _ := strings.Cut(strings.TrimSpace(line), " # ")
			r := get(t, s, "/api/v1/query", url.Values{"query": {promQL}, "time": {seconds(fleet.Poll(2).Time)}})
			if r.code != 200 {
				t.Errorf("%s: %s", promQL, r.Error)
			}
			examples++
		}
	}
	if examples < 8 {
		t.Errorf("only %d examples were found", examples)
	}
}

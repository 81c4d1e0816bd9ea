package configs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/configs"
)

// FuzzParse: whatever the bytes, the answer is a config or problems, each with a place in the file and
// said once, and the same again the second time.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(files, "default.yaml", "compose.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // the samples have tests of their own
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "include") {
			return // would read files
		}
		first := configs.Parse("f.yaml", data, defaults())
		second := configs.Parse("f.yaml", data, defaults())
		if (first == nil) != (second == nil) || first != nil && first.Error() != second.Error() {
			t.Fatalf("once %v\nthen %v", first, second)
		}
		var problems configs.Problems
		if first != nil && (!errors.As(first, &problems) || len(problems) == 0) {
			t.Fatalf("no Problems: %v", first)
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + strings.Count(string(data), "\u0085") +
			strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029") + 1
		for i, p := range problems {
			if p.Line < 0 || p.Line > lines || p.Line > 0 && p.Column < 1 || p.Message == "" || p.File != "f.yaml" {
				t.Errorf("%+v of %d lines", p, lines)
			}
			if strings.ContainsAny(p.Error(), "\n\r\x1b") {
				t.Errorf("more than a line: %q", p.Error())
			}
			if i > 0 && problems[i-1] == p {
				t.Errorf("twice: %v", p)
			}
		}
	})
}

package configs_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/configs"
)

var update = flag.Bool("update", false, "write the sentences of testdata/bad/*.txt anew")

// TestBadFiles reads each file of testdata/bad and compares all that is said about it, to the letter,
// with the .txt beside it. Whoever changes a sentence reads it again in the diff.
func TestBadFiles(t *testing.T) {
	t.Setenv("LETTERS", "hunter2")
	t.Setenv("INJECTION", "x\nweb: { insecure: true }")
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			err := configs.Load(name, defaults())
			if err == nil {
				t.Fatal("nothing was found wrong")
			}
			got := relative(t, err.Error()) + "\n"
			golden := strings.TrimSuffix(name, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("it says\n%s\nand should say\n%s", got, want)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("the value of an environment variable is printed")
			}
		})
	}
}

// relative takes the folder of this checkout out of a message.
func relative(t *testing.T, s string) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(s, here, "…")
}

func TestBadPaths(t *testing.T) {
	folder := t.TempDir()
	closed := write(t, folder, "closed.yaml", "web: {}\n")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	big := write(t, folder, "big.yaml", "web: {}\n"+strings.Repeat("# filled up\n", 100_000))
	tests := map[string]struct{ name, want string }{
		"missing": {filepath.Join(folder, "none.yaml"), "none.yaml: no such file (check the path; routerpulse init writes a sample)"},
		"folder":  {folder, ": is a folder (name a file; a folder's files come in with include: [folder/*.yaml])"},
		"closed":  {closed, "closed.yaml: permission denied (let the user that runs routerpulse read it)"},
		"big":     {big, "big.yaml: is larger than 1 MiB (split it and name the parts in include:)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if name == "closed" && os.Geteuid() == 0 {
				t.Log("root reads every file: the mode cannot be tested")
				return
			}
			if err := configs.Load(test.name, defaults()); err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

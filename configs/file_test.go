package configs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/routerpulse/routerpulse/configs"
)

func TestReadSecretFile(t *testing.T) {
	folder := t.TempDir()
	tests := map[string]struct{ content, want, problem string }{
		"plain":              {content: "s3cret", want: "s3cret"},
		"one line end":       {content: "s3cret\n", want: "s3cret"},
		"of Windows":         {content: "s3cret\r\n", want: "s3cret"},
		"only one":           {content: "s3cret\n\n", want: "s3cret\n"},
		"spaces are its own": {content: "  s3 cret ", want: "  s3 cret "},
		"the largest":        {content: strings.Repeat("x", 64<<10), want: strings.Repeat("x", 64<<10)},
		"too large":          {content: strings.Repeat("x", 64<<10+1), problem: "is larger than 64 KiB: name a file that holds the secret, and nothing else"},
		"empty":              {content: "", problem: "is empty: write the secret into it, and nothing else"},
		"a line end":         {content: "\n", problem: "is empty: write the secret into it, and nothing else"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := write(t, folder, "secret", test.content)
			got, err := configs.ReadSecretFile(file)
			if got.Reveal() != test.want {
				t.Errorf("got %q", got.Reveal())
			}
			if want := "secret file " + file + ": " + test.problem; (err != nil || test.problem != "") && err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestReadSecretFileThatIsNone(t *testing.T) {
	folder := t.TempDir()
	_, err := configs.ReadSecretFile(filepath.Join(folder, "none"))
	if want := "none: no such file: create it, readable only by the user that runs routerpulse (chmod 600)"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
	if _, err = configs.ReadSecretFile(folder); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a folder: %v", err)
	}
	fifo := filepath.Join(folder, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = configs.ReadSecretFile(fifo); err == nil {
		t.Error("a pipe without a writer was read")
	}
}

func TestReadSecretFromAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := w.WriteString("piped\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := configs.ReadSecretFile(fmt.Sprintf("/dev/fd/%d", r.Fd()))
	if err != nil || s.Reveal() != "piped" {
		t.Errorf("%q %v", s.Reveal(), err)
	}
}

func TestWorldReadable(t *testing.T) {
	file := write(t, t.TempDir(), "secret", "x")
	if configs.WorldReadable(file) || configs.WorldReadable(file+"none") {
		t.Error("0600 or missing")
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if !configs.WorldReadable(file) {
		t.Error("0644")
	}
}

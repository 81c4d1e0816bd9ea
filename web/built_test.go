package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dist is committed so that nobody needs Node to run the program. This finds the commit that changed the
// sources and forgot to build.
func TestDistBelongsToTheSources(t *testing.T) {
	files := []string{"index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"}
	err := filepath.WalkDir("app/src", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, strings.TrimPrefix(filepath.ToSlash(path), "app/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	hash := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile("app/" + name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(hash, "%s %d\n", name, len(content))
		hash.Write(content)
	}
	want, err := os.ReadFile("app/built-from.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != strings.TrimSpace(string(want)) {
		t.Error("web/dist was built from other sources than web/app holds: run make web and commit web/dist and web/app/built-from.txt")
	}
}

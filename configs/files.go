package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Files are what a config was read from: its own files, those that it names, and the patterns of
// include:, which may match others later.
type Files struct {
	sums  map[string]string // path to what was in it
	globs map[string]string // pattern to what it matched
}

func newFiles() *Files { return &Files{sums: map[string]string{}, globs: map[string]string{}} }

// Sum stands for everything that was read: another sum, another config.
func (f *Files) Sum() string {
	return f.sum(func(name string) string { return f.sums[name] }, func(pattern string) string { return f.globs[pattern] })
}

// Look is the sum of what is there now. It equals Sum as long as nothing has changed, however the files
// are replaced: written in place, renamed over, or behind a symlink that is swapped.
func (f *Files) Look() string { return f.sum(lookAt, matched) }

func (f *Files) sum(file, glob func(string) string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f.sums)) {
		fmt.Fprintf(h, "file %q %s\n", name, file(name))
	}
	for _, pattern := range slices.Sorted(maps.Keys(f.globs)) {
		fmt.Fprintf(h, "glob %q %s\n", pattern, glob(pattern))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// matched is what a pattern of include: matches.
func matched(pattern string) string {
	names, _ := filepath.Glob(pattern) // a wrong pattern is a problem of the load
	return fmt.Sprintf("%q", names)
}

// lookAt is the sum of a file, or what stands for the reason why it cannot be read. A pipe is not read:
// what is in it can be had once only.
func lookAt(name string) string {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return plainReason(err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "no regular file"
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return plainReason(err)
	}
	return sumOf(data)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// SumFiles stands for what is in some files now: a secret that was replaced gives another one.
func SumFiles(names ...File) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(lookAt(name.String()))
		b.WriteByte('\n')
	}
	return sumOf([]byte(b.String()))
}

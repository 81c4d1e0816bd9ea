package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// File is the path of a file. In a config it may be relative to the folder of the config file that it
// is written in; Load makes it absolute (Parse joins it with the folder of its name).
//
// A field with the tag `config:"exists"` must name a file that can be read; with `config:"secret"` one
// that ReadSecretFile accepts. Anything else is a problem at the line of the path.
type File string

// String is the path.
func (f File) String() string { return string(f) }

const (
	maxSecret  = 64 << 10
	secretWait = 5 * time.Second
)

// ReadSecretFile reads a password, token or community from a file: all of it but one line end at its
// end. The error names the file and what to do, never what is in it. A file that others may read is not
// refused, because that is how containers mount secrets; ask WorldReadable to warn about one.
func ReadSecretFile(name string) (Secret, error) {
	text, err := readSecret(name)
	if err != nil {
		return Secret{}, fmt.Errorf("secret file %s: %w: %s", name, err, err.hint)
	}
	return NewSecret(text), nil
}

// readSecret also takes a pipe, as in --password-file <(pass show router), and does not wait for ever.
func readSecret(name string) (string, *fileError) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", openProblem(err)
	}
	defer func() { _ = f.Close() }()
	const advice = "name a file that holds the secret, and nothing else"
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
		return "", &fileError{"is no file", advice, nil}
	}
	_ = f.SetReadDeadline(time.Now().Add(secretWait)) // a regular file has none and needs none
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", &fileError{plainReason(err), advice, err}
	}
	if len(data) > maxSecret {
		return "", &fileError{"is larger than 64 KiB", advice, nil}
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", &fileError{"is empty", "write the secret into it, and nothing else", nil}
	}
	return text, nil
}

func openProblem(err error) *fileError {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &fileError{"no such file", "create it, readable only by the user that runs routerpulse (chmod 600)", err}
	case errors.Is(err, fs.ErrPermission):
		return &fileError{"permission denied", "let the user that runs routerpulse read it", err}
	}
	return &fileError{plainReason(err), "check the path", err}
}

// WorldReadable reports that any user of this machine may read the file.
func WorldReadable(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().Perm()&0o004 != 0
}

// file decodes a File and checks it as its tag says; false if it is of no use.
func (l *loader) file(n *node, tag string, p path) (File, bool) {
	name := n.text
	if name == "" {
		return "", true
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(base(n.at.file), name)
	}
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	l.read.sums[name] = lookAt(name)
	var err *fileError
	switch tag {
	case "secret":
		_, err = readSecret(name)
	case "exists":
		err = readable(name)
	}
	if err != nil {
		l.problem(n.at, p, err.hint, "%s: %s", name, err)
		return File(name), false // what checks the whole still sees that it was given
	}
	return File(name), true
}

func readable(name string) *fileError {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return &fileError{"no such file", "check the path; a relative one starts from the folder of this config file", err}
	}
	if err != nil {
		return openProblem(err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return &fileError{"is a folder", "name a file", nil}
	}
	return nil
}

package configs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is the largest config file: room for some ten thousand devices, and a bound for a wrong
// path. More devices go into several files (include:).
const maxFile = 1 << 20

// fileError is a problem of a file as a whole.
type fileError struct {
	message, hint string
	err           error
}

func (e *fileError) Error() string { return e.message }
func (e *fileError) Unwrap() error { return e.err }

// readFile reads a config file whole.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &fileError{"no such file", "check the path; routerpulse init writes a sample", err}
	case errors.Is(err, fs.ErrPermission):
		return nil, &fileError{"permission denied", "let the user that runs routerpulse read it", err}
	case err != nil:
		return nil, &fileError{plainReason(err), "check the path", err}
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &fileError{"is a folder", "name a file; a folder's files come in with include: [folder/*.yaml]", nil}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, &fileError{message: plainReason(err), err: err}
	}
	return data, nil
}

// readFile is the function of that name, and takes note of what was read.
func (l *loader) readFile(name string) ([]byte, error) {
	data, err := readFile(name)
	if err != nil {
		l.read.sums[name] = lookAt(name)
		return nil, err
	}
	l.read.sums[name] = sumOf(data)
	return data, nil
}

// plainReason is an error of the file system without the path, which the problem names already.
func plainReason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// document parses one file into a tree whose root is a mapping; nil if there is none.
func (l *loader) document(name string, data []byte) *node {
	l.files = append(l.files, name)
	first := place{name, 1, 1}
	if len(data) > maxFile {
		l.fileProblem(name, &fileError{"is larger than 1 MiB", "split it and name the parts in include:", nil})
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		l.fileProblem(name, &fileError{"is empty", "routerpulse init writes a sample", nil})
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		l.fileProblem(name, &fileError{"holds comments only", "routerpulse init writes a sample", nil})
		return nil
	} else if err != nil {
		l.syntaxProblem(name, data, err)
		return nil
	}
	if err := decoder.Decode(&more); err == nil {
		l.problem(place{name, more.Line, more.Column}, "", "write one config, without ---", "a second YAML document")
	} else if !errors.Is(err, io.EOF) {
		l.syntaxProblem(name, data, err)
		return nil
	}
	c := composer{loader: l, file: name}
	root := c.node(doc.Content[0], "", 0)
	if c.stopped || root == nil {
		return nil
	}
	if root.kind != mapping {
		l.problem(first, "", "write key: value", "a config is a mapping of keys, this is %s", root.describe())
		return nil
	}
	return root
}

var (
	yamlPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)
	// anchorName is in the parser's messages about anchors: a password that begins with * is one to YAML.
	anchorName = regexp.MustCompile(`anchor '.*?'`)
)

// syntaxProblem says where YAML stops being YAML. The parser's own line is that of the construct's
// beginning, or one off, so the place is found by how far it had to read before it gave up.
func (l *loader) syntaxProblem(name string, data []byte, err error) {
	message := anchorName.ReplaceAllString(yamlPrefix.ReplaceAllString(err.Error(), ""), "anchor")
	lines := strings.Split(string(data), "\n")
	line := min(strings.Count(string(data[:readUntilError(data)]), "\n"), len(lines)-1)
	for line > 0 && strings.TrimSpace(lines[line]) == "" {
		line--
	}
	for i := range min(line+2, len(lines)) {
		indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			l.problem(place{name, i + 1, tab + 1}, "", "indent with spaces", "a tab in the indentation")
			return
		}
	}
	if strings.Contains(message, "max depth") {
		message = tooDeep
	}
	column := len(lines[line]) - len(strings.TrimLeft(lines[line], " ")) + 1
	l.problem(place{name, line + 1, column}, "", syntaxHint(message, lines[line]), "not YAML: %s", message)
}

// syntaxHint tells what the parser's words mean to somebody who writes a config.
func syntaxHint(message, line string) string {
	switch {
	case message == tooDeep:
		return "no setting needs it"
	case strings.Contains(message, "',' or '}'") && strings.Contains(line, "${"):
		return `inside { } a variable needs quotes: "${NAME}"`
	case strings.Contains(message, "end of stream"), strings.Contains(message, "did not find expected ',' or"):
		return "a quote or a bracket before it is opened and not closed"
	case strings.Contains(message, "mapping values are not allowed"):
		return `check the indentation; a text that holds ": " needs quotes`
	case strings.Contains(message, "unknown anchor"):
		return "set it with &name before *name; a text that begins with * needs quotes"
	case strings.Contains(message, "cannot start any token"):
		return "a text that begins with @ or ` needs quotes"
	case strings.Contains(message, "did not find expected key"), strings.Contains(message, "'-' indicator"):
		return "check the indentation"
	}
	return ""
}

// readUntilError tells how many bytes the parser takes before it fails.
func readUntilError(data []byte) int {
	r := &byteReader{data: data}
	decoder := yaml.NewDecoder(r)
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); err != nil {
			return max(r.next-1, 0)
		}
	}
}

// byteReader hands out one byte at a time.
type byteReader struct {
	data []byte
	next int
}

// Read gives the next byte.
func (r *byteReader) Read(p []byte) (int, error) {
	if r.next >= len(r.data) {
		return 0, io.EOF
	}
	r.next++
	return copy(p, r.data[r.next-1:r.next]), nil
}

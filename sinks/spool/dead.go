package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lines that a database will never take are kept in files of line protocol, in which a comment says
// when and why. They can be read, mended and sent again: a file whose name begins with "resend-" is
// appended to the spool and removed.
const (
	deadFolder   = "dead"
	deadSuffix   = ".lp"
	resendPrefix = "resend-"
	deadFile     = 1 << 20  // from which size on the next lines go into another file
	deadBytes    = 64 << 20 // of all files; the oldest go
)

// Bury keeps lines that the database refuses, with the reason. They are not acknowledged by that.
func (s *Spool) Bury(lines []byte, points int, reason string) error {
	s.metrics.dead.Add(float64(points))
	dir := filepath.Join(s.opt.Dir, deadFolder)
	s.mu.Lock()
	defer s.mu.Unlock()
	files, err := deadFiles(dir)
	if err != nil {
		return s.fail(err)
	}
	b := fmt.Appendf(nil, "# %s %s\n", s.now().UTC().Format(time.RFC3339), oneLine(reason))
	b = append(b, bytes.TrimRight(lines, "\n")...)
	b = append(b, '\n')
	name := filepath.Join(dir, s.now().UTC().Format("20060102T150405.000000000Z")+deadSuffix)
	if n := len(files); n > 0 && files[n-1].Bytes < deadFile && !strings.HasPrefix(filepath.Base(files[n-1].Path), resendPrefix) {
		name = files[n-1].Path
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return s.fail(err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return s.fail(err)
	}
	return trimDead(files)
}

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

// trimDead removes the oldest files beyond the bound.
func trimDead(files []DeadFile) error {
	var total int64
	for _, f := range files {
		total += f.Bytes
	}
	for _, f := range files {
		if total <= deadBytes {
			break
		}
		if err := os.Remove(f.Path); err != nil {
			return err
		}
		total -= f.Bytes
	}
	return nil
}

// DeadFile is a file of lines that a database refused.
type DeadFile struct {
	Path  string
	Bytes int64
}

// deadFiles lists the files, oldest first.
func deadFiles(dir string) (files []DeadFile, err error) {
	entries, err := os.ReadDir(dir)
	if isNotThere(err) {
		return nil, nil
	}
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr == nil && strings.HasSuffix(e.Name(), deadSuffix) {
			files = append(files, DeadFile{filepath.Join(dir, e.Name()), info.Size()})
		}
	}
	slices.SortFunc(files, func(a, b DeadFile) int {
		return strings.Compare(strings.TrimPrefix(filepath.Base(a.Path), resendPrefix), strings.TrimPrefix(filepath.Base(b.Path), resendPrefix))
	})
	return files, err
}

// resend appends the lines of files that somebody wants to be sent again.
func (s *Spool) resend() {
	if _, ok := s.dir.(diskFolder); !ok {
		return
	}
	files, err := deadFiles(filepath.Join(s.opt.Dir, deadFolder))
	if err != nil {
		return // Bury says so
	}
	for _, f := range files {
		if !strings.HasPrefix(filepath.Base(f.Path), resendPrefix) {
			continue
		}
		if err := s.resendFile(f.Path); err != nil {
			s.log.Error("dead letters cannot be sent again", "file", f.Path, "err", err)
		}
	}
}

func (s *Spool) resendFile(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r := Record{}
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		r.Lines = append(append(r.Lines, line...), '\n')
		r.Points++
		if ms, ok := timeOf(line); ok {
			r.MaxTime = max(r.MaxTime, ms)
			if r.MinTime == 0 || ms < r.MinTime {
				r.MinTime = ms
			}
		}
	}
	if r.Points > 0 {
		if _, err := s.Append(r); err != nil {
			return err
		}
	}
	s.log.Info("dead letters are sent again", "file", filepath.Base(path), "samples", r.Points)
	return os.Remove(path)
}

// timeOf is the timestamp at the end of a line.
func timeOf(line []byte) (ms int64, ok bool) {
	i := bytes.LastIndexByte(line, ' ')
	ms, err := strconv.ParseInt(string(line[i+1:]), 10, 64)
	return ms, err == nil
}

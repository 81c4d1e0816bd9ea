package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Summary is what is in a spool's folder. Another process may be using it meanwhile.
type Summary struct {
	Segments        int
	Bytes           int64
	Records, Points int // not acknowledged, as of the last second
	Oldest, Newest  time.Time
	Dead            []DeadFile
}

// Inspect looks into a folder, and changes nothing.
func Inspect(dir string) (sum Summary, err error) {
	names, err := diskFolder(dir).list()
	if err != nil {
		return Summary{}, err
	}
	settled := readSettled(dir)
	slices.Sort(names)
	for _, name := range names {
		if first, ok := parseName(name); ok {
			if err := sum.add(dir, name, first, settled); err != nil && !isNotThere(err) {
				return sum, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	sum.Dead, err = deadFiles(filepath.Join(dir, deadFolder))
	return sum, err
}

func readSettled(dir string) (settled intervals) {
	data, err := os.ReadFile(filepath.Join(dir, cursorName))
	if err != nil {
		return nil // all is handed out again
	}
	var newest uint64
	for at := 0; at+slotSize <= len(data); at += slotSize {
		if generation, list, ok := parseSlot(data[at : at+slotSize]); ok && generation >= newest {
			newest, settled = generation, list
		}
	}
	return settled
}

// add counts a segment's records that are not acknowledged.
func (sum *Summary) add(dir, name string, first uint64, settled intervals) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if checkSegment(f, info.Size(), first) != nil {
		return nil // the daemon puts it aside
	}
	sum.Segments++
	sum.Bytes += info.Size()
	scan := newScanner(f, segmentHead, info.Size())
	for {
		h, _, err := scan.next()
		if err != nil {
			return scan.err
		}
		if h.kind == typeLines && !settled.has(h.seq) {
			sum.Records++
			sum.Points += int(h.points)
			if at := time.UnixMilli(h.min); sum.Oldest.IsZero() || at.Before(sum.Oldest) {
				sum.Oldest = at
			}
			if at := time.UnixMilli(h.max); at.After(sum.Newest) {
				sum.Newest = at
			}
		}
	}
}

// DeadLetter is some lines that a database refused, and why.
type DeadLetter struct {
	At     string // RFC 3339
	Reason string
	Lines  []string
}

// ReadDead reads a file of dead letters.
func ReadDead(path string) (letters []DeadLetter, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(data) {
		text := strings.TrimSpace(string(line))
		if comment, ok := strings.CutPrefix(text, "# "); ok {
			at, reason, _ := strings.Cut(comment, " ")
			letters = append(letters, DeadLetter{At: at, Reason: reason})
		} else if n := len(letters); text != "" && n > 0 {
			letters[n-1].Lines = append(letters[n-1].Lines, text)
		}
	}
	return letters, nil
}

// Resend marks a file of dead letters to be sent again. The daemon does it within half a minute, or at its
// next start.
func Resend(path string) error {
	dir, name := filepath.Split(path)
	if strings.HasPrefix(name, resendPrefix) {
		return nil
	}
	return os.Rename(path, filepath.Join(dir, resendPrefix+name))
}

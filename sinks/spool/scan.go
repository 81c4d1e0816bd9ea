package spool

import (
	"errors"
	"io"
)

// scanner goes through the records of a segment. It never gives up: what is damaged is jumped over.
type scanner struct {
	file io.ReaderAt
	at   int64 // of the next record
	end  int64 // of what is good
	buf  []byte
	from int64 // of buf
	err  error // why a part of it could not be read
}

const (
	scanBuffer = 256 << 10
	diskBlock  = 4096
)

func newScanner(f io.ReaderAt, at, end int64) *scanner { return &scanner{file: f, at: at, end: end} }

// next finds the next header at or after the place where it stands; io.EOF if there is none. It then
// stands behind that record, whose payload begins at the place it returns.
func (s *scanner) next() (h head, payload int64, err error) {
	for s.at+headSize <= s.end {
		b, err := s.peek(headSize)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // what is behind that block may be readable
			s.err = err
			s.at = (s.at/diskBlock + 1) * diskBlock
			continue
		}
		h, err := parseHead(b)
		if err == nil && s.at+h.size() <= s.end {
			payload = s.at + headSize
			s.at += h.size()
			return h, payload, nil
		}
		s.at += align
	}
	return head{}, 0, io.EOF
}

// peek returns n bytes from where it stands.
func (s *scanner) peek(n int) ([]byte, error) {
	if s.at < s.from || s.at+int64(n) > s.from+int64(len(s.buf)) {
		want := min(int64(scanBuffer), s.end-s.at)
		if int64(cap(s.buf)) < want {
			s.buf = make([]byte, want)
		}
		got, err := s.file.ReadAt(s.buf[:want], s.at)
		s.buf, s.from = s.buf[:got], s.at
		if got < n {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.EOF
			}
			return nil, err
		}
	}
	return s.buf[s.at-s.from:][:n], nil
}

// read reads the payload that belongs to a header; errDamaged if it is not what was written.
func (s *scanner) read(h *head, at int64) ([]byte, error) {
	b := make([]byte, h.length)
	if at >= s.from && at+int64(h.length) <= s.from+int64(len(s.buf)) {
		copy(b, s.buf[at-s.from:])
	} else if n, err := s.file.ReadAt(b, at); n < len(b) {
		if errors.Is(err, io.EOF) || err == nil {
			return nil, errDamaged
		}
		return nil, err
	}
	if checksum(b) != h.payload {
		return nil, errDamaged
	}
	return b, nil
}

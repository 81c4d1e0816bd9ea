package simulator

import (
	"bufio"
	"errors"
	"io"
)

// Bounds of what a client may send. A real router takes more; nobody needs more.
const (
	maxWord     = 64 << 10
	maxSentence = 256 << 10
	maxWords    = 1024
)

var (
	errControlByte = errors.New("a reserved control byte where a length should be")
	errTooLong     = errors.New("a word or sentence that is too long")
)

// appendWordLength appends the length of a word in the shortest of its five forms.
func appendWordLength(b []byte, n uint32) []byte {
	switch {
	case n < 0x80:
		return append(b, byte(n))
	case n < 0x4000:
		return append(b, 0x80|byte(n>>8), byte(n))
	case n < 0x20_0000:
		return append(b, 0xc0|byte(n>>16), byte(n>>8), byte(n))
	case n < 0x1000_0000:
		return append(b, 0xe0|byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	default:
		return append(b, 0xf0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// appendWord appends a word made of parts.
func appendWord(b []byte, parts ...string) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b = appendWordLength(b, uint32(n))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// readWordLength reads a length in any form, also one that is longer than it needs to be.
func readWordLength(r io.ByteReader) (uint32, error) {
	first, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	var (
		n    uint32
		more int
	)
	switch {
	case first < 0x80:
		return uint32(first), nil
	case first < 0xc0:
		n, more = uint32(first&0x3f), 1
	case first < 0xe0:
		n, more = uint32(first&0x1f), 2
	case first < 0xf0:
		n, more = uint32(first&0x0f), 3
	case first < 0xf8:
		n, more = 0, 4
	default:
		return 0, errControlByte
	}
	for range more {
		c, err := r.ReadByte()
		if err != nil {
			return 0, unexpected(err)
		}
		n = n<<8 | uint32(c)
	}
	return n, nil
}

// sentence is what a client sends: words. It is reused from one to the next.
type sentence struct {
	text []byte
	ends []int
}

func (s *sentence) len() int { return len(s.ends) }

func (s *sentence) word(i int) []byte {
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.text[start:s.ends[i]]
}

// read reads the words up to the empty one that ends a sentence. io.EOF means that the client ended
// properly, between two sentences.
func (s *sentence) read(r *bufio.Reader) error {
	s.text, s.ends = s.text[:0], s.ends[:0]
	for {
		n, err := readWordLength(r)
		if err != nil {
			if len(s.ends) > 0 {
				return unexpected(err)
			}
			return err
		}
		if n == 0 {
			return nil
		}
		if n > maxWord || len(s.text)+int(n) > maxSentence || len(s.ends) == maxWords {
			return errTooLong
		}
		if err := s.readBytes(r, int(n)); err != nil {
			return err
		}
		s.ends = append(s.ends, len(s.text))
	}
}

// readBytes takes room only for what has come: a length alone costs the client nothing.
func (s *sentence) readBytes(r io.Reader, n int) error {
	for n > 0 {
		start, step := len(s.text), min(n, 1024)
		s.text = append(s.text, make([]byte, step)...)
		if _, err := io.ReadFull(r, s.text[start:]); err != nil {
			return unexpected(err)
		}
		n -= step
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

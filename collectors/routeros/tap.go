package routeros

import (
	"net"
	"strings"
)

// tap listens to what is said over a connection that is logged in. It belongs to whoever uses the
// connection.
type tap struct {
	net.Conn
	recording *Recording
	out, in   sentences
	open      map[string]*question // by tag
}

func newTap(conn net.Conn, r *Recording) *tap {
	return &tap{Conn: conn, recording: r, open: map[string]*question{}}
}

// Write hands on what is asked.
func (t *tap) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	t.out.take(b[:n], func(words []string) {
		tag, rest := cutTag(words)
		if len(rest) > 0 {
			t.open[tag] = &question{words: rest}
		}
	})
	return n, err
}

// Read hands on what is answered.
func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.in.take(b[:n], t.hear)
	return n, err
}

func (t *tap) hear(words []string) {
	tag, words := cutTag(words)
	q := t.open[tag]
	if q == nil || len(words) == 0 {
		return
	}
	said := map[string]string{}
	for _, w := range words[1:] {
		if name, value, ok := strings.Cut(strings.TrimPrefix(w, "="), "="); ok {
			said[name] = value
		}
	}
	switch words[0] {
	case "!re":
		q.rows = append(q.rows, said)
	case "!trap":
		q.trap = true
	case "!done":
		delete(t.open, tag)
		t.recording.answered(q, said)
	}
}

// cutTag takes the tag out of a sentence.
func cutTag(words []string) (tag string, rest []string) {
	for _, w := range words {
		if t, ok := strings.CutPrefix(w, ".tag="); ok {
			tag = t
			continue
		}
		rest = append(rest, w)
	}
	return tag, rest
}

// sentences puts a stream of bytes together to sentences. What it is given has passed, or will pass,
// the guard that bounds words and sentences.
type sentences struct {
	pending []byte
	words   []string
}

// take adds bytes, and calls got for each sentence that is complete.
func (s *sentences) take(b []byte, got func(words []string)) {
	s.pending = append(s.pending, b...)
	for {
		word, size, ok := cutWord(s.pending)
		if !ok {
			break
		}
		s.pending = s.pending[size:]
		if len(word) > 0 {
			s.words = append(s.words, string(word))
			continue
		}
		got(s.words)
		s.words = nil
	}
	if len(s.pending) == 0 {
		s.pending = nil
	}
}

// cutWord splits off the first word, if all of it is there.
func cutWord(b []byte) (word []byte, size int, ok bool) {
	if len(b) == 0 {
		return nil, 0, false
	}
	length, more := int(b[0]), 0
	switch {
	case b[0] < 0x80:
	case b[0] < 0xc0:
		length, more = int(b[0]&0x3f), 1
	case b[0] < 0xe0:
		length, more = int(b[0]&0x1f), 2
	case b[0] < 0xf0:
		length, more = int(b[0]&0x0f), 3
	default:
		length, more = 0, 4
	}
	if len(b) < 1+more {
		return nil, 0, false
	}
	for _, c := range b[1 : 1+more] {
		length = length<<8 | int(c)
	}
	size = 1 + more + length
	if size < 0 || len(b) < size {
		return nil, 0, false
	}
	return b[1+more : size], size, true
}

package routeros

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scanned is a connection that delivers bytes in chunks, and then ends.
type scanned struct {
	net.Conn
	data   []byte
	chunks []byte // sizes, over and over; none: everything at once
	next   int
}

func (s *scanned) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := len(s.data)
	if len(s.chunks) > 0 {
		n = min(n, int(s.chunks[s.next%len(s.chunks)])+1)
		s.next++
	}
	n = copy(p, s.data[:n])
	s.data = s.data[n:]
	return n, nil
}

func (s *scanned) SetDeadline(time.Time) error      { return nil }
func (s *scanned) SetReadDeadline(time.Time) error  { return nil }
func (s *scanned) SetWriteDeadline(time.Time) error { return nil }

// readAll reads sentences through a wire until it fails.
func readAll(t testing.TB, data, chunks []byte) (sentences [][]string, err error) {
	w := newWire()
	w.attach(t.Context(), &scanned{data: data, chunks: chunks}, requestPatience())
	defer w.detach()
	for {
		s, err := w.receive()
		if err != nil {
			return sentences, err
		}
		sentences = append(sentences, wordsOf(s))
	}
}

// decode is a second reading of the protocol, over whole data and with no care for memory: the words
// of each whole sentence, and whether what follows them is allowed.
func decode(data []byte) (sentences [][]string, rest []byte, allowed bool) {
	for {
		words, after, ok, whole := decodeSentence(data)
		if !ok || !whole {
			return sentences, data, ok
		}
		sentences, data = append(sentences, words), after
	}
}

func decodeSentence(data []byte) (words []string, rest []byte, ok, whole bool) {
	size := 0
	for {
		if len(data) == 0 {
			return nil, nil, true, false
		}
		first := int(data[0])
		header := 1
		for _, limit := range []int{0x80, 0xC0, 0xE0, 0xF0} {
			if first >= limit {
				header++
			}
		}
		if first > 0xF0 {
			return nil, nil, false, false
		}
		if len(data) < header {
			return nil, nil, true, false
		}
		length := 0
		for _, b := range data[:header] {
			length = length<<8 | int(b)
		}
		length &= [...]int{0, 0x7F, 0x3FFF, 0x1FFFFF, 0x0FFFFFFF, 0xFFFFFFFF}[header]
		size += header + length
		if length > maxWordBytes || size > maxSentenceBytes || (length > 0 && len(words) >= maxSentenceWords) {
			return nil, nil, false, false
		}
		if length == 0 {
			return words, data[header:], true, true
		}
		if len(data) < header+length {
			return nil, nil, true, false
		}
		words = append(words, string(data[header:header+length]))
		data = data[header+length:]
	}
}

// wordsOf is a sentence as words; the tag comes last.
func wordsOf(s *sentence) []string {
	var words []string
	if s.reply != nil {
		words = append(words, string(s.reply))
	}
	for _, w := range s.words {
		name, value := splitWord(w)
		words = append(words, "="+string(name)+"="+string(value))
	}
	if len(s.tag) > 0 {
		words = append(words, ".tag="+string(s.tag))
	}
	return words
}

// normal brings words to the form of wordsOf; false if they are no sentence.
func normal(words []string) (out []string, ok bool) {
	tag := ""
	for i, w := range words {
		switch {
		case i == 0 && w[0] != '!':
			return nil, false
		case i == 0:
			out = append(out, w)
		case strings.HasPrefix(w, ".tag="):
			tag = w
		case strings.HasPrefix(w, "="):
			if !strings.Contains(w[1:], "=") {
				w += "="
			}
			out = append(out, w)
		default:
			return nil, false
		}
	}
	if tag != "" && tag != ".tag=" {
		out = append(out, tag)
	}
	return out, true
}

// TestWords: however a sentence was cut into reads, its words arrive whole, whatever is in them.
func TestWords(t *testing.T) {
	names := []string{"ether1", "a\nb", "a,b", "a=b", `a"b'c`, "a\x00b", "\xff\xfe", "\xc3\x28", "=", "==", "!done", ".tag=9", "",
		strings.Repeat("x", 127), strings.Repeat("x", 128), strings.Repeat("\x00", 16383), strings.Repeat("y", 16384), strings.Repeat("z", maxWordBytes-6)}
	var data []byte
	for _, name := range names {
		data = append(data, encode("!re", "=name="+name, ".tag=1")...)
	}
	for _, chunks := range [][]byte{nil, {0}, {1}, {2, 0, 6}, {255}} {
		data, names := data, names
		if len(chunks) > 0 && chunks[0] < 255 { // the long ones take their time in small pieces
			names = names[:15]
			data = data[:bytes.Index(data, lengthOf(6+16383))-4]
		}
		sentences, err := readAll(t, bytes.Clone(data), chunks)
		if !errors.Is(err, errLost) || len(sentences) != len(names) {
			t.Fatalf("chunks %v: %d sentences, %v", chunks, len(sentences), err)
		}
		for i, s := range sentences {
			if !slices.Equal(s, []string{"!re", "=name=" + names[i], ".tag=1"}) {
				t.Errorf("chunks %v: %.40q arrives as %.40q", chunks, names[i], s)
			}
		}
	}
}

// TestRefused: nothing excessive is taken, and nothing before it is lost.
func TestRefused(t *testing.T) {
	row := encode("!re", "=name=ether1")
	tests := []struct {
		name string
		data []byte
		err  error
	}{
		{"1 GiB word", []byte{0xF0, 0x40, 0, 0, 0}, errLimit},
		{"4 GiB word", []byte{0xF0, 0xFF, 0xFF, 0xFF, 0xFF}, errLimit},
		{"256 MiB word", []byte{0xEF, 0xFF, 0xFF, 0xFF}, errLimit},
		{"a byte too much", lengthOf(maxWordBytes + 1), errLimit},
		{"control byte F8", []byte{0xF8}, errProtocol},
		{"control byte FF", []byte{0xFF}, errProtocol},
		{"reserved F1", []byte{0xF1, 0, 0, 0, 1}, errProtocol},
		{"a million words", append(encode("!re")[:4], bytes.Repeat([]byte{1, '='}, 1_000_000)...), errLimit},
		{"endless sentence", append(encode("!re")[:4], bytes.Repeat(append(lengthOf(60_000), bytes.Repeat([]byte{'='}, 60_000)...), 20)...), errLimit},
		{"end of the connection in a word", row[:len(row)-3], errLost},
		{"end of the connection in a length", []byte{0xC0}, errLost},
		{"HTTP", []byte("HTTP/1.1 400 Bad Request\r\n\r\n" + strings.Repeat("x", 200)), errProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sentences, err := readAll(t, append(bytes.Clone(row), tt.data...), nil)
			if !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if len(sentences) == 0 || sentences[0][1] != "=name=ether1" {
				t.Error("the row before it is lost")
			}
		})
	}
}

// TestReplyLimits: the rows and bytes of one answer are bounded, whatever is in them.
func TestReplyLimits(t *testing.T) {
	for name, row := range map[string]*sentence{"rows": {reply: []byte("!re")}, "bytes": {reply: []byte("!re"), raw: make([]byte, maxSentenceBytes)}} {
		c, taken := &call{}, 0
		for c.take(row, time.Now()) == nil {
			taken++
		}
		if want := map[string]int{"rows": maxReplyRows, "bytes": maxReplyBytes / maxSentenceBytes}[name]; taken != want {
			t.Errorf("%s: %d sentences are taken, want %d", name, taken, want)
		}
	}
	empties := pipe(t, func(c *stubConn) { c.sentence(); repeat(c, make([]byte, 1000)) })
	if err := newShared(t).exchange(within(t, 20*time.Second), empties, requestPatience(), &call{words: []string{"/x/print"}}); !errors.Is(err, errLimit) {
		t.Error(err)
	}
}

// TestLargeSentences: one of the largest size is read, a byte more is not, and the wire that grew for it
// is not kept.
func TestLargeSentences(t *testing.T) {
	words := []string{"!re"}
	size := len(encode(words...))
	for size+maxWordBytes+3 < maxSentenceBytes {
		words = append(words, "="+strings.Repeat("x", maxWordBytes-1))
		size += maxWordBytes + 3
	}
	words = append(words, "="+strings.Repeat("y", maxSentenceBytes-size-4))
	data := encode(words...)
	if len(data) != maxSentenceBytes {
		t.Fatal(len(data))
	}
	if sentences, err := readAll(t, bytes.Clone(data), nil); !errors.Is(err, errLost) || len(sentences) != 1 || len(sentences[0]) != len(words) {
		t.Error(len(sentences), err)
	}
	words[len(words)-1] += "y"
	if _, err := readAll(t, encode(words...), nil); !errors.Is(err, errLimit) {
		t.Error(err)
	}
	w := newWire()
	w.makeRoom(maxSentenceBytes)
	if w.keep() || !newWire().keep() {
		t.Error("kept")
	}
}

// TestFatalReason: the reason is a bare word, or an attribute.
func TestFatalReason(t *testing.T) {
	for _, words := range [][]string{{"!fatal", "session terminated\x00"}, {"!fatal", "=message=session terminated\x00"}} {
		for _, chunks := range [][]byte{nil, {0}} {
			_, err := readAll(t, encode(words...), chunks)
			if !errors.Is(err, errFatal) || !strings.HasSuffix(err.Error(), ": session terminated\uFFFD") {
				t.Errorf("%q: %v", words, err)
			}
		}
	}
	if _, err := readAll(t, encode("!fatal"), nil); !errors.Is(err, errFatal) {
		t.Error(err)
	}
	if _, err := readAll(t, encode("!fatality", "x"), nil); !errors.Is(err, errProtocol) {
		t.Error(err)
	}
}

func TestWordLengthPublished(t *testing.T) {
	var file struct {
		Vectors []struct {
			Length int
			Hex    string
		}
		MustFail []struct{ Hex string } `json:"must_fail_decode"`
	}
	vectors(t, "word_length.json", &file)
	for _, v := range file.Vectors {
		header, length, err := wordLength(unhex(t, v.Hex))
		if err != nil || length != v.Length || header != len(v.Hex)/2 {
			t.Errorf("%s: got %d of %d bytes, %v; want %d", v.Hex, length, header, err, v.Length)
		}
		f := framing{limit: maxSentenceBytes}
		if _, err := f.scan(unhex(t, v.Hex)); (v.Length > maxWordBytes) != errors.Is(err, errLimit) {
			t.Errorf("%s: %v", v.Hex, err)
		}
		if v.Length < 1<<21 && !bytes.HasPrefix(appendWord(nil, strings.Repeat("x", v.Length)), unhex(t, v.Hex)) {
			t.Errorf("%s: written as %x", v.Hex, appendWord(nil, strings.Repeat("x", v.Length))[:4])
		}
	}
	for _, v := range file.MustFail {
		if _, _, err := wordLength(unhex(t, v.Hex)); !errors.Is(err, errProtocol) {
			t.Errorf("%s: %v", v.Hex, err)
		}
	}
	t.Logf("%d lengths and %d bad ones of the published vectors", len(file.Vectors), len(file.MustFail))
}

func TestSentencesPublished(t *testing.T) {
	var file struct {
		Sentences []struct {
			Name   string
			Hex    string     `json:"router_hex"`
			Router [][]string `json:"router_sentences"`
		}
	}
	vectors(t, "sentences.json", &file)
	for _, v := range file.Sentences {
		sentences, err := readAll(t, unhex(t, v.Hex), nil)
		var got, want [][]string
		got = append(got, sentences...)
		for _, words := range v.Router {
			if len(words) > 0 && words[0] == "!fatal" {
				if reason := strings.TrimPrefix(words[1], "=message="); !errors.Is(err, errFatal) || !strings.Contains(err.Error(), reason) {
					t.Errorf("%s: %v", v.Name, err)
				}
				continue
			}
			words, _ = normal(words)
			want = append(want, words)
		}
		if v.Router == nil { // the file only says it in words
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", v.Name, diff)
		}
	}
	t.Logf("%d exchanges of the published vectors", len(file.Sentences))
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzWire: whatever comes and however it is cut, what is read agrees with the second reading above.
func FuzzWire(f *testing.F) {
	f.Add(encode("!re", "=name=a\nb,c=d", ".tag=1"), []byte{0})
	f.Add(append(encode("!re"), encode("!done", "=ret=*1")...), []byte{1, 7})
	f.Add(encode("!fatal", "session terminated on request"), []byte{})
	f.Add([]byte{0xF0, 0x40, 0, 0, 0}, []byte{0})
	f.Add([]byte{0, 0, 0xC0, 0x43, 0x21}, []byte{0})
	f.Add(append(encode("!re", "=x="+strings.Repeat("y", 300)), 0xFF), []byte{3})
	f.Add(bytes.Repeat([]byte{1, '='}, 600), []byte{})
	f.Fuzz(func(t *testing.T, data, chunks []byte) {
		data = data[:min(len(data), 4<<10)] // the second reading is slow
		want, rest, allowed := decode(bytes.Clone(data))
		got, err := readAll(t, data, chunks)
		for i, s := range got {
			if i >= len(want) {
				t.Fatalf("%d sentences, want %d", len(got), len(want))
			}
			words, ok := normal(want[i])
			if !ok || !slices.Equal(s, words) {
				t.Fatalf("sentence %d: got %q, want %q (%v)", i, s, words, ok)
			}
		}
		if err := expected(want, rest, allowed, got, err); err != nil {
			t.Fatal(err)
		}
	})
}

// expected tells whether reading ended for the right reason.
func expected(want [][]string, rest []byte, allowed bool, got [][]string, err error) error {
	stopped := want[len(got):]
	if len(stopped) == 0 {
		stopped = [][]string{wholeWords(rest)} // a sentence that is not whole may be a fault or fatal already
	}
	_, fine := normal(stopped[0])
	fatal := len(stopped[0]) > 0 && stopped[0][0] == "!fatal"
	switch {
	case errors.Is(err, errFatal):
		if !strings.HasPrefix(string(rest), "\x06!fatal") && !fatal {
			return fmt.Errorf("fatal for %q", stopped[0])
		}
	case len(got) < len(want):
		if fine || !errors.Is(err, errProtocol) {
			return fmt.Errorf("stopped at %q: %w", stopped[0], err)
		}
	case !fine && errors.Is(err, errProtocol):
	case allowed != errors.Is(err, errLost):
		return fmt.Errorf("rest %.60q, allowed %v: %w", rest, allowed, err)
	}
	return nil
}

// wholeWords are the words of a sentence that does not end.
func wholeWords(data []byte) (words []string) {
	for len(data) > 0 {
		with, _, ok, whole := decodeSentence(append(bytes.Clone(data), 0))
		if ok && whole {
			return with
		}
		data = data[:len(data)-1]
	}
	return nil
}

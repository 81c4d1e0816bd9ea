package routeros

// Limits on what a router may send. A length is refused before memory is taken for it.
const (
	maxWordBytes     = 64 << 10
	maxSentenceBytes = 1 << 20
	maxSentenceWords = 512
	maxLoginBytes    = 16 << 10 // of a sentence that the library reads, which takes some eight times that
	maxReplyBytes    = 16 << 20 // of all answers to one request
	maxReplyRows     = 1 << 16
)

// sentence is one sentence in the buffer of a wire. It holds until the next is read.
type sentence struct {
	raw   []byte   // with its lengths
	reply []byte   // the first word: !re, !done, …; nil if the sentence is empty
	tag   []byte   // nil: none
	words [][]byte // the attribute words, =name=value each
	bare  []byte   // a word that is none of these: the reason of a !fatal
}

// span is where a word lies, counted from the beginning of its sentence: the buffer may move meanwhile.
type span struct{ from, to int }

// framing follows the words of the API in the bytes of one sentence, as far as they have come. A length
// is one to five bytes, then come that many bytes of content; a word of length 0 ends the sentence.
type framing struct {
	limit int // of the sentence
	at    int // bytes that were followed
	words []span
}

func (f *framing) restart() { f.at, f.words = 0, f.words[:0] }

// scan follows b, which begins where the sentence does, up to its end. more is how many bytes b must
// have, at least, before it is of use to ask again; 0 says that the sentence is whole.
func (f *framing) scan(b []byte) (more int, err error) {
	for {
		header, length, err := wordLength(b[f.at:])
		if err != nil {
			return 0, err
		}
		if header == 0 {
			return len(b) + 1, nil
		}
		if err := f.check(header, length); err != nil {
			return 0, err
		}
		end := f.at + header + length
		if end > len(b) {
			return end, nil
		}
		if length == 0 {
			f.at = end
			return 0, nil
		}
		if len(f.words) == 0 && b[f.at+header] != '!' {
			return 0, protocolError("%.40q where an answer should begin", b[f.at+header:end])
		}
		f.words = append(f.words, span{f.at + header, end})
		f.at = end
	}
}

func (f *framing) check(header, length int) error {
	switch {
	case length > maxWordBytes:
		return limitError("word of %d bytes, at most %d are taken", length, maxWordBytes)
	case f.at+header+length > f.limit:
		return limitError("sentence of more than %d bytes", f.limit)
	case length > 0 && len(f.words) >= maxSentenceWords:
		return limitError("sentence of more than %d words", maxSentenceWords)
	}
	return nil
}

// wordLength reads a length and says how many bytes it takes; 0 if they have not all come. 0xF1 and
// above are reserved, from 0xF8 on for control.
func wordLength(b []byte) (header, length int, err error) {
	if len(b) == 0 {
		return 0, 0, nil
	}
	switch first := b[0]; {
	case first < 0x80:
		return 1, int(first), nil
	case first < 0xC0:
		header, length = 2, int(first&^0xC0)
	case first < 0xE0:
		header, length = 3, int(first&^0xE0)
	case first < 0xF0:
		header, length = 4, int(first&^0xF0)
	case first == 0xF0:
		header = 5
	default:
		return 0, 0, protocolError("reserved control byte 0x%02X instead of a length", first)
	}
	if len(b) < header {
		return 0, 0, nil
	}
	for _, next := range b[1:header] {
		length = length<<8 | int(next)
	}
	return header, length, nil
}

// appendWord writes a word. No word of ours is longer than 2 MiB.
func appendWord(b []byte, word string) []byte {
	switch n := len(word); {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x4000:
		b = append(b, byte(n>>8)|0x80, byte(n))
	default:
		b = append(b, byte(n>>16)|0xC0, byte(n>>8), byte(n))
	}
	return append(b, word...)
}

// take sorts the words of a whole sentence.
func (s *sentence) take(b []byte, words []span) error {
	*s = sentence{raw: b, words: s.words[:0]}
	for i, at := range words {
		w := b[at.from:at.to]
		switch {
		case i == 0:
			s.reply = w
		case w[0] == '=':
			s.words = append(s.words, w)
		case len(w) >= 5 && string(w[:5]) == ".tag=":
			s.tag = w[5:]
		case string(s.reply) == "!fatal":
			s.bare = w
		default:
			return protocolError("a word that is no attribute: %.40q", w)
		}
	}
	return nil
}

// attribute finds a word by its name.
func (s *sentence) attribute(name string) []byte {
	for _, w := range s.words {
		if has(w[1:], name) {
			return w[len(name)+2:]
		}
	}
	return nil
}

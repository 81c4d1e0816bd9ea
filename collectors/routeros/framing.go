package routeros

// Limits on what a router may send. The library allocates a word by the length it reads, and a
// sentence by its words, so both are refused before it sees them. It takes some eight times the size
// of a sentence to read one, which is why a sentence may not be larger; the largest row of any table
// is a hundredth of it.
const (
	maxWordBytes     = 64 << 10
	maxSentenceBytes = 256 << 10
	maxSentenceWords = 512
	maxReplyBytes    = 16 << 20
	maxReplyRows     = 1 << 16
)

// maxReasonBytes bounds the text of a !fatal that is kept for people.
const maxReasonBytes = 256

// framing follows the words of the API in a stream of bytes, however it was cut into reads, and knows
// where each sentence ends. A length is one to five bytes, then come that many bytes of content; a
// word of length 0 ends the sentence.
type framing struct {
	header, headerWant int // bytes of the current length seen, and how many it has; 0 between words
	length             uint32
	left               int // bytes of the current word that are still to come

	sentenceBytes, words  int // of the sentence so far
	replyBytes, sentences int // since the last restart

	first     [len("!fatal") + 1]byte // how the first word of the sentence begins
	firstSize int
	reason    []byte // what a !fatal said
}

// restart begins the count of a new reply. It must stand between two sentences.
func (f *framing) restart() { f.replyBytes, f.sentences = 0, 0 }

// scan follows b up to the end of a sentence or of b, whichever comes first, and returns how many
// bytes that is and whether the sentence ended. On an error the first n bytes are still fine, and
// they never hold the whole of an excessive length.
func (f *framing) scan(b []byte) (n int, ended bool, err error) {
	for n < len(b) {
		if f.left > 0 {
			step := min(f.left, len(b)-n)
			f.content(b[n : n+step])
			f.left -= step
			n += step
			continue
		}
		done, err := f.lengthByte(b[n])
		if err != nil {
			return n, false, err
		}
		n++
		if !done {
			continue
		}
		if f.beginWord() {
			return n, true, nil
		}
	}
	return n, false, nil
}

// lengthByte takes one byte of a length and reports whether the length is complete. A length that is
// not allowed is refused at its last byte, so the byte must not be passed on.
func (f *framing) lengthByte(b byte) (done bool, err error) {
	if f.header == 0 {
		size, bits := lengthSize(b)
		if size == 0 {
			return false, protocolError("reserved control byte 0x%02X instead of a length", b)
		}
		f.headerWant, f.length = size, uint32(bits)
	} else {
		f.length = f.length<<8 | uint32(b)
	}
	f.header++
	if f.header < f.headerWant {
		return false, nil
	}
	return true, f.checkLength()
}

// lengthSize tells from the first byte of a length how many it has, and the bits of the value that it
// holds. 0xF1 and above are reserved, all but 0xF0 to 0xF7 even for control.
func lengthSize(b byte) (size int, bits byte) {
	switch {
	case b < 0x80:
		return 1, b
	case b < 0xC0:
		return 2, b &^ 0xC0
	case b < 0xE0:
		return 3, b &^ 0xE0
	case b < 0xF0:
		return 4, b &^ 0xF0
	case b == 0xF0:
		return 5, 0
	}
	return 0, 0
}

func (f *framing) checkLength() error {
	if f.length > maxWordBytes {
		return limitError("word of %d bytes, at most %d are taken", f.length, maxWordBytes)
	}
	size := f.headerWant + int(f.length)
	switch {
	case f.sentenceBytes+size > maxSentenceBytes:
		return limitError("sentence of more than %d bytes", maxSentenceBytes)
	case f.replyBytes+size > maxReplyBytes:
		return limitError("reply of more than %d bytes", maxReplyBytes)
	case f.length > 0 && f.words >= maxSentenceWords:
		return limitError("sentence of more than %d words", maxSentenceWords)
	case f.length == 0 && f.sentences >= maxReplyRows:
		return limitError("reply of more than %d rows", maxReplyRows)
	}
	f.sentenceBytes += size
	f.replyBytes += size
	return nil
}

// beginWord takes the length that is complete; one of 0 ends the sentence.
func (f *framing) beginWord() (ended bool) {
	f.header, f.left = 0, int(f.length)
	if f.length > 0 {
		f.words++
		return false
	}
	f.sentences++
	f.sentenceBytes, f.words, f.firstSize = 0, 0, 0
	return true
}

// content keeps what a !fatal says. Its reason is a bare word, which the library takes for a fault of
// the protocol and drops.
func (f *framing) content(b []byte) {
	if f.words == 1 {
		f.firstSize += copy(f.first[f.firstSize:], b)
		return
	}
	if f.words == 2 && string(f.first[:f.firstSize]) == "!fatal" && len(f.reason) < maxReasonBytes {
		f.reason = append(f.reason, b[:min(len(b), maxReasonBytes-len(f.reason))]...)
	}
}

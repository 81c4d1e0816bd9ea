// Package mask replaces what identifies a person, a site or a device in a recording by something of
// the same form. The same input has the same mask as long as a Mask lives, and two inputs never share
// one, so what was joined by a name or an address still is. Masks are made with a key that is nowhere
// written: they cannot be turned back.
//
// It keeps what it knows to be harmless, and masks the rest.
package mask

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mask holds what was replaced by what. It belongs to one goroutine.
type Mask struct {
	key     []byte
	given   map[entry]string // input to mask
	taken   map[entry]bool   // masks that are in use
	kept    map[string]bool  // words that stay, unless they are somebody's name
	learned map[string]bool  // words that identify, to be found inside longer texts as well
	inTexts *strings.Replacer
	patterns
	objects []objectPolicy
	indexes []indexForm
}

// entry is a word of one kind: the kinds have masks of their own.
type entry struct {
	kind byte
	text string
}

const (
	kindWord = iota
	kindMAC
	kindIPv4
	kindIPv6
	kindBytes
)

// New makes a mask. The key decides what is replaced by what; nil is a random one.
func New(key []byte) *Mask {
	if key == nil {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
	}
	return &Mask{key: key, given: map[entry]string{}, taken: map[entry]bool{}, kept: map[string]bool{}, learned: map[string]bool{},
		patterns: newPatterns(),
		objects:  objectPolicies(), indexes: indexForms()}
}

// noise returns bytes that the key and the input decide; try gives others for the same input.
func (m *Mask) noise(kind byte, input string, try int) []byte {
	h := hmac.New(sha256.New, m.key)
	h.Write(binary.BigEndian.AppendUint32([]byte{kind}, uint32(try)))
	h.Write([]byte(input))
	return h.Sum(nil)
}

// once returns the mask of an input, and makes it when there is none: the first try that is neither in
// use nor the input itself. Where so many tries fail there are not enough of that form, and widen makes
// one of another.
func (m *Mask) once(kind byte, input string, form func(noise []byte) string, widen func(n int) string) string {
	key := entry{kind, input}
	if masked, ok := m.given[key]; ok {
		return masked
	}
	const enough = 50
	masked := ""
	for try := 0; masked == "" || masked == input || m.taken[entry{kind, masked}]; try++ {
		if try < enough {
			masked = form(m.noise(kind, input, try))
		} else {
			masked = widen(try - enough)
		}
	}
	m.given[key], m.taken[entry{kind, masked}] = masked, true
	return masked
}

// Word masks a text that identifies. Letters become letters, digits digits, all else stays: the mask
// has the length and the form of what it replaces.
func (m *Mask) Word(s string) string {
	if isCommon(s) || !hasIdentity(s) {
		return s
	}
	m.learn(s)
	return m.once(kindWord, s,
		func(noise []byte) string { return reshape(s, stretch(noise, len(s))) },
		func(n int) string { return reshape(s, stretch(m.noise(kindWord, s, -1), len(s))) + digits(n) })
}

// Bytes masks a binary text, all of it.
func (m *Mask) Bytes(b []byte) []byte {
	if len(b) == 0 || len(b) == countZeros(b) {
		return b
	}
	form := func(noise []byte) string { return string(stretch(noise, len(b))) }
	return []byte(m.once(kindBytes, string(b), form, digits))
}

// learn remembers a word that is to be found inside of longer texts. Very short ones would be found
// where they mean something else.
func (m *Mask) learn(s string) {
	const short = 4
	if s = strings.TrimSpace(s); len(s) >= short {
		m.learned[s] = true
	}
}

// Learn tells of a word that must not be in any text, such as the password that the device was asked
// with.
func (m *Mask) Learn(s string) {
	if s != "" && !isCommon(s) {
		m.learned[s] = true
	}
}

// Keep tells of a word that devices say of themselves, such as a state: where it stands for nothing else
// it stays.
func (m *Mask) Keep(s string) { m.kept[s] = true }

// Again must be called between two passes over the same input: in the second, words that were masked
// anywhere in the first are masked inside of texts as well.
func (m *Mask) Again() {
	words := make([]string, 0, len(m.learned))
	for w := range m.learned {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a) // the longest match wins
		}
		return strings.Compare(a, b)
	})
	pairs := make([]string, 0, 2*len(words))
	for _, w := range words {
		pairs = append(pairs, w, m.Word(w))
	}
	m.inTexts = strings.NewReplacer(pairs...)
}

// isCommon reports a word that devices have by default: it identifies nobody, and as a learned word it
// would spoil the texts that it is part of.
func isCommon(s string) bool {
	switch s {
	case "MikroTik", "Mikrotik", "RouterOS", "SwOS", "RouterBOARD", "default", "defconf", "none", "main", "all", "any",
		"local", "remote", "static", "dynamic", "true", "false", "yes", "no", "public", "unknown", "router", "switch", "hotspot":
		return true
	}
	return false
}

// hasIdentity reports that there is a letter or a digit.
func hasIdentity(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf || r == utf8.RuneError
	})
}

// reshape writes other letters and digits in the places of those of s. What is not ASCII becomes é, in
// the encoding that it was in.
func reshape(s string, noise []byte) string {
	if inHex, ok := strings.CutPrefix(s, "0x"); ok && strings.Trim(inHex, "0123456789abcdefABCDEF") == "" {
		return "0x" + hex.EncodeToString(noise)[:len(inHex)]
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch c := s[i]; {
		case r == utf8.RuneError && size == 1:
			out = append(out, 0xe9)
		case c >= utf8.RuneSelf:
			out = append(out, "é"...)
		case c >= '0' && c <= '9':
			out = append(out, '0'+noise[i]%10)
		case c >= 'a' && c <= 'z':
			out = append(out, 'a'+noise[i]%26)
		case c >= 'A' && c <= 'Z':
			out = append(out, 'A'+noise[i]%26)
		default:
			out = append(out, c)
		}
		i += size
	}
	return string(out)
}

// stretch makes n bytes of 32.
func stretch(noise []byte, n int) []byte {
	out := make([]byte, 0, n+sha256.Size)
	block := [sha256.Size]byte(noise)
	for len(out) < n {
		out = append(out, block[:]...)
		block = sha256.Sum256(block[:])
	}
	return out[:n]
}

func digits(n int) string {
	out := []byte{}
	for {
		out = append(out, byte('0'+n%10))
		if n /= 10; n == 0 {
			return string(out)
		}
	}
}

func countZeros(b []byte) (n int) {
	for _, c := range b {
		if c == 0 {
			n++
		}
	}
	return n
}

package simulator

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWordLengths(t *testing.T) {
	for length, want := range map[uint32]string{
		0: "00", 0x7f: "7f", 0x80: "8080", 0x3fff: "bfff", 0x4000: "c04000", 0x1fffff: "dfffff",
		0x200000: "e0200000", 0xfffffff: "efffffff", 0x10000000: "f010000000", 0xffffffff: "f0ffffffff",
	} {
		if got := hex.EncodeToString(appendWordLength(nil, length)); got != want {
			t.Errorf("%d: got %s, want %s", length, got, want)
		}
		b, _ := hex.DecodeString(want)
		if got, err := readWordLength(bytes.NewReader(b)); err != nil || got != length {
			t.Errorf("%s: got %d, %v", want, got, err)
		}
	}
	for _, long := range []string{"8005", "c00005", "e0000005", "f000000005"} {
		b, _ := hex.DecodeString(long)
		if got, err := readWordLength(bytes.NewReader(b)); err != nil || got != 5 {
			t.Errorf("%s, longer than needed: got %d, %v", long, got, err)
		}
	}
	for c := 0xf8; c <= 0xff; c++ {
		if _, err := readWordLength(bytes.NewReader([]byte{byte(c), 0, 0, 0, 0})); !errors.Is(err, errControlByte) {
			t.Errorf("%x: %v", c, err)
		}
	}
}

// TestWordLengthsOfOthers uses vectors collected from other implementations, where they are at hand.
func TestWordLengthsOfOthers(t *testing.T) {
	folder := outside(t, "vectors", "routeros-wire")
	if folder == "" {
		return // TestWordLengths covers the same forms
	}
	b, err := os.ReadFile(filepath.Join(folder, "word_length.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Length uint32 `json:"length"`
			Hex    string `json:"hex"`
		} `json:"vectors"`
		Bad []struct {
			Hex string `json:"hex"`
			Why string `json:"why"`
		} `json:"must_fail_decode"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 20 || len(file.Bad) == 0 {
		t.Fatalf("%d and %d vectors", len(file.Vectors), len(file.Bad))
	}
	for _, v := range file.Vectors {
		if got := hex.EncodeToString(appendWordLength(nil, v.Length)); got != v.Hex {
			t.Errorf("%d: got %s, want %s", v.Length, got, v.Hex)
		}
		b, _ := hex.DecodeString(v.Hex)
		if got, err := readWordLength(bytes.NewReader(b)); err != nil || got != v.Length {
			t.Errorf("%s: got %d, %v; want %d", v.Hex, got, err, v.Length)
		}
	}
	for _, v := range file.Bad {
		b, _ := hex.DecodeString(v.Hex)
		if got, err := readWordLength(bytes.NewReader(b)); err == nil {
			t.Errorf("%s (%s): taken for %d", v.Hex, v.Why, got)
		}
	}
}

// TestSentencesOfOthers: what other clients send is read, and written again, byte for byte.
func TestSentencesOfOthers(t *testing.T) {
	type vector struct {
		Name   string   `json:"name"`
		Client []string `json:"client_sentence"`
		Hex    string   `json:"client_hex"`
	}
	own := vector{"our own", []string{"/login", "=name=admin", "=password=", ".tag=7"}, "062f6c6f67696e0b3d6e616d653d61646d696e0a3d70617373776f72643d062e7461673d3700"}
	list := []vector{own}
	if folder := outside(t, "vectors", "routeros-wire"); folder != "" {
		b, err := os.ReadFile(filepath.Join(folder, "sentences.json"))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Sentences []vector `json:"sentences"`
		}
		if err := json.Unmarshal(b, &file); err != nil {
			t.Fatal(err)
		}
		list = append(list, file.Sentences...)
	}
	for _, v := range list {
		if v.Hex == "" {
			continue
		}
		b, err := hex.DecodeString(v.Hex)
		if err != nil {
			t.Fatal(err)
		}
		var s sentence
		if err := s.read(bufio.NewReader(bytes.NewReader(b))); err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		var words []string
		var again []byte
		for i := range s.len() {
			words = append(words, string(s.word(i)))
			again = appendWord(again, words[i])
		}
		if strings.Join(words, "\n") != strings.Join(v.Client, "\n") || !bytes.Equal(append(again, 0), b) {
			t.Errorf("%s: read %q, wrote %x", v.Name, words, again)
		}
	}
}

func TestSentencesThatAreCutOff(t *testing.T) {
	whole := append(appendWord(appendWord(nil, "/interface/print"), "=.proplist=name"), 0)
	for n := range whole {
		var s sentence
		err := s.read(bufio.NewReader(bytes.NewReader(whole[:n])))
		if n == 0 && !errors.Is(err, io.EOF) || n > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestSentencesThatAreTooLong(t *testing.T) {
	var many, big []byte
	for range maxWords + 1 {
		many = appendWord(many, "=a=b")
	}
	for range 5 {
		big = appendWord(big, strings.Repeat("x", maxWord))
	}
	for name, b := range map[string][]byte{
		"a word of 1 GiB that never comes": {0xf0, 0x40, 0, 0, 0},
		"a word above the limit":           appendWord(nil, strings.Repeat("x", maxWord+1)),
		"too many words":                   many,
		"too much in all":                  big,
	} {
		var s sentence
		if err := s.read(bufio.NewReader(bytes.NewReader(b))); !errors.Is(err, errTooLong) {
			t.Errorf("%s: %v", name, err)
		}
		if cap(s.text) > 2*maxSentence {
			t.Errorf("%s: %d bytes were made", name, cap(s.text))
		}
	}
}

func TestWordsSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringN(1, 300, -1), 1, 20).Draw(t, "words")
		var b []byte
		for _, w := range words {
			b = appendWord(b, w)
		}
		var s sentence
		if err := s.read(bufio.NewReader(bytes.NewReader(append(b, 0)))); err != nil {
			t.Fatal(err)
		}
		for i, w := range words {
			if string(s.word(i)) != w {
				t.Fatalf("word %d: %q, want %q", i, s.word(i), w)
			}
		}
	})
}

// FuzzSentence: no bytes do harm, and what is read can be made into a command.
func FuzzSentence(f *testing.F) {
	f.Add(append(appendWord(appendWord(nil, "/interface/print"), "?#0!1&|."), 0))
	f.Add(append(appendWord(appendWord(appendWord(nil, "/x"), "=.proplist=a,b"), ".tag=1"), 0))
	f.Add([]byte{0xf0, 0x40, 0, 0, 0})
	f.Add([]byte{0x80})
	f.Fuzz(func(_ *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		var s sentence
		for s.read(r) == nil {
			if s.len() > 0 {
				c := parseCommand(&s)
				matches(c.query, &apiRow{})
			}
		}
	})
}

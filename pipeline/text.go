package pipeline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTextBytes bounds a text field, maxNameBytes a tag value or a row's key.
const (
	maxTextBytes = 4096
	maxNameBytes = 256
)

// CleanText makes a device's bytes fit to store and to show: valid UTF-8 (bytes that are not are read
// as Latin-1, which is what RouterOS' comments are), line breaks and tabs as one space, any other
// control character as U+FFFD, at most 4 KiB.
func CleanText(s string) string {
	if len(s) <= maxTextBytes && (isPlain(s) || isClean(s)) {
		return s
	}
	s = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(toUTF8(s))
	return cut(strings.Map(replaceControl, s), maxTextBytes)
}

// CleanName makes a device's bytes fit to name a row: as CleanText, but every control character
// becomes U+FFFD, at most 256 bytes, and no backslash at the end, where line protocol would read it
// as escaping what follows.
func CleanName(s string) string {
	if !isPlain(s) || len(s) > maxNameBytes {
		s = cut(strings.Map(replaceControl, toUTF8(s)), maxNameBytes)
	}
	return strings.TrimRight(s, `\`)
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isClean reports that there is nothing to replace.
func isClean(s string) bool {
	for _, r := range s { // what is no UTF-8 comes as U+FFFD
		if r == utf8.RuneError || r != replaceControl(r) {
			return false
		}
	}
	return true
}

func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func replaceControl(r rune) rune {
	if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
		return utf8.RuneError
	}
	return r
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

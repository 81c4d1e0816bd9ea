package routeros

import "strings"

// version is that of RouterOS as far as it decides what to ask: 7.20 of "7.20.6 (stable)". The zero
// value means not known.
type version struct{ major, minor int }

func parseVersion(text string) version {
	major, rest := leadingNumber(text)
	if rest == "" || rest[0] != '.' {
		return version{major: major}
	}
	minor, _ := leadingNumber(rest[1:])
	return version{major, minor}
}

// atLeast reports that v is w or newer.
func (v version) atLeast(w version) bool {
	return v.major > w.major || v.major == w.major && v.minor >= w.minor
}

// versionNumber cuts the channel off: "7.20.6" of "7.20.6 (stable)".
func versionNumber(text string) string {
	number, _, _ := strings.Cut(text, " ")
	return number
}

func leadingNumber(s string) (n int, rest string) {
	i := 0
	for ; i < len(s) && i < 4 && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n, s[i:]
}

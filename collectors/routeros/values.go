package routeros

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// The API says everything as text. The parsers below return false for what they do not understand,
// which leaves the field out: unknown is not zero.

// parseDecimal reads a number with an optional sign and fraction. unit may follow it, as some versions
// write cpu-frequency=880MHz.
func parseDecimal(b []byte, unit string) (float64, bool) {
	if n := len(b) - len(unit); n >= 0 && string(b[n:]) == unit {
		b = b[:n]
	}
	if len(b) == 0 || len(b) > 32 {
		return 0, false
	}
	whole := true
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
		case c == '.' || (i == 0 && (c == '-' || c == '+')):
			whole = false
		default:
			return 0, false // ParseFloat would also take Inf, NaN, 1e9 and 0x10
		}
	}
	if whole && len(b) < 16 { // exact, and most are
		n, ok := parseCount(b)
		return float64(n), ok
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

// parseCount reads an unsigned integer.
func parseCount(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range b {
		digit := uint64(c - '0')
		if digit > 9 || n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

// parseBool reads what RouterOS writes for yes and no.
func parseBool(b []byte) (value, ok bool) {
	switch string(b) {
	case "true", "yes":
		return true, true
	case "false", "no":
		return false, true
	}
	return false, false
}

// parseRate reads a speed in bits per second, whatever follows it: 1Gbps, 10M-full, 130Mbps-20MHz/1S.
// A number alone is bits.
func parseRate(b []byte) (float64, bool) {
	n := 0
	for n < len(b) && (b[n] >= '0' && b[n] <= '9' || b[n] == '.') {
		n++
	}
	f, ok := parseDecimal(b[:n], "")
	if !ok {
		return 0, false
	}
	scale, rest := 1.0, b[n:]
	if len(rest) > 0 {
		switch rest[0] {
		case 'k', 'K':
			scale = 1e3
		case 'M':
			scale = 1e6
		case 'G':
			scale = 1e9
		case 'T':
			scale = 1e12
		}
		if scale > 1 {
			rest = rest[1:]
		}
	}
	if rest = bytes.TrimPrefix(rest, []byte("bps")); len(rest) > 0 && rest[0] != '-' && rest[0] != '/' && rest[0] != ' ' {
		return 0, false
	}
	return f * scale, true
}

// partOf is one part of a pair.
func partOf(b []byte, separator byte, part int) []byte {
	for ; part > 0; part-- {
		i := bytes.IndexByte(b, separator)
		if i < 0 {
			return nil
		}
		b = b[i+1:]
	}
	if i := bytes.IndexByte(b, separator); i >= 0 {
		return b[:i]
	}
	return b
}

// parseTimestamp reads an instant in the forms of RouterOS: 2026-03-02 10:07:14 since 7.10,
// mar/02/2026 10:07:14 before. It is the router's local time, taken as if it were UTC.
func parseTimestamp(b []byte) (time.Time, bool) {
	if len(b) < 19-1 || len(b) > 20 {
		return time.Time{}, false
	}
	form := "2006-01-02 15:04:05"
	if b[3] == '/' {
		form = "Jan/2/2006 15:04:05"
	}
	t, err := time.Parse(form, string(b))
	return t, err == nil && t.Year() > 1970
}

// parseOffset reads how far local time is ahead: +02:00, or 02:00.
func parseOffset(b []byte) (time.Duration, bool) {
	behind := len(b) > 0 && b[0] == '-'
	b = bytes.TrimLeft(b, "+-")
	hours, okHours := parseCount(partOf(b, ':', 0))
	minutes, okMinutes := parseCount(partOf(b, ':', 1))
	if !okHours || !okMinutes || hours > 14 || minutes > 59 {
		return 0, false
	}
	ahead := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if behind {
		ahead = -ahead
	}
	return ahead, true
}

// parseMAC brings a hardware address to aa:bb:cc:dd:ee:ff. Anything else stays as it is.
func parseMAC(text string) string {
	if len(text) != 17 {
		return text
	}
	for i := range len(text) {
		switch c := text[i]; {
		case i%3 == 2 && c == ':':
		case i%3 != 2 && (c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'):
		default:
			return text
		}
	}
	return strings.ToLower(text)
}

// parseDuration reads the ways RouterOS writes a length of time: 1w2d3h4m5s, 9ms445us, 1d02:03:04,
// 01:22:53, each with an optional minus. "never", "" and a number without unit are none.
func parseDuration(text []byte) (time.Duration, bool) {
	rest, negative := bytes.CutPrefix(text, []byte("-"))
	total, last := time.Duration(0), time.Duration(math.MaxInt64)
	if len(rest) == 0 {
		return 0, false
	}
	for len(rest) > 0 {
		if clock, ok := parseClock(rest); ok && last > 12*time.Hour {
			total = addDuration(total, clock)
			break
		}
		count, unit, after, ok := durationPart(rest)
		if !ok || unit >= last || count > math.MaxInt64/int64(unit) {
			return 0, false
		}
		total, last, rest = addDuration(total, time.Duration(count)*unit), unit, after
	}
	if total < 0 {
		return 0, false
	}
	if negative {
		total = -total
	}
	return total, true
}

// addDuration adds lengths that are not negative; -1 says that the sum does not fit.
func addDuration(a, b time.Duration) time.Duration {
	if a < 0 || b > math.MaxInt64-a {
		return -1
	}
	return a + b
}

// durationPart splits "3h4m5s" into 3, an hour and "4m5s".
func durationPart(text []byte) (count int64, unit time.Duration, rest []byte, ok bool) {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	n, ok := parseCount(text[:digits])
	if !ok || n > math.MaxInt64 {
		return 0, 0, nil, false
	}
	letters := digits
	for letters < len(text) && text[letters] >= 'a' && text[letters] <= 'z' {
		letters++
	}
	unit, ok = durationUnit(string(text[digits:letters]))
	return int64(n), unit, text[letters:], ok
}

func durationUnit(name string) (time.Duration, bool) {
	switch name {
	case "w":
		return 7 * 24 * time.Hour, true
	case "d":
		return 24 * time.Hour, true
	case "h":
		return time.Hour, true
	case "m":
		return time.Minute, true
	case "s":
		return time.Second, true
	case "ms":
		return time.Millisecond, true
	case "us":
		return time.Microsecond, true
	case "ns":
		return time.Nanosecond, true
	}
	return 0, false
}

// parseClock reads 01:22:53 and 01:22:53.25, the form of old versions.
func parseClock(text []byte) (time.Duration, bool) {
	if bytes.Count(text, []byte{':'}) != 2 {
		return 0, false
	}
	total := time.Duration(0)
	for i, scale := range []time.Duration{time.Hour, time.Minute, time.Second} {
		part := partOf(text, ':', i)
		whole, fraction := partOf(part, '.', 0), partOf(part, '.', 1)
		if len(whole) == 0 || len(whole) > 4 || len(fraction) > 9 || (i < 2 && len(whole) != len(part)) {
			return 0, false
		}
		_, digits := parseCount(whole)
		n, ok := parseDecimal(part, "")
		if !digits || !ok || (i > 0 && n >= 60) {
			return 0, false
		}
		total += time.Duration(math.Round(n * float64(scale)))
	}
	return total, true
}

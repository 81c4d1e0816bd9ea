package routeros

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The API says everything as text. The parsers below return false for what they do not understand,
// which leaves the field out: unknown is not zero.

// parseDecimal reads a number with an optional sign and fraction. unit may follow it, as some versions
// write cpu-frequency=880MHz.
func parseDecimal(text, unit string) (float64, bool) {
	text = strings.TrimSuffix(text, unit)
	if text == "" || len(text) > 40 || strings.Trim(text, "0123456789.-+") != "" {
		return 0, false // ParseFloat would also take Inf, NaN, 1e9 and 0x10
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// parseCount reads an unsigned integer.
func parseCount(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

// parseBool reads what RouterOS writes for yes and no.
func parseBool(text string) (value, ok bool) {
	switch text {
	case "true", "yes":
		return true, true
	case "false", "no":
		return false, true
	}
	return false, false
}

// parseMAC brings a hardware address to aa:bb:cc:dd:ee:ff. Anything else stays as it is.
func parseMAC(text string) string {
	if len(text) != 17 {
		return text
	}
	for i := 2; i < len(text); i += 3 {
		if text[i] != ':' {
			return text
		}
	}
	return strings.ToLower(text)
}

// parseDuration reads the ways RouterOS writes a length of time: 1w2d3h4m5s, 9ms445us, 1d02:03:04,
// 01:22:53, each with an optional minus. "never", "" and a number without unit are none.
func parseDuration(text string) (time.Duration, bool) {
	rest, negative := strings.CutPrefix(text, "-")
	total, last := time.Duration(0), time.Duration(math.MaxInt64)
	if rest == "" {
		return 0, false
	}
	for rest != "" {
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
func durationPart(text string) (count int64, unit time.Duration, rest string, ok bool) {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	count, err := strconv.ParseInt(text[:digits], 10, 64)
	if err != nil {
		return 0, 0, "", false
	}
	letters := digits
	for letters < len(text) && text[letters] >= 'a' && text[letters] <= 'z' {
		letters++
	}
	unit, ok = durationUnit(text[digits:letters])
	return count, unit, text[letters:], ok
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
func parseClock(text string) (time.Duration, bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, false
	}
	total := time.Duration(0)
	for i, scale := range []time.Duration{time.Hour, time.Minute, time.Second} {
		whole, fraction, _ := strings.Cut(parts[i], ".")
		if len(whole) == 0 || len(whole) > 4 || strings.Trim(whole+fraction, "0123456789") != "" || len(fraction) > 9 {
			return 0, false
		}
		n, err := strconv.ParseFloat(parts[i], 64)
		if err != nil || (i > 0 && n >= 60) || (i < 2 && len(whole) != len(parts[i])) {
			return 0, false
		}
		total += time.Duration(math.Round(n * float64(scale)))
	}
	return total, true
}

package simulator

import (
	"strconv"
	"strings"
	"time"
)

// apiRow is one row of a reply while it is made: names and values in the order they are shown. A
// value that is not known is not set.
type apiRow struct {
	fields []apiField
	text   []byte
	stats  bool // =stats= was asked: show counters, too
}

type apiField struct {
	name       string
	start, end int
	hidden     bool // not shown, but a row can be found by it
}

func (r *apiRow) reset() { r.fields, r.text = r.fields[:0], r.text[:0] }

func (r *apiRow) value(f apiField) []byte { return r.text[f.start:f.end] }

func (r *apiRow) find(name string) ([]byte, bool) {
	for _, f := range r.fields {
		if f.name == name {
			return r.value(f), true
		}
	}
	return nil, false
}

// begin starts a value; what is appended to text before end belongs to it.
func (r *apiRow) begin(name string) {
	r.fields = append(r.fields, apiField{name: name, start: len(r.text)})
}

func (r *apiRow) end() { r.fields[len(r.fields)-1].end = len(r.text) }

func (r *apiRow) string(name, value string) {
	r.begin(name)
	r.text = append(r.text, value...)
	r.end()
}

func (r *apiRow) bytes(name string, value []byte) {
	r.begin(name)
	r.text = append(r.text, value...)
	r.end()
}

// optional sets a text unless it is empty.
func (r *apiRow) optional(name, value string) {
	if value != "" {
		r.string(name, value)
	}
}

func (r *apiRow) number(name string, n int64) {
	r.begin(name)
	r.text = strconv.AppendInt(r.text, n, 10)
	r.end()
}

func (r *apiRow) count(name string, n uint64) {
	r.begin(name)
	r.text = strconv.AppendUint(r.text, n, 10)
	r.end()
}

func (r *apiRow) flag(name string, b bool) {
	if b {
		r.string(name, "true")
	} else {
		r.string(name, "false")
	}
}

// tenths shows deci-units as 24.1, and whole ones as 24.
func (r *apiRow) tenths(name string, n int) {
	r.begin(name)
	r.text = strconv.AppendInt(r.text, int64(n/10), 10)
	if n%10 != 0 {
		r.text = append(r.text, '.', byte('0'+n%10))
	}
	r.end()
}

// id shows a row's number as RouterOS does, *1A.
func (r *apiRow) id(n uint32) {
	r.begin(".id")
	r.text = append(r.text, '*')
	start := len(r.text)
	r.text = strconv.AppendUint(r.text, uint64(n), 16)
	for i := start; i < len(r.text); i++ {
		if c := r.text[i]; c >= 'a' {
			r.text[i] = c - 'a' + 'A'
		}
	}
	r.end()
}

// hide keeps the last value from being shown: what monitor does not say, but is asked by.
func (r *apiRow) hide() { r.fields[len(r.fields)-1].hidden = true }

// float shows a number with so many decimals, and what follows it.
func (r *apiRow) float(name string, f float64, decimals int, unit string) {
	r.begin(name)
	r.text = append(strconv.AppendFloat(r.text, f, 'f', decimals, 64), unit...)
	r.end()
}

// pair shows two numbers as queues do, up/down.
func (r *apiRow) pair(name string, up, down uint64) {
	r.begin(name)
	r.text = strconv.AppendUint(r.text, up, 10)
	r.text = strconv.AppendUint(append(r.text, '/'), down, 10)
	r.end()
}

func (r *apiRow) mac(name string, mac [6]byte) {
	const digits = "0123456789ABCDEF"
	r.begin(name)
	for i, b := range mac {
		if i > 0 {
			r.text = append(r.text, ':')
		}
		r.text = append(r.text, digits[b>>4], digits[b&15])
	}
	r.end()
}

func (r *apiRow) address(name string, ip [4]byte) {
	r.begin(name)
	r.appendIP(ip)
	r.end()
}

func (r *apiRow) appendIP(ip [4]byte) {
	for i, b := range ip {
		if i > 0 {
			r.text = append(r.text, '.')
		}
		r.text = strconv.AppendUint(r.text, uint64(b), 10)
	}
}

// duration shows whole seconds as 1w2d3h4m5s; zero is 0s.
func (r *apiRow) duration(name string, milliseconds int64) {
	r.begin(name)
	r.text = appendDuration(r.text, milliseconds/1000)
	r.end()
}

func appendDuration(b []byte, seconds int64) []byte {
	if seconds <= 0 {
		return append(b, "0s"...)
	}
	for _, u := range [...]struct {
		letter byte
		length int64
	}{{'w', 7 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}} {
		if n := seconds / u.length; n > 0 {
			b = append(strconv.AppendInt(b, n, 10), u.letter)
			seconds -= n * u.length
		}
	}
	return b
}

// timestamp shows a time by the router's clock, as its version does: 2026-03-02 10:07:14 since 7.10,
// mar/02/2026 10:07:14 before.
func (r *apiRow) timestamp(name string, v *view, milliseconds int64) {
	r.universal(name, v, milliseconds+v.router.offset().Milliseconds())
}

// universal is the same for a time that does not follow the router's time zone.
func (r *apiRow) universal(name string, v *view, milliseconds int64) {
	t := time.UnixMilli(milliseconds).UTC()
	r.begin(name)
	if v.router.model.atLeast(7, 10) {
		r.text = t.AppendFormat(r.text, time.DateTime)
	} else {
		r.text = append(r.text, strings.ToLower(t.Format("Jan/02/2006 15:04:05"))...)
	}
	r.end()
}

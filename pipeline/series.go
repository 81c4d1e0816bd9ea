package pipeline

import (
	"slices"
	"strings"
)

// Tag is one key and value that tells a series from the others.
type Tag struct{ Key, Value string }

// Series names one row of one table on one device: interface{device=core-1,interface=ether1}. It is
// made once and reused by every poll, so two readings of a row may be matched by pointer. A fleet has
// hundreds of thousands of them: what can be made from the rest is not kept.
type Series struct {
	table *Table
	owner *owner
	key   string
	row   string // one value for each of the table's keys, joined by keySeparator; a piece of key where it can be
}

// owner is what the rows of one device share.
type owner struct {
	device string
	tags   []Tag // the device's own, from the config
}

// keySeparator stands between the values of a row's key. No clean name has it.
const keySeparator = "\x00"

// NewSeries names a row. tags are the device's own from the config; row holds one value for each of
// the table's keys, cleaned already (Rows does it). A fleet-wide row has device "".
func NewSeries(table *Table, device string, tags []Tag, row ...string) *Series {
	return newSeries(table, &owner{device, tags}, strings.Join(row, keySeparator))
}

func newSeries(table *Table, o *owner, row string) *Series {
	s := &Series{table: table, owner: o, row: row}
	s.key = lineKey(table.Name, s.Tags())
	if i := strings.Index(s.key, "="+row); i >= 0 && row != "" {
		s.row = s.key[i+1 : i+1+len(row)] // the same bytes, kept once
	} else {
		s.row = strings.Clone(row) // it may be a piece of a whole reply
	}
	return s
}

// Table is the table that the row belongs to.
func (s *Series) Table() *Table { return s.table }

// Device is the device's name in the config; "" for fleet-wide rows.
func (s *Series) Device() string { return s.owner.device }

// DeviceTags are the device's own from the config. They are shared: do not change them.
func (s *Series) DeviceTags() []Tag { return s.owner.tags }

// Row is the row's key within its table and device ("ether1"; several values are joined by "/"); ""
// where a table has one row.
func (s *Series) Row() string { return strings.ReplaceAll(s.row, keySeparator, "/") }

// Tags makes the list of all tags, sorted by key.
func (s *Series) Tags() []Tag {
	tags := make([]Tag, 0, len(s.owner.tags)+len(s.table.Keys)+1)
	if s.owner.device != "" {
		tags = append(tags, Tag{"device", s.owner.device})
	}
	rest := s.row
	for _, key := range s.table.Keys {
		value, after, _ := strings.Cut(rest, keySeparator)
		tags, rest = append(tags, Tag{key, value}), after
	}
	tags = append(tags, s.owner.tags...)
	slices.SortStableFunc(tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags
}

// Key is the canonical name, escaped as line protocol: the table, then its tags sorted by key. The
// same bytes are the prefix of an InfluxDB line.
func (s *Series) Key() string { return s.key }

// String is the canonical name.
func (s *Series) String() string { return s.key }

func lineKey(table string, tags []Tag) string {
	var buf [256]byte
	b := append(buf[:0], table...)
	for _, t := range tags {
		if t.Value == "" {
			continue // line protocol has no empty tag
		}
		b = appendEscaped(append(b, ','), t.Key)
		b = appendEscaped(append(b, '='), t.Value)
	}
	return string(b)
}

// appendEscaped puts a backslash before what line protocol would read as its own.
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c == ',' || c == '=' || c == ' ' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return b
}

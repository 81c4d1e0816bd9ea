package pipeline

import (
	"slices"
	"strings"
)

// Tag is one key and value that tells a series from the others.
type Tag struct{ Key, Value string }

// Series names one row of one table on one device: interface{device=core-1,interface=ether1}. It is
// made once and reused by every poll, so two readings of a row may be matched by pointer.
type Series struct {
	table  *Table
	device string
	row    string
	tags   []Tag
	key    string
}

// NewSeries names a row. tags are the device's own from the config; row holds one value for each of
// the table's keys, cleaned already (Rows does it). A fleet-wide row has device "".
func NewSeries(table *Table, device string, tags []Tag, row ...string) *Series {
	s := &Series{table: table, device: device, row: strings.Join(row, "/")}
	s.tags = make([]Tag, 0, len(tags)+len(row)+1)
	if device != "" {
		s.tags = append(s.tags, Tag{"device", device})
	}
	for i, key := range table.Keys {
		s.tags = append(s.tags, Tag{key, row[i]})
	}
	s.tags = append(s.tags, tags...)
	slices.SortFunc(s.tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	s.key = lineKey(table.Name, s.tags)
	return s
}

// Table is the table that the row belongs to.
func (s *Series) Table() *Table { return s.table }

// Device is the device's name in the config; "" for fleet-wide rows.
func (s *Series) Device() string { return s.device }

// Row is the row's key within its table and device ("ether1"; several values are joined by "/"); ""
// where a table has one row.
func (s *Series) Row() string { return s.row }

// Tags are sorted by key. They are shared: do not change them.
func (s *Series) Tags() []Tag { return s.tags }

// Key is the canonical name, escaped as line protocol: the table, then its tags sorted by key. The
// same bytes are the prefix of an InfluxDB line.
func (s *Series) Key() string { return s.key }

// String is the canonical name.
func (s *Series) String() string { return s.key }

func lineKey(table string, tags []Tag) string {
	var b strings.Builder
	b.WriteString(table)
	escape := strings.NewReplacer(",", `\,`, "=", `\=`, " ", `\ `)
	for _, t := range tags {
		if t.Value == "" {
			continue // line protocol has no empty tag
		}
		b.WriteByte(',')
		_, _ = escape.WriteString(&b, t.Key)
		b.WriteByte('=')
		_, _ = escape.WriteString(&b, t.Value)
	}
	return b.String()
}

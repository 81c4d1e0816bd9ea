package pipeline

import (
	"math"
	"strconv"
	"strings"
	"sync"
)

// RowKey is what a device calls a row: one value for each key of the table, and the index that the
// protocol uses (ifIndex, .id), which tells two rows of one name apart.
type RowKey struct {
	Index  string
	Values []string
}

// DefaultRowLimit is how many rows of one table of one device are kept where the config says nothing.
const DefaultRowLimit = 5000

// Rows makes the series of one device and keeps them from one read to the next. It is safe for
// concurrent use, as lanes of one device may run at once.
type Rows struct {
	owner *owner
	limit int

	mu     sync.Mutex
	tables []tableRows
}

// tableRows are the rows of one table, as they were read last.
type tableRows struct {
	table *Table
	rows  []*Series // nil for one that was refused
}

// NewRows prepares the series of one device, as many as it has. tags are the device's own from the config.
func NewRows(device string, tags []Tag) *Rows { return NewLimitedRows(device, tags, math.MaxInt) }

// NewLimitedRows prepares the series of one device, of at most limit rows in each table.
func NewLimitedRows(device string, tags []Tag, limit int) *Rows {
	return &Rows{owner: &owner{device, tags}, limit: limit}
}

// Of returns the series of all rows of one table, in the order of keys. Names are cleaned; rows that
// then share a name get "~<index>" appended, each of them, so that a row's identity does not hang on
// the order in which a device lists them. A row without a name is "~<index>".
//
// Where there are more rows than the limit, those that were there the time before stay, then the others
// come in their order; what is beyond is nil: a row that is refused.
func (r *Rows) Of(table *Table, keys []RowKey) []*Series {
	names := rowNames(keys)
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.table(table)
	old := finder{rows: t.rows}
	out := make([]*Series, len(keys))
	known := 0
	for i, name := range names {
		if out[i] = old.find(i, name); out[i] != nil {
			known++
		}
	}
	room := max(0, r.limit-known)
	for i, name := range names {
		if out[i] == nil && room > 0 {
			out[i] = newSeries(table, r.owner, name)
			room--
		}
	}
	t.rows = out
	return out
}

// Still reports that series is what Of gave last for the table, so that a collector that sees the same
// rows again need not ask again.
func (r *Rows) Still(table *Table, series []*Series) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.table(table).rows
	return len(last) == len(series) && (len(last) == 0 || &last[0] == &series[0])
}

func (r *Rows) table(table *Table) *tableRows {
	for i := range r.tables {
		if r.tables[i].table == table {
			return &r.tables[i]
		}
	}
	r.tables = append(r.tables, tableRows{table: table})
	return &r.tables[len(r.tables)-1]
}

// finder finds the row of a name, first where it stood the time before.
type finder struct {
	rows   []*Series
	byName map[string]*Series
}

func (f *finder) find(i int, name string) *Series {
	if i < len(f.rows) && f.rows[i] != nil && f.rows[i].row == name {
		return f.rows[i]
	}
	if f.byName == nil {
		f.byName = make(map[string]*Series, len(f.rows))
		for _, s := range f.rows {
			if s != nil {
				f.byName[s.row] = s
			}
		}
	}
	return f.byName[name]
}

// One returns the series of a table that has a single row.
func (r *Rows) One(table *Table) *Series { return r.Of(table, []RowKey{{}})[0] }

// rowNames cleans the names and keeps them apart, in one pass whatever a device sends. The values of
// one row are joined by keySeparator.
func rowNames(keys []RowKey) []string {
	names := make([]string, len(keys))
	seen := make(map[string]int, len(keys))
	for i, k := range keys {
		names[i] = cleanRow(k.Values)
		seen[names[i]]++
	}
	taken := make(map[string]bool, len(keys))
	next := map[string]int{}
	for i, id := range names {
		if len(keys[i].Values) == 0 {
			continue // a table with one row
		}
		first, rest := id, ""
		if n := strings.IndexByte(id, keySeparator[0]); n >= 0 {
			first, rest = id[:n], id[n:]
		}
		if first == "" || seen[id] > 1 || taken[id] {
			first += "~" + CleanName(keys[i].Index)
			id = first + rest
		}
		for base := id; taken[id]; { // the index is there twice as well, or a real name looks like this
			next[base]++
			id = first + "~" + strconv.Itoa(next[base]) + rest
		}
		names[i], taken[id] = id, true
	}
	return names
}

func cleanRow(values []string) string {
	if len(values) == 1 {
		return CleanName(values[0])
	}
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = CleanName(v)
	}
	return strings.Join(clean, keySeparator)
}

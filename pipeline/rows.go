package pipeline

import (
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

// Rows makes the series of one device and keeps them from one read to the next. It is safe for
// concurrent use, as lanes of one device may run at once.
type Rows struct {
	device string
	tags   []Tag

	mu     sync.Mutex
	tables map[*Table]map[string]*Series
}

// NewRows prepares the series of one device. tags are the device's own from the config.
func NewRows(device string, tags []Tag) *Rows {
	return &Rows{device: device, tags: tags, tables: map[*Table]map[string]*Series{}}
}

// Of returns the series of all rows of one table, in the order of keys. Names are cleaned; rows that
// then share a name get "~<index>" appended, each of them, so that a row's identity does not hang on
// the order in which a device lists them. A row without a name is "~<index>".
func (r *Rows) Of(table *Table, keys []RowKey) []*Series {
	names := rowNames(keys)
	r.mu.Lock()
	defer r.mu.Unlock()
	old, next := r.tables[table], make(map[string]*Series, len(keys))
	out := make([]*Series, len(keys))
	for i, name := range names {
		id := strings.Join(name, "\x00")
		s := old[id]
		if s == nil {
			s = NewSeries(table, r.device, r.tags, name...)
		}
		next[id], out[i] = s, s
	}
	r.tables[table] = next
	return out
}

// One returns the series of a table that has a single row.
func (r *Rows) One(table *Table) *Series { return r.Of(table, []RowKey{{}})[0] }

// rowNames cleans the names and keeps them apart, in one pass whatever a device sends.
func rowNames(keys []RowKey) [][]string {
	names := make([][]string, len(keys))
	seen := make(map[string]int, len(keys))
	for i, k := range keys {
		names[i] = make([]string, len(k.Values))
		for j, v := range k.Values {
			names[i][j] = CleanName(v)
		}
		seen[strings.Join(names[i], "\x00")]++
	}
	taken := make(map[string]bool, len(keys))
	next := map[string]int{}
	for i, name := range names {
		if len(name) == 0 {
			continue // a table with one row
		}
		first := name[0]
		id := strings.Join(name, "\x00")
		if first == "" || seen[id] > 1 || taken[id] {
			first += "~" + CleanName(keys[i].Index)
			name[0], id = first, strings.Join(append([]string{first}, name[1:]...), "\x00")
		}
		for base := id; taken[id]; { // the index is there twice as well, or a real name looks like this
			next[base]++
			name[0] = first + "~" + strconv.Itoa(next[base])
			id = strings.Join(name, "\x00")
		}
		taken[id] = true
	}
	return names
}

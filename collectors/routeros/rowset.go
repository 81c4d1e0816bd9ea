package routeros

import (
	"maps"
	"strconv"

	"github.com/routerpulse/routerpulse/pipeline"
)

// rowset gathers the rows of one table as they come.
type rowset struct {
	table  *plannedTable
	source source
	whole  attrs // of a table with one row: what all requests said together
	keys   []pipeline.RowKey
	fields [][]pipeline.Field
	ids    map[string]bool
}

func newRowset(t *plannedTable, s source) *rowset {
	return &rowset{table: t, source: s, whole: attrs{}, ids: map[string]bool{}}
}

// add takes one row of an answer.
func (r *rowset) add(row attrs) {
	if r.table.key == nil {
		maps.Copy(r.whole, row)
		return
	}
	if r.source.split == nil {
		r.addRow(row)
		return
	}
	for _, part := range r.source.split(row) {
		r.addRow(part)
	}
}

func (r *rowset) addRow(row attrs) {
	if r.table.skip != nil && r.table.skip(row) {
		return
	}
	fields := r.table.fieldsOf(row)
	if len(fields) == 0 {
		return // nothing that the schema knows, as a sensor in an unknown unit
	}
	r.keys = append(r.keys, pipeline.RowKey{Index: r.index(row[".id"]), Values: r.table.key(row)})
	r.fields = append(r.fields, fields)
}

// index makes sure that each row has its own, as it tells rows of one name apart.
func (r *rowset) index(id string) string {
	if id == "" || r.ids[id] {
		id += "#" + strconv.Itoa(len(r.keys))
	}
	r.ids[id] = true
	return id
}

// samples makes the rows' series and their samples.
func (r *rowset) samples(rows *pipeline.Rows) []pipeline.Sample {
	if r.table.key == nil {
		fields := r.table.fieldsOf(r.whole)
		if len(fields) == 0 {
			return nil
		}
		return []pipeline.Sample{{Series: rows.One(r.table.def), Fields: fields}}
	}
	series := rows.Of(r.table.def, r.keys)
	samples := make([]pipeline.Sample, len(series))
	for i, s := range series {
		samples[i] = pipeline.Sample{Series: s, Fields: r.fields[i]}
	}
	return samples
}

package routeros

import (
	"slices"
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

// samples makes the rows' series and their samples, and remembers what they are called.
func (s *rowset) samples(known *pipeline.Rows) []pipeline.Sample {
	if s.table.key.none() {
		return s.single(known)
	}
	if s.table.tally && len(s.table.def.Keys) == 0 && len(s.rows) == 0 {
		s.addNothing()
	}
	s.remember(known)
	total := 0
	for _, n := range s.rows {
		total += n
	}
	fields := make([]pipeline.Field, 0, total)
	samples := make([]pipeline.Sample, 0, len(s.rows))
	for at, n := range s.rows {
		if n == 0 {
			continue // no join knew anything of it
		}
		from := len(fields)
		fields = append(fields, s.fields[at*s.table.fields:][:n]...)
		samples = append(samples, pipeline.Sample{Series: s.memory.series[at], Fields: fields[from:len(fields):len(fields)]})
	}
	return samples
}

// addNothing makes the one row of a tally that had nothing to count.
func (s *rowset) addNothing() {
	s.fields = slices.Grow(s.fields, s.table.fields)[:s.table.fields]
	n := 0
	for i := range s.source.columns {
		if c := &s.source.columns[i]; c.adds {
			s.fields[n] = pipeline.Field{Def: c.def, Value: pipeline.GaugeValue(0)}
			n++
		}
	}
	s.rows, s.ends, s.same, s.keys = append(s.rows, n), append(s.ends, 0), false, []pipeline.RowKey{{}}
}

// remember makes the series, unless the rows are exactly those of the last time and nobody else has
// named rows of the table since.
func (s *rowset) remember(known *pipeline.Rows) {
	m := s.memory
	if !s.quick {
		for len(s.fixed) < len(s.rows)*s.source.seldom {
			s.fixed = append(s.fixed, pipeline.Value{})
		}
		m.fixed = append(m.fixed[:0], s.fixed...)
	}
	if s.same && len(s.rows) == len(m.series) && known.Still(s.table.def, m.series) {
		return
	}
	if s.same {
		s.keys = append(s.keys, m.keys[:len(s.rows)]...)
		s.links = append(s.links, m.links[:len(s.rows)*len(s.table.joins)]...)
		s.same = false
	}
	m.ids, m.ends = append(m.ids[:0], s.ids...), append(m.ends[:0], s.ends...)
	m.keys, m.links = s.keys, s.links
	m.series = known.Of(s.table.def, distinct(m.keys))
	if len(m.texts) > 2*len(s.rows)*s.table.texts {
		m.texts = slices.Clone(m.texts[:len(s.rows)*s.table.texts])
	}
}

// distinct makes sure that rows of one name have different indexes, as those tell them apart. Rows of
// two menus may have one index.
func distinct(keys []pipeline.RowKey) []pipeline.RowKey {
	seen := make(map[string]bool, len(keys))
	out := slices.Clone(keys)
	for i := range out {
		id := strings.Join(append(slices.Clone(out[i].Values), out[i].Index), "\x00")
		if out[i].Index == "" || seen[id] {
			out[i].Index += "#" + strconv.Itoa(i)
		}
		seen[id] = true
	}
	return out
}

// single is the sample of a table with one row.
func (s *rowset) single(known *pipeline.Rows) []pipeline.Sample {
	s.whole.fill(&s.row, s.source.shape)
	s.fields = slices.Grow(s.fields[:0], s.table.fields)[:s.table.fields]
	n := s.read(s.source.columns, &s.row, 0, 0)
	if n == 0 {
		return nil
	}
	return []pipeline.Sample{{Series: known.One(s.table.def), Fields: slices.Clone(s.fields[:n])}}
}

// spans holds values of several answers, which would not outlive the next read.
type spans struct {
	bytes []byte
	at    []span
}

func (s *spans) reset(n int) {
	s.bytes, s.at = s.bytes[:0], append(s.at[:0], make([]span, n)...)
	for i := range s.at {
		s.at[i].from = -1
	}
}

// merge takes the attributes of one more answer.
func (s *spans) merge(values [][]byte) {
	for i, v := range values {
		if v != nil {
			from := len(s.bytes)
			s.bytes = append(s.bytes, v...)
			s.at[i] = span{from, len(s.bytes)}
		}
	}
}

// fill makes a row of it.
func (s *spans) fill(r *row, shape *shape) {
	r.take(shape)
	for i, at := range s.at {
		if at.from >= 0 {
			r.values[i] = s.bytes[at.from:at.to]
		}
	}
}

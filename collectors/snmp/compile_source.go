package snmp

import "fmt"

// joined is a compiled join.
type joined struct {
	column int // that it fills
	source *source
	take   []int // places among what memory keeps of the other's columns
	by     []int // columns; none: the whole index
}

// addSource compiles a mib, after those that it joins: they are read first.
func (l *library) addSource(known map[*mib]*source, m *mib) (*source, error) {
	if m == nil || known[m] != nil {
		return known[m], nil
	}
	s := &source{mib: m, vendor: vendorOf(m.columns[0].oid), names: map[string]int{}, asked: len(m.columns), most: maxRepetitions}
	if err := s.addColumns(l.deny); err != nil {
		return nil, err
	}
	if m.rows != nil {
		if err := l.addCandidates(known, s); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	for i := range m.joins {
		other, err := l.addSource(known, m.joins[i].rows)
		if err != nil {
			return nil, err
		}
		if err := s.addJoin(other, &m.joins[i]); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", m.name, m.joins[i].name, err)
		}
	}
	for _, names := range m.key {
		columns, err := s.find(names)
		if err != nil {
			return nil, err
		}
		s.key = append(s.key, columns)
	}
	s.kept = make([]int, len(s.columns))
	for i := range s.columns {
		s.kept[i] = none
		if i >= s.asked && i < s.asked+len(m.index) || s.columns[i].slow {
			s.keep(i)
		}
	}
	for _, columns := range s.key {
		s.keep(columns...)
	}
	s.place = len(l.mibs)
	known[m] = s
	l.mibs = append(l.mibs, s)
	return s, nil
}

func (s *source) addColumns(deny *denyList) error {
	for _, c := range s.mib.columns {
		n, err := parseOID(c.oid)
		switch {
		case err != nil:
		case s.rows != nil:
			err = deny.allowGet(n)
		default:
			err = deny.allowWalk(n)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if c.as > inet {
			return fmt.Errorf("%s: that form is an index's", c.name)
		}
		s.wire = append(s.wire, n)
		s.most = min(s.most, mostRepetitions(c.oid))
		s.addColumn(c)
	}
	for _, p := range s.index {
		s.addColumn(object{name: p.name})
	}
	return checkParts(s.index)
}

// addCandidates finds the mib whose rows are candidates, which is read first.
func (l *library) addCandidates(known map[*mib]*source, s *source) (err error) {
	if s.candidates, err = s.find(s.rows.columns); err != nil {
		return err
	}
	s.among, err = l.addSource(known, s.rows.of)
	return err
}

func (s *source) addColumn(o object) (place int) {
	s.names[o.name] = len(s.columns)
	s.columns = append(s.columns, o)
	return len(s.columns) - 1
}

func (s *source) addJoin(other *source, j *join) error {
	by, err := s.find(j.by)
	if err != nil {
		return err
	}
	take, err := other.find(j.take)
	if err != nil {
		return err
	}
	other.keep(take...)
	out := joined{column: s.addColumn(object{name: j.name}), source: other, by: by}
	for _, column := range take {
		out.take = append(out.take, other.kept[column])
	}
	s.joins = append(s.joins, out)
	return nil
}

// keep has memory keep columns.
func (s *source) keep(columns ...int) {
	for _, column := range columns {
		if s.kept[column] == none {
			s.kept[column] = s.keeps
			s.keeps++
		}
	}
}

// naming lists the columns to ask for that name rows.
func (s *source) naming() (columns []int) {
	for _, alternatives := range s.key {
		for _, column := range alternatives {
			if column < s.asked {
				columns = append(columns, column)
			}
		}
	}
	return columns
}

func (s *source) find(names []string) (columns []int, err error) {
	for _, name := range names {
		i, ok := s.names[name]
		if !ok {
			return nil, fmt.Errorf("%s has no column %q", s.name, name)
		}
		columns = append(columns, i)
	}
	return columns, nil
}

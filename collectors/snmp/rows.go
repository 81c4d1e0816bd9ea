package snmp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	// maxCandidates bounds the rows that are tried, and triedByV1 those over SNMPv1, which answers each
	// one that is not there with an error.
	maxCandidates = 2000
	triedByV1     = 16
	// lackEvery is how often columns are tried that no row has.
	lackEvery = time.Hour
)

var errTooManyCandidates = errors.New("more rows than can be tried with GET")

// getSource reads a mib that must not be walked: the rows that are known, or now and then all that
// there may be.
func (p *poll) getSource(ctx context.Context, g *grid) {
	m := p.memory.mib(g.source.place)
	if p.isFresh(m) {
		p.getRows(ctx, g, m.rows.indexes(), p.columns(g.source, false))
		g.fill(m)
		if g.err != nil || p.sameRows(g) {
			p.complete(ctx, g)
			p.remember(g, false)
			return
		}
	}
	rows, err := p.candidates(g.source)
	if err == nil && len(rows) > 0 {
		p.getRows(ctx, g, rows, g.source.candidates)
		rows, err = g.present(), g.err
	}
	if err == nil {
		p.getRows(ctx, g, rows, p.unlacking(g.source, m))
		m.noteLacks(g, p.now())
		p.complete(ctx, g)
	}
	if g.err = errors.Join(g.err, err); g.err == nil && len(g.index) == 0 && m.seen {
		m.keep(g, p.now(), &p.packer) // its rows are gone, for now
		return
	}
	p.remember(g, true)
}

// getRows reads columns of rows with GET.
func (p *poll) getRows(ctx context.Context, g *grid, rows []index, columns []int) {
	g.start(g.source, keptRows{})
	p.items, p.arena = p.items[:0], p.arena[:0]
	for _, column := range columns {
		g.column[column].asked = true
	}
	for _, row := range rows {
		r := g.addRow(row)
		for _, column := range columns {
			p.items = append(p.items, item{name: p.name(g.source.wire[column], row), group: 1, scalar: none,
				grid: g, row: r, column: column, expects: numberBytes})
		}
	}
	p.get(ctx, p.items)
}

// present are the rows that have a value.
func (g *grid) present() (rows []index) {
	for row, index := range g.index {
		for column := range g.source.asked {
			if g.at(row, column).kind != absent {
				rows = append(rows, index)
				break
			}
		}
	}
	return rows
}

// candidates are the rows that there may be.
func (p *poll) candidates(s *source) ([]index, error) {
	above := []index{""}
	if s.among != nil {
		if g := &p.grids[s.among.place]; g.source == s.among && g.err != nil {
			return nil, g.err
		}
		above = p.namesAmong(s.among)
	}
	out := above
	if s.rows.under > 0 {
		out = nil
		for _, a := range above {
			for n := range s.rows.under {
				out = append(out, a+index(appendArc(nil, uint32(n))))
			}
		}
	}
	if p.version == v1 && len(out) > triedByV1 {
		return nil, nil
	}
	if len(out) > maxCandidates {
		return nil, errTooManyCandidates
	}
	return out, nil
}

// namesAmong are the rows of another mib, without the interfaces that RouterOS made for sessions.
func (p *poll) namesAmong(s *source) (rows []index) {
	m := p.memory.mib(s.place)
	for row, index := range m.rows.indexes() {
		dynamic := false
		for _, columns := range s.key {
			for _, column := range columns {
				if k := s.kept[column]; k != none {
					dynamic = dynamic || isDynamicName(&p.memory.device, m.rows.cell(row, k).text)
				}
			}
		}
		if !dynamic {
			rows = append(rows, index)
		}
	}
	return rows
}

// isDynamicName tells the name of an interface that RouterOS made for a session, as <pppoe-ann>.
func isDynamicName(d *device, name string) bool {
	return d.isMikroTik() && strings.HasPrefix(name, "<") && strings.HasSuffix(name, ">")
}

// unlacking are all columns, without those of which it was seen lately that no row has them.
func (p *poll) unlacking(s *source, m *mibMemory) []int {
	columns := p.columns(s, true)
	if m.rare == nil || m.rare.lacksAt.IsZero() {
		return columns
	}
	if p.restarted || p.now().Sub(m.rare.lacksAt) >= lackEvery {
		m.rare.lacks, m.rare.lacksAt = "", time.Time{}
		return columns
	}
	return slices.DeleteFunc(columns, m.rare.lacks.has)
}

// noteLacks notes after a read of all columns which of them no row has.
func (m *mibMemory) noteLacks(g *grid, now time.Time) {
	if m.rare != nil && !m.rare.lacksAt.IsZero() || g.err != nil || len(g.index) == 0 {
		return
	}
	lacks := make([]bool, g.source.asked)
	for column := range lacks {
		lacks[column] = true
		for row := range g.index {
			lacks[column] = lacks[column] && g.at(row, column).kind == absent
		}
	}
	rare := m.rarely()
	rare.lacks, rare.lacksAt = newColumnSet(lacks), now
}

package snmp

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// memory is what is kept of a device between the polls of one lane.
type memory struct {
	device  device
	uptime  time.Duration // at the last poll
	booted  time.Time     // when it was started
	polled  time.Time     // the last poll that was answered; zero: none, or the last one failed
	apart   bool          // one table's scalars in a request, because all at once went unanswered
	pace    pace
	scalars sparse[[scalarPage]absence] // by place in the library, where this lane noted something
	texts   []scalarText                // the last texts of scalars, few, to be used again
	mibs    sparse[mibMemory]           // by place in the library, where this lane reads something
	nothing *found                      // what mibs without rows share
	tables  []tableMemory               // few
}

// scalarPage is how many scalars' memory is made at once. The library has several hundred scalars and
// mibs, of which one lane of one device has few, so there is memory for those alone.
const scalarPage = 8

// scalarText is the text of a scalar at the last poll.
type scalarText struct {
	scalar int
	text   string
}

// mibMemory is what is known of a mib. A device lacks most of those that it is asked for.
type mibMemory struct {
	absence
	*found
	misses  absence // of rows that joins looked for
	perCell float32 // bytes of a reply for each value; 0: not measured
	plain   bool    // it is not asked for the end of the rows beside the last of them
}

// found is what the last complete read of a mib's columns found.
type found struct {
	rows   keptRows  // their kept columns are the slow ones and those of the key
	readAt time.Time // of the last read of all columns; zero: read them all
	empty  columnSet // columns without a value in any row
	rare   *rareColumns
	shared bool // by all mibs of a lane that have found nothing yet: see own
}

// rareColumns are what few mibs need to remember of their columns.
type rareColumns struct {
	need    columnSet // spare columns that rules fell back on
	lacks   columnSet // columns that no row has, of a mib that is read with GET
	lacksAt time.Time // zero: not known
}

// rarely is what is remembered of columns, made when there is something.
func (m *mibMemory) rarely() *rareColumns {
	if f := m.own(); f.rare == nil {
		f.rare = &rareColumns{}
	}
	return m.rare
}

// own gives the mib a memory of rows that is not shared. Call it before writing to one; only readAt may
// be set to zero without, as it is that already.
func (m *mibMemory) own() *found {
	if m.shared {
		m.found = &found{}
	}
	return m.found
}

// tableMemory are the series of a table's rows, which are one after the other in ids.
type tableMemory struct {
	table  *table
	ids    string
	series []*pipeline.Series
	// glimpsed: rows came before the table was ever read whole, and the rest was cut off.
	glimpsed bool
}

// rowID is what a row's series is made of. A sensor among the scalars has no index.
type rowID struct {
	part  uint8 // of the table
	index index
	key   string
	more  string // the other keys, if the table has any
}

// keySeparator stands between keys in rowID.more.
const keySeparator = "\x00"

// names are the keys, of which the table has n.
func (id rowID) names(n int) []string {
	switch n {
	case 0:
		return nil
	case 1:
		return []string{id.key}
	case 2:
		return []string{id.key, id.more}
	}
	return append([]string{id.key}, strings.SplitN(id.more, keySeparator, n-1)...)
}

// named is the row under other keys.
func (id rowID) named(keys []string) rowID {
	id.key, id.more = keys[0], strings.Join(keys[1:], keySeparator)
	return id
}

// appendTo appends the row, so that it can be read back.
func (id rowID) appendTo(b []byte) []byte {
	b = append(b, id.part)
	for _, text := range [...]string{string(id.index), id.key, id.more} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

// nextID cuts a row off the front of what appendTo made.
func nextID(ids string) (id rowID, rest string) {
	id.part, rest = ids[0], ids[1:]
	var texts [3]string
	for i := range texts {
		length, n := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		texts[i], rest = rest[n:n+int(length)], rest[n+int(length):]
	}
	id.index, id.key, id.more = index(texts[0]), texts[1], texts[2]
	return id, rest
}

// absence is what a device did not have when asked, and when to ask again. It spares a device the
// question.
type absence struct {
	again uint32 // Unix seconds
	times uint8
	seen  bool // it was there once, so its absence may be a passing one
}

const (
	refreshEvery   = 5 * time.Minute // slow columns and rows of tables that are read with GET
	firstAbsence   = time.Minute
	longestAbsence = 24 * time.Hour
)

// missed notes that it was not there.
func (a *absence) missed(now time.Time) {
	wait := firstAbsence << min(a.times, 20)
	a.again = uint32(now.Add(min(wait, longestAbsence)).Unix())
	a.times = min(a.times+1, 20)
}

// due reports that the device should be asked. A time too far ahead is from before the clock was set.
func (a *absence) due(now time.Time) bool {
	wait := time.Duration(int64(a.again)-now.Unix()) * time.Second
	return a.times == 0 || wait <= 0 || wait > longestAbsence+time.Second
}

func newMemory() *memory {
	return &memory{nothing: &found{shared: true}}
}

// mib is the memory of one mib, made when it is first asked for.
func (m *memory) mib(place int) *mibMemory {
	mib := m.mibs.at(place)
	if mib == nil {
		mib = &mibMemory{found: m.nothing}
		m.mibs.put(place, mib)
	}
	return mib
}

// scalar is what is known of one scalar's absence, made when it is first asked for.
func (m *memory) scalar(place int) *absence {
	page := m.scalars.at(place / scalarPage)
	if page == nil {
		page = new([scalarPage]absence)
		m.scalars.put(place/scalarPage, page)
	}
	return &page[place%scalarPage]
}

// table is the memory of one table.
func (m *memory) table(t *table) *tableMemory {
	for i := range m.tables {
		if m.tables[i].table == t {
			return &m.tables[i]
		}
	}
	m.tables = append(m.tables, tableMemory{table: t})
	return &m.tables[len(m.tables)-1]
}

// dueMib reports that the device should be asked for a mib.
func (m *memory) dueMib(place int, now time.Time) bool {
	mib := m.mibs.at(place)
	return mib == nil || mib.due(now)
}

// dueScalar reports that the device should be asked for a scalar.
func (m *memory) dueScalar(place int, now time.Time) bool {
	page := m.scalars.at(place / scalarPage)
	return page == nil || page[place%scalarPage].due(now)
}

// restart forgets what a reboot or an upgrade may have changed.
func (m *memory) restart() {
	m.scalars, m.texts, m.mibs = sparse[[scalarPage]absence]{}, nil, sparse[mibMemory]{}
	m.apart = false
}

// known returns a kept cell of an earlier read, if the row is where it was.
func (m *mibMemory) known(s *source, index index, row, column int) cell {
	k := s.kept[column]
	if k == none || row >= m.rows.len() || m.rows.index(row) != index {
		return cell{}
	}
	return m.rows.cell(row, k)
}

// text is a scalar's last text, if it had one.
func (m *memory) text(scalar int) cell {
	for i := range m.texts {
		if m.texts[i].scalar == scalar {
			return cell{kind: textual, text: m.texts[i].text}
		}
	}
	return cell{}
}

// setText remembers a scalar's text.
func (m *memory) setText(scalar int, text string) {
	for i := range m.texts {
		if m.texts[i].scalar == scalar {
			m.texts[i].text = text
			return
		}
	}
	if text != "" {
		m.texts = append(m.texts, scalarText{scalar, text})
	}
}

// keep remembers a complete read, in the order of the indexes and without the rows that are left out.
func (m *mibMemory) keep(g *grid, now time.Time, packer *rowPacker) {
	m.own()
	packer.start(g.source.keeps)
	cells := make([]cell, g.source.keeps)
	for _, row := range g.inOrder() {
		if !g.kept[row] {
			continue
		}
		for column, k := range g.source.kept {
			if k != none {
				cells[k] = *g.at(row, column)
			}
		}
		packer.add(g.index[row], cells)
	}
	m.rows = packer.pack()
	m.readAt, m.absence, m.empty, m.plain = now, absence{seen: true}, g.empty(), false
}

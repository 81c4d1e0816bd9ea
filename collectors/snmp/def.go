package snmp

import (
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// The types below are what a table is written in: one literal for each table, in the tables_*.go
// files. Compiling (compile.go) checks every name in them, so the engine looks nothing up.

// object is something to ask for: a scalar, with its ".0", or a column of a MIB's table.
type object struct {
	name string // as its MIB calls it; rules refer to it
	oid  string
	as   form
	slow bool // changes rarely: read again every few minutes, or when the rows change
	wide bool // a Counter64, which SNMPv1 does not have
	// spare: read all the time only on devices where a rule had to fall back on it; of a scalar, on those
	// without sysUpTime.
	spare bool
	// frail: a scalar that some devices do not answer for, and nothing beside it then. It is asked for
	// alone, and a silence means that the device does not have it.
	frail bool
}

// mib is a table of a MIB: columns with a common index. Parts of the index and joins are further columns
// for all that refers to one by its name.
type mib struct {
	name    string
	columns []object
	// fickle: rows come and go, so that each poll looks for new ones, also where there are few.
	fickle bool
	index  []part // what the index is made of; none: it only tells rows apart
	joins  []join
	// key names a row: for each key of the schema's table a list of columns, of which the first that is
	// not empty does.
	key [][]string
	// skip leaves rows out, as if the device did not have them.
	skip func(d *device, g *grid, row int) bool
	// rows is set for a table that must not be walked (see deny.go): which rows there may be.
	rows *candidates
}

// candidates are the indexes that a table may have which can only be read with GET: those of another
// mib's rows, or the numbers from 0 on, or such numbers below those indexes. A row is there if one of
// some columns has a value.
type candidates struct {
	of      *mib // nil: numbers alone
	under   int  // how many numbers; 0 is none
	columns []string
}

// join adds a column that another mib has: that of the row whose index is what by says. A table of
// wireless clients knows the ifIndex of their interface, and its name is in ifTable:
//
//	join{name: "interface", rows: names, take: []string{"ifName", "ifDescr"}, by: []string{"ifIndex"}}
//
// The other mib is read every few minutes, and when a row has an index that is new.
type join struct {
	name string
	rows *mib
	take []string // its columns, of which the first that is not empty counts
	by   []string // parts of the index, or columns of numbers, one after the other; none: the whole index
}

// device is what is known of the device that is polled.
type device struct {
	objectID string // sysObjectID, dotted, with leading dot; "" if unknown
}

func (d *device) isMikroTik() bool { return inside(d.objectID, mikrotikEnterprise) }

// tableDef says how a table of the schema is read. Its rows are those of one mib, or a list of
// scalars, or both; with neither the table has one row.
type tableDef struct {
	name string
	lane pipeline.Lane
	// costly: not read unless the config asks for it. every: the least time between two reads, 0 for each
	// time that the lane is polled. See Policies.
	costly bool
	cost   string // what a costly table costs the router, a sentence for docs/tables.md
	every  time.Duration
	// vendor is the prefix of the sysObjectID of the devices that have the table; "" is all.
	vendor string
	// match are further prefixes, of which one must fit; none: all do.
	match   []string
	rows    *mib
	scalars []object    // that rules and derive may use
	sensors []scalarRow // scalars that are rows
	fields  []rule
	also    []*mib // that derive reads
	// number names rows by their place in the order of the index: 0, 1, 2 (the API's CPUs).
	number bool
	// nameRow changes the keys of a row, one for each key of the schema's table.
	nameRow func(keys []string)
	// solo names the row of a table, or of a part of one, whose fields are scalars.
	solo []string
	// more are parts of the table that come from elsewhere: each has rows and fields, or a solo row. A row
	// whose keys an earlier part has too is left out.
	more []tableDef
	// standIn is a part that only counts if the ones before gave no row.
	standIn bool
	// derive adds to a table of one row what rules cannot say.
	derive  func(v *view, set func(field string, value pipeline.Value))
	derives []string // the fields that derive sets
}

// rule says where a field comes from.
type rule struct {
	field string
	from  []reading // the first that has a value
}

// scalarRow is a scalar that makes a row of its own, if no row of the mib has its key.
type scalarRow struct {
	key string
	object
	rule
}

// reading computes a value: sum(of) × times × scale ÷ per. It has none if an object is missing, if the
// sum is among drop, or if a factor is 0.
type reading struct {
	of         []string
	times, per string
	scale      float64 // 0 means 1
	drop       []int64
	// when limits it to rows in which another object has a number; unless leaves out rows in which one
	// of some objects has a number that says that there is nothing to read.
	when   *condition
	unless []condition
	// above limits it to rows in which another object has a larger number.
	above *condition
	// only limits it to devices whose sysObjectID begins so.
	only string
	// wrap undoes the sign of 32-bit numbers that a device counts past 2^31.
	wrap bool
	// narrow takes a counter for one of 32 bits, whatever its type.
	narrow bool
	// signed gives a sign to temperatures that a device sends as unsigned numbers of 32 or 16 bits.
	signed bool
	// decimal places the point, as ENTITY-SENSOR-MIB does.
	decimal *decimal
	// bounds, the lowest and the highest, leave out a value that nothing can have.
	bounds *[2]float64
	// sinceBoot: seconds of sysUpTime at which something happened; the value is that point in time.
	sinceBoot bool
	// codes are the numbers of an enumeration that differ from the schema's.
	codes map[int64]int64
	// is lists the numbers that make a bool true; nil: 1 does, and 0 and 2 make it false. isNot lists
	// those that make it false, all others being true.
	is, isNot []int64
	// parse reads a number out of a text.
	parse func(text string) (n float64, ok bool)
	// spell makes a text of the only object; "" is none. spellWith sees another object beside it.
	spell     func(c cell) string
	with      string
	spellWith func(c, with cell) string
}

// decimal names the objects that say where a number's point is.
type decimal struct{ scale, precision string }

type condition struct {
	object string
	is     int64
}

// The commonest readings, to keep the literals short.

func from(readings ...reading) []reading { return readings }

func read(objects ...string) reading { return reading{of: objects} }

func (r reading) scaled(by float64) reading { r.scale = by; return r }

func (r reading) dropping(values ...int64) reading { r.drop = values; return r }

func (r reading) spelled(f func(cell) string) reading { r.spell = f; return r }

func (r reading) spelledWith(object string, f func(c, with cell) string) reading {
	r.with, r.spellWith = object, f
	return r
}

func (r reading) parsed(f func(string) (float64, bool)) reading { r.parse = f; return r }

func (r reading) where(object string, is int64) reading { r.when = &condition{object, is}; return r }

func (r reading) whereAbove(object string, n int64) reading {
	r.above = &condition{object, n}
	return r
}

func (r reading) onlyOn(objectID string) reading { r.only = objectID; return r }

func (r reading) except(conditions ...condition) reading { r.unless = conditions; return r }

func (r reading) trueIf(numbers ...int64) reading { r.is = numbers; return r }

// isTrue and isFalse are bools that follow from there being a number at all.
func (r reading) isTrue() reading { r.isNot = []int64{}; return r }

func (r reading) isFalse() reading { r.is = []int64{}; return r }

func (r reading) between(lowest, highest float64) reading {
	r.bounds = &[2]float64{lowest, highest}
	return r
}

func (r reading) withSign() reading { r.signed = true; return r }

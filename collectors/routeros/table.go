package routeros

import (
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// table says how one table of the schema is read. Every table is one literal in tables_*.go:
//
//	func poolTable() table {
//		return table{
//			name: "ip_pool", lane: pipeline.LaneSlow,
//			sources: []source{{requests: []request{{path: "/ip/pool"}}}},
//			key:     by("name"),
//			columns: []column{number("total", "total"), number("used", "used")},
//		}
//	}
//
// The plan asks for what key, skip and the columns read (their .proplist), and checks every literal:
// a field that the schema does not have, an attribute that is read and never asked for, or a secret
// one is an error of NewShared, so a test of the package finds it.
//
// A table whose menus the router does not have is Skipped, and not asked for again for a day or until
// the router has started anew.
type table struct {
	name   string
	lane   pipeline.Lane
	policy policy
	// sources are the ways to ask, in the order they are tried. Those whose since and until do not fit
	// the router's version are left out; of the others the first that the router has is taken and
	// remembered (for a day, and until the router has started anew).
	sources []source
	// key names the rows: by("name"). The zero value is for a table with one row, which the answers to
	// all requests of a source make up together.
	key key
	// skip leaves a row out; the zero value takes all.
	skip test
	// tally adds the rows of one key up (columns rows, rowsIf, sum), instead of listing them. With the
	// key total() there is one row, also when the router has none to count.
	tally bool
	// prefer: of the rows of one key in a tally, one that passes takes the place of one that does not.
	prefer  test
	columns []column
	// joins are asked after the rows are known, and add fields to them.
	joins []join
}

// policy is for whoever decides which tables a device gets: see Policies.
type policy struct {
	costly bool          // off unless the config asks for it
	cost   string        // what a costly table costs the router, a sentence for docs/tables.md
	every  time.Duration // the least time between two reads; 0: each time its lane is polled
}

// source is one way to ask, on routers of some versions.
type source struct {
	since, until version // from since on, before until; zero: no bound
	// requests are sent together; each gives rows of the table. Two menus that list the same thing
	// (/caps-man beside /interface/wifi/capsman) are two requests, each of them optional.
	requests []request
	// split makes rows of another shape of each row; nil leaves it as it is.
	split *split
	// columns are taken besides the table's.
	columns []column
}

// split turns one row into several of other attributes.
type split struct {
	props string // attributes of the new rows, with commas between
	// rows sets the attributes of out and emits it, as often as it likes.
	rows func(in, out *row, emit func())
}

// request is one command. Without anything but a path it is a print of the attributes that the table
// reads, and of .id if the table has a key.
//
//	{path: "/queue/simple", args: []string{"stats"}}                    print =stats=
//	{path: "/ip/route", query: []string{"bgp=yes"}, count: "routes"}    print =count-only= ?bgp=yes
//	{path: "/system/gps", command: "monitor", args: []string{"once"}}   monitor =once=
type request struct {
	path    string
	command string   // "" is print
	args    []string // "stats" is sent as =stats=, "a=b" as =a=b
	query   []string // "type=ether" is sent as ?type=ether, "#|" as ?#|
	// props goes into .proplist instead of what the table reads, names with commas between: for
	// versions that lack some. Whole rows are never asked for: they cost more, and some hold secrets.
	props string
	// without drops names from what the table reads.
	without string
	// count asks only how many rows there are; the one row of the answer has that number in the
	// attribute of this name.
	count string
	// with adds attributes that are always the same to each row: "protocol=bgp", several with commas.
	with string
	// optional: a router that does not have this menu, but another one of the source, is fine.
	optional bool
	// vital marks the request that tells uptime and version.
	vital bool
}

// join adds fields to rows that are there already. Its request runs after those of the source, in the
// same poll, and its rows find theirs by name:
//
//	{request: request{path: "/interface/ethernet", command: "monitor", args: []string{"once"}},
//		numbers: "numbers", of: nameIf("name", "type", "ether"), on: "name", columns: …}
//
//	{request: request{path: "/interface", query: []string{"type=pppoe-in"}},
//		of: linked([]string{"service", "name"}, pppInterface), on: "name", columns: …}
//
// What a join could not read leaves its fields out; it does not spoil the rows.
type join struct {
	since, until version
	request      request
	// of is what a row is called in the answers to the join; "" leaves the row out.
	of link
	// on is the attribute of the answer that holds that name. Where an answer does not have it (most
	// monitor commands), answers are matched by the order of numbers.
	on string
	// numbers is the argument that lists the rows to ask for ("numbers": =numbers=ether1,ether2), ""
	// if the request gives them all. A router that refuses the list, or does not give one answer for
	// each, is asked for one at a time from then on.
	numbers string
	// single asks for one at a time from the start ("number" of RouterOS 6).
	single bool
	// every is how long what a row was told holds, as long as what of reads is the same for all rows: put
	// there what tells of a change (link-downs), and a router is not asked each time what rarely changes.
	every   time.Duration
	columns []column
}

// key names a row by its attributes.
type key struct {
	reads []string
	// values gives one for each key of the schema's table.
	values func(*row) []string
}

// by is a key of attributes as they are, one for each key of the schema's table. "a|b" takes b where a
// row does not have a, or has it empty.
func by(attrs ...string) key {
	return key{attrs, func(r *row) []string {
		values := make([]string, len(attrs))
		for i, a := range attrs {
			values[i] = r.text(a)
		}
		return values
	}}
}

// total is the key of a tally with one row.
func total() key { return key{values: func(*row) []string { return nil }} }

// none reports that the table has one row made of all answers.
func (k key) none() bool { return k.values == nil }

// test is a question about a row.
type test struct {
	reads []string
	holds func(*row) bool
}

// is asks whether an attribute has that value.
func is(attr, value string) test {
	return test{[]string{attr}, func(r *row) bool { return string(r.get(attr)) == value }}
}

// yes asks whether a flag is there and set.
func yes(attr string) test {
	return test{[]string{attr}, func(r *row) bool { b, ok := parseBool(r.get(attr)); return b && ok }}
}

// link tells what a row is called elsewhere.
type link struct {
	reads []string
	name  func(*row) string
}

// named is a link by an attribute.
func named(attr string) link {
	return link{[]string{attr}, func(r *row) string { return r.text(attr) }}
}

// nameIf is a link by an attribute, of rows of which another has one of some values only.
func nameIf(attr, other string, values ...string) link {
	return link{[]string{attr, other}, func(r *row) string {
		have := r.get(other)
		for _, v := range values {
			if string(have) == v {
				return r.text(attr)
			}
		}
		return ""
	}}
}

// linked is a link that is made of attributes.
func linked(reads []string, name func(*row) string) link { return link{reads, name} }

// column says how one field of the schema is made.
type column struct {
	field string
	kind  pipeline.Kind
	reads []string // the attributes it is made of
	// parse makes it of the one attribute that it reads, "a|b" meaning b where a is not there or empty.
	// No attribute, no field.
	parse func(*pipeline.FieldDef, []byte) pipeline.Value
	// form brings a text into another form; nil leaves it.
	form func(string) string
	// value makes it of the row instead.
	value func(*pipeline.FieldDef, *row) pipeline.Value
	// adds: in a tally, the rows' values are added up.
	adds bool
	// seldom: it changes when somebody configures the router, so it is asked for every seldomAfter, and
	// whenever the rows are not those of the last time. Of a table that is read every half a minute this
	// saves a third of the bytes, and of the router's work. See seldom.
	seldom bool
}

// Policy is what decides whether and how often a table is read.
type Policy struct {
	Table  string
	Lane   pipeline.Lane
	Every  time.Duration // the least time between two reads; 0: each time its lane is polled
	Costly bool          // not read unless the config asks for it
	Cost   string        // what it then costs the router
	Fields []string      // that this package can fill
}

// Policies lists the tables that this package knows.
func Policies() []Policy {
	var out []Policy
	for _, t := range tables() {
		out = append(out, Policy{t.name, t.lane, t.policy.every, t.policy.costly, t.policy.cost, t.fields()})
	}
	counts := Policy{Table: countTable, Lane: pipeline.LaneSessions}
	for _, c := range sessionCounts() {
		counts.Fields = append(counts.Fields, c.field)
	}
	return append(out, counts)
}

// fields names those that a table can have, over all its sources and joins.
func (t *table) fields() (names []string) {
	add := func(columns []column) {
		for i := range columns {
			if !slices.Contains(names, columns[i].field) {
				names = append(names, columns[i].field)
			}
		}
	}
	add(t.columns)
	for i := range t.sources {
		add(t.sources[i].columns)
	}
	for i := range t.joins {
		add(t.joins[i].columns)
	}
	return names
}

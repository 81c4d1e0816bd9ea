package dashboards

import (
	"fmt"
	"slices"
	"strings"
)

// source is the data source that is chosen at the top of a board.
func source() *Datasource { return &Datasource{Type: "influxdb", UID: "${datasource}"} }

// chosen limits a query to the devices chosen at the top, for tables that have devices.
const chosen = `"device" =~ /^${device:regex}$/ AND $timeFilter`

// column is one value of a query under a name for people.
type column struct {
	field, name string
	aggregate   string // mean, last, max
}

// selection writes the columns, checked against the schema.
func (b *builder) selection(table string, columns []column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		b.field(table, c.field)
		parts[i] = fmt.Sprintf(`%s("%s") AS "%s"`, c.aggregate, c.field, c.name)
	}
	return strings.Join(parts, ", ")
}

// over is a query of curves: one point per step, one curve per column and value of by.
func (b *builder) over(table, where string, columns []column, by ...string) Target {
	groups := append([]string{"time($__interval)"}, b.tags(table, by)...)
	return Target{RefID: "A", Datasource: source(), RawQuery: true, ResultFormat: "time_series", Query: fmt.Sprintf(
		`SELECT %s FROM "%s" WHERE %s GROUP BY %s fill(none)`, b.selection(table, columns), table, where, strings.Join(groups, ", "))}
}

// latest is a query of one line per value of by, or of one in all.
func (b *builder) latest(table, where string, columns []column, by ...string) Target {
	q := fmt.Sprintf(`SELECT %s FROM "%s" WHERE %s`, b.selection(table, columns), table, where)
	if len(by) > 0 {
		q += " GROUP BY " + strings.Join(b.tags(table, by), ", ")
	}
	return Target{RefID: "A", Datasource: source(), RawQuery: true, ResultFormat: "table", Query: q}
}

// top is a query of the n largest averages by device and row.
func (b *builder) top(n int, table, field, name string) Target {
	b.field(table, field)
	keys := b.tags(table, append([]string{"device"}, b.keys(table)...))
	return Target{RefID: "A", Datasource: source(), RawQuery: true, ResultFormat: "table", Query: fmt.Sprintf(
		`SELECT top("mean", %s, %d) AS "%s" FROM (SELECT mean("%s") FROM "%s" WHERE %s GROUP BY %[1]s)`,
		strings.Join(keys, ", "), n, name, field, table, chosen)}
}

func (b *builder) keys(table string) []string {
	if t := b.schema.Table(table); t != nil {
		return t.Keys
	}
	return nil
}

// tags quotes tags of a table.
func (b *builder) tags(table string, names []string) []string {
	known := append([]string{"device"}, b.keys(table)...)
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = `"` + name + `"`
		if !slices.Contains(known, name) {
			b.fail("table %s has no tag %s", table, name)
		}
	}
	return quoted
}

package pipeline

import (
	"fmt"
	"slices"
)

// FieldDef defines one field of a table: its name and meaning for ever.
type FieldDef struct {
	Name string
	Kind Kind
	Unit string // base unit: bytes, celsius, volts, seconds, …; "" for none
	Doc  string
	Enum []EnumName // the codes of an Enum
	Rate *FieldDef  // of a counter: the field that holds its rate; nil for none
	// RateScale turns units per second of the counter into those of Rate (8: bytes to bits).
	RateScale float64
}

// EnumName is one code of an enumeration.
type EnumName struct {
	Code int64
	Name string
}

// Names are those of all codes of an enumeration.
func (f *FieldDef) Names() []string {
	names := make([]string, len(f.Enum))
	for i, e := range f.Enum {
		names[i] = e.Name
	}
	return names
}

// NameOf returns the name of a code, its digits if the schema does not know it.
func (f *FieldDef) NameOf(code int64) string {
	for _, e := range f.Enum {
		if e.Code == code {
			return e.Name
		}
	}
	return fmt.Sprint(code)
}

// Table defines one table, which is one measurement in InfluxDB.
type Table struct {
	Name   string
	Keys   []string // tags that tell the rows of one device apart; none: one row
	Doc    string
	Fields []*FieldDef // rates included
}

// Field returns the definition of a field, nil if the table has none of that name.
func (t *Table) Field(name string) *FieldDef {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Schema is every table. It is made once, shared and never changed.
type Schema struct {
	Tables []*Table
}

// Table returns the definition of a table, nil if there is none of that name.
func (s *Schema) Table(name string) *Table {
	for _, t := range s.Tables {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// NewSchema lists every table and field that RouterPulse stores. Collectors map into it; neither
// invents a name.
func NewSchema() *Schema {
	return &Schema{Tables: slices.Concat(routerTables(), inventoryTables(), systemTables(), interfaceTables(),
		portTables(), wirelessTables(), cellularTables(), sessionTables(), serviceTables(), routingTables(), tunnelTables(), statusTables())}
}

func counter(name, unit, doc string) *FieldDef {
	return &FieldDef{Name: name, Kind: Counter, Unit: unit, Doc: doc}
}

// rated is a counter whose rate is stored beside it.
func rated(name, unit, rate string, scale float64, doc string) *FieldDef {
	f := counter(name, unit, doc)
	f.Rate = gauge(rate, unit+"/s", "Rate of "+name+" between two polls, rounded to an integer.")
	if scale == 8 {
		f.Rate.Unit = "bits/s"
	}
	f.RateScale = scale
	return f
}

func gauge(name, unit, doc string) *FieldDef {
	return &FieldDef{Name: name, Kind: Gauge, Unit: unit, Doc: doc}
}

func text(name, doc string) *FieldDef { return &FieldDef{Name: name, Kind: Text, Doc: doc} }

func flag(name, doc string) *FieldDef { return &FieldDef{Name: name, Kind: Bool, Doc: doc} }

func seconds(name, doc string) *FieldDef {
	return &FieldDef{Name: name, Kind: Duration, Unit: "seconds", Doc: doc}
}

func instant(name, doc string) *FieldDef {
	return &FieldDef{Name: name, Kind: Timestamp, Unit: "seconds", Doc: doc}
}

func enum(name, doc string, names ...EnumName) *FieldDef {
	return &FieldDef{Name: name, Kind: Enum, Doc: doc, Enum: names}
}

func table(name, doc string, keys []string, fields ...*FieldDef) *Table {
	t := &Table{Name: name, Keys: keys, Doc: doc}
	for _, f := range fields {
		t.Fields = append(t.Fields, f)
		if f.Rate != nil {
			t.Fields = append(t.Fields, f.Rate)
		}
	}
	return t
}

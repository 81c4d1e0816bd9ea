package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/routerpulse/routerpulse/pipeline"
)

// printTablesText writes each table as columns: a field for each row where the table has one row,
// else a row for each row.
func printTablesText(w io.Writer, tables []pipeline.TableRead) error {
	for i := range tables {
		t := &tables[i]
		fmt.Fprintf(w, "%s (%s)\n", t.Table.Name, tableNote(t))
		tw := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
		if len(t.Table.Keys) == 0 {
			for _, s := range t.Samples {
				for _, f := range s.Fields {
					fmt.Fprintf(tw, "  %s\t%s\n", f.Def.Name, shown(f))
				}
			}
		} else if len(t.Samples) > 0 {
			printRows(tw, t)
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	return nil
}

func tableNote(t *pipeline.TableRead) string {
	switch {
	case t.Status != pipeline.Whole:
		return t.Status.String() + ": " + t.Reason
	case len(t.Samples) == 1:
		return "1 row, " + t.Source
	}
	return fmt.Sprintf("%d rows, %s", len(t.Samples), t.Source)
}

// printRows writes the fields that any row has, in the order of the schema.
func printRows(w io.Writer, t *pipeline.TableRead) {
	var columns []*pipeline.FieldDef
	for _, def := range t.Table.Fields {
		for _, s := range t.Samples {
			if !s.Value(def.Name).IsNone() {
				columns = append(columns, def)
				break
			}
		}
	}
	header := []string{strings.Join(t.Table.Keys, "/")}
	for _, c := range columns {
		header = append(header, c.Name)
	}
	fmt.Fprintf(w, "  %s\n", strings.Join(header, "\t"))
	for _, s := range t.Samples {
		cells := []string{s.Series.Row()}
		for _, c := range columns {
			cells = append(cells, shown(pipeline.Field{Def: c, Value: s.Value(c.Name)}))
		}
		fmt.Fprintf(w, "  %s\n", strings.Join(cells, "\t"))
	}
}

// shown is a value for people; "-" where the device did not say.
func shown(f pipeline.Field) string {
	switch {
	case f.Value.IsNone():
		return "-"
	case f.Def.Kind == pipeline.Enum:
		return f.Def.NameOf(f.Value.Int())
	case f.Value.Kind() == pipeline.Gauge:
		return strconv.FormatFloat(math.Round(f.Value.Float()*1000)/1000, 'f', -1, 64)
	}
	return f.Value.String()
}

// probeTable is a table in the JSON output.
type probeTable struct {
	Table  string     `json:"table"`
	Status string     `json:"status"`
	Reason string     `json:"reason,omitempty"`
	Source string     `json:"source,omitempty"`
	Rows   []probeRow `json:"rows"`
}

type probeRow struct {
	Key    string         `json:"key,omitempty"`
	Fields map[string]any `json:"fields"`
}

// probeOutput is the JSON output.
type probeOutput struct {
	Tables []probeTable `json:"tables"`
	Errors []string     `json:"errors"`
}

func printTablesJSON(w io.Writer, tables []pipeline.TableRead, why []string) error {
	out := probeOutput{Tables: []probeTable{}, Errors: append([]string{}, why...)}
	for i := range tables {
		t := &tables[i]
		table := probeTable{Table: t.Table.Name, Status: t.Status.String(), Reason: t.Reason, Source: t.Source, Rows: []probeRow{}}
		for _, s := range t.Samples {
			row := probeRow{Key: s.Series.Row(), Fields: map[string]any{}}
			for _, f := range s.Fields {
				row.Fields[f.Def.Name] = jsonValue(f)
			}
			table.Rows = append(table.Rows, row)
		}
		out.Tables = append(out.Tables, table)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func jsonValue(f pipeline.Field) any {
	switch f.Value.Kind() {
	case pipeline.Text:
		return f.Value.Text()
	case pipeline.Bool:
		return f.Value.Bool()
	case pipeline.Enum:
		return f.Def.NameOf(f.Value.Int())
	case pipeline.Counter, pipeline.Counter32:
		return f.Value.Int()
	}
	return f.Value.Float()
}

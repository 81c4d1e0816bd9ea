package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

const intro = `# Tables and fields

<!-- Made by "go generate ./collectors" from the schema and the collectors. Do not edit. -->

Everything that RouterPulse reads, as it is stored: a table is a measurement in InfluxDB, and its name
begins the names of the metrics in PromQL (` + "`interface_rx_bytes`" + `). A row is named by its keys, which are tags
(labels), beside ` + "`device`" + ` and the device's own tags. Which of these tables a device gets follows from what it
answers: what it does not have is asked for again after a minute, then more and more rarely, at least once
a day, and at once after a reboot. ` + "`tables:`" + ` in the [config](configuration.md#tables) drops, adds and re-times
them; ` + "`routerpulse tables --device NAME`" + ` shows what comes of it.

- **lane**: the table is read when that lane is polled ([lanes](configuration.md#sections)).
- **every**: not more often than that, though the lane may be; none: each time.
- **over**: ` + "`routeros`" + ` is the RouterOS API, ` + "`snmp`" + ` is SNMP. With credentials for both, a table comes from the API
  where it can, else over SNMP. A field without any is in the schema, and nothing fills it yet.
- **off** tables are costly and only read when the config says ` + "`TABLE: on`" + `.

| type | is |
|---|---|
| counter | grows, modulo 2^63; a rate computed from it is a field of its own, rounded to an integer |
| gauge | a number |
| enum | a code, with the names below |
| bool | true or false; 1 or 0 in PromQL |
| duration, timestamp | seconds; a timestamp counts them from 1970 |
| text | a string; in PromQL the labels of one metric ` + "`TABLE_info`" + ` |
`

// page writes the page about tables that can be read, and about those that are not read but made.
func page(tables []collectors.TableInfo, made ...*pipeline.Table) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	overview(&b, tables)
	costs(&b, tables)
	for i := range tables {
		section(&b, &tables[i])
	}
	for _, t := range made {
		section(&b, &collectors.TableInfo{Table: t})
	}
	return b.Bytes()
}

func overview(b *bytes.Buffer, tables []collectors.TableInfo) {
	b.WriteString("\n## All tables\n\n| table | what | over | lane | every | default |\n|---|---|---|---|---|---|\n")
	for i := range tables {
		t := &tables[i]
		for _, s := range sources(t) {
			fmt.Fprintf(b, "| [`%s`](#%s) | %s | %s | %s | %s | %s |\n", t.Table.Name, t.Table.Name, t.Table.Doc, s.over, s.Lane, every(s.TableSource), onOff(s.TableSource))
		}
	}
}

// costs lists what is off, and why.
func costs(b *bytes.Buffer, tables []collectors.TableInfo) {
	b.WriteString("\n## What the costly tables cost the router\n\n")
	var lines []string
	for i := range tables {
		for _, s := range sources(&tables[i]) {
			if s.Costly {
				lines = append(lines, fmt.Sprintf("| [`%s`](#%s) | %s | %s |\n", tables[i].Table.Name, tables[i].Table.Name, s.over, s.Cost))
			}
		}
	}
	if len(lines) == 0 {
		b.WriteString("None of the tables above is off by default.\n")
		return
	}
	b.WriteString("They are off unless the config turns them on.\n\n| table | over | cost |\n|---|---|---|\n" + strings.Join(lines, ""))
}

// source is a protocol's policy under its name.
type source struct {
	*collectors.TableSource
	over string
}

// sources are those of a table: one if both protocols have the same policy.
func sources(t *collectors.TableInfo) []source {
	switch {
	case t.SNMP == nil:
		return []source{{t.API, "routeros"}}
	case t.API == nil:
		return []source{{t.SNMP, "snmp"}}
	case t.API.Lane == t.SNMP.Lane && t.API.Every == t.SNMP.Every && t.API.Costly == t.SNMP.Costly && t.API.Cost == t.SNMP.Cost:
		return []source{{t.API, "routeros, snmp"}}
	}
	return []source{{t.API, "routeros"}, {t.SNMP, "snmp"}}
}

func every(s *collectors.TableSource) string {
	if s.Every == 0 {
		return ""
	}
	return configs.Duration(s.Every).String()
}

func onOff(s *collectors.TableSource) string {
	if s.Costly {
		return "off"
	}
	return "on"
}

func section(b *bytes.Buffer, t *collectors.TableInfo) {
	fmt.Fprintf(b, "\n## %s\n\n%s ", t.Table.Name, t.Table.Doc)
	switch len(t.Table.Keys) {
	case 0:
		b.WriteString("One row.\n")
	default:
		fmt.Fprintf(b, "Rows are named by `%s`.\n", strings.Join(t.Table.Keys, "`, `"))
	}
	if t.API == nil && t.SNMP == nil {
		b.WriteString("\nRouterPulse makes it itself; it cannot be turned off.\n")
	}
	b.WriteString("\n| field | type | unit | over | what |\n|---|---|---|---|---|\n")
	for _, f := range t.Table.Fields {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.Name, f.Kind, f.Unit, readOver(t, f), cell(f.Doc+names(f)))
	}
}

// readOver names the protocols that fill a field, or says that it is computed from another one.
func readOver(t *collectors.TableInfo, f *pipeline.FieldDef) string {
	var by []string
	if t.API != nil && slices.Contains(t.API.Fields, f.Name) {
		by = append(by, "routeros")
	}
	if t.SNMP != nil && slices.Contains(t.SNMP.Fields, f.Name) {
		by = append(by, "snmp")
	}
	if len(by) == 0 && slices.ContainsFunc(t.Table.Fields, func(c *pipeline.FieldDef) bool { return c.Rate == f }) {
		return "computed"
	}
	return strings.Join(by, ", ")
}

// names lists the codes of an enumeration.
func names(f *pipeline.FieldDef) string {
	if len(f.Enum) == 0 {
		return ""
	}
	var codes []string
	for _, e := range f.Enum {
		codes = append(codes, fmt.Sprintf("%d %s", e.Code, e.Name))
	}
	return " " + strings.Join(codes, ", ") + "."
}

// cell keeps a text inside its cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

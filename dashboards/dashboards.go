// Package dashboards makes the Grafana boards. They are Go values turned into JSON, so that every
// measurement, field and unit comes from the schema and a board cannot name what is not stored. The
// committed JSON is what users import; "go generate ./dashboards" writes it again.
//
// The queries are InfluxQL: one text for InfluxDB 1.x, for 2.x (which maps a bucket to the database of
// its name by itself) and for 3, which has no Flux any more.
package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/routerpulse/routerpulse/pipeline"
)

//go:generate go run ./generate

// File is one generated file; Path is relative to this folder.
type File struct {
	Path string
	JSON []byte
}

// Generate makes every board. An error means that a board names something the schema does not have.
func Generate(schema *pipeline.Schema) ([]File, error) {
	boards := []struct {
		path string
		make func(*builder) Dashboard
	}{
		{"influxdb/fleet.json", fleet},
	}
	var files []File
	for _, board := range boards {
		b := &builder{schema: schema}
		dashboard := board.make(b)
		if b.err != nil {
			return nil, fmt.Errorf("%s: %w", board.path, b.err)
		}
		text, err := encode(dashboard)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", board.path, err)
		}
		files = append(files, File{board.path, text})
	}
	return files, nil
}

// encode writes a board so that queries stay readable: < and > are not escaped.
func encode(d Dashboard) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// builder lays panels out and looks names up; it keeps the first error.
type builder struct {
	schema *pipeline.Schema
	err    error
	panels []Panel
	x, y   int
	height int // of the line of panels that is being filled
}

// field looks a field up.
func (b *builder) field(table, name string) *pipeline.FieldDef {
	t := b.schema.Table(table)
	if t == nil {
		b.fail("no table %s", table)
		return &pipeline.FieldDef{}
	}
	f := t.Field(name)
	if f == nil {
		b.fail("no field %s in table %s", name, table)
		return &pipeline.FieldDef{}
	}
	return f
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

// row begins a new line of panels with a heading.
func (b *builder) row(title string) {
	b.newLine()
	open := false
	b.panels = append(b.panels, Panel{ID: len(b.panels) + 1, Type: "row", Title: title, GridPos: GridPos{1, 24, 0, b.y}, Collapsed: &open})
	b.y++
}

// add places a panel beside the last one, or below if the line is full.
func (b *builder) add(width, height int, p Panel) {
	if b.x+width > 24 {
		b.newLine()
	}
	p.ID = len(b.panels) + 1
	p.GridPos = GridPos{height, width, b.x, b.y}
	b.x, b.height = b.x+width, max(b.height, height)
	b.panels = append(b.panels, p)
}

func (b *builder) newLine() { b.x, b.y, b.height = 0, b.y+b.height, 0 }

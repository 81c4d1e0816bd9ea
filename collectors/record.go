package collectors

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/routerpulse/routerpulse/collectors/mask"
	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/pipeline"
)

// Recording is what one device said, masked: nothing in it tells whose it is or where it stands.
type Recording struct {
	Objects []snmp.Object       // ascending; nil if SNMP was not asked for, or did not answer
	API     *routeros.Recording // nil if the API was not asked for, or did not answer
}

// Record reads everything that one of the config's devices says, over each of its protocols, and masks
// it. note is told how each part of it went. What was read is returned even when err is not nil.
func Record(ctx context.Context, cfg Config, device string, m *mask.Mask, note func(text string, failed bool)) (*Recording, error) {
	at := slices.IndexFunc(cfg.Devices, func(d DeviceConfig) bool { return d.Name == device })
	if at < 0 {
		return nil, fmt.Errorf("there is no device %q", device)
	}
	r, d, schema := &Recording{}, cfg.Devices[at], pipeline.NewSchema()
	rows := pipeline.NewRows(d.Name, nil)
	var errs []error
	for _, cred := range cfg.Credentials {
		switch {
		case !slices.Contains(d.Credentials, cred.Name):
		case cred.SNMP != nil:
			errs = append(errs, r.recordSNMP(ctx, d.target(cred.SNMP), schema, rows, note))
		case cred.RouterOS != nil:
			errs = append(errs, r.recordAPI(ctx, routeros.Target{Device: d.Name, Address: d.Address, Port: d.RouterOS.Port, Credential: *cred.RouterOS}, schema, rows, note))
		}
	}
	keepStates(m, schema)
	r.mask(m)
	return r, errors.Join(errs...)
}

// keepStates keeps the words of the schema's enumerations: they are what routers say of themselves.
func keepStates(m *mask.Mask, schema *pipeline.Schema) {
	for _, table := range schema.Tables {
		for _, field := range table.Fields {
			for _, e := range field.Enum {
				m.Keep(e.Name)
			}
		}
	}
}

func (r *Recording) recordSNMP(ctx context.Context, target snmp.Target, schema *pipeline.Schema, rows *pipeline.Rows, note func(text string, failed bool)) error {
	engine, err := snmp.NewEngine(schema, 1, nil)
	if err != nil {
		return err
	}
	c, err := engine.New(target, rows)
	if err != nil {
		return err
	}
	r.Objects, err = c.Record(ctx, func(text string, failed bool) { note("snmp: "+text, failed) })
	if len(r.Objects) == 0 {
		r.Objects = nil
	}
	return err
}

func (r *Recording) recordAPI(ctx context.Context, target routeros.Target, schema *pipeline.Schema, rows *pipeline.Rows, note func(text string, failed bool)) error {
	shared, err := routeros.NewShared(schema, 0, nil)
	if err != nil {
		return err
	}
	r.API, err = routeros.Record(ctx, target, rows, shared, func(text string, failed bool) { note("api: "+text, failed) })
	if r.API != nil && len(r.API.Menus) == 0 {
		r.API = nil
	}
	return err
}

// mask replaces what identifies. The first pass learns, the second one finds what was learned inside of
// longer texts as well; both see the values as they came.
func (r *Recording) mask(m *mask.Mask) {
	r.masked(m)
	m.Again()
	*r = *r.masked(m)
}

func (r *Recording) masked(m *mask.Mask) *Recording {
	out := &Recording{}
	for _, o := range r.Objects {
		o.Name, o.Bytes = m.Object(o.Name, o.Tag, o.Bytes)
		out.Objects = append(out.Objects, o)
	}
	slices.SortFunc(out.Objects, func(a, b snmp.Object) int { return slices.Compare(a.Name, b.Name) })
	if r.API == nil {
		return out
	}
	out.API = &routeros.Recording{Version: r.API.Version, Menus: map[string][]map[string]string{}, Counts: map[string]string{}}
	for _, menu := range slices.Sorted(maps.Keys(r.API.Menus)) { // the order decides who gets which mask
		out.API.Menus[menu] = []map[string]string{}
		for _, row := range r.API.Menus[menu] {
			to := make(map[string]string, len(row))
			for _, name := range slices.Sorted(maps.Keys(row)) {
				to[name] = m.Attribute(menu, name, row[name])
			}
			out.API.Menus[menu] = append(out.API.Menus[menu], to)
		}
	}
	for _, question := range slices.Sorted(maps.Keys(r.API.Counts)) {
		out.API.Counts[maskQuestion(m, question)] = r.API.Counts[question]
	}
	return out
}

// maskQuestion masks what a question compares with.
func maskQuestion(m *mask.Mask, question string) string {
	words := strings.Split(question, " ")
	menu, _ := strings.CutSuffix(words[0], "/print")
	for i, w := range words[1:] {
		if name, value, ok := strings.Cut(w, "="); ok && strings.HasPrefix(w, "?") {
			words[i+1] = name + "=" + m.Attribute(menu, strings.TrimLeft(name, "?<>-"), value)
		}
	}
	return strings.Join(words, " ")
}

// WriteSNMP writes the objects as .snmprec: a line is OID|type|value, the type is the tag in decimal,
// with an x behind it if the value is in hex.
func (r *Recording) WriteSNMP(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, o := range r.Objects {
		kind, value := snmprecValue(o)
		if _, err := fmt.Fprintf(out, "%s|%s|%s\n", dotted(o.Name), kind, value); err != nil {
			return err
		}
	}
	return out.Flush()
}

func dotted(name []uint32) string {
	var b []byte
	for i, arc := range name {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendUint(b, uint64(arc), 10)
	}
	return string(b)
}

func snmprecValue(o snmp.Object) (kind, value string) {
	const (
		integer  = 0x02
		octets   = 0x04
		null     = 0x05
		objectID = 0x06
		address  = 0x40
		opaque   = 0x44
	)
	kind = strconv.Itoa(int(o.Tag))
	switch o.Tag {
	case integer:
		return kind, strconv.FormatInt(int64(o.Number), 10)
	case null:
		return kind, ""
	case objectID:
		return kind, string(o.Bytes)
	case address:
		if a, ok := netip.AddrFromSlice(o.Bytes); ok {
			return kind, a.String()
		}
		return kind + "x", hex.EncodeToString(o.Bytes)
	case octets:
		if isPrintable(o.Bytes) {
			return kind, string(o.Bytes)
		}
		return kind + "x", hex.EncodeToString(o.Bytes)
	case opaque:
		return kind + "x", hex.EncodeToString(o.Bytes)
	}
	return kind, strconv.FormatUint(o.Number, 10)
}

func isPrintable(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' })
}

// WriteAPI writes what the API said as JSON, a row on a line: {"version": …, "/interface": [{".id": …}]}.
func (r *Recording) WriteAPI(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"version\": %s", quoted(r.API.Version))
	for _, menu := range slices.Sorted(maps.Keys(r.API.Menus)) {
		fmt.Fprintf(&b, ",\n  %s: [", quoted(menu))
		for i, row := range r.API.Menus[menu] {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n    {")
			for j, name := range slices.Sorted(maps.Keys(row)) {
				if j > 0 {
					b.WriteString(", ")
				}
				fmt.Fprintf(&b, "%s: %s", quoted(name), quoted(row[name]))
			}
			b.WriteString("}")
		}
		if len(r.API.Menus[menu]) > 0 {
			b.WriteString("\n  ")
		}
		b.WriteString("]")
	}
	for _, question := range slices.Sorted(maps.Keys(r.API.Counts)) {
		fmt.Fprintf(&b, ",\n  %s: %s", quoted(question), quoted(r.API.Counts[question]))
	}
	b.WriteString("\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// quoted is a JSON text, or {"x": "hex"} of what is not UTF-8.
func quoted(s string) string {
	if !utf8.ValidString(s) {
		return `{"x": "` + hex.EncodeToString([]byte(s)) + `"}`
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // a text always can
		return strconv.QuoteToASCII(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

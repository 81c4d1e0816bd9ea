package snmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Object is one recorded object, as the device sent it.
type Object struct {
	Name   []uint32
	Tag    byte   // the type on the wire
	Number uint64 // of an INTEGER the two's complement
	Bytes  []byte // of octet strings, addresses, Opaques; of an OBJECT IDENTIFIER its dotted text
}

// Bounds of a recording, beside those of a poll, which each part of it is.
const (
	maxRecordedPart   = 20_000  // objects of one part
	maxRecorded       = 200_000 // objects in all
	recordRepetitions = 10      // few: what is read past the end of a part may be anything
	recordTogether    = 16      // names in a GET
)

// Record reads everything that the tables of this package may ever poll, and what stands beside it: see
// recordParts. It never walks MIKROTIK-MIB whole, and asks for nothing that the deny list refuses. note
// is told of each part how many objects came, and why there are not more.
//
// Objects come ascending, each once. They are returned even when err is not nil: err says that the
// device is not there, or fell silent on the way.
func (c *Collector) Record(ctx context.Context, note func(text string, failed bool)) ([]Object, error) {
	r := &recorder{collector: c, note: note, have: map[string]Object{}}
	err := r.run(ctx)
	objects := make([]Object, 0, len(r.have))
	for _, o := range r.have {
		objects = append(objects, o)
	}
	slices.SortFunc(objects, func(a, b Object) int { return slices.Compare(a.Name, b.Name) })
	return objects, err
}

// recorder is one run of Record.
type recorder struct {
	collector *Collector
	note      func(text string, failed bool)
	have      map[string]Object // by name on the wire
}

var errEnough = fmt.Errorf("more than %d objects", maxRecordedPart)

// run reads all parts. A part that fails is noted; the device's silence ends it.
func (r *recorder) run(ctx context.Context) error {
	if err := r.part(ctx, recordPart{"system", ".1.3.6.1.2.1.1"}); err != nil {
		return err
	}
	for _, p := range recordParts() {
		if err := r.part(ctx, p); err != nil {
			return err
		}
	}
	if !inside(r.text(sysObjectID), mikrotikEnterprise) {
		r.note("MIKROTIK-MIB: skipped, the device is of another maker", false)
		return nil
	}
	return r.private(ctx)
}

// private reads MIKROTIK-MIB. Between some of its tables there is nothing on many routers but the object
// that runs a script when it is read, so what lies near it is only read by name.
func (r *recorder) private(ctx context.Context) error {
	for _, l := range recordedScalars() {
		before := len(r.have)
		err := r.gets(ctx, l.oids)
		if err = r.judge(ctx, l.name, len(r.have)-before, err); err != nil {
			return err
		}
	}
	interfaces := r.indexes(".1.3.6.1.2.1.2.2.1.2") // ifDescr: all have it
	for _, t := range recordedByIndex(interfaces) {
		if err := r.byIndex(ctx, t); err != nil {
			return err
		}
	}
	if err := r.byIndex(ctx, recordedCarriers(r.indexes(mikrotik+".16.1.1.2"))); err != nil {
		return err
	}
	before, behind := recordedPrivateParts()
	if len(r.indexes(mikrotik+".14.1.1.2")) > 0 || r.text(sysObjectID) == mikrotikEnterprise+".2" {
		for _, p := range before {
			if err := r.part(ctx, p); err != nil {
				return err
			}
		}
	} else {
		r.note("MIKROTIK-MIB, groups 1 to 13: skipped, this router has no interface statistics between them and the object that runs scripts", false)
	}
	for _, p := range behind {
		if err := r.part(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// part walks one subtree to its end.
func (r *recorder) part(ctx context.Context, part recordPart) error {
	before := len(r.have)
	err := r.collector.with(ctx, &memory{}, func(p *poll) error {
		root, err := parseOID(part.oid)
		if err != nil {
			return err
		}
		return r.walk(p, root)
	})
	return r.judge(ctx, part.name, len(r.have)-before, err)
}

// judge notes how a part went. An error is that nothing more need be asked.
func (r *recorder) judge(ctx context.Context, what string, got int, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && got > 0:
		r.note(fmt.Sprintf("%s: %d objects", what, got), false)
	case err == nil:
		r.note(what+": nothing", false)
	default:
		r.note(fmt.Sprintf("%s: FAILED after %d objects: %v", what, got, err), true)
		if errors.Is(err, pipeline.ErrUnreachable) || errors.Is(err, pipeline.ErrRefused) {
			return err
		}
		if gone := r.collector.Check(ctx); gone != nil {
			return gone // it is not that part alone
		}
	}
	if len(r.have) >= maxRecorded {
		return fmt.Errorf("%s: more than %d objects", r.collector.target.Device, maxRecorded)
	}
	return nil
}

// walk reads what lies below root.
func (r *recorder) walk(p *poll, root name) error {
	at, repetitions := bytes.Clone(root), recordRepetitions
	for count := 0; count < maxRecordedPart; {
		kind := getBulk
		if p.version == v1 {
			kind = getNext
		}
		values, err := p.ask(p.ctx, request{kind: kind, names: []name{at}, repetitions: repetitions})
		switch {
		case err == nil:
		case isEnd(err):
			return nil
		case repetitions > 1 && p.dead == nil && (isTooBig(err) || errors.Is(err, errSilent)):
			repetitions /= 2
			continue
		default:
			return err
		}
		for i := range values {
			v := &values[i]
			if v.isMissing() || !v.name.isInside(root) {
				return nil
			}
			if compareArcs(v.name, name(at)) <= 0 {
				return fmt.Errorf("%s does not increase: it came after %s", v.name, name(at))
			}
			at = append(at[:0], v.name...)
			r.take(v)
			count++
		}
	}
	return errEnough
}

// isEnd reports how SNMPv1 says that there is nothing behind.
func isEnd(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.status == noSuchName
}

// take keeps a value. A tagNull is a value that could not be decoded.
func (r *recorder) take(v *value) {
	o := Object{Name: arcsOf(v.name), Tag: v.tag, Number: v.num}
	switch v.tag {
	case tagOctets, tagIPAddress:
		o.Bytes = bytes.Clone(v.bytes)
	case tagOID:
		o.Bytes = appendOID(nil, v.bytes)
	case tagUnsigned32:
		o.Tag = tagGauge32
	case tagFloat:
		o.Tag = tagOpaque
		o.Bytes = binary.BigEndian.AppendUint32([]byte{opaqueTag, tagFloat, 4}, math.Float32bits(float32(math.Float64frombits(v.num))))
	case tagDouble:
		o.Tag = tagOpaque
		o.Bytes = binary.BigEndian.AppendUint64([]byte{opaqueTag, tagDouble, 8}, v.num)
	}
	r.have[string(v.name)] = o
}

// gets reads single objects, those that the device has.
func (r *recorder) gets(ctx context.Context, oids []string) error {
	if len(oids) == 0 {
		return nil
	}
	return r.collector.with(ctx, &memory{}, func(p *poll) error {
		for chunk := range slices.Chunk(oids, recordTogether) {
			if err := r.get(p, chunk); err != nil {
				return err
			}
		}
		return nil
	})
}

// get reads objects in one request, or one by one where the device does not answer them together.
func (r *recorder) get(p *poll, oids []string) error {
	names := make([]name, 0, len(oids))
	for _, oid := range oids {
		n, err := parseOID(oid)
		if err != nil {
			return err
		}
		names = append(names, n)
	}
	values, err := p.ask(p.ctx, request{kind: get, names: names})
	var status *statusError
	switch {
	case errors.As(err, &status) && len(oids) == 1:
		return nil // the device does not have it, or declines
	case errors.As(err, &status):
		for _, oid := range oids {
			if err := r.get(p, []string{oid}); err != nil {
				return err
			}
		}
		return nil
	case err != nil:
		return err
	}
	for i := range values {
		if !values[i].isMissing() {
			r.take(&values[i])
		}
	}
	return nil
}

// byIndex reads a table of which the possible indexes are known: first the column that each row has,
// then the others of the rows that are there.
func (r *recorder) byIndex(ctx context.Context, t recordedTable) error {
	before := len(r.have)
	column := func(c int) string { return fmt.Sprintf("%s.%d.", t.entry, c) }
	var first, rest []string
	for _, i := range t.indexes {
		first = append(first, column(t.columns[0])+i)
	}
	err := r.gets(ctx, first)
	for _, i := range r.indexes(strings.TrimSuffix(column(t.columns[0]), ".")) {
		for _, c := range t.columns[1:] {
			rest = append(rest, column(c)+i)
		}
	}
	if err == nil {
		err = r.gets(ctx, rest)
	}
	return r.judge(ctx, t.name, len(r.have)-before, err)
}

// indexes are those that a column has in what was recorded, ascending.
func (r *recorder) indexes(column string) []string {
	n, err := parseOID(column)
	if err != nil {
		return nil
	}
	var found []string
	for have := range r.have {
		if arcs, ok := name(have).below(n); ok {
			found = append(found, string(arcs))
		}
	}
	slices.SortFunc(found, compareArcs[string, string])
	for i, arcs := range found {
		found[i] = index(arcs).String()
	}
	return found
}

// text is a recorded name or text, with the leading dot that names have here; "" if there is none.
func (r *recorder) text(oid string) string {
	n, err := parseOID(oid)
	if err != nil {
		return ""
	}
	if o, ok := r.have[string(n)]; ok && o.Tag == tagOID {
		return "." + string(o.Bytes)
	}
	return ""
}

// arcsOf takes a name apart.
func arcsOf(n name) []uint32 {
	first, rest, ok := nextArc(n)
	if !ok {
		return nil
	}
	top := min(first/40, 2)
	arcs := []uint32{top, first - 40*top}
	for ok && len(rest) > 0 {
		var arc uint32
		if arc, rest, ok = nextArc(rest); ok {
			arcs = append(arcs, arc)
		}
	}
	return arcs
}

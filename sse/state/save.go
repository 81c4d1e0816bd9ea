package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/routerpulse/routerpulse/pipeline"
)

// errCut says that what was saved ends too early, or is not what Save wrote.
var errCut = errors.New("it is cut short or damaged")

// AppendHead appends what every saved device refers to: topics, and their fields. Call it inside Read.
func (s *Store) AppendHead(b []byte, layouts map[*Topic]*Layout) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.topics)))
	for _, t := range s.topics {
		b = appendText(b, t.Name)
		var names []string
		if l := layouts[t]; l != nil && t.Mode == Rows {
			names = l.names
		}
		b = binary.AppendUvarint(b, uint64(len(names)))
		for _, name := range names {
			b = appendText(b, name)
		}
	}
	return b
}

// AppendDevice appends a device and its rows, tombstones excepted, of the topics that layouts name. Call
// it inside Read.
func (s *Store) AppendDevice(b []byte, d *Device, layouts map[*Topic]*Layout) []byte {
	b = appendText(b, d.Name)
	b = binary.AppendUvarint(b, uint64(len(d.Tags)))
	for _, t := range d.Tags {
		b = appendText(appendText(b, t.Key), t.Value)
	}
	for _, t := range s.topics {
		shelf := d.Shelf(t)
		if layouts[t] == nil || t.Mode != Rows {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(shelf.Alive))
		for _, row := range shelf.Slots {
			if row != nil && !row.Gone {
				b = row.append(b)
			}
		}
	}
	return b
}

func (r *Row) append(b []byte) []byte {
	b = binary.AppendUvarint(appendText(b, r.Key), r.N)
	n := 0
	for range r.Cells() {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	for _, c := range r.Cells() {
		b = appendCell(b, c.Value(), 0)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// Saved reads back what AppendHead and AppendDevice made.
type Saved struct {
	in      reader
	store   *Store
	columns []savedTopic
}

// savedTopic says where the fields of a saved topic go.
type savedTopic struct {
	topic  *Topic // nil: there is none of that name any more
	layout *Layout
	places []int // of each saved field; -1: there is none of that name any more
}

// OpenSaved reads the head, for the devices that follow. It fails on what is no head.
func (s *Store) OpenSaved(head, devices []byte, layouts map[*Topic]*Layout) (*Saved, error) {
	v := &Saved{in: reader{b: head}, store: s}
	for range v.in.count() {
		name := v.in.text()
		t := savedTopic{}
		for _, topic := range s.topics {
			if topic.Name == name && layouts[topic] != nil {
				t.topic, t.layout = topic, layouts[topic]
			}
		}
		for range v.in.count() {
			field := v.in.text()
			place := -1
			if t.layout != nil {
				place = t.layout.Index(field)
			}
			t.places = append(t.places, place)
		}
		v.columns = append(v.columns, t)
	}
	if v.in.err != nil {
		return nil, v.in.err
	}
	v.in.b = devices
	return v, nil
}

// Next restores the next device. It returns false at the end, with an error if that came too early. It
// is for a store that nobody reads yet.
func (v *Saved) Next() (device string, more bool, err error) {
	if len(v.in.b) == 0 || v.in.err != nil {
		return "", false, v.in.err
	}
	device = v.in.text()
	var tags []pipeline.Tag
	for range v.in.count() {
		tags = append(tags, tagOf(&v.in))
	}
	if v.in.err != nil {
		return "", false, v.in.err
	}
	v.store.device(device).Tags = tags
	for i := range v.columns {
		for range v.in.count() {
			v.row(device, &v.columns[i])
		}
	}
	if d := v.store.byName[device]; d != nil {
		v.store.release(d)
	}
	return device, v.in.err == nil, v.in.err
}

func (v *Saved) row(device string, t *savedTopic) {
	key, n := v.in.text(), v.in.uvarint()
	var values []Value
	if t.layout != nil {
		values = make([]Value, len(t.layout.names))
	}
	for i := range v.in.count() {
		value := v.in.value()
		if i < len(t.places) && t.places[i] >= 0 {
			values[t.places[i]] = value
		}
	}
	if t.topic == nil || v.in.err != nil {
		return
	}
	h := &Handle{Topic: t.topic, Device: device, Key: key}
	if v.store.find(h) != nil {
		return // it is there twice
	}
	c := &Cut{Rows: make([][]*Row, len(v.store.topics))}
	v.store.bear(c, &draft{handle: h, layout: t.layout, cells: values, updates: n}, nil)
}

// Values are the fields of a row, by the places of its layout.
func (r *Row) Values() []Value {
	values := make([]Value, len(r.Layout.names))
	for i, c := range r.Cells() {
		values[i] = c.Value()
	}
	return values
}

func tagOf(r *reader) pipeline.Tag {
	key := r.text()
	return pipeline.Tag{Key: key, Value: r.text()}
}

// reader takes apart what was saved. After an error all it reads is empty.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() { r.b, r.err = nil, errCut }

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

// count is how many of something follow, each of which takes a byte at least.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	if r.err != nil {
		return ""
	}
	text := string(r.b[:n])
	r.b = r.b[n:]
	return text
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) value() (v Value) {
	switch v.kind = Kind(r.take(1)[0]); v.kind {
	case None:
	case Int:
		n, size := binary.Varint(r.b)
		if size <= 0 {
			r.fail()
			return Value{}
		}
		v.bits, r.b = uint64(n), r.b[size:]
	case Float:
		v.bits = binary.LittleEndian.Uint64(r.take(8))
		if f := math.Float64frombits(v.bits); math.IsNaN(f) || math.IsInf(f, 0) {
			r.fail()
		}
	case Bool:
		v.bits = uint64(r.take(1)[0] & 1)
	case Text, JSON:
		v.text = r.text()
	default:
		r.err = fmt.Errorf("a value of kind %d: %w", v.kind, errCut)
		r.b = nil
	}
	r.uvarint() // the age that appendCell writes
	return v
}

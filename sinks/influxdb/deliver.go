package influxdb

import (
	"bytes"
	"context"
	"fmt"

	"github.com/routerpulse/routerpulse/sinks/spool"
)

const (
	// maxBadLines of one record are looked for; with more, the rest of the record is given up too.
	maxBadLines = 8
	// maxProbes bounds the requests that look for bad lines in one batch. After that a refused record
	// is given up whole.
	maxProbes = 500
)

// line is one line of a batch and the record that it came in.
type line struct {
	text   []byte // with its line end
	record int
}

// delivery brings one batch into the database, without what the database refuses.
type delivery struct {
	*sender
	ctx    context.Context
	lines  []line // not delivered yet
	bad    map[int]int
	probes int
	stuck  bool

	written int
}

// outcome is what became of a batch.
type outcome uint8

const (
	kept      outcome = iota // ctx ended, or the sink closes: what is left has to be sent again
	delivered                // every line is in the database or refused for ever
	stuck                    // the database fails at it, and takes others
)

func (s *sender) deliver(ctx context.Context, records []spool.Entry) outcome {
	d := &delivery{sender: s, ctx: ctx, bad: map[int]int{}}
	done := d.whole(records)
	s.own.written.Add(float64(d.written))
	switch {
	case done:
		return delivered
	case d.stuck:
		return stuck
	}
	return kept
}

// whole sends the records as they are in the spool. Only if they are too large together, or refused, are
// they unpacked and cut into lines.
func (d *delivery) whole(records []spool.Entry) bool {
	size, points := 0, 0
	for i := range records {
		size, points = size+records[i].Size(), points+records[i].Points
	}
	if size > d.limit() {
		d.split(records)
		return d.all()
	}
	switch v := d.post(spool.Gzip(records)); v.action {
	case accepted:
		d.take(points, v)
		return true
	case tooLarge:
		if d.split(records); len(d.lines) > 0 { // else none of them can be unpacked
			d.shrink(len(d.lines), v)
		}
	case refused:
		if d.split(records); len(d.lines) > 0 && !d.isolate(len(d.lines), v) {
			return false
		}
	default:
		return false
	}
	return d.all()
}

// all sends everything that is left, in requests as large as allowed, until nothing is left.
func (d *delivery) all() bool {
	for len(d.lines) > 0 {
		n := d.fit(len(d.lines))
		switch v := d.first(n); v.action {
		case accepted:
			d.take(n, v)
		case tooLarge:
			d.shrink(n, v)
		case refused:
			if !d.isolate(n, v) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isolate finds the first bad line among the first n, which are refused together: it halves what holds
// the bad line, and what comes before it is delivered on the way. The bad line is dropped; what comes
// after it is left.
func (d *delivery) isolate(n int, v verdict) bool {
	for n > 1 && d.probes < maxProbes {
		d.probes++
		half := d.middle(n)
		switch probe := d.first(half); probe.action {
		case accepted:
			d.take(half, probe)
			n -= half
		case tooLarge:
			d.shrink(half, probe)
			return true
		case refused:
			n, v = half, probe
		default:
			return false
		}
	}
	if n > 1 {
		return d.record(n)
	}
	first := d.lines[0].record
	d.reject(1, v)
	if d.bad[first]++; d.bad[first] > maxBadLines {
		d.reject(d.length(first), v)
	}
	return true
}

// middle is where n lines are cut: between two records if there is such a place near the half.
func (d *delivery) middle(n int) int {
	half := n / 2
	for away := 0; away <= n/8; away++ {
		for _, at := range []int{half - away, half + away} {
			if at > 0 && at < n && d.lines[at-1].record != d.lines[at].record {
				return at
			}
		}
	}
	return half
}

// record sends the first record of n refused lines alone, and gives it up if it is refused.
func (d *delivery) record(n int) bool {
	n = min(n, d.length(d.lines[0].record))
	switch v := d.first(n); v.action {
	case accepted:
		d.take(n, v)
	case refused:
		d.reject(n, v)
	case tooLarge:
		d.shrink(n, v)
	default:
		return false
	}
	return true
}

// shrink remembers that a request of n lines was too large. One line that is too large is lost.
func (d *delivery) shrink(n int, v verdict) {
	if n == 1 {
		d.reject(1, v)
		return
	}
	size := 0
	for _, l := range d.lines[:n] {
		size += len(l.text)
	}
	d.lower(size)
}

// fit is how many of the first n lines one request may hold.
func (d *delivery) fit(n int) int {
	size, limit := 0, d.limit()
	for i, l := range d.lines[:n] {
		if size += len(l.text); size > limit && i > 0 {
			return i
		}
	}
	return n
}

// length is how many of the lines in front belong to a record.
func (d *delivery) length(record int) int {
	n := 0
	for n < len(d.lines) && d.lines[n].record == record {
		n++
	}
	return n
}

// first posts the first n lines.
func (d *delivery) first(n int) verdict {
	body, err := d.pack(d.lines[:n])
	if err != nil {
		d.log.Error("lines cannot be packed", "err", err)
		return verdict{action: later}
	}
	return d.post(body)
}

func (d *delivery) post(body []byte) verdict {
	v := d.send(d.ctx, body)
	d.stuck = v.stuck
	return v
}

// take notes that the first n lines are in the database, but for those that the answer told of.
func (d *delivery) take(n int, v verdict) {
	rejected := min(v.rejected, n)
	if rejected > 0 { // nobody knows which
		d.refuse(nil, rejected, v.reason)
	}
	d.written += n - rejected
	d.lines = d.lines[min(n, len(d.lines)):] // none, if the records were not cut into lines
}

func (d *delivery) reject(n int, v verdict) {
	if n == 0 {
		return
	}
	var lines []byte
	for _, l := range d.lines[:n] {
		lines = append(lines, l.text...)
	}
	d.refuse(lines, n, v.reason)
	d.lines = d.lines[n:]
}

// split cuts records into lines.
func (d *delivery) split(records []spool.Entry) {
	for i, r := range records {
		lines, err := r.Lines()
		if err != nil { // its checksum on the disk was right
			d.refuse(nil, r.Points, fmt.Sprintf("a record cannot be unpacked: %v", err))
			continue
		}
		for text := range bytes.Lines(lines) {
			d.lines = append(d.lines, line{text: text, record: i})
		}
	}
}

// cut shortens a line for the log.
func cut(text []byte) string {
	const most = 200
	text = bytes.TrimSpace(text)
	if len(text) > most {
		return string(bytes.ToValidUTF8(text[:most], nil)) + "…"
	}
	return string(text)
}

package main

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"time"
)

// tally is what all readers of a crowd have seen.
type tally struct {
	ready     atomic.Int64 // connections that are in sync
	ended     atomic.Int64 // … that ended, although nobody wanted it
	delivered atomic.Int64 // changes of the pacer
	bytes     atomic.Int64
	from, to  atomic.Uint64 // the changes, by number, that each reader must get; to is exclusive
	late      histogram     // of those, how long after they were made
}

// histogram counts whole milliseconds.
type histogram [20_001]atomic.Int64

func (h *histogram) add(d time.Duration) {
	h[max(0, min(int(d.Milliseconds()), len(h)-1))].Add(1)
}

func (h *histogram) clear() {
	for i := range h {
		h[i].Store(0)
	}
}

// quantile is the upper bound of the millisecond that it falls into; 0 if there is nothing.
func (h *histogram) quantile(q float64) float64 {
	var total, seen int64
	for i := range h {
		total += h[i].Load()
	}
	for i := range h {
		if seen += h[i].Load(); total > 0 && float64(seen) >= q*float64(total) {
			return float64(i + 1)
		}
	}
	return 0
}

// reader finds in a stream, whatever its frames are, the changes of the pacer.
type reader struct {
	tally   *tally
	ready   string // comes when the stream is in sync
	isReady bool
	got     atomic.Int64 // changes of the window
	kept    []byte       // the end of what came before, which may hold the beginning of a mark
}

// mark is how the number and time of a change begin; a whole one is no longer than maxMark.
const (
	mark    = `"identity":"#`
	maxMark = 64
)

// take looks through what came.
func (r *reader) take(b []byte) {
	if len(r.kept) > 0 {
		b = append(r.kept, b...)
	}
	if !r.isReady && bytes.Contains(b, []byte(r.ready)) {
		r.isReady = true
		r.tally.ready.Add(1)
	}
	now := time.Now()
	for {
		at := bytes.Index(b, []byte(mark))
		if at < 0 {
			r.keep(b[max(0, len(b)-max(len(mark), len(r.ready))+1):])
			return
		}
		end := bytes.IndexByte(b[at+len(mark):], '"')
		if end < 0 {
			r.keep(b[at:])
			return
		}
		number, micros, _ := bytes.Cut(b[at+len(mark):at+len(mark)+end], []byte("@"))
		r.change(number, micros, now)
		b = b[at+len(mark)+end:]
	}
}

// keep remembers the end of what came. What is longer than a mark is none.
func (r *reader) keep(b []byte) {
	r.kept = append(r.kept[:0:0], b[:min(len(b), maxMark)]...)
}

func (r *reader) change(number, micros []byte, now time.Time) {
	n, err := strconv.ParseUint(string(number), 10, 64)
	if err != nil {
		return
	}
	r.tally.delivered.Add(1)
	if n < r.tally.from.Load() || n >= r.tally.to.Load() {
		return
	}
	at, err := strconv.ParseInt(string(micros), 10, 64)
	if err != nil {
		return
	}
	r.got.Add(1)
	r.tally.late.add(now.Sub(time.UnixMicro(at)))
}

package embedded

import (
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/routerpulse/routerpulse/pipeline"
)

// coarseStep is the length of a window of the coarse store. A window's value has the time of its end.
const coarseStep = 5 * time.Minute

// stepMillis is coarseStep as times are counted here.
const stepMillis = int64(coarseStep / time.Millisecond)

// millis is a time. Its name keeps go vet from taking an iterator's Seek for that of a file.
type millis = int64

// digest says what of a window's samples is kept.
type digest string

// Sorted, because the coarse store's series are: they begin with the digest.
const (
	average digest = "avg"
	last    digest = "last"
	maximum digest = "max"
	minimum digest = "min"
)

// digests are all of them, in the order of the coarse store's series.
func digests() []digest { return []digest{average, last, maximum, minimum} }

// averagePrecision is how many bits of an average's fraction are kept: a mean of integers has 52 that mean
// nothing and cannot be packed; 18 are exact to four parts in a million.
const averagePrecision = 18

// kinds says of a metric whether it is a gauge: that has an average, a minimum and a maximum; of all else (counters, codes,
// instants, texts, and what the schema does not know) the last value of a window is kept.
type kinds map[string]bool

func kindsOf(schema *pipeline.Schema) kinds {
	out := kinds{}
	for _, t := range schema.Tables {
		for _, f := range t.Fields {
			if f.Kind == pipeline.Gauge || f.Kind == pipeline.Duration {
				out[metricName(t.Name, f.Name)] = true
			}
		}
	}
	return out
}

// has reports whether a digest is kept of a metric.
func (k kinds) has(metric string, d digest) bool { return k[metric] == (d != last) }

// pick is the digest of a metric that answers for the one asked for.
func (k kinds) pick(metric string, asked digest) digest {
	if !k[metric] {
		return last
	}
	return asked
}

// windowEnd is the end of the window that a time is in; the end itself belongs to it.
func windowEnd(t int64) int64 {
	end := t - t%stepMillis
	if end < t {
		end += stepMillis
	}
	return end
}

// window gathers the samples of one window.
type window struct {
	end            int64
	n              int
	sum, low, high float64
	newest         float64
	stale          bool // it ended with a stale marker
}

func (w *window) add(v float64) {
	if w.stale = value.IsStaleNaN(v); w.stale {
		return
	}
	if w.n == 0 {
		w.low, w.high = v, v
	}
	w.n++
	w.sum += v
	w.newest, w.low, w.high = v, math.Min(w.low, v), math.Max(w.high, v)
}

func (w *window) value(d digest) float64 {
	switch {
	case w.n == 0:
		return math.Float64frombits(value.StaleNaN)
	case d == maximum:
		return w.high
	case d == minimum:
		return w.low
	case d == average && w.low != w.high: // the mean of equal values is that value, whatever a sum makes of it
		return roundFraction(w.sum / float64(w.n))
	}
	return w.newest
}

// roundFraction rounds to averagePrecision bits of the fraction.
func roundFraction(v float64) float64 {
	const dropped = 52 - averagePrecision
	return math.Float64frombits((math.Float64bits(v) + 1<<(dropped-1)) &^ (1<<dropped - 1))
}

// folded is a series of the fine store as the coarse store has it: one value a window. What ends with a
// stale marker ends with one in the next window, if nothing follows there.
type folded struct {
	chunkenc.Iterator // of nothing: no histograms, no start times

	samples chunkenc.Iterator
	digest  digest
	from    int64 // ends of windows before it are left out

	primed bool // samples stands at one that was not taken yet, if there is more
	more   bool
	due    int64 // a stale marker is, at this end of a window; 0: none
	t      int64
	v      float64
	there  bool // t and v are a window
}

func newFolded(samples chunkenc.Iterator, d digest, from int64) *folded {
	return &folded{Iterator: chunkenc.NewNopIterator(), samples: samples, digest: d, from: from}
}

// Next goes to the next window.
func (f *folded) Next() chunkenc.ValueType {
	for f.there = f.step(); f.there; f.there = f.step() {
		if f.t >= f.from {
			return chunkenc.ValFloat
		}
	}
	return chunkenc.ValNone
}

func (f *folded) step() bool {
	if !f.primed {
		f.primed = true
		f.advance()
	}
	if due := f.due; due != 0 {
		f.due = 0
		if !f.more || windowEnd(f.samples.AtT()) > due {
			f.t, f.v = due, math.Float64frombits(value.StaleNaN)
			return true
		}
	}
	if !f.more {
		return false
	}
	w := window{end: windowEnd(f.samples.AtT())}
	for f.more && windowEnd(f.samples.AtT()) == w.end {
		_, v := f.samples.At()
		w.add(v)
		f.advance()
	}
	if w.stale && w.n > 0 {
		f.due = w.end + stepMillis
	}
	f.t, f.v = w.end, w.value(f.digest)
	return true
}

func (f *folded) advance() { f.more = f.samples.Next() == chunkenc.ValFloat }

// Seek goes to the first window at or after t.
func (f *folded) Seek(t millis) chunkenc.ValueType {
	if f.there && f.t >= t {
		return chunkenc.ValFloat
	}
	for f.Next() != chunkenc.ValNone {
		if f.t >= t {
			return chunkenc.ValFloat
		}
	}
	return chunkenc.ValNone
}

// Err is what went wrong with the samples.
func (f *folded) Err() error { return f.samples.Err() }

// At is the window's end and value.
func (f *folded) At() (int64, float64) { return f.t, f.v }

// AtT is the window's end.
func (f *folded) AtT() int64 { return f.t }

// foldedSet shows the series of the fine store as the coarse one would.
type foldedSet struct {
	storage.SeriesSet
	kinds  kinds
	digest digest
	from   int64
}

// At is the series that Next went to.
func (s foldedSet) At() storage.Series {
	series := s.SeriesSet.At()
	return foldedSeries{series, s.kinds.pick(series.Labels().Get(model.MetricNameLabel), s.digest), s.from}
}

type foldedSeries struct {
	storage.Series
	digest digest
	from   int64
}

// Iterator walks the windows.
func (s foldedSeries) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return newFolded(s.Series.Iterator(nil), s.digest, s.from)
}

package embedded

import (
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// chunkedSet shows the coarse store's series as the fine one would: without the digest's label. They are read chunk
// by chunk: as samples the database merges its blocks by the time of each, which costs several times what unpacking
// does, although no two blocks have the same time.
type chunkedSet struct {
	storage.ChunkSeriesSet
	builder *labels.Builder
}

// At is the series that Next went to.
func (s chunkedSet) At() storage.Series {
	series := s.ChunkSeriesSet.At()
	s.builder.Reset(series.Labels())
	return chunkedSeries{series, s.builder.Del(digestLabel).Labels()}
}

type chunkedSeries struct {
	storage.ChunkSeries
	labels labels.Labels
}

// Labels are those of the fine store.
func (s chunkedSeries) Labels() labels.Labels { return s.labels }

// Iterator walks the samples of all chunks.
func (s chunkedSeries) Iterator(chunkenc.Iterator) chunkenc.Iterator { return s.before(nil) }

// before walks the samples of all chunks, then those of late, if there is one.
func (s chunkedSeries) before(late chunkenc.Iterator) *chunked {
	return &chunked{Iterator: chunkenc.NewNopIterator(), chunks: s.ChunkSeries.Iterator(nil), late: late}
}

// inTurn joins what both stores have of one series. The samples of the coarse one come first, all of them.
func inTurn(series ...storage.Series) storage.Series {
	if len(series) == 2 {
		for i, s := range series {
			early, ok := s.(chunkedSeries)
			late := series[1-i]
			if _, double := late.(chunkedSeries); ok && !double {
				return joined{early, late}
			}
		}
	}
	return storage.ChainedSeriesMerge(series...) // a field whose kind changed has two digests
}

// joined is a series of the coarse store that goes on in the fine one.
type joined struct {
	chunkedSeries
	late storage.Series
}

// Iterator walks the samples of both.
func (s joined) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return s.before(s.late.Iterator(nil))
}

// chunked is the samples of chunks of which each is later than the one before, and what follows them.
type chunked struct {
	chunkenc.Iterator // of the chunk that it is in

	chunks chunks.Iterator
	unpack chunkenc.Iterator // what Iterator was last, to be used again
	late   chunkenc.Iterator // what follows; nil: nothing, or it is in it
	there  bool              // it stands at a sample
}

// Next goes to the next sample.
func (c *chunked) Next() chunkenc.ValueType {
	for {
		found := c.Iterator.Next()
		if c.there = found != chunkenc.ValNone; c.there || !c.enter(math.MinInt64) {
			return found
		}
	}
}

// Seek goes to the first sample at or after t. Chunks that end before are not unpacked.
func (c *chunked) Seek(t millis) chunkenc.ValueType {
	if c.there && c.AtT() >= t {
		return chunkenc.ValFloat
	}
	for {
		found := c.Iterator.Seek(t)
		if c.there = found != chunkenc.ValNone; c.there || !c.enter(t) {
			return found
		}
	}
}

// enter goes to the beginning of the next chunk that does not end before t, or of what follows them.
func (c *chunked) enter(t int64) bool {
	if c.Iterator.Err() != nil {
		return false
	}
	for c.chunks.Next() {
		if chunk := c.chunks.At(); chunk.MaxTime >= t {
			c.unpack = chunk.Chunk.Iterator(c.unpack)
			c.Iterator = c.unpack
			return true
		}
	}
	more := c.late != nil && c.chunks.Err() == nil
	if c.Iterator = chunkenc.NewNopIterator(); more { // what has come to its end may not be asked again
		c.Iterator, c.late = c.late, nil
	}
	return more
}

// Err is what went wrong.
func (c *chunked) Err() error { return errors.Join(c.Iterator.Err(), c.chunks.Err()) }

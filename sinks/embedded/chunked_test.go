package embedded

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// chunkSeries is a series of chunks; reading them ends with err.
type chunkSeries struct {
	metas []chunks.Meta
	err   error
}

func (chunkSeries) Labels() labels.Labels { return labels.FromStrings("__name__", "x") }

func (s chunkSeries) ChunkCount() (int, error) { return len(s.metas), nil }

func (s chunkSeries) Iterator(chunks.Iterator) chunks.Iterator {
	return &chunkList{Iterator: storage.NewListChunkSeriesIterator(s.metas...), err: s.err}
}

type chunkList struct {
	chunks.Iterator
	err error
}

func (l *chunkList) Err() error { return l.err }

// pointsInChunks makes chunks of some length, and one series of them; each point is in one.
func pointsInChunks(t *testing.T, points []point, length int, err error) chunkedSeries {
	t.Helper()
	s := chunkSeries{err: err}
	for part := range slices.Chunk(points, length) {
		c := chunkenc.NewXORChunk()
		app, err := c.Appender()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range part {
			app.Append(0, p.T*1000, p.V)
		}
		s.metas = append(s.metas, chunks.Meta{Chunk: c, MinTime: part[0].T * 1000, MaxTime: part[len(part)-1].T * 1000})
	}
	return chunkedSeries{s, s.Labels()}
}

// TestChunked: whichever way one goes through a series, there is the point that a look through all of them finds.
func TestChunked(t *testing.T) {
	for seed := range 200 {
		rng := rand.New(rand.NewPCG(7, uint64(seed)))
		points := make([]point, rng.IntN(60))
		for i, at := 0, int64(0); i < len(points); i++ {
			at += 1 + rng.Int64N(20)
			points[i] = point{at, rng.Float64()}
		}
		cut := rng.IntN(len(points) + 1)
		length := 1 + rng.IntN(9)
		early := pointsInChunks(t, points[:cut], length, nil)
		it := inTurn(early).Iterator(nil)
		if all := points[cut:]; len(all) > 0 {
			late := pointsInChunks(t, all, len(all), nil)
			samples := storage.NewListSeries(early.Labels(), nil)
			samples.SampleIteratorFn = func(chunkenc.Iterator) chunkenc.Iterator { return late.Iterator(nil) }
			it = inTurn(samples, early).Iterator(nil) // in either order
		}
		at := -1 // index of the point that it stands at
		for range 80 {
			var found chunkenc.ValueType
			if rng.IntN(2) == 0 {
				at++
				found = it.Next()
			} else {
				to := rng.Int64N(700)
				at = max(at, 0)
				for at < len(points) && points[at].T < to {
					at++
				}
				found = it.Seek(to * 1000)
			}
			if at >= len(points) {
				if found != chunkenc.ValNone || it.Err() != nil {
					t.Fatalf("seed %d: there is something after the end: %v", seed, it.Err())
				}
				continue
			}
			if found != chunkenc.ValFloat || it.AtT() != points[at].T*1000 {
				t.Fatalf("seed %d: it is not at point %d of %v", seed, at, points)
			}
			if _, v := it.At(); v != points[at].V {
				t.Fatalf("seed %d: %v at point %d, want %v", seed, v, at, points[at].V)
			}
		}
	}
}

// TestChunkedError: what cannot be read is an error, not an end; nothing later is shown as if it followed.
func TestChunkedError(t *testing.T) {
	damage := errors.New("damaged")
	early := pointsInChunks(t, []point{{1, 1}, {2, 2}}, 1, damage)
	samples := storage.NewListSeries(early.Labels(), nil)
	samples.SampleIteratorFn = func(chunkenc.Iterator) chunkenc.Iterator { return chunkOf(t, []point{{9, 9}}) }
	for _, series := range []storage.Series{early, inTurn(early, samples)} {
		it := series.Iterator(nil)
		if got := walk(it); len(got) != 2 || !errors.Is(it.Err(), damage) {
			t.Errorf("%v, error %v", got, it.Err())
		}
		it = series.Iterator(nil)
		if it.Seek(9000) != chunkenc.ValNone || !errors.Is(it.Err(), damage) {
			t.Errorf("seek: error %v", it.Err())
		}
	}
}

// TestKindChanged: a metric of two digests, from before and after its kind changed, is one series in order.
func TestKindChanged(t *testing.T) {
	a := pointsInChunks(t, []point{{1, 1}, {4, 4}}, 1, nil)
	b := pointsInChunks(t, []point{{2, 2}, {7, 7}}, 2, nil)
	got := walk(inTurn(a, b).Iterator(nil))
	if want := []point{{1, 1}, {2, 2}, {4, 4}, {7, 7}}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

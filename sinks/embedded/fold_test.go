package embedded

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

type point struct {
	T int64 // seconds
	V float64
}

func (p point) stale() bool { return value.IsStaleNaN(p.V) }

// chunkOf makes an iterator over points.
func chunkOf(t *testing.T, points []point) chunkenc.Iterator {
	t.Helper()
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range points {
		app.Append(0, p.T*1000, p.V)
	}
	// As from several blocks: it panics when it is asked beyond its end.
	return storage.ChainSampleIteratorFromIterators(nil, []chunkenc.Iterator{c.Iterator(nil)})
}

func walk(it chunkenc.Iterator) []point {
	var out []point
	for it.Next() == chunkenc.ValFloat {
		t, v := it.At()
		if it.AtST() != 0 {
			panic("a start time")
		}
		out = append(out, point{t / 1000, v})
	}
	return out
}

func TestFold(t *testing.T) {
	gone := math.Float64frombits(value.StaleNaN)
	for name, c := range map[string]struct {
		in   []point
		from int64
		want map[digest][]point
	}{
		"the end belongs to the window": {
			in: []point{{1, 4}, {300, 8}, {301, 1}},
			want: map[digest][]point{
				average: {{300, 6}, {600, 1}}, last: {{300, 8}, {600, 1}}, minimum: {{300, 4}, {600, 1}}, maximum: {{300, 8}, {600, 1}},
			},
		},
		"windows without samples have no value": {
			in: []point{{10, 1}, {1210, 2}}, want: map[digest][]point{average: {{300, 1}, {1500, 2}}, last: {{300, 1}, {1500, 2}}},
		},
		"an end follows in the next window": {
			in:   []point{{10, 1}, {40, gone}, {1210, 2}},
			want: map[digest][]point{average: {{300, 1}, {600, gone}, {1500, 2}}, maximum: {{300, 1}, {600, gone}, {1500, 2}}},
		},
		"an end that is last": {
			in: []point{{10, 1}, {40, gone}}, want: map[digest][]point{last: {{300, 1}, {600, gone}}},
		},
		"an end alone": {
			in: []point{{10, 1}, {340, gone}, {700, 3}}, want: map[digest][]point{last: {{300, 1}, {600, gone}, {900, 3}}},
		},
		"an end that was none": {
			in: []point{{10, 1}, {40, gone}, {310, 2}}, want: map[digest][]point{last: {{300, 1}, {600, 2}}},
		},
		"back in the same window": {
			in: []point{{10, 1}, {40, gone}, {70, 5}}, want: map[digest][]point{average: {{300, 3}}, last: {{300, 5}}},
		},
		"what is before is left out, its end is not": {
			in: []point{{10, 1}, {40, gone}, {610, 2}}, from: 600, want: map[digest][]point{last: {{600, gone}, {900, 2}}},
		},
		"an average of equal values is that value": {
			in: []point{{10, 0.1}, {20, 0.1}, {30, 0.1}}, want: map[digest][]point{average: {{300, 0.1}}},
		},
		"negative": {
			in: []point{{10, -70}, {20, -60}}, want: map[digest][]point{average: {{300, -65}}, minimum: {{300, -70}}, maximum: {{300, -60}}},
		},
		"nothing": {want: map[digest][]point{last: nil}},
	} {
		for d, want := range c.want {
			got := walk(newFolded(chunkOf(t, c.in), d, c.from*1000))
			same := cmp.Comparer(func(a, b point) bool { return a.T == b.T && (a.V == b.V || a.stale() && b.stale()) })
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Errorf("%s, %s: (-want +got)\n%s", name, d, diff)
			}
		}
	}
}

func TestFoldSeek(t *testing.T) {
	it := newFolded(chunkOf(t, []point{{10, 1}, {310, 2}, {1510, 3}}), last, 0)
	for _, c := range []struct{ to, want int64 }{{1, 300}, {300, 300}, {301, 600}, {200, 600}, {601, 1800}, {1800, 1800}} {
		if it.Seek(c.to*1000) == chunkenc.ValNone || it.AtT() != c.want*1000 {
			t.Fatalf("seek to %d s came to %d s, want %d", c.to, it.AtT()/1000, c.want)
		}
	}
	if it.Seek(1801*1000) != chunkenc.ValNone {
		t.Error("there is something after the end")
	}
	if it.Seek(1) != chunkenc.ValNone {
		t.Error("it came back from the end")
	}
}

func TestRoundFraction(t *testing.T) {
	for _, v := range []float64{math.Pi, -1e9 / 3, 1e-300 / 7, 123456789.987} {
		if got := roundFraction(v); math.Abs(got-v) > math.Abs(v)*4e-6 {
			t.Errorf("%v became %v", v, got)
		}
	}
	for _, v := range []float64{0, 1, -65, 0.5, 262143} {
		if got := roundFraction(v); got != v {
			t.Errorf("%v became %v", v, got)
		}
	}
}

package embedded

import (
	"context"
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/routerpulse/routerpulse/pipeline"
)

// leftovers are the series that were live when the program ended. Nobody says of their rows that they
// are gone, because who would say it has ended as well. The first whole read of a device's table shows
// which rows are left, and which texts changed meanwhile; the others are ended then. What nobody reads
// ends by itself, Lookback after its last value.
type leftovers map[leftoverKey][]labels.Labels

type leftoverKey struct{ device, table string }

// findLeftovers looks through the last Lookback before the newest sample.
func findLeftovers(db *tsdb.DB, schema *pipeline.Schema) (_ leftovers, err error) {
	out := leftovers{}
	newest := db.Head().MaxTime()
	if db.Head().NumSeries() == 0 {
		return out, nil
	}
	tables := tableOf(schema)
	q, err := db.Querier(newest-Lookback.Milliseconds(), newest)
	if err != nil {
		return nil, fmt.Errorf("look for live series: %w", err)
	}
	defer func() { _ = q.Close() }()
	all := labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
	set := q.Select(context.Background(), false, nil, all)
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		l := s.Labels()
		table, known := tables[l.Get(model.MetricNameLabel)]
		if it = s.Iterator(it); known && endsLive(it) {
			key := leftoverKey{l.Get("device"), table}
			out[key] = append(out[key], l)
		}
	}
	return out, set.Err()
}

// tableOf finds the table of a metric's name.
func tableOf(schema *pipeline.Schema) map[string]string {
	out := map[string]string{}
	for _, t := range schema.Tables {
		out[infoName(t.Name)] = t.Name
		for _, f := range t.Fields {
			out[metricName(t.Name, f.Name)] = t.Name
		}
	}
	return out
}

// endsLive reports that the last sample is no stale marker.
func endsLive(it chunkenc.Iterator) bool {
	live := false
	for it.Next() == chunkenc.ValFloat {
		_, v := it.At()
		live = !value.IsStaleNaN(v)
	}
	return live
}

// endLeftovers ends what a whole read of a table no longer has: numbers of other rows, and texts that
// are not those of now.
func (w *writer) endLeftovers(device string, t *pipeline.TableRead) {
	key := leftoverKey{device, t.Table.Name}
	left, ok := w.rows.left[key]
	if !ok {
		return
	}
	present := map[uint64]bool{}
	for i := range t.Samples {
		r := w.rows.of(t.Samples[i].Series)
		present[w.names.tags(r.source).Hash()] = true
		if r.info != nil {
			present[r.info.labels.Hash()] = true
		}
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, l := range left {
		identity := l
		if l.Get(model.MetricNameLabel) != infoName(t.Table.Name) {
			b.Reset(l)
			identity = b.Del(model.MetricNameLabel).Labels()
		}
		if !present[identity.Hash()] {
			w.end(&series{labels: l, ref: storage.SeriesRef(0)})
		}
	}
	w.claimed = append(w.claimed, key)
}

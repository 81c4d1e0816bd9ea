package embedded

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/annotations"
)

const (
	// coarseSpan is how much time a selector must look at for the coarse store to be worth it.
	coarseSpan = 48 * time.Hour
	// coarseRange is the least range, in brackets, that has values enough at one in five minutes.
	coarseRange = time.Hour
)

// history is both stores as one: each selector of a query is answered out of the one that suits it.
type history struct {
	fine   *tsdb.DB
	coarse *coarse // nil: there is none
	own    *metrics
}

var _ storage.Queryable = (*history)(nil)

// Querier opens both stores.
func (h *history) Querier(mint, maxt int64) (storage.Querier, error) {
	early := mint
	if h.coarse != nil {
		early = max(mint, math.MinInt64+2*stepMillis) - 2*stepMillis // folding begins two windows earlier
	}
	fine, err := h.fine.Querier(early, maxt)
	if err != nil || h.coarse == nil {
		return fine, err
	}
	q := &querier{fine: fine, kinds: h.coarse.kinds, own: h.own, mint: mint, maxt: maxt}
	q.fineFrom, _ = extent(h.fine)
	var ok bool
	if q.from, q.until, ok = h.coarse.extent(); !ok {
		q.from, q.until = q.fineFrom, q.fineFrom // all of it is folded
		return q, nil
	}
	// A block that was added meanwhile is not looked at: until comes first.
	if q.coarse, err = h.coarse.db.ChunkQuerier(mint, maxt); err != nil {
		return nil, errors.Join(err, fine.Close())
	}
	return q, nil
}

// querier answers for one query.
type querier struct {
	fine   storage.Querier
	coarse storage.ChunkQuerier // nil: it has nothing yet
	kinds  kinds
	own    *metrics

	mint, maxt  int64
	fineFrom    int64 // the fine store has nothing older
	from, until int64 // of the coarse store's blocks: from <= t < until
}

// Select answers a selector: out of the coarse store when the query looks at long stretches in long steps; out
// of the fine one otherwise, and out of the coarse one what that no longer has.
func (q *querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, m ...*labels.Matcher) storage.SeriesSet {
	h := storage.SelectHints{Start: q.mint, End: q.maxt}
	if hints != nil {
		h = *hints
	}
	switch {
	case suitsCoarse(&h):
		q.own.coarseSelectors.WithLabelValues("coarse").Inc()
		return q.folded(ctx, h, m)
	case h.Start < q.fineFrom && q.from < q.fineFrom:
		q.own.coarseSelectors.WithLabelValues("both").Inc()
		return q.both(ctx, h, m)
	}
	q.own.coarseSelectors.WithLabelValues("fine").Inc()
	return q.fine.Select(ctx, sorted, &h, m...)
}

// suitsCoarse reports that a value every five minutes is what is asked for. Functions that count samples, or look
// at each, get all of them as long as they are there.
func suitsCoarse(h *storage.SelectHints) bool {
	if h.Func == "series" || h.End-h.Start < coarseSpan.Milliseconds() || (h.Step != 0 && h.Step < stepMillis) {
		return false
	}
	if h.Range == 0 {
		return true
	}
	return h.Range >= coarseRange.Milliseconds() && slices.Contains([]string{
		"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "rate", "increase", "delta", "deriv",
	}, h.Func)
}

// digestFor is what a function asks of a gauge.
func digestFor(function string) digest {
	switch function {
	case "min_over_time":
		return minimum
	case "max_over_time":
		return maximum
	}
	return average
}

// folded is the coarse store's blocks, and of what is later the fine store folded alike.
func (q *querier) folded(ctx context.Context, h storage.SelectHints, m []*labels.Matcher) storage.SeriesSet {
	sets := q.blocks(ctx, h, q.until-1, m)
	if h.End >= q.until {
		from := max(h.Start, q.until)
		late := h
		late.Start = from - 2*stepMillis + 1
		sets = append(sets, foldedSet{q.fine.Select(ctx, true, &late, m...), q.kinds, digestFor(h.Func), from})
	}
	return storage.NewMergeSeriesSet(sets, 0, inTurn)
}

// both is the fine store, and before it the coarse one.
func (q *querier) both(ctx context.Context, h storage.SelectHints, m []*labels.Matcher) storage.SeriesSet {
	sets := q.blocks(ctx, h, min(q.until, q.fineFrom)-1, m)
	if h.End >= q.fineFrom {
		late := h
		late.Start = q.fineFrom
		sets = append(sets, q.fine.Select(ctx, true, &late, m...))
	}
	return storage.NewMergeSeriesSet(sets, 0, inTurn)
}

// blocks is the coarse store until a time: of gauges the digest that the function asks for, of the rest the last.
func (q *querier) blocks(ctx context.Context, h storage.SelectHints, until int64, m []*labels.Matcher) []storage.SeriesSet {
	h.End = min(h.End, until)
	if q.coarse == nil || h.Start > h.End {
		return nil
	}
	var sets []storage.SeriesSet
	for _, d := range []digest{last, digestFor(h.Func)} {
		matchers := append(slices.Clone(m), labels.MustNewMatcher(labels.MatchEqual, digestLabel, string(d)))
		sets = append(sets, chunkedSet{q.coarse.Select(ctx, true, &h, matchers...), labels.NewBuilder(labels.EmptyLabels())})
	}
	return sets
}

// older reports that the coarse store has names that the fine one no longer has.
func (q *querier) older() bool { return q.coarse != nil && q.mint < q.fineFrom && q.from < q.fineFrom }

// LabelValues are those of both stores.
func (q *querier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, m ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.union(func(one storage.LabelQuerier) ([]string, annotations.Annotations, error) {
		return one.LabelValues(ctx, name, hints, m...)
	})
}

// LabelNames are those of both stores.
func (q *querier) LabelNames(ctx context.Context, hints *storage.LabelHints, m ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.union(func(one storage.LabelQuerier) ([]string, annotations.Annotations, error) {
		return one.LabelNames(ctx, hints, m...)
	})
}

func (q *querier) union(ask func(storage.LabelQuerier) ([]string, annotations.Annotations, error)) ([]string, annotations.Annotations, error) {
	all, notes, err := ask(q.fine)
	if err != nil || !q.older() {
		return all, notes, err
	}
	more, warnings, err := ask(q.coarse)
	if err != nil {
		return nil, nil, err
	}
	all = append(slices.Clone(all), more...)
	all = slices.DeleteFunc(all, func(name string) bool { return name == digestLabel })
	slices.Sort(all)
	return slices.Compact(all), notes.Merge(warnings), nil
}

// Close closes both.
func (q *querier) Close() error {
	if q.coarse == nil {
		return q.fine.Close()
	}
	return errors.Join(q.fine.Close(), q.coarse.Close())
}

package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/tombstones"
)

// digestLabel tells the coarse store's series of one metric apart. It sorts before every name that a tag can
// have, so that all series of one digest are together and keep their order when the label is taken off.
const digestLabel = "#"

// chunkWindows is how many values go into one chunk: a day's.
const chunkWindows = 288

// span is a stretch of time: from <= t < to, in milliseconds.
type span struct{ from, to int64 }

// blockWriter writes the windows of a span of the fine store as one block of the coarse store.
type blockWriter struct {
	fine  *tsdb.DB
	kinds kinds
	log   *slog.Logger

	index  *index.Writer
	chunks *chunks.Writer
	meta   tsdb.BlockMeta
	ref    storage.SeriesRef
	it     chunkenc.Iterator
}

// write makes a block in dir, whole or not at all, and returns how many values it has. Without any there
// is no block.
func (b *blockWriter) write(ctx context.Context, dir string, s span) (values uint64, err error) {
	id := ulid.Make()
	b.meta = tsdb.BlockMeta{
		ULID: id, Version: 1, MinTime: math.MaxInt64, MaxTime: s.to,
		Compaction: tsdb.BlockMetaCompaction{Level: 1, Sources: []ulid.ULID{id}},
	}
	// The database removes folders of this name when it opens: they are of a process that was killed.
	final := filepath.Join(dir, id.String())
	tmp := final + ".tmp-for-creation"
	defer func() {
		if rest := os.RemoveAll(tmp); rest != nil && err == nil {
			err = rest
		}
	}()
	if err := b.fill(ctx, tmp, s); err != nil {
		return 0, err
	}
	if b.meta.Stats.NumSamples == 0 {
		return 0, nil
	}
	if err := b.seal(tmp); err != nil {
		return 0, err
	}
	return b.meta.Stats.NumSamples, fileutil.Replace(tmp, final)
}

// fill writes chunks and index.
func (b *blockWriter) fill(ctx context.Context, dir string, s span) (err error) {
	if b.chunks, err = chunks.NewWriter(filepath.Join(dir, "chunks")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.chunks.Close()) }()
	if b.index, err = index.NewWriter(ctx, filepath.Join(dir, "index")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.index.Close()) }()
	if err := b.symbols(ctx, s); err != nil {
		return err
	}
	for _, d := range digests() {
		if err := b.series(ctx, s, d); err != nil {
			return fmt.Errorf("digest %s: %w", d, err)
		}
	}
	return nil
}

// each calls f for every series of the fine store that has samples near a span, sorted by its labels.
func (b *blockWriter) each(ctx context.Context, s span, f func(storage.Series) error) (err error) {
	// Two windows more: a stale marker at the end of the one before the span is due in its first.
	from, to := s.from-2*stepMillis+1, s.to-stepMillis
	q, err := b.fine.Querier(from, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	all := labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
	set := q.Select(ctx, true, &storage.SelectHints{Start: from, End: to}, all)
	for set.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(set.At()); err != nil {
			return err
		}
	}
	return set.Err()
}

// symbols writes every string that a label has; the index wants them first, and sorted.
func (b *blockWriter) symbols(ctx context.Context, s span) error {
	seen := map[string]struct{}{digestLabel: {}}
	for _, d := range digests() {
		seen[string(d)] = struct{}{}
	}
	err := b.each(ctx, s, func(series storage.Series) error {
		series.Labels().Range(func(l labels.Label) {
			seen[l.Name], seen[l.Value] = struct{}{}, struct{}{}
		})
		return nil
	})
	if err != nil {
		return err
	}
	sorted := make([]string, 0, len(seen))
	for text := range seen {
		sorted = append(sorted, text)
	}
	slices.Sort(sorted)
	for _, text := range sorted {
		if err := b.index.AddSymbol(text); err != nil {
			return err
		}
	}
	return nil
}

// series writes all series of one digest.
func (b *blockWriter) series(ctx context.Context, s span, d digest) error {
	builder := labels.NewBuilder(labels.EmptyLabels())
	return b.each(ctx, s, func(series storage.Series) error {
		l := series.Labels()
		if !b.kinds.has(l.Get(model.MetricNameLabel), d) {
			return nil
		}
		b.it = series.Iterator(b.it)
		metas, err := b.pack(newFolded(b.it, d, s.from), s)
		if err != nil || len(metas) == 0 {
			return err
		}
		if err := b.chunks.WriteChunks(metas...); err != nil {
			return err
		}
		builder.Reset(l)
		b.ref++
		b.meta.Stats.NumSeries++
		b.meta.Stats.NumChunks += uint64(len(metas))
		return b.index.AddSeries(b.ref, builder.Set(digestLabel, string(d)).Labels(), metas...)
	})
}

// pack puts windows into chunks.
func (b *blockWriter) pack(it *folded, s span) ([]chunks.Meta, error) {
	var metas []chunks.Meta
	var app chunkenc.Appender
	for it.Next() != chunkenc.ValNone {
		t, v := it.At()
		if t >= s.to {
			break // an end that is due in the next span, which will find it as well
		}
		if n := len(metas); n == 0 || metas[n-1].Chunk.NumSamples() >= chunkWindows {
			chunk := chunkenc.NewXORChunk()
			var err error
			if app, err = chunk.Appender(); err != nil {
				return nil, err
			}
			metas = append(metas, chunks.Meta{Chunk: chunk, MinTime: t})
		}
		app.Append(0, t, v)
		metas[len(metas)-1].MaxTime = t
		b.meta.MinTime = min(b.meta.MinTime, t)
		b.meta.Stats.NumSamples++
		b.meta.Stats.NumFloatSamples++
	}
	return metas, it.Err()
}

// seal writes what else a block has, and makes sure that all of it is on the disk.
func (b *blockWriter) seal(dir string) error {
	if _, err := tombstones.WriteFile(quiet(b.log), dir, tombstones.NewMemTombstones()); err != nil {
		return err
	}
	text, err := json.MarshalIndent(b.meta, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "meta.json"))
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	dayMillis = int64(24 * time.Hour / time.Millisecond)
	// shortSpan is the length of the coarse store's blocks when the fine one does not keep whole days for sure.
	shortSpan = int64(2 * time.Hour / time.Millisecond)
	// dailyFrom is the fine store's retention from which on a block of the coarse one is a day.
	dailyFrom = 3 * 24 * time.Hour
	// retryAfter a block could not be written.
	retryAfter = time.Minute
)

// coarse is the second store: a value every five minutes, kept for years. It holds nothing in memory that
// could be lost: a day of it is written from the fine store as soon as no sample of that day can come any
// more, and what is later than its blocks is folded when it is asked for.
type coarse struct {
	dir  string
	db   *tsdb.DB
	fine *tsdb.DB
	own  *metrics
	log  *slog.Logger

	kinds kinds
	step  int64 // length of a block

	due    atomic.Int64 // when the fine store has this time, a block can be written
	wake   chan struct{}
	done   map[int64]bool // spans that were looked at since the start, by their beginning
	warned bool           // that the fine store keeps too little
	end    context.CancelFunc
	ended  chan struct{}
}

// coarseDir is the folder of the coarse store below a data folder.
func coarseDir(path string) string { return filepath.Join(path, "coarse") }

// openCoarse opens the coarse store of a fine one, and starts to write what is missing in it.
func openCoarse(cfg Config, fine *tsdb.DB, schema *pipeline.Schema, own *metrics, log *slog.Logger) (*coarse, error) {
	c := &coarse{
		dir: coarseDir(cfg.Path), fine: fine, own: own, log: log,
		kinds: kindsOf(schema), step: dayMillis,
		wake: make(chan struct{}, 1), done: map[int64]bool{}, ended: make(chan struct{}),
	}
	if cfg.Retention.Std() < dailyFrom {
		c.step = shortSpan
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("coarse store: %w", err)
	}
	ctx, end := context.WithCancel(context.Background())
	db, _, err := openDatabase(c.dir, filepath.Join(cfg.Path, "corrupt"), coarseOptions(ctx, cfg, c.step), log)
	if err != nil {
		end()
		return nil, fmt.Errorf("coarse store %s: %w", c.dir, err)
	}
	// Blocks are merged after one was added, not at any time: a day that is missing is not merged over.
	db.DisableCompactions()
	c.db = db
	c.show()
	c.end = end
	c.wake <- struct{}{}
	go c.run(ctx)
	return c, nil
}

// coarseOptions are those of the coarse store's database; merging ends with ctx.
func coarseOptions(ctx context.Context, cfg Config, step int64) *tsdb.Options {
	o := dbOptions(cfg)
	o.RetentionDuration = cfg.Coarse.Retention.Std().Milliseconds()
	o.MaxBytes = cfg.Coarse.MaxBytes
	o.MinBlockDuration = step
	o.MaxBlockDuration = maxBlock.Milliseconds()
	o.EnableMemorySnapshotOnShutdown = false // it never has anything in memory
	o.NewCompactorFunc = func(_ context.Context, r prometheus.Registerer, l *slog.Logger, ranges []int64, pool chunkenc.Pool, o *tsdb.Options) (tsdb.Compactor, error) {
		return tsdb.NewLeveledCompactorWithOptions(ctx, r, l, ranges, pool, tsdb.LeveledCompactorOptions{
			MaxBlockChunkSegmentSize: o.MaxBlockChunkSegmentSize, EnableOverlappingCompaction: o.EnableOverlappingCompaction,
			FloatChunkEncoding: func() chunkenc.Encoding { return o.FloatChunkEncoding },
		})
	}
	return o
}

// close ends what is being written and closes the blocks.
func (c *coarse) close() error {
	if c == nil {
		return nil
	}
	c.end()
	<-c.ended
	return c.db.Close()
}

// reached tells of the time of a batch.
func (c *coarse) reached(t int64) {
	if c == nil || t < c.due.Load() {
		return
	}
	select {
	case c.wake <- struct{}{}:
	default: // it knows
	}
}

// run writes blocks as they become due.
func (c *coarse) run(ctx context.Context) {
	defer close(c.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		err := c.catchUp(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		c.own.coarseFailures.Inc()
		c.log.Warn("a block of the coarse store could not be written; it is tried again. Nothing is lost while the fine store has its samples",
			"retry_after", retryAfter, "error", err)
		retry := time.NewTimer(retryAfter)
		select {
		case <-ctx.Done():
		case <-retry.C:
			c.reached(math.MaxInt64)
		}
		retry.Stop()
	}
}

// catchUp writes every block that is missing and can be written, the oldest first.
func (c *coarse) catchUp(ctx context.Context) error {
	oldest, newest := extent(c.fine)
	if newest < oldest {
		return nil
	}
	c.warnShort(oldest)
	closed := newest - outOfOrder.Milliseconds() // nothing older is taken
	at := floor(windowEnd(oldest), c.step)
	for ; at+c.step-stepMillis < closed; at += c.step {
		s := span{at, at + c.step}
		if c.done[at] || c.has(s) {
			continue
		}
		began := time.Now()
		w := blockWriter{fine: c.fine, kinds: c.kinds, log: c.log}
		values, err := w.write(ctx, c.dir, s)
		if err != nil {
			return fmt.Errorf("span from %s: %w", time.UnixMilli(at).UTC().Format(time.RFC3339), err)
		}
		c.done[at] = true
		// It has nothing out of order: this makes it look at its folder now, not within a minute.
		if err := c.db.CompactOOOHead(ctx); err != nil {
			return err
		}
		c.own.coarseValues.Add(float64(values))
		c.own.coarseWrite.Observe(time.Since(began).Seconds())
	}
	c.due.Store(at + c.step - stepMillis + outOfOrder.Milliseconds())
	err := c.db.Compact(ctx)
	c.show()
	return err
}

// warnShort tells once when the fine store's max_bytes deletes what was not folded yet.
func (c *coarse) warnShort(oldest int64) {
	blocks := c.db.Blocks()
	if len(blocks) == 0 || c.warned || oldest <= blocks[len(blocks)-1].MaxTime() {
		return
	}
	c.warned = true
	c.log.Warn("the fine store had no samples any more for a block of the coarse one. Raise its max_bytes, so that it holds two days",
		"missing_from", time.UnixMilli(blocks[len(blocks)-1].MaxTime()).UTC(), "to", time.UnixMilli(oldest).UTC())
}

// has reports that a block has samples of a span.
func (c *coarse) has(s span) bool {
	for _, b := range c.db.Blocks() {
		if b.MinTime() < s.to && b.MaxTime() > s.from {
			return true
		}
	}
	return false
}

// show sets the gauges.
func (c *coarse) show() {
	size := int64(0)
	for _, b := range c.db.Blocks() {
		size += b.Size()
	}
	c.own.coarseBytes.Set(float64(size))
	if _, newest, ok := c.extent(); ok {
		c.own.coarseNewest.Set(float64(newest) / 1000)
	}
}

// extent is the time of the oldest value in the blocks, and the end of what they hold.
func (c *coarse) extent() (oldest, newest int64, ok bool) {
	blocks := c.db.Blocks()
	if len(blocks) == 0 {
		return 0, 0, false
	}
	return blocks[0].MinTime(), blocks[len(blocks)-1].MaxTime(), true
}

// extent is the time of a database's oldest and newest samples; the oldest is later when it is empty.
func extent(db *tsdb.DB) (oldest, newest int64) {
	oldest, newest = math.MaxInt64, math.MinInt64
	if db.Head().NumSeries() > 0 {
		oldest, newest = db.Head().MinTime(), db.Head().MaxTime()
	}
	for _, b := range db.Blocks() {
		oldest, newest = min(oldest, b.MinTime()), max(newest, b.MaxTime()-1)
	}
	return oldest, newest
}

// floor rounds down to a multiple.
func floor(t, step int64) int64 {
	rest := t % step
	if rest < 0 {
		rest += step
	}
	return t - rest
}

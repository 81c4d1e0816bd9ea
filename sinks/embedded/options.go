package embedded

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

// Lookback is how long a value holds for PromQL without a new one: over twice the slowest lane's 10 minutes.
const Lookback = 25 * time.Minute

const (
	// outOfOrder takes late batches: retries, and clocks that were set back.
	outOfOrder = 30 * time.Minute

	maxBlock     = 31 * 24 * time.Hour
	queryTimeout = 30 * time.Second
	// maxSamples that one query may hold: 160 MB. It is 11,000 points of 900 series.
	maxSamples = 10_000_000
	// concurrentQueries bounds memory and CPU; a dashboard asks for a dozen at once.
	concurrentQueries = 8
)

func dbOptions(cfg Config) *tsdb.Options {
	o := tsdb.DefaultOptions()
	retention := cfg.Retention.Std()
	o.RetentionDuration = retention.Milliseconds()
	// DefaultOptions would leave every block at 2 h: 360 of them in 30 days.
	o.MaxBlockDuration = max(min(maxBlock, retention/10).Milliseconds(), o.MinBlockDuration)
	o.WALCompression = compression.Snappy
	o.OutOfOrderTimeWindow = outOfOrder.Milliseconds()
	o.StripeSize = 1 << 10 // the default's padded locks cost several MiB, for tens of millions of series
	o.EnableMemorySnapshotOnShutdown = true
	o.NoLockfile = true                               // the store has locked the folder before it looks at the blocks
	o.BlockReloadInterval = 10 * 365 * 24 * time.Hour // upkeep does what is due then; blocks that are too old go when one is cut
	o.MaxBytes = cfg.MaxBytes                         // the database counts its head and write-ahead log as well
	return o
}

func newEngine(log *slog.Logger, reg prometheus.Registerer) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger:             quiet(log),
		Reg:                reg,
		MaxSamples:         maxSamples,
		Timeout:            queryTimeout,
		LookbackDelta:      Lookback,
		ActiveQueryTracker: make(slots, concurrentQueries),
		// A subquery without a step; the engine panics when this is nil.
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
	})
}

// slots lets so many queries run at once; the others wait for their turn until their deadline.
type slots chan struct{}

func (s slots) GetMaxConcurrent() int { return cap(s) }

func (s slots) Insert(ctx context.Context, _ string) (int, error) {
	select {
	case s <- struct{}{}:
		return 0, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s slots) Delete(int) { <-s }

func (s slots) Close() error { return nil }

// quiet hands the database's log on, its information as debug: it tells of every compaction.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(quietHandler{log.Handler()}) }

type quietHandler struct{ slog.Handler }

func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, lowered(level))
}

func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lowered(r.Level)
	return h.Handler.Handle(ctx, r)
}

func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs)}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}

func lowered(level slog.Level) slog.Level {
	if level == slog.LevelInfo {
		return slog.LevelDebug
	}
	return level
}

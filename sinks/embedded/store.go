// Package embedded is the default store: Prometheus' time-series database in a folder of ours, with
// PromQL over it. It is the only package that may import tsdb and promql.
//
// A number of the schema is the series <table>_<field>, its labels are the row's tags. The texts of a
// row are the labels of one series <table>_info, whose value is 1. A row or a field that goes away ends
// at once, by a stale marker.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"github.com/routerpulse/routerpulse/pipeline"
)

// ErrClosed is returned by Write and answered by the API while the store is not open.
var ErrClosed = errors.New("embedded store is not open")

// closeTime is how long Close waits for queries to end.
const closeTime = 5 * time.Second

// Store keeps batches on disk and answers PromQL.
type Store struct {
	cfg    Config
	schema *pipeline.Schema
	reg    prometheus.Registerer
	log    *slog.Logger
	own    *metrics

	gate gate // whoever uses what is below has entered it

	// state serialises Open and Close.
	state  sync.Mutex
	db     *tsdb.DB
	lock   *tsdbutil.DirLocker // no other process has the folder
	coarse *coarse             // nil: off
	engine *promql.Engine
	inner  *prometheus.Registry // the database's own metrics, while it is open
	life   context.Context      // ends the queries that run
	stop   context.CancelFunc

	// write serialises Write, whoever calls it.
	write sync.Mutex
	rows  *rows

	warned bool // of max_series
}

var _ pipeline.Sink = (*Store)(nil)

// New prepares a store. Nothing is touched before Open.
func New(cfg Config, schema *pipeline.Schema, reg prometheus.Registerer, log *slog.Logger) *Store {
	return &Store{
		cfg:    cfg.withDefaults(),
		schema: schema,
		reg:    reg,
		log:    log.With("sink", "embedded"),
		own:    newMetrics(),
	}
}

// Dir is the folder that holds the database's files.
func (s *Store) Dir() string { return filepath.Join(s.cfg.Path, "tsdb") }

// CoarseDir is the folder of the coarse store's files.
func (s *Store) CoarseDir() string { return coarseDir(s.cfg.Path) }

// Open reads what is on disk and makes the store ready. It fails when another process has the folder.
func (s *Store) Open() error {
	s.state.Lock()
	defer s.state.Unlock()
	if s.db != nil {
		return errors.New("embedded store is open already")
	}
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	// Ours, not the database's own lock: nothing may be moved aside that another process has open.
	lock, err := tsdbutil.NewDirLocker(s.Dir(), "tsdb", quiet(s.log), nil)
	if err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("embedded store %s (is another routerpulse using it?): %w", s.Dir(), err)
	}
	db, inner, err := openDatabase(s.Dir(), filepath.Join(s.cfg.Path, "corrupt"), dbOptions(s.cfg), s.log)
	if err != nil {
		return errors.Join(fmt.Errorf("embedded store %s: %w", s.Dir(), err), lock.Release())
	}
	left, err := findLeftovers(db, s.schema)
	if err != nil {
		// It is no reason not to start: what went away meanwhile then ends a little later.
		s.log.Warn("cannot tell which series were live", "error", err)
	}
	var second *coarse
	if s.cfg.hasCoarse() {
		if second, err = openCoarse(s.cfg, db, s.schema, s.own, s.log); err != nil {
			return errors.Join(fmt.Errorf("embedded store: %w", err), db.Close(), lock.Release())
		}
	}
	engine := newEngine(s.log, inner)
	if err := registerAll(s.reg, append(s.own.all, inner)); err != nil {
		return errors.Join(fmt.Errorf("embedded store: %w", err), second.close(), db.Close(), lock.Release())
	}
	s.db, s.coarse, s.engine, s.inner, s.lock = db, second, engine, inner, lock
	s.life, s.stop = context.WithCancel(context.Background())
	s.rows = newRows(left)
	s.gate.unlock()
	s.log.Info("store opened", "path", s.Dir(), "retention", s.cfg.Retention.String(), "blocks", len(db.Blocks()), "series", db.Head().NumSeries())
	return nil
}

// Close is Shutdown with 5 s.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return s.Shutdown(ctx)
}

// Shutdown ends the queries, waits for the write in progress, writes a snapshot that makes the next Open
// fast and releases the folder. When a query does not end before ctx does, the store is left open, and
// an error says so: nothing is lost by that, but the next start takes longer. Closing again does
// nothing.
func (s *Store) Shutdown(ctx context.Context) error {
	s.state.Lock()
	defer s.state.Unlock()
	if s.db == nil {
		return nil
	}
	s.stop()
	idle := s.gate.shut()
	select {
	case <-idle:
	case <-ctx.Done():
		select {
		case <-idle: // both: it can be closed
		default:
			return errors.New("embedded store: a query did not end in time; the store was left without a snapshot")
		}
	}
	unregisterAll(s.reg, append(s.own.all, s.inner))
	err := errors.Join(s.engine.Close(), s.coarse.close(), s.db.Close(), s.lock.Release())
	s.db, s.coarse, s.engine, s.inner, s.lock = nil, nil, nil, nil, nil
	if err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	return nil
}

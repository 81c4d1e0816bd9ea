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

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/routerpulse/routerpulse/pipeline"
)

// ErrClosed is returned by Write and answered by the API while the store is not open.
var ErrClosed = errors.New("embedded store is not open")

// Store keeps batches on disk and answers PromQL.
type Store struct {
	cfg    Config
	schema *pipeline.Schema
	reg    prometheus.Registerer
	log    *slog.Logger
	own    *metrics

	// mu is held for reading by whoever uses db, so that Close does not pull it away under them.
	mu     sync.RWMutex
	db     *tsdb.DB
	engine *promql.Engine
	inner  *prometheus.Registry // the database's own metrics, while it is open
	stop   context.CancelFunc   // ends the queries that run
	life   context.Context

	// write serialises Write, whoever calls it.
	write sync.Mutex
	rows  *rows
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
		rows:   newRows(),
	}
}

// Dir is the folder that holds the database's files.
func (s *Store) Dir() string { return filepath.Join(s.cfg.Path, "tsdb") }

// Open reads what is on disk and makes the store ready. It fails when another process has the folder.
func (s *Store) Open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		return errors.New("embedded store is open already")
	}
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	inner := prometheus.NewRegistry()
	db, err := tsdb.Open(s.Dir(), quiet(s.log), inner, dbOptions(s.cfg), nil)
	if err != nil {
		return fmt.Errorf("embedded store %s (is another routerpulse using it?): %w", s.Dir(), err)
	}
	engine := newEngine(s.log, inner)
	if err := registerAll(s.reg, append(s.own.all, inner)); err != nil {
		return errors.Join(fmt.Errorf("embedded store: %w", err), db.Close())
	}
	s.db, s.engine, s.inner = db, engine, inner
	s.life, s.stop = context.WithCancel(context.Background())
	s.log.Info("store opened", "path", s.Dir(), "retention", s.cfg.Retention.String(), "blocks", len(db.Blocks()), "series", db.Head().NumSeries())
	return nil
}

// Close waits for the write in progress, ends the queries, writes a snapshot that makes the next Open
// fast and releases the folder. Closing again does nothing.
func (s *Store) Close() error {
	s.mu.RLock()
	if s.stop != nil {
		s.stop()
	}
	s.mu.RUnlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	unregisterAll(s.reg, append(s.own.all, s.inner))
	err := errors.Join(s.engine.Close(), s.db.Close())
	s.db, s.engine, s.inner = nil, nil, nil
	s.rows = newRows()
	if err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	return nil
}

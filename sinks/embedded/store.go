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
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

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

	gate gate // whoever uses what is below has entered it

	// state serialises Open and Close.
	state  sync.Mutex
	wanted bool // it was opened, and not closed since
	db     *tsdb.DB
	lock   *tsdbutil.DirLocker // no other process has the folder
	coarse *coarse             // nil: off
	engine *promql.Engine
	inner  *prometheus.Registry // the database's own metrics, while it is open
	life   context.Context      // ends the queries that run
	stop   context.CancelFunc
	kept   chan struct{} // closed when upkeep has ended
	disk   *room         // stays when the database is closed

	// write serialises Write, whoever calls it.
	write sync.Mutex
	rows  *rows

	// left is how much the disk of a folder has left, and its size.
	left func(dir string) (free, total uint64, err error)

	warned bool // of max_series
	torn   bool // it must be opened again: a record of the log may have been written by half, or it never was open
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
		left:   diskLeft,
	}
}

// Dir is the folder that holds the database's files.
func (s *Store) Dir() string { return filepath.Join(s.cfg.Path, "tsdb") }

// CoarseDir is the folder of the coarse store's files.
func (s *Store) CoarseDir() string { return coarseDir(s.cfg.Path) }

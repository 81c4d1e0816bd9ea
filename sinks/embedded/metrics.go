package embedded

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
)

type metrics struct {
	all []prometheus.Collector

	values   prometheus.Counter
	stale    prometheus.Counter
	rejected *prometheus.CounterVec
	failed   prometheus.Counter
	rows     prometheus.Gauge
	full     prometheus.Gauge
	write    prometheus.Histogram
	queries  *prometheus.CounterVec

	coarseValues    prometheus.Counter
	coarseFailures  prometheus.Counter
	coarseWrite     prometheus.Histogram
	coarseBytes     prometheus.Gauge
	coarseNewest    prometheus.Gauge
	coarseSelectors *prometheus.CounterVec
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "routerpulse_embedded_" + name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "routerpulse_embedded_" + name, Help: help})
	}
	m := &metrics{
		values: counter("values_total", "Values that were stored."),
		stale:  counter("stale_markers_total", "Series that were ended because their row or field went away."),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_embedded_rejected_values_total",
			Help: "Values that will never be stored: out_of_order, too_old, out_of_bounds, duplicate, max_series, invalid.",
		}, []string{"reason"}),
		failed: counter("failed_batches_total", "Batches that could not be written and will be offered again."),
		full:   gauge("disk_full", "1: the disk has too little room, samples are not stored."),
		rows:   gauge("rows", "Rows whose series are held ready."),
		write: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "routerpulse_embedded_write_seconds", Help: "Time to store one batch.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 4, 9),
		}),
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_embedded_api_requests_total", Help: "Requests to the query API by status code.",
		}, []string{"code"}),

		coarseValues:   counter("coarse_values_total", "Values that were written to the coarse store: one a series and five minutes."),
		coarseFailures: counter("coarse_failures_total", "Blocks of the coarse store that could not be written and will be tried again."),
		coarseWrite: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "routerpulse_embedded_coarse_write_seconds", Help: "Time to write one block of the coarse store.",
			Buckets: prometheus.ExponentialBuckets(10e-3, 4, 9),
		}),
		coarseBytes:  gauge("coarse_bytes", "Size of the coarse store's blocks."),
		coarseNewest: gauge("coarse_newest_timestamp_seconds", "End of the coarse store's newest block; what is later is folded from the fine store when it is asked for."),
		coarseSelectors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_embedded_selectors_total", Help: "Selectors of queries by the store that answered: fine, coarse, both.",
		}, []string{"store"}),
	}
	for _, store := range []string{"fine", "coarse", "both"} {
		m.coarseSelectors.WithLabelValues(store)
	}
	for _, reason := range []string{"out_of_order", "too_old", "out_of_bounds", "duplicate", "max_series", "invalid"} {
		m.rejected.WithLabelValues(reason)
	}
	m.all = []prometheus.Collector{m.values, m.stale, m.rejected, m.failed, m.rows, m.full, m.write, m.queries,
		m.coarseValues, m.coarseFailures, m.coarseWrite, m.coarseBytes, m.coarseNewest, m.coarseSelectors}
	return m
}

// registerAll shows collectors while the store is open; another store may come after it.
func registerAll(reg prometheus.Registerer, collectors []prometheus.Collector) error {
	for i, c := range collectors {
		if err := reg.Register(c); err != nil {
			unregisterAll(reg, collectors[:i])
			return err
		}
	}
	return nil
}

func unregisterAll(reg prometheus.Registerer, collectors []prometheus.Collector) {
	for _, c := range collectors {
		reg.Unregister(c)
	}
}

func (m *metrics) observe(start time.Time) { m.write.Observe(time.Since(start).Seconds()) }

// errMaxSeries refuses a series that would be one too many.
var errMaxSeries = errors.New("the store has max_series already")

// reasonFor names why the database refused a sample.
func reasonFor(err error) string {
	switch {
	case errors.Is(err, errMaxSeries):
		return "max_series"
	case errors.Is(err, storage.ErrOutOfOrderSample):
		return "out_of_order"
	case errors.Is(err, storage.ErrTooOldSample):
		return "too_old"
	case errors.Is(err, storage.ErrOutOfBounds):
		return "out_of_bounds"
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return "duplicate"
	}
	return "invalid"
}

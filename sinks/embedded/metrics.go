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
	write    prometheus.Histogram
	queries  *prometheus.CounterVec
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "routerpulse_embedded_" + name, Help: help})
	}
	m := &metrics{
		values: counter("values_total", "Values that were stored."),
		stale:  counter("stale_markers_total", "Series that were ended because their row or field went away."),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_embedded_rejected_values_total",
			Help: "Values that will never be stored: out_of_order, too_old, out_of_bounds, duplicate, max_series, invalid.",
		}, []string{"reason"}),
		failed: counter("failed_batches_total", "Batches that could not be written and will be offered again."),
		rows:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "routerpulse_embedded_rows", Help: "Rows whose series are held ready."}),
		write: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "routerpulse_embedded_write_seconds", Help: "Time to store one batch.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 4, 9),
		}),
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_embedded_api_requests_total", Help: "Requests to the query API by status code.",
		}, []string{"code"}),
	}
	for _, reason := range []string{"out_of_order", "too_old", "out_of_bounds", "duplicate", "max_series", "invalid"} {
		m.rejected.WithLabelValues(reason)
	}
	m.all = []prometheus.Collector{m.values, m.stale, m.rejected, m.failed, m.rows, m.write, m.queries}
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

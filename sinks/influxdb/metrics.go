package influxdb

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	reg prometheus.Registerer
	all []prometheus.Collector

	written, rejected, skipped     prometheus.Counter
	droppedSamples, droppedRecords *prometheus.CounterVec
	requests                       *prometheus.CounterVec
	seconds                        prometheus.Histogram
	up                             prometheus.Gauge
}

// Why samples are dropped.
const (
	queueFull = "queue_full"
	shutdown  = "shutdown"
)

func newMetrics(reg prometheus.Registerer, destination string) *metrics {
	name := func(n string) string { return "routerpulse_influxdb_" + n }
	m := &metrics{
		reg: prometheus.WrapRegistererWith(prometheus.Labels{"destination": destination}, reg),
		written: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("written_samples_total"), Help: "Samples that the database acknowledged."}),
		rejected: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("rejected_samples_total"), Help: "Samples that the database will never accept."}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("skipped_values_total"), Help: "Values left out because they do not have their field's kind."}),
		droppedSamples: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("dropped_samples_total"), Help: "Samples given up before the database had them: queue_full, shutdown."}, []string{"reason"}),
		droppedRecords: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("dropped_records_total"), Help: "Batches given up before the database had them: queue_full, shutdown."}, []string{"reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("requests_total"), Help: "Requests by status; 0: no answer."}, []string{"code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("request_seconds"), Help: "Time of one request.", Buckets: prometheus.ExponentialBuckets(0.002, 3, 9)}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: name("up"), Help: "1: the last request was answered and accepted."}),
	}
	for _, reason := range []string{queueFull, shutdown} {
		m.drop(reason, 0, 0)
	}
	m.all = []prometheus.Collector{m.written, m.rejected, m.skipped, m.droppedSamples, m.droppedRecords, m.requests, m.seconds, m.up}
	return m
}

// watch shows a queue as gauges.
func (m *metrics) watch(q *memory) {
	gauge := func(name, help string, value func() float64) {
		m.all = append(m.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "routerpulse_influxdb_" + name, Help: help}, value))
	}
	gauge("queue_bytes", "Line protocol that waits for the database.", func() float64 { _, n := q.size(); return float64(n) })
	gauge("queue_records", "Batches that wait for the database.", func() float64 { n, _ := q.size(); return float64(n) })
	gauge("queue_limit_bytes", "Bound of the queue.", func() float64 { return float64(q.limit) })
	gauge("queue_oldest_seconds", "Age of the oldest batch that was not sent yet.", func() float64 {
		if oldest := q.Waiting().Oldest; !oldest.IsZero() {
			return time.Since(oldest).Seconds()
		}
		return 0
	})
}

// register shows the metrics while the sink is open; a sink of the same name may come after it.
func (m *metrics) register() error {
	for i, c := range m.all {
		if err := m.reg.Register(c); err != nil {
			for _, done := range m.all[:i] {
				m.reg.Unregister(done)
			}
			return err
		}
	}
	return nil
}

func (m *metrics) unregister() {
	for _, c := range m.all {
		m.reg.Unregister(c)
	}
}

func (m *metrics) drop(reason string, records, points int) {
	m.droppedRecords.WithLabelValues(reason).Add(float64(records))
	m.droppedSamples.WithLabelValues(reason).Add(float64(points))
}

package influxdb

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	reg prometheus.Registerer
	all []prometheus.Collector

	written, rejected, skipped prometheus.Counter
	requests                   *prometheus.CounterVec
	seconds                    prometheus.Histogram
	up, failing                prometheus.Gauge
}

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
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("requests_total"), Help: "Requests by status; 0: no answer."}, []string{"code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("request_seconds"), Help: "Time of one request.", Buckets: prometheus.ExponentialBuckets(0.002, 3, 9)}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: name("up"), Help: "1: the last request was answered and accepted."}),
		failing: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: name("failing_seconds"), Help: "For how long nothing could be written; 0: the last request was accepted."}),
	}
	m.all = []prometheus.Collector{m.written, m.rejected, m.skipped, m.requests, m.seconds, m.up, m.failing}
	return m
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

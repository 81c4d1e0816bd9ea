package pipeline

import "github.com/prometheus/client_golang/prometheus"

// metrics is what the engine tells about itself.
type metrics struct {
	batches, samples, discontinuities prometheus.Counter
	dropped, retries                  *prometheus.CounterVec
	queued                            *prometheus.GaugeVec
	writeSeconds                      *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		batches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_pipeline_batches_total", Help: "Batches published: one for each poll."}),
		samples: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_pipeline_samples_total", Help: "Samples (rows) published."}),
		discontinuities: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_pipeline_rate_discontinuities_total",
			Help: "Rates not computed because of a reboot, a reset, a change of source or an impossible increase."}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_sink_dropped_samples_total", Help: "Samples that a sink did not get, by reason."},
			[]string{"sink", "reason"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_sink_write_retries_total", Help: "Writes that failed and were offered again."}, []string{"sink"}),
		queued: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "routerpulse_sink_queue_samples", Help: "Samples that wait for the sink."}, []string{"sink"}),
		writeSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "routerpulse_sink_write_seconds", Help: "Duration of one write of one batch.",
			Buckets: []float64{.0001, .001, .01, .1, 1, 10}}, []string{"sink"}),
	}
	reg.MustRegister(m.batches, m.samples, m.discontinuities, m.dropped, m.retries, m.queued, m.writeSeconds)
	return m
}

// forget drops what is told of a sink that was removed.
func (m *metrics) forget(sink string) {
	labels := prometheus.Labels{"sink": sink}
	m.dropped.DeletePartialMatch(labels)
	m.retries.DeletePartialMatch(labels)
	m.queued.DeletePartialMatch(labels)
	m.writeSeconds.DeletePartialMatch(labels)
}

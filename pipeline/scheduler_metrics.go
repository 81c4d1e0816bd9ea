package pipeline

import "github.com/prometheus/client_golang/prometheus"

// schedulerMetrics is what the scheduler tells about itself, by lane.
type schedulerMetrics struct {
	skipped, failures  *prometheus.CounterVec
	lateness, duration *prometheus.HistogramVec
	panics             prometheus.Counter
	busy               *prometheus.GaugeVec
}

func newSchedulerMetrics(reg prometheus.Registerer) *schedulerMetrics {
	lane := []string{"lane"}
	m := &schedulerMetrics{
		skipped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_polls_skipped_total", Help: "Slots at which no poll started: overrun (the last one still went on), backoff (the device does not answer)."},
			[]string{"lane", "reason"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_polls_failed_total", Help: "Polls that got no answer at all."}, lane),
		lateness: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "routerpulse_poll_lateness_seconds", Help: "From the time a poll was due to its start.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 5}}, lane),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "routerpulse_poll_duration_seconds", Help: "From the start of a poll to its end.",
			Buckets: []float64{.001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, lane),
		busy: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "routerpulse_poll_workers_busy", Help: "Polls that run right now: healthy, or suspects (no answer the last time, or a slow one)."}, []string{"pool"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_poll_panics_total", Help: "Polls that panicked: each is a bug of ours."}),
	}
	reg.MustRegister(m.skipped, m.failures, m.lateness, m.duration, m.panics, m.busy)
	return m
}

// laneMetrics are those of each run, found once: to look for a label takes longer than to count.
type laneMetrics struct{ lateness, duration prometheus.Observer }

func (m *schedulerMetrics) of(l Lane) laneMetrics {
	return laneMetrics{m.lateness.WithLabelValues(string(l)), m.duration.WithLabelValues(string(l))}
}

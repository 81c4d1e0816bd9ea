package sse

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/sse/state"
)

// metrics count what the stream does. Every name begins with routerpulse_stream_.
type metrics struct {
	publish     prometheus.Histogram
	cuts        prometheus.Counter
	changes     *prometheus.CounterVec // by topic
	connections *prometheus.CounterVec // by how they began
	ended       *prometheus.CounterVec // by why they ended
	refused     *prometheus.CounterVec // by status
	compressed  prometheus.Counter
	bytes       prometheus.Counter
	lagged      prometheus.Counter
	gaps        prometheus.Counter
	saves       prometheus.Counter
	failed      prometheus.Counter
	posts       *prometheus.CounterVec // by what came of them
	asked       *prometheus.CounterVec // by what came of it
	keys        *prometheus.CounterVec // by what came of it
}

func newMetrics(reg prometheus.Registerer, h *Hub) (*metrics, error) {
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "routerpulse", Subsystem: "stream", Name: n, Help: help}
	}
	counter := func(n, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(name(n, help)))
	}
	vec := func(n, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(name(n, help)), []string{label})
	}
	gauge := func(n, help string, read func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts(name(n, help)), func() float64 { return float64(read()) })
	}
	m := &metrics{
		publish: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "routerpulse", Subsystem: "stream", Name: "publish_seconds",
			Help: "How long a batch took to be taken in.", Buckets: []float64{1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 1e-1}}),
		cuts:        counter("cuts_total", "Cuts made: each gives sequence numbers to all that was pending."),
		changes:     vec("changes_total", "Rows changed and events recorded.", "topic"),
		connections: vec("connections_total", "Streams opened, by how they began: snapshot or resume.", "start"),
		ended:       vec("ended_total", "Streams ended, by why.", "why"),
		refused:     vec("refused_total", "Requests for a stream that were refused, by status.", "status"),
		compressed:  counter("compressed_total", "Streams opened of which the bytes are compressed."),
		bytes:       counter("sent_bytes_total", "Bytes of frames written to subscribers."),
		lagged:      counter("lagged_total", "Times that a subscriber fell behind and was told everything at once later."),
		gaps:        counter("gaps_total", "Gap frames sent: events that a subscriber will never get."),
		saves:       counter("saves_total", "Times that all rows were saved, for the next start."),
		failed:      counter("save_errors_total", "Times that rows or events could not be saved."),
		posts:       vec("posts_total", "Events that applications published: published, again (known by its id), or refused (requests).", "result"),
		asked:       vec("asked_total", "Questions to the application that decides who may listen: yes, no, unreadable, failed, or busy (too many at once).", "result"),
		keys:        vec("key_reads_total", "Times that the keys of signed tokens were read from jwks_url: ok or failed.", "result"),
	}
	rows := func(pick func(rows, tombstones int) int) func() int {
		return func() (n int) {
			h.store.Read(func() { n = pick(h.store.Count()) })
			return n
		}
	}
	return m, register(reg, m.publish, m.cuts, m.changes, m.connections, m.ended, m.refused, m.compressed, m.bytes, m.lagged, m.gaps, m.saves, m.failed, m.posts, m.asked, m.keys,
		gauge("subscribers", "Streams that are open.", h.conns.count),
		gauge("views", "Different views that are followed.", h.views.count),
		gauge("rows", "Rows of all topics.", rows(func(r, _ int) int { return r })),
		gauge("tombstones", "Rows that are gone and still remembered.", rows(func(_, t int) int { return t })),
	)
}

func register(reg prometheus.Registerer, list ...prometheus.Collector) error {
	var errs []error
	for _, c := range list {
		errs = append(errs, reg.Register(c))
	}
	return errors.Join(errs...)
}

// saved takes note of an attempt to save the rows.
func (m *metrics) saved(err error) {
	if err != nil {
		m.failed.Inc()
		return
	}
	m.saves.Inc()
}

// count takes note of a cut.
func (m *metrics) count(c *state.Cut) {
	m.cuts.Inc()
	for _, rows := range c.Rows {
		if len(rows) > 0 {
			m.changes.WithLabelValues(rows[0].Topic.Name).Add(float64(len(rows)))
		}
	}
	for _, e := range c.Events {
		m.changes.WithLabelValues(e.Topic.Name).Add(float64(e.Lost))
	}
}

// health is what the hub says of itself in pipeline.health.
func (h *Hub) health() map[string]any {
	var rows, tombstones int
	h.store.Read(func() { rows, tombstones = h.store.Count() })
	return map[string]any{"subscribers": h.conns.count(), "views": h.views.count(), "rows": rows, "tombstones": tombstones}
}

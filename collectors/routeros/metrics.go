package routeros

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// metrics is what the package tells about itself, all routers together.
type metrics struct {
	dials, drops, requests *prometheus.CounterVec
	events, hurried        *prometheus.CounterVec
	received, sent         prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, connections func() int) *metrics {
	m := &metrics{
		dials: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_routeros_logins_total", Help: "Connections with login that were tried, by result (ok, or why not)."},
			[]string{"result"}),
		drops: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_routeros_connections_dropped_total", Help: "Connections that were closed, by reason."},
			[]string{"reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_routeros_requests_total", Help: "Requests by result: done, trap (the router refused), failed (no whole answer)."},
			[]string{"result"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_routeros_events_total", Help: "Changes that routers told by themselves, by menu."},
			[]string{"menu"}),
		hurried: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_routeros_hurried_total", Help: "Polls that changes brought forward, by lane; events that come close together share one."},
			[]string{"lane"}),
		received: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_routeros_received_bytes_total", Help: "Bytes of the API received, without TLS."}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_routeros_sent_bytes_total", Help: "Bytes of the API sent, without TLS."}),
	}
	if reg != nil {
		reg.MustRegister(m.dials, m.drops, m.requests, m.events, m.hurried, m.received, m.sent, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "routerpulse_routeros_connections", Help: "Connections that are open."},
			func() float64 { return float64(connections()) }))
	}
	return m
}

func (m *metrics) dialled(err error) { m.dials.WithLabelValues(reasonOf(err)).Inc() }

func (m *metrics) dropped(reason string) { m.drops.WithLabelValues(reason).Inc() }

// moved counts the bytes of an exchange.
func (m *metrics) moved(w *wire) {
	m.received.Add(float64(w.received))
	m.sent.Add(float64(w.sent))
}

// answered counts the requests of an exchange.
func (m *metrics) answered(calls []*call) {
	for _, c := range calls {
		switch {
		case !c.done:
			m.requests.WithLabelValues("failed").Inc()
		case c.trap != nil:
			m.requests.WithLabelValues("trap").Inc()
		default:
			m.requests.WithLabelValues("done").Inc()
		}
	}
}

// reasonOf gives an error a label.
func reasonOf(err error) string {
	if err == nil {
		return "ok"
	}
	for _, known := range []struct {
		err   error
		label string
	}{
		{pipeline.ErrRefused, "refused"}, {ErrUntrusted, "untrusted"}, {errProtocol, "protocol"},
		{errLimit, "limit"}, {errFatal, "fatal"}, {pipeline.ErrNoAnswer, "no_answer"},
		{pipeline.ErrUnreachable, "unreachable"}, {errLost, "closed"},
		{errClosed, "shutdown"}, {context.Canceled, "cancelled"},
	} {
		if errors.Is(err, known.err) {
			return known.label
		}
	}
	return "other"
}

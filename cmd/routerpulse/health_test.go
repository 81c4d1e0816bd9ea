package main

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestHealthRows(t *testing.T) {
	reg := prometheus.NewRegistry()
	gauge := func(name, label string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "x"}, []string{label})
		reg.MustRegister(v)
		return v
	}
	skipped := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "routerpulse_polls_skipped_total", Help: "x"}, []string{"lane", "reason"})
	lateness := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "routerpulse_poll_lateness_seconds", Help: "x"})
	reg.MustRegister(skipped, lateness, prometheus.NewGauge(prometheus.GaugeOpts{Name: "other", Help: "x"}))
	gauge("routerpulse_sink_queue_samples", "sink").WithLabelValues("embedded").Set(7)
	gauge("routerpulse_spool_samples", "destination").WithLabelValues("main").Set(8)
	gauge("routerpulse_spool_time_to_full_seconds", "destination").WithLabelValues("main").Set(math.Inf(1))
	gauge("routerpulse_rows_dropped", "device").WithLabelValues("core-1").Set(9)
	skipped.WithLabelValues("live", "overrun").Inc()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]any{
		"sink/embedded": {"sink_queue_samples": 7.0},
		"spool/main":    {"spool_samples": 8.0},
		"lanes":         {"polls_skipped_live_overrun": 1.0},
	}
	if diff := cmp.Diff(want, healthOf(families)); diff != "" {
		t.Error(diff)
	}
}

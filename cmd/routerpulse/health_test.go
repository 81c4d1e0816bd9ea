package main

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Every metric that a part of pipeline.health names exists, so that a renamed one is noticed.
func TestHealthNamesRealMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	log, _ := newLogger(LogConfig{Level: "error"}, &output{})
	a, err := build(DefaultConfig(), reg, log)
	if err != nil {
		t.Fatal(err)
	}
	pipeline.New(nil, nil, reg, a.log)
	described := make(chan *prometheus.Desc, 1000)
	reg.Describe(described)
	close(described)
	var all string
	for d := range described {
		all += d.String()
	}
	for name := range healthParts() {
		if !strings.Contains(all, `"`+name+`"`) {
			t.Errorf("there is no metric %s", name)
		}
	}
}

func TestHealthRows(t *testing.T) {
	reg := prometheus.NewRegistry()
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "routerpulse_sink_queue_samples", Help: "x"}, []string{"sink"})
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "routerpulse_polls_skipped_total", Help: "x"}, []string{"lane", "reason"})
	reg.MustRegister(v, c, prometheus.NewGauge(prometheus.GaugeOpts{Name: "other", Help: "x"}))
	v.WithLabelValues("embedded").Set(7)
	c.WithLabelValues("live", "overrun").Inc()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	rows := healthOf(families)
	if len(rows) != 2 || rows["sink/embedded"]["sink_queue_samples"] != 7.0 || rows["lanes"]["polls_skipped_live_overrun"] != 1.0 {
		t.Errorf("%v", rows)
	}
}

package main

import (
	"context"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// healthPeriod is how often the program's own figures go onto the topic pipeline.health.
const healthPeriod = 10 * time.Second

// healthParts says which of our metrics belong to which part; sinks get a part each.
func healthParts() map[string]string {
	return map[string]string{
		"routerpulse_polls_failed_total":                  "lanes",
		"routerpulse_polls_skipped_total":                 "lanes",
		"routerpulse_poll_panics_total":                   "lanes",
		"routerpulse_pipeline_batches_total":              "pipeline",
		"routerpulse_pipeline_samples_total":              "pipeline",
		"routerpulse_pipeline_rate_discontinuities_total": "pipeline",
		"routerpulse_collector_source_switches_total":     "pipeline",
		"routerpulse_sink_dropped_samples_total":          "sink",
		"routerpulse_sink_write_retries_total":            "sink",
		"routerpulse_sink_queue_samples":                  "sink",
	}
}

// publishHealth is the job that shows the program's own figures.
func (a *app) publishHealth(context.Context, time.Time) error {
	families, err := a.reg.Gather()
	if err != nil {
		return err
	}
	for part, fields := range healthOf(families) {
		a.hub.Health(part, fields)
	}
	return nil
}

// healthOf turns metrics into rows: the part, then the metric's name without what is common, with its
// labels behind it.
func healthOf(families []*dto.MetricFamily) map[string]map[string]any {
	parts, rows := healthParts(), map[string]map[string]any{}
	for _, family := range families {
		part, ok := parts[family.GetName()]
		if !ok {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(family.GetName(), "routerpulse_"), "_total")
		for _, m := range family.GetMetric() {
			row, field := part, name
			for _, l := range m.GetLabel() {
				if l.GetName() == "sink" {
					row += "/" + l.GetValue()
					continue
				}
				field += "_" + l.GetValue()
			}
			if rows[row] == nil {
				rows[row] = map[string]any{}
			}
			rows[row][field] = m.GetCounter().GetValue() + m.GetGauge().GetValue() // one of them is nil, and 0
		}
	}
	return rows
}

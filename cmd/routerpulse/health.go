package main

import (
	"context"
	"math"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// healthPeriod is how often the program's own figures go onto the topic pipeline.health.
const healthPeriod = 10 * time.Second

// healthParts says which of our metrics are in which row, by how their names begin. Sinks and
// destinations have a row each. The rows of the stream and of the config are told by those who know more
// than figures.
func healthParts() map[string]string {
	return map[string]string{
		"routerpulse_polls_":     "lanes",
		"routerpulse_poll_":      "lanes",
		"routerpulse_devices":    "devices",
		"routerpulse_rows_":      "pipeline",
		"routerpulse_pipeline_":  "pipeline",
		"routerpulse_clock_":     "pipeline",
		"routerpulse_collector_": "pipeline",
		"routerpulse_sink_":      "sink",
		"routerpulse_spool_":     "spool",
		"routerpulse_influxdb_":  "influxdb",
		"routerpulse_embedded_":  "store",
		"routerpulse_snmp_":      "snmp",
		"routerpulse_routeros_":  "routeros",
		"routerpulse_heartbeat_": "process",
		"go_goroutines":          "process",
		"process_open_fds":       "process",
		"process_max_fds":        "process",
		"process_resident_":      "process",
	}
}

// publishHealth is the job that shows the program's own figures.
func (a *app) publishHealth(context.Context, time.Time) error {
	families, err := a.reg.Gather()
	if err != nil {
		return err
	}
	now := healthOf(families)
	for part := range a.healthParts {
		if now[part] == nil {
			a.hub.Health(part, nil) // of a destination that was removed
		}
	}
	for part, fields := range now {
		a.hub.Health(part, fields)
	}
	a.healthParts = now
	return nil
}

// healthOf turns counters and gauges into rows: the part, then the metric's name without what is common,
// with its labels behind it. What has a label for each device is told elsewhere.
func healthOf(families []*dto.MetricFamily) map[string]map[string]any {
	rows := map[string]map[string]any{}
	for _, family := range families {
		part := partOf(family.GetName())
		if part == "" {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(family.GetName(), "routerpulse_"), "_total")
		for _, m := range family.GetMetric() {
			v, ok := plainValue(m)
			if !ok || hasLabel(m, "device") {
				continue
			}
			row, field := part, name
			for _, l := range m.GetLabel() {
				if l.GetName() == "sink" || l.GetName() == "destination" {
					row += "/" + l.GetValue()
					continue
				}
				field += "_" + l.GetValue()
			}
			if rows[row] == nil {
				rows[row] = map[string]any{}
			}
			rows[row][field] = v
		}
	}
	return rows
}

func partOf(name string) string {
	for prefix, part := range healthParts() {
		if strings.HasPrefix(name, prefix) {
			return part
		}
	}
	return ""
}

// plainValue is that of a counter or a gauge. What JSON has no number for is not told: a spool that does
// not grow is full at no time.
func plainValue(m *dto.Metric) (v float64, ok bool) {
	switch {
	case m.GetCounter() != nil:
		v = m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		v = m.GetGauge().GetValue()
	default:
		return 0, false
	}
	return v, !math.IsInf(v, 0) && !math.IsNaN(v)
}

func hasLabel(m *dto.Metric, name string) bool {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return true
		}
	}
	return false
}

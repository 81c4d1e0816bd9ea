package main

import "github.com/prometheus/client_golang/prometheus"

// stateMetrics counts the devices in each state.
type stateMetrics struct {
	*inventory
	states  []string
	devices *prometheus.Desc
}

// metrics counts devices by state; a state without any is shown as 0.
func (inv *inventory) metrics(states []string) prometheus.Collector {
	return &stateMetrics{inv, states, prometheus.NewDesc("routerpulse_devices",
		"Devices of the config, by state (docs/states.md).", []string{"state"}, nil)}
}

// Describe is for the registry.
func (m *stateMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.devices }

// Collect is for the registry.
func (m *stateMetrics) Collect(ch chan<- prometheus.Metric) {
	count := map[string]int{}
	m.mu.RLock()
	for _, d := range m.inventory.devices {
		count[d.State]++
	}
	m.mu.RUnlock()
	for _, state := range m.states {
		ch <- prometheus.MustNewConstMetric(m.devices, prometheus.GaugeValue, float64(count[state]), state)
	}
}

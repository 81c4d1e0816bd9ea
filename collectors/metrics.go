package collectors

import "github.com/prometheus/client_golang/prometheus"

// metrics is what collecting tells about itself.
type metrics struct {
	switches        prometheus.Counter
	up, lastSuccess *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		switches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_collector_source_switches_total", Help: "Tables that came from another protocol than the time before."}),
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "routerpulse_device_up", Help: "1 if the device answered the last check."}, []string{"device"}),
		lastSuccess: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "routerpulse_device_last_success_timestamp_seconds", Help: "When the device last gave complete live data."}, []string{"device"}),
	}
	reg.MustRegister(m.switches, m.up, m.lastSuccess)
	return m
}

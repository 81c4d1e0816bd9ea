package collectors

import "github.com/prometheus/client_golang/prometheus"

// metrics is what collecting tells about itself.
type metrics struct {
	switches prometheus.Counter
	refused  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		switches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_collector_source_switches_total", Help: "Tables that came from another protocol than the time before."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_rows_dropped_total", Help: "Rows left out of a read because their table has more than limits.rows_per_table."},
			[]string{"device", "table"}),
	}
	reg.MustRegister(m.switches, m.refused)
	return m
}

// forget drops what is counted for a device that is no longer configured.
func (m *metrics) forget(device string) {
	m.refused.DeletePartialMatch(prometheus.Labels{"device": device})
}

// What polled.up may say.
const (
	isUp   = 1
	isDown = 2
)

// deviceMetrics are the metrics that each device has. They are made when they are asked for: a gauge
// for each of thousands of devices would be kept for nothing in between.
type deviceMetrics struct {
	*Collectors
	up, lastSuccess *prometheus.Desc
}

// DeviceMetrics are the metrics of each device, for a registry of their own.
func (c *Collectors) DeviceMetrics() prometheus.Collector {
	return &deviceMetrics{c,
		prometheus.NewDesc("routerpulse_device_up", "1 if the device answered the last check.", []string{"device"}, nil),
		prometheus.NewDesc("routerpulse_device_last_success_timestamp_seconds", "When the device last gave complete live data.", []string{"device"}, nil)}
}

// Describe is for the registry.
func (m *deviceMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.up
	ch <- m.lastSuccess
}

// Collect is for the registry.
func (m *deviceMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, d := range m.all() {
		if up := d.up.Load(); up != 0 {
			ch <- prometheus.MustNewConstMetric(m.up, prometheus.GaugeValue, map[bool]float64{true: 1}[up == isUp], d.config.Name)
		}
		if at := d.lastGood.Load(); at != 0 {
			ch <- prometheus.MustNewConstMetric(m.lastSuccess, prometheus.GaugeValue, float64(at)/1000, d.config.Name)
		}
	}
}

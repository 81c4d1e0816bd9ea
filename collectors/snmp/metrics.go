package snmp

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what goes over the wire, all devices together.
type metrics struct {
	requests, replies, timeouts prometheus.Counter
	sentBytes, receivedBytes    prometheus.Counter
	rejected                    [rejections]prometheus.Counter
}

// newMetrics registers them; a nil registerer leaves them to themselves.
func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "routerpulse_snmp_" + name, Help: help})
	}
	m := &metrics{
		requests:      counter("requests_total", "Request datagrams sent, retries included."),
		replies:       counter("replies_total", "Reply datagrams that answered a request."),
		timeouts:      counter("timeouts_total", "Requests that no try got an answer to."),
		sentBytes:     counter("sent_bytes_total", "Bytes of SNMP sent."),
		receivedBytes: counter("received_bytes_total", "Bytes of SNMP received, rejected datagrams included."),
	}
	rejected := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "routerpulse_snmp_rejected_total",
		Help: "Datagrams dropped because they did not answer the request in flight, by what was wrong."}, []string{"reason"})
	for why := notSNMP; why < rejections; why++ {
		m.rejected[why] = rejected.WithLabelValues(why.String())
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.replies, m.timeouts, m.sentBytes, m.receivedBytes, rejected} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("snmp metrics: %w", err)
		}
	}
	return m, nil
}

func appendCount(b []byte, n int, what string) []byte {
	b = strconv.AppendInt(b, int64(n), 10)
	return append(append(b, ' '), what...)
}

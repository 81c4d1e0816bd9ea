package door

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Why a connection was closed, or not let in.
const (
	whyFull    = "full"
	whyAddress = "address"
	whyPace    = "pace"
	whyRoom    = "room"
	whyHeader  = "slow_header"
	whyBody    = "slow_body"
	whyReader  = "slow_reader"
	whyAccept  = "accept_error"
)

// advice is what the log says of each.
func advice(why string) string {
	switch why {
	case whyFull:
		return "connection refused: as many are open as the limit of open files allows (raise LimitNOFILE, or ulimit -n)"
	case whyAddress:
		return "connection refused: the address has too many open (access.limits.per_address; is it a proxy that access.trusted_proxies should name?)"
	case whyPace:
		return "connection refused: the address opens them too fast (access.limits.per_address; is it a proxy that access.trusted_proxies should name?)"
	case whyHeader:
		return "connection closed: the header of a request did not come within its time"
	case whyBody:
		return "connection closed: the body of a request did not come within its time"
	case whyReader:
		return "connection closed: the client does not take the answer"
	}
	return "connections cannot be accepted: is the limit of open files reached?"
}

type metrics struct {
	cut *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, d *Door) *metrics {
	m := &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{Name: "routerpulse_http_connections_cut_total",
		Help: "Connections that were closed, or not let in, by why: full (no room), address (too many of one address), pace (too fast), " +
			"room (waited, and made room for another), slow_header, slow_body, slow_reader, accept_error."}, []string{"why"})}
	for _, why := range []string{whyFull, whyAddress, whyPace, whyRoom, whyHeader, whyBody, whyReader, whyAccept} {
		m.cut.WithLabelValues(why)
	}
	reg.MustRegister(m.cut,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "routerpulse_http_connections", Help: "Connections that are open, streams not counted."},
			func() float64 { return float64(d.count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "routerpulse_http_connections_limit", Help: "How many there may be."},
			func() float64 { return float64(d.opt.Open) }))
	return m
}

// tellEvery is how often the log says the same.
const tellEvery = time.Minute

// journal logs what happens often, but not each time.
type journal struct {
	log *slog.Logger

	mu   sync.Mutex
	said map[string]*said // by why
}

type said struct {
	at    time.Time
	times int // since
}

// cut takes note of a connection that was closed, or not let in.
func (d *Door) cut(why string, addr netip.Addr) {
	d.metrics.cut.WithLabelValues(why).Inc()
	d.journal.tell(why, addr, time.Now())
}

func (j *journal) tell(why string, addr netip.Addr, now time.Time) {
	j.mu.Lock()
	s := j.said[why]
	if s == nil {
		s = &said{}
		j.said[why] = s
	}
	s.times++
	times := s.times
	tell := now.Sub(s.at) >= tellEvery
	if tell {
		s.at, s.times = now, 0
	}
	j.mu.Unlock()
	if tell {
		j.log.Warn(advice(why), "times", times, "address", addr)
	}
}

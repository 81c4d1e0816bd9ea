package spool

import (
	"errors"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics tell how the spool does. Every name begins with routerpulse_spool_.
type metrics struct {
	reg prometheus.Registerer
	all []prometheus.Collector

	shedSamples, shedRecords *prometheus.CounterVec // by reason
	errors                   *prometheus.CounterVec // by errno
	dead                     prometheus.Counter
	damaged, trimmed         prometheus.Counter
	fsync                    prometheus.Histogram
	rate                     rate
	appended                 float64 // bytes; under the spool's lock
}

func newMetrics(s *Spool, reg prometheus.Registerer, destination string) *metrics {
	name := func(n string) string { return "routerpulse_spool_" + n }
	counter := func(n, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name(n), Help: help})
	}
	vec := func(n, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name(n), Help: help}, []string{label})
	}
	m := &metrics{
		reg:         prometheus.WrapRegistererWith(prometheus.Labels{"destination": destination}, reg),
		shedSamples: vec("shed_samples_total", "Samples given up before the database had them: max_bytes, max_age, disk_full, damaged.", "reason"),
		shedRecords: vec("shed_records_total", "Polls given up before the database had them.", "reason"),
		errors:      vec("errors_total", "Writes and syncs that failed, by error.", "errno"),
		dead:        counter("dead_samples_total", "Samples that the database will never take; they are in the folder dead."),
		damaged:     counter("damaged_files_total", "Files that are no segments and were put aside."),
		trimmed:     counter("aside_files_removed_total", "Files that had been put aside and were removed, as there were too many."),
		fsync: prometheus.NewHistogram(prometheus.HistogramOpts{Name: name("fsync_seconds"), Help: "How long it took to bring records to the disk.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8)}),
	}
	gauge := func(n, help string, read func() float64) {
		m.all = append(m.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name(n), Help: help}, read))
	}
	gauge("bytes", "What the spool takes on the disk.", func() float64 { return float64(s.State().Bytes) })
	gauge("records", "Polls that are not acknowledged.", func() float64 { return float64(s.State().Records) })
	gauge("samples", "Samples that are not acknowledged.", func() float64 { return float64(s.State().Points) })
	gauge("oldest_age_seconds", "Age of the oldest sample that is not acknowledged; 0: there is none.", s.oldestAge)
	gauge("time_to_full_seconds", "When the cap is reached at the rate of the last minutes; +Inf at no rate.", s.timeToFull)
	gauge("degraded", "1: records cannot be written.", func() float64 {
		if s.State().Degraded != "" {
			return 1
		}
		return 0
	})
	for _, reason := range []string{shedCap, shedAge, shedDisk, shedDamaged} {
		m.shed(reason, 0, 0)
	}
	m.all = append(m.all, m.shedSamples, m.shedRecords, m.errors, m.dead, m.damaged, m.trimmed, m.fsync)
	return m
}

func (m *metrics) shed(reason string, records, points int) {
	m.shedRecords.WithLabelValues(reason).Add(float64(max(0, records)))
	m.shedSamples.WithLabelValues(reason).Add(float64(max(0, points)))
}

// failed counts a write or a sync that failed.
func (m *metrics) failed(err error) {
	var errno syscall.Errno
	label := "other"
	if errors.As(err, &errno) {
		label = errnoName(errno)
	}
	m.errors.WithLabelValues(label).Inc()
}

func errnoName(errno syscall.Errno) string {
	switch errno {
	case syscall.ENOSPC:
		return "ENOSPC"
	case syscall.EIO:
		return "EIO"
	case syscall.EDQUOT:
		return "EDQUOT"
	case syscall.EROFS:
		return "EROFS"
	case syscall.EACCES, syscall.EPERM:
		return "EACCES"
	}
	return "other"
}

func (s *Spool) oldestAge() float64 {
	oldest := s.State().Oldest
	if oldest.IsZero() {
		return 0
	}
	return max(0, s.now().Sub(oldest).Seconds())
}

func (s *Spool) timeToFull() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := float64(max(0, s.cfg.MaxBytes-s.bytes))
	return left / max(0, s.metrics.rate.perSec) // +Inf at no rate
}

func (m *metrics) register() error {
	var errs []error
	for _, c := range m.all {
		errs = append(errs, m.reg.Register(c))
	}
	return errors.Join(errs...)
}

func (m *metrics) unregister() {
	for _, c := range m.all {
		m.reg.Unregister(c)
	}
}

// Package influxdb is the sink for InfluxDB 1.8 and later 1.x, 2.x and 3: every table is a measurement,
// every row a series with its tags, every field a field of one type for ever.
//
// Write encodes a batch and puts it into a queue; a goroutine posts what is there. A database that is
// away, slow or out of space delays nobody: the queue holds what fits, and what has to be dropped is
// counted to the sample.
package influxdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// drainTime is how long Close goes on sending what is queued.
const drainTime = 3 * time.Second

// Sink writes to one InfluxDB.
type Sink struct {
	cfg Config
	log *slog.Logger
	own *metrics
	q   queue
	now func() time.Time
	// patience is the longest back-off.
	patience time.Duration

	mu     sync.Mutex
	sender *sender            // nil until Open
	cancel context.CancelFunc // ends the sender
	done   chan struct{}      // closed when the sender has ended
	closed bool
}

var _ pipeline.Sink = (*Sink)(nil)

// New prepares a sink. Nothing is sent, and no file read, before Open. It fails only on a config that
// Validate refuses.
func New(cfg Config, reg prometheus.Registerer, log *slog.Logger) (*Sink, error) {
	cfg = cfg.withDefaults()
	if u, err := url.Parse(cfg.URL); err != nil || u.Host == "" {
		return nil, fmt.Errorf("influxdb %s: url is not an address", cfg.Name) // it may hold a password
	}
	own := newMetrics(reg, cfg.Name)
	q := newMemory(cfg.QueueBytes, func(records, points int) { own.drop(queueFull, records, points) })
	own.watch(q)
	return &Sink{cfg: cfg, log: log.With("sink", "influxdb", "destination", cfg.Name), own: own, q: q, now: time.Now, patience: backoffMost}, nil
}

// Name is the destination's name in the config.
func (s *Sink) Name() string { return s.cfg.Name }

// Open reads the secret files and starts to send. Whether the database answers is not asked: it may
// come later.
func (s *Sink) Open() error {
	c := newClient(s.cfg)
	return s.open(c, c.close)
}

func (s *Sink) open(to poster, closePoster func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sender != nil || s.closed {
		return errors.New("influxdb sink was open already")
	}
	header, err := s.cfg.authorization()
	if err != nil {
		return fmt.Errorf("influxdb %s: %w", s.cfg.Name, err)
	}
	to.authorize(header)
	if err := s.own.register(); err != nil {
		return fmt.Errorf("influxdb %s: %w", s.cfg.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.sender, s.cancel, s.done = newSender(s, to), cancel, make(chan struct{})
	go func(send *sender, done chan struct{}) {
		defer close(done)
		defer closePoster()
		send.run(ctx)
	}(s.sender, s.done)
	return nil
}

// Write queues a batch and returns; nil means that it is queued. Older batches may have been dropped for
// it, which is counted. *pipeline.RejectedError: values or the whole batch can never be written.
func (s *Sink) Write(_ context.Context, b pipeline.Batch) error {
	r := record{At: s.now()}
	ms, skipped := b.Time.UnixMilli(), 0
	for i := range b.Tables {
		for j := range b.Tables[i].Samples {
			line, ok, n := appendLine(r.Lines, &b.Tables[i].Samples[j], ms)
			r.Lines = line
			if ok {
				r.Points++
			}
			skipped += n
		}
	}
	if skipped > 0 {
		s.own.skipped.Add(float64(skipped))
	}
	if r.Points == 0 {
		return s.check()
	}
	err := s.q.Append(r)
	if errors.Is(err, errTooLarge) {
		s.own.drop(queueFull, 1, r.Points)
		return &pipeline.RejectedError{Samples: r.Points, Reason: err.Error()}
	}
	return err
}

// check reports a closed sink to a writer that has nothing to write.
func (s *Sink) check() error {
	if s.q.Waiting().Closed {
		return errClosed
	}
	return nil
}

// Close is Shutdown with 3 s.
func (s *Sink) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	return s.Shutdown(ctx)
}

// Shutdown takes no more batches, goes on sending until all is written or ctx ends, and then counts what
// is left as dropped. Closing again waits for the first.
func (s *Sink) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.q.Close()
	settled := 0
	if s.sender != nil {
		defer context.AfterFunc(ctx, s.cancel)()
		<-s.done
		s.cancel()
		settled = s.sender.settled
		defer s.own.unregister()
	}
	if left := s.q.Close(); left.Points > settled {
		left.Points -= settled
		s.own.drop(shutdown, left.Records, left.Points)
		s.log.Warn("closed with samples that the database does not have", "samples", left.Points, "batches", left.Records)
	}
	return nil
}

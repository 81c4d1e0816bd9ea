// Package influxdb is the sink for InfluxDB 1.x, 2.x and 3: every table is a measurement, every row a
// series with its tags, every field a field of one type for ever.
//
// Write encodes a batch and appends it to the spool: then it outlives the process. Senders post what is
// there, what is new before what piled up. A database that is away, slow or out of space delays nobody.
package influxdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/spool"
)

// drainTime is how long Close goes on sending what is new.
const drainTime = 3 * time.Second

// maxScratch bounds the memory that is kept for the lines of the next batch.
const maxScratch = 1 << 20

// Sink writes to one InfluxDB.
type Sink struct {
	cfg   Config
	log   *slog.Logger
	own   *metrics
	spool *spool.Spool
	// patience is the longest back-off.
	patience time.Duration
	scratch  sync.Pool // of *[]byte: lines before they are packed

	mu      sync.Mutex
	dest    *destination       // nil until Open
	cancel  context.CancelFunc // ends the senders
	senders sync.WaitGroup
	closeTo func()
	closed  bool
}

var _ pipeline.Sink = (*Sink)(nil)

// New prepares a sink, whose spool is in a subfolder of folder that has its name. Nothing is sent, and no
// file read, before Open. It fails only on a config that Validate refuses.
func New(cfg Config, folder string, reg prometheus.Registerer, log *slog.Logger) (*Sink, error) {
	cfg = cfg.withDefaults()
	if u, err := url.Parse(cfg.URL); err != nil || u.Host == "" {
		return nil, fmt.Errorf("influxdb %s: url is not an address", cfg.Name) // it may hold a password
	}
	log = log.With("sink", "influxdb", "destination", cfg.Name)
	queue := spool.New(cfg.Spool, spool.Options{Dir: filepath.Join(folder, cfg.Name), Destination: cfg.Name, Registry: reg, Log: log})
	return &Sink{cfg: cfg, log: log, own: newMetrics(reg, cfg.Name), spool: queue, patience: backoffMost}, nil
}

// Name is the destination's name in the config.
func (s *Sink) Name() string { return s.cfg.Name }

// Spool is the queue in front of the database.
func (s *Sink) Spool() *spool.Spool { return s.spool }

// Open reads the secret files, opens the spool and starts to send. Whether the database answers is not
// asked: it may come later.
func (s *Sink) Open() error {
	c, err := newClient(s.cfg)
	if err != nil {
		return fmt.Errorf("influxdb %s: %w", s.cfg.Name, err)
	}
	if s.cfg.TLS.Insecure {
		s.log.Warn("the certificate of the database is not checked: whoever is on the way can read and change everything; name its CA in tls.ca_file")
	}
	return s.open(c, c.close)
}

func (s *Sink) open(to poster, closePoster func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dest != nil || s.closed {
		return errors.New("influxdb sink was open already")
	}
	header, err := s.cfg.authorization()
	if err != nil {
		return fmt.Errorf("influxdb %s: %w", s.cfg.Name, err)
	}
	to.authorize(header)
	if err := s.spool.Open(); err != nil {
		return fmt.Errorf("influxdb %s: %w", s.cfg.Name, err)
	}
	if err := s.own.register(); err != nil {
		return errors.Join(fmt.Errorf("influxdb %s: %w", s.cfg.Name, err), s.spool.Close(context.Background()))
	}
	s.dest = &destination{to: to, spool: s.spool, own: s.own, log: s.log, login: s.cfg.authorization, most: s.patience,
		maxSize: batchBytes, closed: make(chan struct{}), well: make(chan struct{})}
	if m, ok := to.(maker); ok && s.cfg.Setup {
		s.dest.maker = m
	}
	s.closeTo = closePoster
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	for range newestSenders {
		send := &sender{destination: s.dest, from: s.spool.Newest(), lingers: true}
		send.from.Await(batchLines, batchBytes)
		s.senders.Go(func() { send.run(ctx) })
	}
	for range backlogSenders {
		send := &sender{destination: s.dest, from: s.spool.Backlog()}
		s.senders.Go(func() { send.run(ctx) })
	}
	return nil
}

// Write keeps a batch in the spool; nil means that it outlives the process. Older batches may have been
// dropped for it, which is counted. *pipeline.RejectedError: the batch can never be written. Any other
// error: it is not kept, and may be offered again.
func (s *Sink) Write(_ context.Context, b pipeline.Batch) error {
	ms, skipped := b.Time.UnixMilli(), 0
	scratch, _ := s.scratch.Get().(*[]byte)
	if scratch == nil {
		scratch = new([]byte)
	}
	r := spool.Record{Lines: (*scratch)[:0], MinTime: ms, MaxTime: ms}
	defer func() {
		if *scratch = r.Lines; cap(r.Lines) <= maxScratch {
			s.scratch.Put(scratch)
		}
	}()
	chosen := filter{cfg: &s.cfg}
	for i := range b.Tables {
		if !s.cfg.wantsTable(b.Tables[i].Table.Name) {
			continue
		}
		for j := range b.Tables[i].Samples {
			if !chosen.wantsRow(b.Tables[i].Samples[j].Series) {
				continue
			}
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
		return nil
	}
	_, err := s.spool.Append(r)
	if errors.Is(err, spool.ErrTooLarge) {
		return &pipeline.RejectedError{Samples: r.Points, Reason: err.Error()}
	}
	return err
}

// Close is Shutdown with 3 s.
func (s *Sink) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	return s.Shutdown(ctx)
}

// Shutdown takes no more batches and sends what is new until all of it is written, the database is found
// away, or ctx ends. What is left is in the spool, and sent after the next start. Closing again waits
// for the first.
func (s *Sink) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.dest == nil {
		return nil
	}
	stop := context.AfterFunc(ctx, s.cancel)
	close(s.dest.closed)
	s.senders.Wait()
	stop()
	s.cancel()
	s.closeTo()
	s.own.unregister()
	if left := s.spool.State(); left.Points > 0 {
		s.log.Info("closed with samples that the database does not have; they are sent after the next start", "samples", left.Points, "batches", left.Records)
	}
	return s.spool.Close(ctx)
}

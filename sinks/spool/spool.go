package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options are what a spool needs beside its config.
type Options struct {
	Dir         string // its folder, made if it is not there
	Destination string // its name, for logs and metrics
	Registry    prometheus.Registerer
	Log         *slog.Logger
}

// Spool is a durable queue of records. It is safe for concurrent use.
type Spool struct {
	cfg     Config
	opt     Options
	log     *slog.Logger
	dir     folder
	codec   *codec
	metrics *metrics
	now     func() time.Time

	mu       sync.Mutex
	isOpen   bool
	unlock   func() error
	segments []*segment // oldest first; the last may be the active one
	active   *segment   // nil: the next record begins one
	nextSeq  uint64
	cursor   cursor
	settled  intervals      // acknowledged, shed or lost
	moved    bool           // settled is not on the disk yet
	flying   map[uint64]int // handed out: the samples of each
	dropped  string         // why a segment was shed last
	ring     ring
	backlog  backlog
	newest   Reader
	older    Reader
	trouble  trouble
	owed     *tail  // what must be written again before anything else
	pending  []byte // what was appended and is not on the disk: written again if it cannot be brought there
	bytes    int64  // of all segments
	record   []byte // the last one, as it was written; its memory is used again

	still bool          // of a test that does itself what syncing does
	wake  chan struct{} // capacity 1: there is much to sync
	stop  chan struct{}
	done  sync.WaitGroup
}

// trouble is why nothing can be written.
type trouble struct {
	err   error
	until time.Time // when to try again
	told  time.Time // when it was logged last
}

// New prepares a spool. Nothing is touched before Open.
func New(cfg Config, opt Options) *Spool {
	s := &Spool{cfg: cfg, opt: opt, log: opt.Log.With("spool", opt.Destination), dir: diskFolder(opt.Dir), codec: newCodec(), now: time.Now,
		flying: map[uint64]int{}, wake: make(chan struct{}, 1), stop: make(chan struct{})}
	s.newest = Reader{spool: s, changed: make(chan struct{}, 1), newest: true}
	s.older = Reader{spool: s, changed: make(chan struct{}, 1)}
	s.metrics = newMetrics(s, opt.Registry, opt.Destination)
	return s
}

// Open reads what is on the disk. Whatever is damaged there is left out, counted and logged; an error
// means that the folder cannot be used, or that another process uses it.
func (s *Spool) Open() error {
	if d, ok := s.dir.(diskFolder); ok {
		if err := os.MkdirAll(string(d), 0o700); err != nil {
			return s.fail(err)
		}
		if err := os.MkdirAll(d.path(deadFolder), 0o700); err != nil {
			return s.fail(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOpen {
		return s.fail(errors.New("it is open already"))
	}
	unlock, err := s.dir.lock()
	if err != nil {
		return s.fail(err)
	}
	if err = s.load(); err == nil {
		err = s.metrics.register()
	}
	if err != nil {
		return errors.Join(s.fail(err), unlock())
	}
	s.isOpen, s.unlock = true, unlock
	if !s.still {
		s.done.Go(s.syncing)
	}
	return nil
}

func (s *Spool) fail(err error) error {
	return fmt.Errorf("spool %s: %w", s.opt.Dir, err)
}

// load finds out what is on the disk.
func (s *Spool) load() error {
	var err error
	if s.cursor, s.settled, err = openCursor(s.dir); err != nil {
		return err
	}
	if err := s.restoreUnsynced(); err != nil {
		return err
	}
	names, err := s.dir.list()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if first, ok := parseName(name); ok {
			err := s.loadSegment(name, first)
			if errors.Is(err, syscall.EIO) { // the disk is ill: the other segments are no worse for it
				s.metrics.failed(err)
				err = s.setAside(name, err)
			}
			if err != nil {
				return err
			}
		}
	}
	if n := len(s.settled); n > 0 {
		s.nextSeq = max(s.nextSeq, s.settled[n-1].to+1)
	}
	s.nextSeq = max(s.nextSeq, 1)
	s.dropSettled()
	if len(s.segments) > 0 {
		s.backlog.seq = s.segments[0].first
		s.log.Info("spool opened", "records", s.waiting().Records, "samples", s.waiting().Points, "bytes", s.bytes)
	} else {
		s.backlog.seq = s.nextSeq
	}
	return s.trimAside()
}

// Close takes no more records, and brings everything to the disk. What was not acknowledged is there at
// the next start.
func (s *Spool) Close(context.Context) error {
	s.mu.Lock()
	if !s.isOpen {
		s.mu.Unlock()
		return nil
	}
	s.isOpen = false
	s.mu.Unlock()
	close(s.stop)
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metrics.unregister()
	err := s.seal()
	if s.moved {
		err = errors.Join(err, s.cursor.write(s.settled))
	}
	notify(s.newest.changed)
	notify(s.older.changed)
	s.backlog.close()
	err = errors.Join(err, s.cursor.close(), s.unlock())
	if err != nil {
		return s.fail(err)
	}
	return nil
}

// Waiting is what is not acknowledged.
type Waiting struct {
	Records, Points int
	Oldest          time.Time // zero: nothing waits
}

// waiting sums up the segments.
func (s *Spool) waiting() (w Waiting) {
	for _, g := range s.segments {
		if g.left == 0 {
			continue
		}
		if w.Records == 0 && g.min > 0 {
			w.Oldest = time.UnixMilli(g.min)
		}
		w.Records += g.left
		w.Points += g.leftPoints
	}
	return w
}

// State is how the spool does.
type State struct {
	Waiting
	Bytes    int64
	Segments int
	Degraded string // why records cannot be written; "": they can
}

// State tells how the spool does.
func (s *Spool) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{Waiting: s.waiting(), Bytes: s.bytes, Segments: len(s.segments)}
	if s.trouble.err != nil {
		st.Degraded = s.trouble.err.Error()
	}
	return st
}

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
)

// closeTime is how long Close waits for queries to end.
const closeTime = 5 * time.Second

// Open reads what is on disk and makes the store ready. It fails when another process has the folder. When the
// disk is full it returns, and the first Write that finds room opens the store.
func (s *Store) Open() error {
	s.write.Lock()
	defer s.write.Unlock()
	s.state.Lock()
	defer s.state.Unlock()
	if s.db != nil || s.wanted {
		return errors.New("embedded store is open already")
	}
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil { //nolint:gosec // G703: the folder is the config's
		return fmt.Errorf("embedded store: %w", err)
	}
	s.disk = &room{dir: s.Dir(), log: s.log, own: s.own, reserve: reserveToOpen(s.Dir()), left: s.left}
	if err := registerAll(s.reg, s.own.all); err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	if s.torn = !s.disk.enough(); !s.torn {
		if err := s.open(); err != nil {
			unregisterAll(s.reg, s.own.all)
			return err
		}
	}
	s.wanted = true
	return nil
}

func (s *Store) open() error {
	// Ours, not the database's own lock: nothing may be moved aside that another process has open.
	lock, err := tsdbutil.NewDirLocker(s.Dir(), "tsdb", quiet(s.log), nil)
	if err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("embedded store %s (is another routerpulse using it?): %w", s.Dir(), err)
	}
	db, inner, err := openDatabase(s.Dir(), filepath.Join(s.cfg.Path, "corrupt"), dbOptions(s.cfg), s.log)
	if err != nil {
		return errors.Join(fmt.Errorf("embedded store %s: %w", s.Dir(), err), lock.Release())
	}
	left, err := findLeftovers(db, s.schema)
	if err != nil {
		// It is no reason not to start: what went away meanwhile then ends a little later.
		s.log.Warn("cannot tell which series were live", "error", err)
	}
	var second *coarse
	if s.cfg.hasCoarse() {
		if second, err = openCoarse(s.cfg, db, s.schema, s.own, s.log); err != nil {
			return errors.Join(fmt.Errorf("embedded store: %w", err), db.Close(), lock.Release())
		}
	}
	engine := newEngine(s.log, inner)
	if err := s.reg.Register(inner); err != nil {
		return errors.Join(fmt.Errorf("embedded store: %w", err), second.close(), db.Close(), lock.Release())
	}
	s.db, s.coarse, s.engine, s.inner, s.lock = db, second, engine, inner, lock
	s.rows = newRows(left)
	s.disk = &room{dir: s.Dir(), log: s.log, own: s.own, reserve: reserveFor(db), left: s.left}
	s.goLive()
	s.log.Info("store opened", "path", s.Dir(), "retention", s.cfg.Retention.String(), "blocks", len(db.Blocks()), "series", db.Head().NumSeries())
	return nil
}

// goLive lets writes and queries in.
func (s *Store) goLive() {
	s.life, s.stop = context.WithCancel(context.Background())
	s.kept = make(chan struct{})
	go s.upkeep(s.life, s.db, s.disk, s.kept)
	s.gate.unlock()
}

// Close is Shutdown with 5 s.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return s.Shutdown(ctx)
}

// Shutdown ends the queries, waits for the write in progress, writes a snapshot that makes the next Open
// fast and releases the folder. When a query does not end before ctx does, the store is left open, and
// an error says so: nothing is lost by that, but the next start takes longer. Closing again does
// nothing.
func (s *Store) Shutdown(ctx context.Context) error {
	s.state.Lock()
	defer s.state.Unlock()
	if s.wanted {
		s.wanted = false
		unregisterAll(s.reg, s.own.all)
	}
	if s.db == nil {
		return nil
	}
	return s.shut(ctx)
}

func (s *Store) shut(ctx context.Context) error {
	s.stop()
	idle := s.gate.shut()
	select {
	case <-idle:
	case <-ctx.Done():
		select {
		case <-idle: // both: it can be closed
		default:
			return errors.New("embedded store: a query did not end in time; the store was left without a snapshot")
		}
	}
	<-s.kept
	s.reg.Unregister(s.inner)
	err := errors.Join(s.engine.Close(), s.coarse.close(), closeDatabase(s.db), s.lock.Release())
	s.db, s.coarse, s.engine, s.inner, s.lock = nil, nil, nil, nil, nil
	if err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	return nil
}

// closeDatabase closes the database. It panics when the disk has no room for what it still wants to write: its
// log has all of that, so that the next start finds it.
func closeDatabase(db *tsdb.DB) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("closed without a snapshot, the next start takes longer: %v", p)
		}
	}()
	return db.Close()
}

// reopen makes a log whole again that may end in half a record: opening cuts it there. What is written behind
// such a record would be lost with the next kill. The snapshot goes, or opening would not look.
func (s *Store) reopen(ctx context.Context) error {
	s.state.Lock()
	defer s.state.Unlock()
	if !s.wanted {
		return ErrClosed
	}
	if s.db != nil {
		err := s.shut(ctx)
		if s.db != nil {
			<-s.kept
			s.goLive()
			return err
		}
		if err != nil {
			s.log.Warn("the store was closed with an error, to open it again after a failed write", "error", err)
		}
	}
	if err := removeSnapshots(s.Dir()); err != nil {
		return fmt.Errorf("embedded store: %w", err)
	}
	return s.open()
}

package collectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// protocol is one way to read a device. want says which tables to read, whatever lane they are of by
// themselves; nil means those of the lane.
// What could be read comes back even when err is not nil.
type protocol interface {
	Collect(ctx context.Context, lane pipeline.Lane, want func(table string) bool) ([]pipeline.TableRead, error)
	Check(ctx context.Context) error
}

// Device reads one router over all its protocols. The source is chosen per table, never per field:
// the RouterOS API where it knows the table, SNMP where the API is refused or does not, so that a row
// has one time and one source.
type Device struct {
	name    string
	api     protocol                          // nil: not configured
	snmp    protocol                          // nil: not configured
	listen  func(changed func(pipeline.Lane)) // to what it says by itself; nil: not configured
	keeps   io.Closer                         // the connection that is kept between polls; nil: none
	plan    *tablePlan
	log     *slog.Logger
	metrics *metrics

	rowLimit int // of one table

	mu            sync.Mutex
	due           due
	sources       sources
	refusedLogged time.Time // when it was last logged that rows are left out
	away          bool      // the last live poll got no answer over any protocol
	pause         breaker   // of the API, while SNMP stands in
}

var _ pipeline.Collector = (*Device)(nil)

// Collect reads the tables of one lane whose time has come. There may be none: then the batch is empty,
// without an error.
func (d *Device) Collect(ctx context.Context, lane pipeline.Lane) (pipeline.Batch, error) {
	b := pipeline.Batch{Device: d.name, Lane: lane}
	ask := d.request(lane)
	first, firstErr := d.collectAPI(ctx, lane, &ask)
	var second []pipeline.TableRead
	var secondErr error
	if d.snmp != nil && ask.any(sourceSNMP) && ctx.Err() == nil {
		have := map[string]bool{}
		for i := range first {
			have[first[i].Table.Name] = first[i].Status == pipeline.Whole
		}
		second, secondErr = d.snmp.Collect(ctx, lane, func(table string) bool { return ask.has(table, sourceSNMP) && !have[table] })
	}
	if d.returned(second) && first == nil {
		first, firstErr = d.collectAPI(ctx, lane, &ask) // it was left alone while the device was away
	}
	b.Tables = merge(first, second)
	if len(b.Tables) == 0 && firstErr == nil && secondErr == nil {
		return b, nil
	}
	d.noteRead(lane, b.Tables)
	d.dropRefused(b.Tables)
	d.noteSources(b.Tables)
	if here := answered(b); here || lane == pipeline.LaneLive {
		d.noteReturn(here) // other lanes may be the API's alone: its silence there is not the device's
	}
	return b, errors.Join(firstErr, secondErr)
}

// collectAPI asks the API. Where SNMP can stand in, the API gets half of the time, and rest after it
// did not answer at all.
func (d *Device) collectAPI(ctx context.Context, lane pipeline.Lane, ask *request) ([]pipeline.TableRead, error) {
	if d.api == nil || !ask.any(sourceAPI) {
		return nil, nil
	}
	want := func(table string) bool { return ask.has(table, sourceAPI) }
	if d.snmp == nil {
		return d.api.Collect(ctx, lane, want)
	}
	if err := d.pause.resting(time.Now()); err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	reads, err := d.api.Collect(ctx, lane, want)
	d.pause.note(err, time.Now())
	return reads, err
}

// merge keeps, for each table, the first read that is whole, else the first that says why not. A
// table that one protocol read is no failure of the device because the other could not.
func merge(first, second []pipeline.TableRead) []pipeline.TableRead {
	merged := append([]pipeline.TableRead(nil), first...)
	at := map[string]int{}
	for i := range merged {
		at[merged[i].Table.Name] = i
	}
	for _, t := range second {
		i, ok := at[t.Table.Name]
		if !ok {
			merged = append(merged, t)
			continue
		}
		if better(t.Status, merged[i].Status) {
			merged[i] = t
		}
	}
	return merged
}

// better orders whole before failed before skipped.
func better(a, b pipeline.TableStatus) bool { return a < b }

// checkStagger is how long the first protocol may take before the second is asked too.
const checkStagger = time.Second

// returned reports that a device that was silent altogether answers over SNMP, and then ends the rest
// of its API.
func (d *Device) returned(tables []pipeline.TableRead) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.api == nil || !d.away || !answered(pipeline.Batch{Tables: tables}) {
		return false
	}
	d.pause.end()
	return true
}

// noteReturn ends the rest of the API when a device that was silent altogether answers again.
func (d *Device) noteReturn(here bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if here && d.away {
		d.pause.end()
	}
	d.away = !here
}

// Check asks the cheapest question of each configured protocol until one answers. When none does, the
// error is pipeline.ErrRefused if one refused the credentials, since then the device is there.
func (d *Device) Check(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var protocols []protocol
	for _, p := range []protocol{d.snmp, d.api} {
		if p != nil {
			protocols = append(protocols, p)
		}
	}
	answers := make(chan error, len(protocols))
	var errs []error
	for asked := 0; len(errs) < len(protocols); {
		var more <-chan time.Time
		if asked < len(protocols) {
			wait := checkStagger
			if asked == len(errs) {
				wait = 0
			}
			more = time.After(wait)
		}
		select {
		case <-more:
			go func(p protocol) { answers <- d.guardedCheck(ctx, p) }(protocols[asked])
			asked++
		case err := <-answers:
			errs = append(errs, err)
			if err == nil {
				cancel()
				d.noteReturn(true)
				for len(errs) < asked { // one has answered: what the other says does not matter
					errs = append(errs, <-answers)
				}
				return nil
			}
		}
	}
	return errors.Join(errs...)
}

// guardedCheck turns a panic into an error: it runs outside the goroutine that the scheduler guards, and
// what one device sends must not end the program.
func (d *Device) guardedCheck(ctx context.Context, p protocol) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: a bug in checking: %v", d.name, r)
			d.log.Error("check panicked; please report this", "device", d.name, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	return p.Check(ctx)
}

// Close ends the connection to the device.
func (d *Device) Close() error {
	if d.keeps == nil {
		return nil
	}
	return d.keeps.Close()
}

// breaker lets a protocol that does not answer rest, so that a device with two does not wait for the
// dead one at every poll: from the second failure in a row on 30 s, then 1, 2, 4 and 5 minutes.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time
	err      error
}

const (
	breakerMin = 30 * time.Second
	breakerMax = 5 * time.Minute
)

func (b *breaker) resting(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return fmt.Errorf("not asked again before %s: %w", b.until.Format(time.TimeOnly), b.err)
	}
	return nil
}

func (b *breaker) note(err error, now time.Time) {
	if !errors.Is(err, pipeline.ErrNoAnswer) && !errors.Is(err, pipeline.ErrUnreachable) {
		b.end()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures++; b.failures > 1 {
		b.until, b.err = now.Add(min(breakerMin<<min(b.failures-2, 6), breakerMax)), err
	}
}

// end lets it be asked at once.
func (b *breaker) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.until, b.err = 0, time.Time{}, nil
}

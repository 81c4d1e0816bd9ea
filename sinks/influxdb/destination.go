package influxdb

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/routerpulse/routerpulse/sinks/spool"
)

// destination is what all senders to one database share.
type destination struct {
	to    poster
	spool *spool.Spool
	own   *metrics
	log   *slog.Logger
	login func() (string, error) // reads the credentials anew
	most  time.Duration          // longest back-off

	maker maker     // nil: what is missing stays missing
	packs sync.Pool // of *gzip.Writer: a new one costs 800 KB

	mu       sync.Mutex
	maxSize  int           // bytes of a request; a 413 lowers it
	closed   chan struct{} // the sink closes: what is new is sent at once, and a failure ends it
	behind   []behind
	trouble  trouble
	made     time.Time // when it was tried last to create what is missing
	madeSaid time.Time // when it was logged last that this failed
	refusals refusals
	prober   *sender       // while there is trouble: the one that tries, the others wait
	well     chan struct{} // closed when the trouble is over, or the prober gives up
}

// trouble is what is wrong with the destination now, so that it is said once and not with each try.
type trouble struct {
	since, said time.Time
	action      action
	alarmed     bool
}

// refusals are the samples that were refused since it was said last.
type refusals struct {
	samples int
	said    time.Time
}

// limit is how many bytes a request may have.
func (d *destination) limit() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.maxSize
}

// lower remembers that a request of a size was too large.
func (d *destination) lower(size int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.maxSize = max(min(d.maxSize, size/2), 1)
}

// pack makes the body of a request of lines that are not sent as they are in the spool.
func (d *destination) pack(lines []line) ([]byte, error) {
	z, ok := d.packs.Get().(*gzip.Writer)
	if !ok {
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	}
	defer d.packs.Put(z)
	var packed bytes.Buffer
	z.Reset(&packed)
	for _, l := range lines {
		if _, err := z.Write(l.text); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return packed.Bytes(), err
}

// ending reports that the sink closes.
func (d *destination) ending() bool {
	select {
	case <-d.closed:
		return true
	default:
		return false
	}
}

// turn waits until a sender may try: at once as long as all is well; while there is trouble one sender
// tries and the others wait for what it finds. False: ctx has ended.
func (d *destination) turn(ctx context.Context, s *sender) bool {
	for ctx.Err() == nil {
		d.mu.Lock()
		if d.trouble.since.IsZero() || d.prober == nil || d.prober == s {
			if !d.trouble.since.IsZero() {
				d.prober = s
			}
			d.mu.Unlock()
			return true
		}
		well := d.well
		d.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-well:
		}
	}
	return false
}

// giveUp lets another sender try.
func (d *destination) giveUp(s *sender) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.prober == s {
		d.prober = nil
		close(d.well)
		d.well = make(chan struct{})
	}
}

// note takes what a request found, and says when the destination goes bad, when it comes back, and in
// between now and then.
func (d *destination) note(v verdict, s *sender) {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.action == later || v.action == denied {
		d.bad(v, s, now)
		return
	}
	d.own.up.Set(1)
	d.own.failing.Set(0)
	if !d.trouble.since.IsZero() {
		d.log.Info("writing again", "after", now.Sub(d.trouble.since).Round(time.Millisecond).String())
		d.trouble, d.prober = trouble{}, nil
		close(d.well)
		d.well = make(chan struct{})
	}
}

// alarmAfter is how long a database may answer with errors before somebody has to look.
const alarmAfter = 4 * time.Minute

func (d *destination) bad(v verdict, s *sender, now time.Time) {
	d.own.up.Set(0)
	fresh := d.trouble.since.IsZero()
	if fresh {
		d.trouble.since, d.prober = now, s
	}
	d.own.failing.Set(now.Sub(d.trouble.since).Seconds())
	if fresh || v.action != d.trouble.action || now.Sub(d.trouble.said) >= remind {
		d.log.Warn("cannot write; the samples are kept and sent again", "reason", v.reason)
		d.trouble.said, d.trouble.action = now, v.action
	}
	if v.serverError && !d.trouble.alarmed && now.Sub(d.trouble.since) >= alarmAfter {
		d.trouble.alarmed = true
		d.log.Error("the database has answered with errors for minutes: look at its log and its disk; InfluxDB 1.x goes on refusing after its disk was full until it is restarted",
			"reason", v.reason)
	}
}

// refuse keeps lines that the database will never take as dead letters, and says so now and then.
func (d *destination) refuse(lines []byte, samples int, reason string) {
	d.own.rejected.Add(float64(samples))
	if err := d.spool.Bury(lines, samples, reason); err != nil {
		d.log.Error("lines that the database refuses cannot be kept", "samples", samples, "err", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refusals.samples += samples
	if now := time.Now(); now.Sub(d.refusals.said) >= sayRefusals {
		d.log.Warn("the database refuses samples for ever; they are kept as dead letters: see 'routerpulse spool dead'",
			"samples", d.refusals.samples, "reason", reason, "example", cut(lines))
		d.refusals = refusals{said: now}
	}
}

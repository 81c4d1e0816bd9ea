package pipeline

import (
	"math"
	"sync"
	"time"
)

// Rates turns counters into rates, one state for each row. A rate is never negative and never absurd:
// a reboot, a change of source, a counter that fell and an increase that the link cannot carry are
// discontinuities, which give no rate at that poll and start anew from it.
type Rates struct {
	mu      sync.Mutex
	devices map[string]*deviceRates
}

type deviceRates struct {
	mu   sync.Mutex
	rows map[string]*rowRates // by key: a collector that was built anew names the same rows
}

// rowRates is what a row's counters were at its last good read.
type rowRates struct {
	source string
	at     time.Time
	uptime time.Duration
	values []Field
}

// The most that any interface of today may carry: 10 Tbit/s, and as many packets of minimum size.
const (
	maxBitsPerSecond = 1e13
	minFrameBits     = 84 * 8 // 64 bytes, preamble and gap (IEEE 802.3)
)

// uptimeWrap is when sysUpTime begins anew: 2^32 hundredths of a second, 497 days.
const uptimeWrap = time.Duration(1<<32) * 10 * time.Millisecond

// maxGap32 is how long a 32-bit counter is trusted not to have wrapped twice when the speed of the
// link is not known.
const maxGap32 = 10 * time.Minute

// NewRates returns an empty state.
func NewRates() *Rates { return &Rates{devices: map[string]*deviceRates{}} }

// Apply appends the rates of every counter of the batch to its samples, and returns how many
// discontinuities it met. It is safe for concurrent use; batches of one table must come in order.
func (r *Rates) Apply(b *Batch) (discontinuities int) {
	d := r.device(b.Device)
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range b.Tables {
		t := &b.Tables[i]
		for j := range t.Samples {
			discontinuities += d.apply(t, &t.Samples[j])
		}
	}
	for _, s := range b.Gone {
		delete(d.rows, s.Key())
	}
	return discontinuities
}

// Forget drops the state of a device that is no longer polled.
func (r *Rates) Forget(device string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.devices, device)
}

func (r *Rates) device(name string) *deviceRates {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.devices[name]
	if d == nil {
		d = &deviceRates{rows: map[string]*rowRates{}}
		r.devices[name] = d
	}
	return d
}

func (d *deviceRates) apply(t *TableRead, s *Sample) (discontinuities int) {
	counters := ratedFields(s.Fields)
	if len(counters) == 0 || t.ReadAt.IsZero() {
		return 0
	}
	was := d.rows[s.Series.Key()]
	now := &rowRates{source: t.Source, at: t.ReadAt, uptime: t.Uptime, values: counters}
	if was != nil && !now.at.After(was.at) {
		return 0 // the same answer again
	}
	d.rows[s.Series.Key()] = now
	if was == nil {
		return 0
	}
	if was.source != now.source || rebooted(was, now) {
		return 1
	}
	link := linkOf(*s)
	for _, c := range counters {
		before, ok := find(was.values, c.Def)
		if !ok || before.Kind() != c.Value.Kind() {
			continue
		}
		rate, ok := perSecond(c, before, now.at.Sub(was.at), link)
		if !ok {
			discontinuities++
			continue
		}
		s.Fields = append(s.Fields, Field{Def: c.Def.Rate, Value: GaugeValue(math.Round(rate))})
	}
	return discontinuities
}

func ratedFields(fields []Field) []Field {
	n := 0
	for i := range fields {
		if fields[i].Def.Rate != nil && !fields[i].Value.IsNone() {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]Field, 0, n)
	for _, f := range fields {
		if f.Def.Rate != nil && !f.Value.IsNone() {
			out = append(out, f)
		}
	}
	return out
}

func find(fields []Field, def *FieldDef) (Value, bool) {
	for i := range fields {
		if fields[i].Def == def {
			return fields[i].Value, true
		}
	}
	return Value{}, false
}

// rebooted tells from the device's uptime whether counters began anew between two reads: it must have
// grown by the time that passed, give or take what caches and clocks blur.
func rebooted(was, now *rowRates) bool {
	if was.uptime == 0 || now.uptime == 0 {
		return false
	}
	elapsed := now.at.Sub(was.at)
	expected := was.uptime + elapsed
	slack := 5*time.Second + elapsed/10
	// An uptime above the wrap is the RouterOS API's, which never wraps.
	if was.uptime <= uptimeWrap && expected+slack >= uptimeWrap && now.uptime <= expected-uptimeWrap+slack {
		return false
	}
	return now.uptime < expected-slack
}

// link is what is known of the wire under an interface.
type link struct {
	bitsPerSecond float64 // 0: not known
}

// linkOf trusts the speed of Ethernet ports alone: bridges, tunnels and VLANs report placeholders
// that real traffic exceeds.
func linkOf(s Sample) link {
	if s.Value("type").Text() != "ether" {
		return link{}
	}
	speed := s.Value("speed_bits_per_second").Float()
	if math.IsNaN(speed) || speed <= 0 {
		return link{}
	}
	return link{bitsPerSecond: speed}
}

// limit is the highest believable rate of a counter, a tenth above the link's for blurred read times.
func (l link) limit(def *FieldDef) float64 {
	bits := float64(maxBitsPerSecond)
	if l.bitsPerSecond > 0 {
		bits = l.bitsPerSecond * 1.1
	}
	if def.RateScale == 8 {
		return bits
	}
	return bits / minFrameBits
}

func perSecond(c Field, before Value, elapsed time.Duration, l link) (rate float64, ok bool) {
	delta := c.Value.Int() - before.Int()
	if c.Value.Kind() == Counter32 {
		if delta, ok = delta32(c, before, elapsed, l); !ok {
			return 0, false
		}
	} else if delta < 0 {
		delta &= counterMask // crossed 2^63; after a reset the result is beyond every limit
	}
	rate = float64(delta) * c.Def.RateScale / elapsed.Seconds()
	return rate, rate <= l.limit(c.Def)
}

// delta32 unwraps a 32-bit counter where it can have wrapped only once, and refuses otherwise.
func delta32(c Field, before Value, elapsed time.Duration, l link) (int64, bool) {
	delta := (c.Value.Int() - before.Int()) & math.MaxUint32
	if l.bitsPerSecond > 0 {
		most := l.limit(c.Def) / c.Def.RateScale * elapsed.Seconds()
		return delta, most < 1<<32 || c.Value.Int() >= before.Int() && elapsed <= maxGap32
	}
	if elapsed > maxGap32 {
		return 0, false
	}
	return delta, c.Value.Int() >= before.Int() || delta < 1<<31
}

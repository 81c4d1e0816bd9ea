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
	base time.Time // read times are kept as distances from it, on the monotonic clock

	mu      sync.Mutex
	devices map[string]*deviceRates
	rated   map[*Table][]*FieldDef
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
func NewRates() *Rates {
	return &Rates{base: time.Now(), devices: map[string]*deviceRates{}, rated: map[*Table][]*FieldDef{}}
}

// Apply appends the rates of every counter of the batch to its samples, and returns how many
// discontinuities it met. It is safe for concurrent use; batches of one table must come in order.
func (r *Rates) Apply(b *Batch) (discontinuities int) {
	d := r.device(b.Device)
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range b.Tables {
		t := &b.Tables[i]
		fields := r.ratedFields(t.Table)
		if len(fields) == 0 || t.ReadAt.IsZero() || len(t.Samples) == 0 {
			continue
		}
		discontinuities += d.table(t.Table, fields).apply(t, t.ReadAt.Sub(r.base))
	}
	if len(b.Gone) > 0 {
		d.drop(b.Gone)
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
		d = &deviceRates{}
		r.devices[name] = d
	}
	return d
}

// ratedFields lists the counters of a table that have a rate, made once for all devices.
func (r *Rates) ratedFields(t *Table) []*FieldDef {
	r.mu.Lock()
	defer r.mu.Unlock()
	fields, ok := r.rated[t]
	if !ok {
		for _, f := range t.Fields {
			if f.Rate != nil {
				fields = append(fields, f)
			}
		}
		r.rated[t] = fields
	}
	return fields
}

// rebooted tells from the device's uptime whether counters began anew between two reads: it must have
// grown by the time that passed, give or take what caches and clocks blur.
func rebooted(was, now, elapsed time.Duration) bool {
	if was == 0 || now == 0 {
		return false
	}
	expected := was + elapsed
	slack := 5*time.Second + elapsed/10
	// An uptime above the wrap is the RouterOS API's, which never wraps.
	if was <= uptimeWrap && expected+slack >= uptimeWrap && now <= expected-uptimeWrap+slack {
		return false
	}
	return now < expected-slack
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

// perSecond is the rate of a counter that stood at before, ok false if there is no believable one.
func perSecond(c Field, before int64, elapsed time.Duration, l link) (rate float64, ok bool) {
	delta := c.Value.Int() - before
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
func delta32(c Field, before int64, elapsed time.Duration, l link) (int64, bool) {
	delta := (c.Value.Int() - before) & math.MaxUint32
	if l.bitsPerSecond > 0 {
		most := l.limit(c.Def) / c.Def.RateScale * elapsed.Seconds()
		return delta, most < 1<<32 || c.Value.Int() >= before && elapsed <= maxGap32
	}
	if elapsed > maxGap32 {
		return 0, false
	}
	return delta, c.Value.Int() >= before || delta < 1<<31
}

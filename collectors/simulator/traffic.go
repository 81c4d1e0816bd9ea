package simulator

import "math"

// A counter must be monotone, the same for the same instant, and cheap to ask for at any time. So
// it is not summed up but computed: the integral of a daily curve (a closed form), taken at a time
// that has been warped. A warp moves the knots of a grid by a random part of its step and joins them
// by straight lines; its slope, between 1-a and 1+a, is what makes a burst or a lull. Warps of
// several steps are applied one after the other, so their slopes multiply.

// mix is the splitmix64 finaliser: a good hash of one word.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash of a seed and a number.
func hash(seed, n uint64) uint64 { return mix(seed ^ mix(n)) }

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// between maps a hash to [low, high).
func between(h uint64, low, high float64) float64 { return low + unit(h)*(high-low) }

// warp is a monotone function of time that stays within step of it.
type warp struct {
	step   float64 // seconds between two knots
	amount float64 // below 1: the slope stays within 1-amount and 1+amount
}

func (w warp) at(seed uint64, seconds float64) float64 {
	knot := math.Floor(seconds / w.step)
	part := seconds/w.step - knot
	a := unit(hash(seed, uint64(int64(knot)))) * w.amount
	b := unit(hash(seed, uint64(int64(knot)+1))) * w.amount
	return w.step * (knot + a + part*(1+b-a))
}

// routerWarps are the moods of a router, common to all its interfaces.
func routerWarps() [2]warp { return [2]warp{{900, 0.7}, {60, 0.5}} }

// interfaceWarps are those of one interface.
func interfaceWarps() [2]warp { return [2]warp{{97, 0.6}, {11, 0.5}} }

const day = 86400.0

// daily is the curve of a day: two harmonics around 1, with the high point near peak (a time of day
// in seconds, UTC).
type daily struct{ peak float64 }

const (
	firstHarmonic  = 0.5
	secondHarmonic = 0.2
)

// rate is the curve's height at a time of day.
func (d daily) rate(seconds float64) float64 {
	x := 2 * math.Pi * (seconds - d.peak) / day
	return 1 + firstHarmonic*math.Cos(x) + secondHarmonic*math.Cos(2*x)
}

// integral is that of rate from an arbitrary point to seconds.
func (d daily) integral(seconds float64) float64 {
	x := 2 * math.Pi * (seconds - d.peak) / day
	return seconds + day/(2*math.Pi)*(firstHarmonic*math.Sin(x)+secondHarmonic/2*math.Sin(2*x))
}

// effort is how much a router has done since its boot, in seconds of an average day. All its
// counters are made from it. Both times are milliseconds of the Unix clock.
func (d daily) effort(seed uint64, boot, now int64) float64 {
	if now <= boot {
		return 0
	}
	start := math.Mod(float64(boot)/1000, day)
	return d.integral(start+mood(seed, float64(now-boot)/1000)) - d.integral(start+mood(seed, 0))
}

func mood(seed uint64, seconds float64) float64 {
	for _, w := range routerWarps() {
		seconds = w.at(seed, seconds)
		seed = mix(seed)
	}
	return seconds
}

// volume turns a router's effort into the effort of one of its interfaces, which is 0 at 0.
func volume(seed uint64, effort float64) float64 {
	return bend(seed, effort) - bend(seed, 0)
}

func bend(seed uint64, effort float64) float64 {
	for _, w := range interfaceWarps() {
		effort = w.at(seed, effort)
		seed = mix(seed)
	}
	return effort
}

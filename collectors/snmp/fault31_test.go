package snmp

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

const ifCounterDiscontinuityTime = ifXEntry + ".19"

// stage is the state of a made-up router at one poll: what its two ports count, under which index.
type stage struct {
	ticks         uint32    // sysUpTime, hundredths of a second
	octets        [2]uint64 // of ether1 and ether2
	index         [2]int
	discontinuity uint32
}

func (s stage) mib() []entry {
	mib := with(system("RouterOS CHR"), sysUpTime, tTicks, s.ticks)
	for i := range s.octets {
		rows := port(s.index[i], fmt.Sprintf("ether%d", i+1))
		rows = with(rows, fmt.Sprintf("%s.6.%d", ifXEntry, s.index[i]), tCount64, s.octets[i])
		rows = with(rows, fmt.Sprintf("%s.10.%d", ifEntry, s.index[i]), tCount, uint32(s.octets[i]))
		mib = append(mib, append(rows, entry{fmt.Sprintf("%s.%d", ifCounterDiscontinuityTime, s.index[i]), tTicks, s.discontinuity})...)
	}
	return mib
}

// Fault 31: whatever counters, clocks and indexes of a device do, no rate is negative and none is
// above the speed of the link (1 Gbit/s here); what does not harm, a wrap or a new index, costs no
// rate. End to end: agent, collector, rates; polls are half a minute apart.
func TestFault31CountersThatBreak(t *testing.T) {
	// whatever: a 32-bit counter of a fast port that fell may as well have wrapped; the link bounds the error.
	const second, none, whatever = 100, -1.0, -2.0
	const load = 3000 * 1250 // bytes in half a minute: 1 Mbit/s
	calm := stage{ticks: 100_000, octets: [2]uint64{1 << 40, 5 << 40}, index: [2]int{1, 2}}
	for name, test := range map[string]struct {
		before, after stage
		v1            bool
		want          [2]float64 // bit/s; none: no rate
	}{
		"nothing happens": {calm, stage{103_000, [2]uint64{1<<40 + load, 5<<40 + load}, [2]int{1, 2}, 0}, false, [2]float64{1e6, 1e6}},
		"reboot":          {calm, stage{20 * second, [2]uint64{load, 2 * load}, [2]int{1, 2}, 0}, false, [2]float64{none, none}},
		"reboot, and counters overtook": {stage{100_000, [2]uint64{load, load}, [2]int{1, 2}, 0},
			stage{20 * second, [2]uint64{3 * load, 2 * load}, [2]int{1, 2}, 0}, false, [2]float64{none, none}},
		"one port's counters are reset":       {calm, stage{103_000, [2]uint64{load, 5<<40 + load}, [2]int{1, 2}, 0}, false, [2]float64{none, 1e6}},
		"a reset with its discontinuity time": {calm, stage{103_000, [2]uint64{load, 5<<40 + load}, [2]int{1, 2}, 102_000}, false, [2]float64{none, 1e6}},
		"64 bits wrap": {stage{100_000, [2]uint64{math.MaxUint64 - load/2 + 1, 5 << 40}, [2]int{1, 2}, 0},
			stage{103_000, [2]uint64{load / 2, 5<<40 + load}, [2]int{1, 2}, 0}, false, [2]float64{1e6, 1e6}},
		"32 bits wrap": {stage{100_000, [2]uint64{1<<32 - load/2, 1 << 20}, [2]int{1, 2}, 0},
			stage{103_000, [2]uint64{load / 2, 1<<20 + load}, [2]int{1, 2}, 0}, true, [2]float64{1e6, 1e6}},
		"32 bits are reset": {stage{100_000, [2]uint64{1 << 31, 1 << 20}, [2]int{1, 2}, 0},
			stage{103_000, [2]uint64{load / 2, 1<<20 + load}, [2]int{1, 2}, 0}, true, [2]float64{whatever, 1e6}},
		"sysUpTime wraps after 497 days": {stage{math.MaxUint32 - 1000, calm.octets, calm.index, 0},
			stage{1999, [2]uint64{1<<40 + load, 5<<40 + load}, [2]int{1, 2}, 0}, false, [2]float64{1e6, 1e6}},
		"interfaces change their index":          {calm, stage{103_000, [2]uint64{1<<40 + load, 5<<40 + load}, [2]int{2, 1}, 0}, false, [2]float64{1e6, 1e6}},
		"interfaces get a new index at a reboot": {calm, stage{20 * second, [2]uint64{load, load}, [2]int{12, 11}, 0}, false, [2]float64{none, none}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent(t, test.before.mib()...)
			c := a.collector(t, func(target *Target) {
				if test.v1 {
					version1(target)
				}
			})
			rates := pipeline.NewRates()
			var series [2]*pipeline.Series
			negative, absurd := 0, 0
			// Two good intervals before and after tell that nothing else broke.
			for i, at := range []stage{test.before, test.after, calmly(test.after, load, 1), calmly(test.after, load, 2)} {
				a.set(at.mib()...)
				batch := pipeline.Batch{Device: "r1", Tables: mustCollect(t, c)}
				for j := range batch.Tables { // half a minute apart, by the test's clock
					read := &batch.Tables[j]
					read.ReadAt = time.Unix(int64(1_000_000+30*i), 0)
					read.Uptime = time.Duration(at.ticks) * 10 * time.Millisecond
				}
				rates.Apply(&batch)
				for _, s := range tableOf(t, batch.Tables, "interface").Samples {
					for _, f := range s.Fields {
						if !strings.HasSuffix(f.Def.Name, "_per_second") || f.Def.Name == "speed_bits_per_second" {
							continue
						}
						if f.Value.Float() < 0 {
							negative++
						}
						if f.Def.Unit == "bits/s" && f.Value.Float() > 1.1e9 {
							absurd++
						}
					}
					port := map[string]int{"ether1": 0, "ether2": 1}[s.Series.Row()]
					if series[port] != nil && series[port] != s.Series {
						t.Errorf("%s is another row after poll %d", s.Series.Row(), i)
					}
					series[port] = s.Series
					want := [4]float64{none, test.want[port], 1e6, 1e6}[i]
					got := s.Value("rx_bits_per_second")
					if want == whatever {
						continue
					}
					if want == none && !got.IsNone() || want != none && math.Abs(got.Float()-want) > 1 {
						t.Errorf("poll %d: %s receives %q bit/s, want %v", i, s.Series.Row(), got, want)
					}
				}
			}
			sinktest.Fault{Row: "31", Wrong: negative + absurd, Trials: 1,
				Figures: fmt.Sprintf("%s: %d negative rates, %d above the speed of the link", name, negative, absurd)}.Report(t)
		})
	}
}

// calmly is a stage n polls later.
func calmly(s stage, load uint64, n int) stage {
	s.ticks += uint32(3000 * n)
	for i := range s.octets {
		s.octets[i] += load * uint64(n)
	}
	return s
}

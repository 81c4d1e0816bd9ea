package sse

import (
	"math"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

// The fields of a router.live row, by place.
const (
	liveStatus = iota
	liveSince
	liveReason
	liveLastGood
	liveIdentity
	liveModel
	liveVersion
	liveUptime
	liveCPU
	liveMemory
	liveDisk
	liveTemperature
	liveRx
	liveTx
	livePPP
	liveHotspot
)

func liveLayout() *state.Layout {
	return state.NewLayout("status", "since", "reason", "last_good", "identity", "model", "version", "uptime_seconds",
		"cpu_percent", "memory_percent", "disk_percent", "temperature_celsius", "rx_bits_per_second", "tx_bits_per_second",
		"ppp_sessions", "hotspot_sessions")
}

// router takes in the table router.
func (s *source) router(t *pipeline.TableRead) {
	for _, sample := range t.Samples {
		for _, f := range []struct {
			name  string
			field int
			value func(pipeline.Value) state.Value
		}{
			{"identity", liveIdentity, text},
			{"model", liveModel, text},
			{"version", liveVersion, text},
			{"uptime_seconds", liveUptime, integer},
			{"cpu_percent", liveCPU, tenths},
			{"memory_percent", liveMemory, tenths},
			{"disk_percent", liveDisk, tenths},
		} {
			if v, keep := reading(t, sample, f.name); !keep {
				s.set(f.field, f.value(v))
			}
		}
	}
}

// sessions takes in the table session_count.
func (s *source) sessions(t *pipeline.TableRead) {
	for _, sample := range t.Samples {
		if v, keep := reading(t, sample, "ppp"); !keep {
			s.set(livePPP, integer(v))
		}
		if v, keep := reading(t, sample, "hotspot"); !keep {
			s.set(liveHotspot, integer(v))
		}
	}
}

// temperature takes in the table health: the one temperature that says most of the device.
func (s *source) temperature(t *pipeline.TableRead) {
	best, rank := state.Value{}, math.MaxInt
	for _, sample := range t.Samples {
		v := sample.Value("temperature_celsius")
		if v.IsNone() {
			continue
		}
		celsius := tenths(v)
		r := temperatureRank(sample.Series.Row())
		if r < rank || r == rank && celsius.Float() > best.Float() {
			best, rank = celsius, r
		}
	}
	if t.Status == pipeline.Whole || !best.IsNone() {
		s.set(liveTemperature, best)
	}
}

// temperatureRank orders the sensors: the CPU's, then the board's, then the hottest of the others.
func temperatureRank(sensor string) int {
	switch sensor {
	case "cpu-temperature":
		return 0
	case "temperature":
		return 1
	}
	return 2
}

func text(v pipeline.Value) state.Value { return state.TextValue(v.Text()) }

// tenths rounds to one decimal: finer changes are noise.
func tenths(v pipeline.Value) state.Value {
	if v.IsNone() {
		return state.Value{}
	}
	return state.FloatValue(v.Float(), 1)
}

// integer rounds to a whole number.
func integer(v pipeline.Value) state.Value {
	f := math.Round(v.Float())
	if v.IsNone() || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return state.Value{}
	}
	return state.IntValue(int64(f))
}

// millis turns a point in time into Unix milliseconds.
func millis(v pipeline.Value) state.Value {
	if v.IsNone() {
		return state.Value{}
	}
	return state.IntValue(int64(math.Round(v.Float() * 1000)))
}

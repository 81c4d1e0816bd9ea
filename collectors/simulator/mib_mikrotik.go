package simulator

import (
	"cmp"
	"fmt"
	"slices"
)

// mikrotikGroups are the private objects, health and hotspot apart. Reading mtxrSystemReboot and
// mtxrUSBPowerReset does nothing, as on a real router; only a SET would, and that is refused.
func mikrotikGroups(m *model) []*group {
	g := []*group{
		scalar("1.3.6.1.4.1.9.9.150.1.1.1", func(v *view) value { return gauge32(uint64(len(v.ppp()))) }),
		scalar(mikrotik+".4.1", func(v *view) value { return octets(v.keep(v.router.softwareID())) }),
		fixedInteger(mikrotik+".4.3", int64(m.level)),
		fixedText(mikrotik+".4.4", m.version),
		scalar(mikrotik+".6.1", func(v *view) value { return gauge32(hash(v.router.seed, 50)%60 + uint64(len(v.hotspot()))) }),
		fixedInteger(mikrotik+".7.1", 0),
		fixedInteger(mikrotik+".7.2", 0),
		fixedText(mikrotik+".7.5", ""),
		fixedText(mikrotik+".7.6", m.build),
	}
	if m.product != "" {
		g = append(g,
			scalar(mikrotik+".7.3", func(v *view) value { return octets(v.keep(v.router.serial())) }),
			fixedText(mikrotik+".7.4", m.firmware),
			fixedText(mikrotik+".7.7", m.version),
		)
	}
	if m.atLeast(7, 14) {
		g = append(g, fixedText(mikrotik+".7.8", m.board), fixedText(mikrotik+".7.9", m.product))
	}
	return g
}

func (r *Router) serial() string { return fmt.Sprintf("HE%010X", hash(r.seed, 51)>>24) }

func (r *Router) softwareID() string {
	const letters = "ABCDEFGHIJKLMNPQRSTUVWXYZ0123456789"
	id := []byte("####-####")
	for i := range id {
		if id[i] == '#' {
			id[i] = letters[hash(r.seed, uint64(i)+60)%uint64(len(letters))]
		}
	}
	return string(id)
}

// healthGroups are the scalars of M.3 and the gauge table, as far as the model has sensors there.
func healthGroups(m *model) []*group {
	var g []*group
	var gauges []sensor
	for _, s := range m.sensors {
		if s.scalar != 0 {
			g = append(g, scalar(fmt.Sprintf("%s.3.%d", mikrotik, s.scalar), s.scalarValue))
		}
		if s.gauge != 0 {
			gauges = append(gauges, s)
		}
	}
	if !m.atLeast(7, 0) {
		g = append(g, fixedInteger(mikrotik+".3.14", int64(m.megahertz)))
	}
	slices.SortFunc(gauges, func(a, b sensor) int { return cmp.Compare(a.gauge, b.gauge) })
	if len(gauges) > 0 {
		g = append(g, gaugeTable(gauges))
	}
	return g
}

// gaugeTable expects the sensors ascending by their index.
func gaugeTable(list []sensor) *group {
	names := make([][]byte, len(list))
	for i := range list {
		names[i] = []byte(list[i].name)
	}
	r := rows{count: len(list), index: func(_ *view, row int, dst []uint32) []uint32 { return append(dst, list[row].gauge) }}
	return conceptual(mikrotik+".3.100.1", func(*view) rows { return r },
		column{2, func(_ *view, row int) value { return octets(names[row]) }},
		column{3, func(v *view, row int) value { return integer(int64(list[row].read(v))) }},
		column{4, func(_ *view, row int) value { return integer(int64(list[row].unit)) }},
	)
}

// States of a power supply, as the gauge table counts them.
const (
	stateOK   = 0
	stateFail = 1
)

// read is the sensor's value, in its unit. Idle is at no load, busy at full.
func (s *sensor) read(v *view) int {
	seed := hash(v.router.seed, uint64(s.gauge)<<16+uint64(s.scalar)+80_000)
	if s.unit == unitStateCode {
		// Now and then the second supply is not plugged in.
		if s.name == "psu2-state" && seed%5 == 0 {
			return stateFail
		}
		return stateOK
	}
	if s.idle == s.busy || (s.unit == unitDeciVolt && s.idle <= 1) {
		return 0
	}
	load := min(1, float64(v.cpuLoad())/100+0.35*v.wave(seed, 60_000))
	return int(s.idle + (s.busy-s.idle)*load + 0.5)
}

// scalarValue is the same in the notation of the old scalars: tenths of a degree, and 1 for a supply
// that is well.
func (s *sensor) scalarValue(v *view) value {
	n := int64(s.read(v))
	switch s.unit {
	case unitCelsius:
		return integer(n * 10)
	case unitDeciAmp:
		return integer(n * 100)
	case unitStateCode:
		return integer(1 - n)
	case unitRPM:
		return gauge32(uint64(n))
	default:
		return integer(n)
	}
}

func bool01(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// hotspotGroups are mtxrHotspotActiveUsersTable.
func hotspotGroups() []*group {
	index := func(v *view, row int, dst []uint32) []uint32 { return append(dst, v.hotspot()[row].index) }
	of := func(sub uint32, f func(v *view, s *session) value) column {
		return column{sub, func(v *view, row int) value { return f(v, &v.hotspotCounted()[row]) }}
	}
	return []*group{conceptual(mikrotik+".5.1.1", func(v *view) rows { return rows{len(v.hotspot()), index} },
		of(2, func(*view, *session) value { return integer(1) }),
		of(3, func(_ *view, s *session) value { return octets(s.user) }),
		of(4, func(*view, *session) value { return octets(nil) }),
		of(5, func(v *view, s *session) value { return ipAddress(v.keepBytes(s.address[:])) }),
		of(6, func(v *view, s *session) value { return octets(v.keepBytes(s.mac[:])) }),
		of(7, func(v *view, s *session) value { return integer((v.now - s.start) / 1000) }),
		of(12, func(_ *view, s *session) value { return counter64(s.counter.rxBytes) }),
		of(13, func(_ *view, s *session) value { return counter64(s.counter.txBytes) }),
		of(14, func(_ *view, s *session) value { return counter64(s.counter.rxPackets()) }),
		of(15, func(_ *view, s *session) value { return counter64(s.counter.txPackets()) }),
		of(19, func(_ *view, s *session) value { return integer(bool01(s.radius)) }),
	)}
}

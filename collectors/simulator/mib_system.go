package simulator

import (
	"math"
	"time"
)

// systemGroups are SNMPv2-MIB's system group and the engine of SNMP-FRAMEWORK-MIB.
func systemGroups() []*group {
	const system, engine = "1.3.6.1.2.1.1.", "1.3.6.1.6.3.10.2.1."
	id := mustOID("1.3.6.1.4.1.14988.1")
	return []*group{
		scalar(system+"1", func(v *view) value { return octets(append(v.keep("RouterOS "), v.router.model.board...)) }),
		scalar(system+"2", func(*view) value { return objectID(id) }),
		scalar(system+"3", func(v *view) value { return timeTicks(uint64(v.uptime() / 10)) }),
		fixedText(system+"4", "noc@example.net"),
		scalar(system+"5", func(v *view) value { return octets(v.keep(v.router.name)) }),
		scalar(system+"6", func(v *view) value { return octets(v.keep(v.router.site())) }),
		fixedInteger(system+"7", 78),
		scalar(engine+"1", func(v *view) value { return octets(v.engineID()) }),
		scalar(engine+"2", func(v *view) value { return integer(int64(v.router.seed%40) + 1) }),
		scalar(engine+"3", func(v *view) value { return integer(v.uptime() / 1000) }),
		fixedInteger(engine+"4", maxMessage),
	}
}

func (r *Router) site() string {
	list := sites()
	return list[hash(r.seed, 30)%uint64(len(list))]
}

// engineID is of the form that carries a MAC address.
func (v *view) engineID() []byte {
	id := append(v.keep("\x80\x00\x3a\x8c\x03"), v.router.static[0].mac[:]...)
	return id
}

// Indexes of hrStorageTable on RouterOS.
const (
	storageMemory = 65536
	storageDisk   = 131072
	storageTmpfs  = 262145
)

// hostGroups are HOST-RESOURCES-MIB and the one object of UCD-SNMP-MIB that RouterOS answers.
func hostGroups(m *model) []*group {
	const host = "1.3.6.1.2.1.25."
	processor := mustOID("1.3.6.1.2.1.25.3.1.3")
	cores := func(*view) rows { return rows{count: m.cores} }
	constant := func(x value) func(*view, int) value { return func(*view, int) value { return x } }
	return []*group{
		scalar(host+"1.1", func(v *view) value { return timeTicks(uint64(v.uptime() / 10)) }),
		scalar(host+"1.2", func(v *view) value { return octets(v.date()) }),
		fixedInteger(host+"2.2", int64(m.memoryKiB)),
		storageGroup(m),
		conceptual(host+"3.2.1", cores,
			column{1, func(_ *view, row int) value { return integer(int64(row) + 1) }},
			column{2, constant(objectID(processor))},
			column{3, constant(octets(nil))},
			column{4, constant(objectID(zeroOID()))},
			column{5, constant(integer(2))},
			column{6, constant(counter32(0))},
		),
		conceptual(host+"3.3.1", cores,
			column{1, constant(objectID(zeroOID()))},
			column{2, func(v *view, row int) value { return integer(int64(v.coreLoad(row))) }},
		),
		scalar("1.3.6.1.4.1.2021.11.10", func(v *view) value { return integer(int64(v.cpuLoad())) }),
	}
}

func storageGroup(m *model) *group {
	list := []struct {
		index uint32
		kind  []uint32
		name  []byte
	}{
		{storageMemory, mustOID("1.3.6.1.2.1.25.2.1.2"), []byte("main memory")},
		{storageDisk, mustOID("1.3.6.1.2.1.25.2.1.4"), []byte("system disk")},
		{storageTmpfs, mustOID("1.3.6.1.2.1.25.2.1.3"), []byte("disk: tmpfs")},
	}
	if !m.atLeast(7, 14) {
		list = list[:2]
	}
	size := []int{m.memoryKiB, m.diskKiB, 1000}
	r := rows{count: len(list), index: func(_ *view, row int, dst []uint32) []uint32 { return append(dst, list[row].index) }}
	return conceptual("1.3.6.1.2.1.25.2.3.1", func(*view) rows { return r },
		column{1, func(_ *view, row int) value { return integer(int64(list[row].index)) }},
		column{2, func(_ *view, row int) value { return objectID(list[row].kind) }},
		column{3, func(_ *view, row int) value { return octets(list[row].name) }},
		column{4, func(*view, int) value { return integer(1024) }},
		column{5, func(_ *view, row int) value { return integer(int64(size[row])) }},
		column{6, func(v *view, row int) value { return integer(int64([]int{v.memoryUsed(), v.diskUsed(), 0}[row])) }},
		column{7, func(*view, int) value { return counter32(0) }},
	)
}

// date is DateAndTime in UTC.
func (v *view) date() []byte {
	t := time.UnixMilli(v.now).UTC()
	year := t.Year()
	return v.keepBytes([]byte{
		byte(year >> 8), byte(year), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()), 0, '+', 0, 0,
	})
}

// coreLoad is the load of one core in percent: what the traffic asks for, unevenly spread.
func (v *view) coreLoad(core int) int {
	seed := hash(v.router.seed, uint64(core)+7000)
	weight := 9.0
	if v.router.model.cores == 1 {
		weight = 24
	}
	load := 2 + weight*v.activity()*(0.4+1.2*v.wave(seed, 45_000)) + 7*v.wave(mix(seed), 4_000)
	return int(min(100, math.Round(load)))
}

// cpuLoad is the average of all cores, rounded.
func (v *view) cpuLoad() int {
	sum, cores := 0, v.router.model.cores
	for i := range cores {
		sum += v.coreLoad(i)
	}
	return (sum + cores/2) / cores
}

// memoryUsed is in KiB.
func (v *view) memoryUsed() int {
	share := between(hash(v.router.seed, 40), 0.18, 0.5) + 0.03*v.wave(hash(v.router.seed, 41), 120_000)
	return int(share*float64(v.router.model.memoryKiB))&^3 + 40*(len(v.ppp())+len(v.hotspot()))
}

// diskUsed is in KiB.
func (v *view) diskUsed() int {
	return int(between(hash(v.router.seed, 42), 0.3, 0.8)*float64(v.router.model.diskKiB)) &^ 3
}

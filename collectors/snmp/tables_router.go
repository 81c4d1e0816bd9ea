package snmp

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

// ucdGroup is net-snmp's own MIB.
const ucdGroup = ".1.3.6.1.4.1.2021"

// frogfootEnterprise is the sysObjectID of Ubiquiti's radios, whose agent is Frogfoot's. Its MIB of
// resources is all that they say of their memory.
const (
	frogfootEnterprise = ".1.3.6.1.4.1.10002"
	frogfootResources  = frogfootEnterprise + ".1.1.1"
)

// The two scalars that every poll reads, whatever its tables.
const (
	sysObjectID = ".1.3.6.1.2.1.1.2.0"
	sysUpTime   = ".1.3.6.1.2.1.1.3.0"
)

func routerTable(processors, storage *mib) tableDef {
	return tableDef{
		name: "router",
		lane: pipeline.LaneLive,
		also: []*mib{processors, storage},
		scalars: []object{
			{name: "sysDescr", oid: ".1.3.6.1.2.1.1.1.0"},
			{name: "sysObjectID", oid: sysObjectID},
			{name: "sysUpTime", oid: sysUpTime},
			{name: "sysName", oid: ".1.3.6.1.2.1.1.5.0"},
			{name: "sysLocation", oid: ".1.3.6.1.2.1.1.6.0"},
			{name: "mtxrHlProcessorFrequency", oid: mikrotik + ".3.14.0"},
			{name: "mtxrLicVersion", oid: mikrotik + ".4.4.0"},
			{name: "mtxrBoardName", oid: mikrotik + ".7.9.0"},
			{name: "hrSystemUptime", oid: ".1.3.6.1.2.1.25.1.1.0", spare: true},
			{name: "snmpEngineTime", oid: ".1.3.6.1.6.3.10.2.1.3.0", spare: true},
			{name: "laLoad 1", oid: ucdGroup + ".10.1.5.1"},
			{name: "laLoad 5", oid: ucdGroup + ".10.1.5.2"},
			{name: "laLoad 15", oid: ucdGroup + ".10.1.5.3"},
			{name: "memTotalSwap", oid: ucdGroup + ".4.3.0"},
			{name: "memAvailSwap", oid: ucdGroup + ".4.4.0"},
			{name: "memTotalReal", oid: ucdGroup + ".4.5.0"},
			{name: "memAvailReal", oid: ucdGroup + ".4.6.0"},
			{name: "memShared", oid: ucdGroup + ".4.13.0"},
			{name: "memBuffer", oid: ucdGroup + ".4.14.0"},
			{name: "memCached", oid: ucdGroup + ".4.15.0"},
			{name: "ssCpuIdle", oid: ucdGroup + ".11.11.0"},
			{name: "frogfoot memTotal", oid: frogfootResources + ".1.1.0"},
			{name: "frogfoot memFree", oid: frogfootResources + ".1.2.0"},
			{name: "frogfoot load 1", oid: frogfootResources + ".4.2.1.3.1"},
			{name: "frogfoot load 5", oid: frogfootResources + ".4.2.1.3.2"},
			{name: "frogfoot load 15", oid: frogfootResources + ".4.2.1.3.3"},
			{name: "hrMemorySize", oid: ".1.3.6.1.2.1.25.2.2.0"},
		},
		fields: []rule{
			{"identity", from(read("sysName"))},
			{"model", from(read("sysDescr").spelled(modelOf), read("mtxrBoardName"))},
			{"version", from(read("mtxrLicVersion"), read("sysDescr").spelled(swosVersion))},
			{"description", from(read("sysDescr"))},
			{"location", from(read("sysLocation"))},
			{"object_id", from(read("sysObjectID"))},
			{"uptime_seconds", from(read("sysUpTime").scaled(0.01), read("hrSystemUptime").scaled(0.01), read("snmpEngineTime"))},
			{"cpu_frequency_hertz", from(read("mtxrHlProcessorFrequency").scaled(1e6).dropping(0))},
			{"load1", from(read("laLoad 1").scaled(0.01), read("frogfoot load 1").scaled(0.01))},
			{"load5", from(read("laLoad 5").scaled(0.01), read("frogfoot load 5").scaled(0.01))},
			{"load15", from(read("laLoad 15").scaled(0.01), read("frogfoot load 15").scaled(0.01))},
		},
		derive: deriveRouter,
		derives: []string{"cpu_percent", "cpu_count", "memory_total_bytes", "memory_used_bytes", "memory_percent",
			"disk_total_bytes", "disk_used_bytes", "disk_percent"},
	}
}

// modelOf reads "RouterOS RB5009UPr+S+" and "CSS106-1G-4P-1S SwOS v2.11".
func modelOf(c cell) string {
	if board, ok := strings.CutPrefix(c.text, "RouterOS "); ok {
		return strings.TrimSpace(board)
	}
	if board, _, ok := strings.Cut(c.text, " SwOS"); ok {
		return board
	}
	return ""
}

func swosVersion(c cell) string {
	_, version, _ := strings.Cut(c.text, " SwOS") // " v2.18", " Lite v2.21"
	_, version, _ = strings.Cut(version, " v")
	return version
}

// deriveRouter sums up the processors, the main memory and the system disk.
func deriveRouter(v *view, set func(string, pipeline.Value)) {
	if load, cores := averageLoad(v.mib("hrProcessorTable")); cores > 0 {
		set("cpu_percent", pipeline.GaugeValue(load))
		set("cpu_count", pipeline.GaugeValue(float64(cores)))
	} else if idle := v.scalar("ssCpuIdle"); idle.isNumber() && idle.float(false) >= 0 && idle.float(false) <= 100 {
		set("cpu_percent", pipeline.GaugeValue(100-idle.float(false)))
	}
	storage := v.mib("hrStorageTable")
	if total, used, ok := mainMemory(storage); ok {
		// BSD's row of the memory is what is active of it.
		setShare(memoryShare(), max(total, 1024*v.scalar("hrMemorySize").float(true)), used, set)
	} else if total, used, ok := ucdMemory(v); ok {
		setShare(memoryShare(), total, used, set)
	}
	setMemoryKinds(v, storage, set)
	if row := storage.find("hrStorageDescr", "system disk", "/"); row >= 0 {
		if total, used, ok := sizes(storage, row); ok {
			setShare(diskShare(), total, used, set)
		}
	}
}

// ucdMemory is the main memory of a device that only has net-snmp's own MIB, without what it could free,
// or Frogfoot's.
func ucdMemory(v *view) (total, used float64, ok bool) {
	size, free := v.scalar("memTotalReal"), v.scalar("memAvailReal")
	if !size.isNumber() {
		size, free = v.scalar("frogfoot memTotal"), v.scalar("frogfoot memFree")
	}
	if !size.isNumber() || !free.isNumber() || size.float(true) == 0 {
		return 0, 0, false
	}
	used = size.float(true) - free.float(true) - v.scalar("memBuffer").float(true) - v.scalar("memCached").float(true)
	return 1024 * size.float(true), 1024 * max(0, used), true
}

// setMemoryKinds sets what is in buffers, caches, shared and swapped out: net-snmp lists them among the
// storages, and in its own MIB.
func setMemoryKinds(v *view, storage *grid, set func(string, pipeline.Value)) {
	for _, kind := range []struct {
		field, scalar string
		rows          []string
	}{
		{"memory_buffers_bytes", "memBuffer", []string{"Memory buffers"}}, {"memory_cached_bytes", "memCached", []string{"Cached memory"}},
		{"memory_shared_bytes", "memShared", []string{"Shared memory", "Shared Real Memory Metrics"}},
	} {
		if row := storage.find("hrStorageDescr", kind.rows...); row >= 0 {
			if _, used, ok := sizes(storage, row); ok {
				set(kind.field, pipeline.GaugeValue(used))
				continue
			}
		}
		if c := v.scalar(kind.scalar); c.isNumber() {
			set(kind.field, pipeline.GaugeValue(1024*c.float(true)))
		}
	}
	if row := storage.find("hrStorageDescr", "Swap space"); row >= 0 {
		if total, used, ok := sizes(storage, row); ok {
			set("swap_total_bytes", pipeline.GaugeValue(total))
			set("swap_used_bytes", pipeline.GaugeValue(used))
			return
		}
	}
	if total, free := v.scalar("memTotalSwap"), v.scalar("memAvailSwap"); total.isNumber() && free.isNumber() {
		set("swap_total_bytes", pipeline.GaugeValue(1024*total.float(true)))
		set("swap_used_bytes", pipeline.GaugeValue(1024*(total.float(true)-free.float(true))))
	}
}

// share names the fields of something that is partly used.
type share struct{ total, used, percent string }

func memoryShare() share { return share{"memory_total_bytes", "memory_used_bytes", "memory_percent"} }

func diskShare() share { return share{"disk_total_bytes", "disk_used_bytes", "disk_percent"} }

func setShare(of share, total, used float64, set func(string, pipeline.Value)) {
	set(of.total, pipeline.GaugeValue(total))
	set(of.used, pipeline.GaugeValue(used))
	set(of.percent, pipeline.GaugeValue(100*used/total))
}

func averageLoad(g *grid) (average float64, cores int) {
	for row := range g.len() {
		if c := g.get(row, "hrProcessorLoad"); c.isNumber() {
			average += c.float(false)
			cores++
		}
	}
	if cores > 0 {
		average /= float64(cores)
	}
	return average, cores
}

// mainMemory finds the row that is the RAM: RouterOS' name for it, net-snmp's, BSD's, else the first
// of that type. net-snmp counts buffers and caches as used; they are taken off where it lists them.
func mainMemory(g *grid) (total, used float64, ok bool) {
	row := g.find("hrStorageDescr", "main memory", "Physical memory", "Real Memory", "Real Memory Metrics")
	if row < 0 {
		row = g.find("hrStorageType", hrStorageTypes+".2")
	}
	if row < 0 {
		return 0, 0, false
	}
	if total, used, ok = sizes(g, row); !ok {
		return 0, 0, false
	}
	reclaimable := 0.0
	for _, name := range []string{"Memory buffers", "Cached memory"} {
		if _, bytes, ok := sizes(g, g.find("hrStorageDescr", name)); ok {
			reclaimable += bytes
		}
	}
	if reclaimable < used {
		used -= reclaimable
	}
	return total, used, true
}

// sizes are a storage's, in bytes; not ok if the row is none, or has no size.
func sizes(g *grid, row int) (total, used float64, ok bool) {
	if row < 0 {
		return 0, 0, false
	}
	unit, size, in := g.get(row, "hrStorageAllocationUnits"), g.get(row, "hrStorageSize"), g.get(row, "hrStorageUsed")
	if !unit.isNumber() || !size.isNumber() || !in.isNumber() {
		return 0, 0, false
	}
	total = unit.float(true) * size.float(true)
	return total, unit.float(true) * in.float(true), total > 0
}

package snmp

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
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
		},
		fields: []rule{
			{"identity", from(read("sysName"))},
			{"model", from(read("sysDescr").spelled(modelOf), read("mtxrBoardName"))},
			{"version", from(read("mtxrLicVersion"), read("sysDescr").spelled(swosVersion))},
			{"description", from(read("sysDescr"))},
			{"location", from(read("sysLocation"))},
			{"object_id", from(read("sysObjectID"))},
			{"uptime_seconds", from(read("sysUpTime").scaled(0.01))},
			{"cpu_frequency_hertz", from(read("mtxrHlProcessorFrequency").scaled(1e6).dropping(0))},
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
	_, version, _ := strings.Cut(c.text, " SwOS v")
	return version
}

// deriveRouter sums up the processors, the main memory and the system disk.
func deriveRouter(v *view, set func(string, pipeline.Value)) {
	if load, cores := averageLoad(v.mib("hrProcessorTable")); cores > 0 {
		set("cpu_percent", pipeline.GaugeValue(load))
		set("cpu_count", pipeline.GaugeValue(float64(cores)))
	}
	storage := v.mib("hrStorageTable")
	if total, used, ok := mainMemory(storage); ok {
		setShare("memory", total, used, set)
	}
	if row := storage.find("hrStorageDescr", "system disk", "/"); row >= 0 {
		if total, used, ok := sizes(storage, row); ok {
			setShare("disk", total, used, set)
		}
	}
}

func setShare(what string, total, used float64, set func(string, pipeline.Value)) {
	set(what+"_total_bytes", pipeline.GaugeValue(total))
	set(what+"_used_bytes", pipeline.GaugeValue(used))
	set(what+"_percent", pipeline.GaugeValue(100*used/total))
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

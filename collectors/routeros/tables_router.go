package routeros

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

func routerTable() table {
	return table{
		name: "router", lane: pipeline.LaneLive,
		sources: []source{{requests: []request{
			{path: "/system/identity", props: "name"},
			{path: "/system/resource", vital: true, props: "uptime,version,board-name,architecture-name,cpu-load,cpu-count," +
				"cpu-frequency,total-memory,free-memory,total-hdd-space,free-hdd-space,write-sect-total,bad-blocks"},
		}}},
		columns: []column{
			text("identity", "name"),
			text("model", "board-name"),
			textBy("version", "version", versionNumber),
			text("architecture", "architecture-name"),
			duration("uptime_seconds", "uptime"),
			percent("cpu_percent", "cpu-load"),
			number("cpu_count", "cpu-count"),
			scaled("cpu_frequency_hertz", "cpu-frequency", 1e6, "MHz"),
			sized("memory_total_bytes", "total-memory", 1),
			ofTotal("memory_used_bytes", "total-memory", "free-memory", used),
			ofTotal("memory_percent", "total-memory", "free-memory", usedPercent),
			sized("disk_total_bytes", "total-hdd-space", 1),
			ofTotal("disk_used_bytes", "total-hdd-space", "free-hdd-space", used),
			ofTotal("disk_percent", "total-hdd-space", "free-hdd-space", usedPercent),
			percent("bad_blocks_percent", "bad-blocks"),
			count("sectors_written", "write-sect-total"),
		},
	}
}

func cpuTable() table {
	return table{
		name: "cpu", lane: pipeline.LaneLive,
		sources: []source{{requests: []request{{path: "/system/resource/cpu"}}}},
		key:     key{[]string{"cpu"}, func(r *row) []string { return []string{strings.TrimPrefix(r.text("cpu"), "cpu")} }},
		columns: []column{percent("load_percent", "load"), percent("irq_percent", "irq"), percent("disk_percent", "disk")},
	}
}

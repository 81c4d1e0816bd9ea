package routeros

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

// vitals is asked at the start of a poll that does not read the router table: uptime and version of
// the same poll.
func vitals() request { return request{path: "/system/resource", props: "uptime,version", vital: true} }

func routerTable() table {
	return table{
		name: "router", lane: pipeline.LaneLive,
		sources: []source{{requests: []request{
			{path: "/system/identity", props: "name"},
			{path: "/system/resource", vital: true, props: "uptime,version,board-name,architecture-name,cpu-load,cpu-count," +
				"cpu-frequency,total-memory,free-memory,total-hdd-space,free-hdd-space"},
		}}},
		columns: []column{
			text("identity", "name"),
			text("model", "board-name"),
			textBy("version", "version", versionNumber),
			text("architecture", "architecture-name"),
			duration("uptime_seconds", "uptime"),
			scaled("cpu_percent", "cpu-load", 1, "%"),
			number("cpu_count", "cpu-count"),
			scaled("cpu_frequency_hertz", "cpu-frequency", 1e6, "MHz"),
			number("memory_total_bytes", "total-memory"),
			ofTotal("memory_used_bytes", "total-memory", "free-memory", used),
			ofTotal("memory_percent", "total-memory", "free-memory", usedPercent),
			number("disk_total_bytes", "total-hdd-space"),
			ofTotal("disk_used_bytes", "total-hdd-space", "free-hdd-space", used),
			ofTotal("disk_percent", "total-hdd-space", "free-hdd-space", usedPercent),
		},
	}
}

func cpuTable() table {
	return table{
		name: "cpu", lane: pipeline.LaneLive,
		sources: []source{{requests: []request{{path: "/system/resource/cpu", props: ".id,cpu,load"}}}},
		key:     func(a attrs) []string { return []string{strings.TrimPrefix(a["cpu"], "cpu")} },
		columns: []column{scaled("load_percent", "load", 1, "%")},
	}
}

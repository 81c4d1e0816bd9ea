package routeros

import (
	"bytes"

	"github.com/routerpulse/routerpulse/pipeline"
)

// inventoryTables say what the router is made of.
func inventoryTables() []table {
	return []table{inventoryTable(), packageTable(), packageUpdateTable(), partitionTable(), diskTable(), certificateTable(), containerTable()}
}

func inventoryTable() table {
	return table{
		name: "inventory", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{
			{path: "/system/routerboard", optional: true, props: "board-name,model,revision,serial-number,firmware-type," +
				"factory-firmware,current-firmware,upgrade-firmware"},
			{path: "/system/license", optional: true, props: "software-id,system-id,nlevel,level,expires-in,next-renewal-at,deadline-at"},
			{path: "/system/resource", props: "build-time"},
		}}},
		columns: []column{
			text("board_name", "board-name|model"),
			text("board_model", "model"),
			text("board_revision", "revision"),
			text("serial_number", "serial-number"),
			text("firmware_type", "firmware-type"),
			text("firmware_version", "current-firmware"),
			text("firmware_upgrade_version", "upgrade-firmware"),
			text("firmware_factory_version", "factory-firmware"),
			text("build_time", "build-time"),
			text("software_id", "software-id|system-id"),
			text("license_level", "nlevel|level"),
			duration("license_expires_seconds", "expires-in"),
			timestamp("license_renewal_timestamp_seconds", "next-renewal-at"),
			timestamp("license_deadline_timestamp_seconds", "deadline-at"),
		},
	}
}

// packageTable leaves out what could be installed but is not, which 7.18 and later list too.
func packageTable() table {
	return table{
		name: "package", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/system/package"}}}},
		key:     by("name"),
		skip:    yes("available"),
		columns: []column{
			text("version", "version"),
			universal("build_timestamp_seconds", "build-time"),
			flag("disabled", "disabled"),
			text("scheduled", "scheduled"),
			sized("size_bytes", "size", 1),
		},
	}
}

// packageUpdateTable shows what the router found when it last looked. It is not told to look: that
// takes a command that does more than read, and asks MikroTik's servers.
func packageUpdateTable() table {
	return table{
		name: "package_update", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/system/package/update"}}}},
		columns: []column{
			text("update_channel", "channel"),
			text("installed_version", "installed-version"),
			text("latest_version", "latest-version"),
			text("status", "status"),
			{field: "update_available", kind: pipeline.Bool, reads: []string{"installed-version", "latest-version"}, value: otherVersion},
		},
	}
}

func otherVersion(_ *pipeline.FieldDef, r *row) pipeline.Value {
	have, latest := r.get("installed-version"), r.get("latest-version")
	if len(have) == 0 || len(latest) == 0 {
		return pipeline.Value{} // it has never looked
	}
	return pipeline.BoolValue(!bytes.Equal(have, latest))
}

func partitionTable() table {
	return table{
		name: "partition", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/partitions"}}}},
		key:     by("name"),
		columns: []column{
			sized("size_bytes", "size", 1),
			text("version", "version"),
			flag("active", "active"),
			flag("running", "running"),
		},
	}
}

func diskTable() table {
	return table{
		name: "disk", lane: pipeline.LaneSlow,
		sources: []source{
			{since: version{7, 0}, requests: []request{{path: "/disk"}}, columns: diskColumns()},
			{requests: []request{{path: "/disk"}}, columns: []column{text("model", "disk"), text("file_system", "type")}},
		},
		key: by("slot|name"),
		columns: []column{
			sized("size_bytes", "size", 1),
			sized("free_bytes", "free", 1),
			ofTotal("used_percent", "size", "free", usedPercent),
		},
	}
}

// diskColumns are those that RouterOS 7 has: a disk in a bay, with what its own electronics say.
func diskColumns() []column {
	return []column{
		text("model", "model"),
		text("serial_number", "serial"),
		text("firmware_version", "fw-version"),
		text("file_system", "fs"),
		text("state", "state"),
		flag("mounted", "mounted"),
		flag("empty", "empty"),
		scaled("temperature_celsius", "temperature", 1, "C"),
		percent("wear_percent", "percentage-used"),
		count("io_errors", "io-errors"),
		count("read_bytes", "read-bytes"),
		count("write_bytes", "write-bytes"),
		count("read_operations", "read-ops"),
		count("write_operations", "write-ops"),
		count("power_cycles", "power-cycles"),
		count("unsafe_shutdowns", "unsafe-shutdowns"),
		duration("active_seconds", "active-time"),
		duration("power_on_seconds", "power-on-time"),
	}
}

// certificateTable: its flags are there when they are set, and absent or false when not. Whether the
// router has the key is a flag by the name of private-key, and no such name is asked for.
func certificateTable() table {
	return table{
		name: "certificate", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/certificate"}}}},
		key:     by("name"),
		columns: []column{
			text("common_name", "common-name"),
			text("subject_alt_name", "subject-alt-name"),
			text("fingerprint", "fingerprint"),
			text("status", "status"),
			timestamp("not_before_timestamp_seconds", "invalid-before"),
			timestamp("not_after_timestamp_seconds", "invalid-after"),
			duration("expires_seconds", "expires-after"),
			flagged("expired", "expired"),
			when("revoked", set("revoked")),
			flagged("trusted", "trusted"),
			flagged("authority", "authority"),
		},
	}
}

// containerTable: until 7.20 a container had a status, since then a flag for each; two of them, which
// would have a slash in their name, are not asked for.
func containerTable() table {
	return table{
		name: "container", lane: pipeline.LaneSessions,
		sources: []source{{since: version{7, 4}, requests: []request{{path: "/container"}}}},
		key:     by("name|tag"),
		columns: []column{
			{field: "state", kind: pipeline.Enum, reads: containerFlags(), value: containerState},
			text("image", "tag"),
			text("os", "os"),
			text("architecture", "arch"),
			text("interface_name", "interface"),
			{field: "healthy", kind: pipeline.Bool, reads: []string{"healthy", "unhealthy"}, value: containerHealth},
			sized("memory_bytes", "memory-current", 1),
			percent("cpu_percent", "cpu-usage"),
			sized("size_bytes", "container-size", 1),
			count("restarts", "restart-count"),
		},
	}
}

func containerFlags() []string {
	return []string{"status", "running", "stopped", "starting", "starting-with-healthcheck", "stopping", "deleting"}
}

func containerState(def *pipeline.FieldDef, r *row) pipeline.Value {
	name := r.get("status")
	for _, flag := range containerFlags()[1:] {
		if set, ok := parseBool(r.get(flag)); ok && set {
			name = []byte(flag)
		}
	}
	switch string(name) {
	case "":
		return pipeline.Value{}
	case "starting-with-healthcheck":
		name = []byte("starting")
	case "error":
		name = []byte("failed")
	}
	code, _ := codeOf(def, name) // 0 is unknown
	return pipeline.EnumValue(code)
}

func containerHealth(_ *pipeline.FieldDef, r *row) pipeline.Value {
	if ill, ok := parseBool(r.get("unhealthy")); ok && ill {
		return pipeline.BoolValue(false)
	}
	if well, ok := parseBool(r.get("healthy")); ok && well {
		return pipeline.BoolValue(true)
	}
	return pipeline.Value{} // it has no health check
}

package routeros

import (
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// systemTables are about the router itself.
func systemTables() []table {
	return []table{loginSessionTable(), upsTable(), gpsTable(), radiusTable(), radiusIncomingTable(), netwatchTable(), kidControlTable(),
		ntpTable(), dnsTable(), dnsAdlistTable(), cloudTable(), dudeTable(), routingProcessTable()}
}

func ntpTable() table {
	return table{
		name: "ntp", lane: pipeline.LaneSlow,
		sources: []source{
			{since: version{7, 0}, requests: []request{{path: "/system/ntp/client"}}, columns: []column{
				text("status", "status"),
				text("synced_server", "synced-server"),
				number("stratum", "synced-stratum"),
				inUnits("offset_seconds", "system-offset", time.Millisecond),
				leading("frequency_drift_ppm", "freq-drift"),
			}},
			{requests: []request{{path: "/system/ntp/client"}}, columns: []column{
				text("synced_server", "active-server"),
				duration("last_adjustment_seconds", "last-adjustment"),
			}},
		},
		columns: []column{flag("enabled", "enabled")},
	}
}

// dnsTable: sizes are KiB, some versions say so.
func dnsTable() table {
	return table{
		name: "dns", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/ip/dns"}}}},
		columns: []column{
			sized("cache_size_bytes", "cache-size", 1024),
			sized("cache_used_bytes", "cache-used", 1024),
			share("cache_used_percent", "cache-used", "cache-size"),
		},
	}
}

func dnsAdlistTable() table {
	return table{
		name: "dns_adlist", lane: pipeline.LaneSlow,
		sources: []source{{since: version{7, 15}, requests: []request{{path: "/ip/dns/adlist"}}}},
		key:     by("url|file"),
		columns: []column{
			number("names", "name-count"),
			count("matches", "match-count"),
			flag("disabled", "disabled"),
		},
	}
}

// cloudTable asks for eight fields of a menu that also holds the private keys of back-to-home.
func cloudTable() table {
	return table{
		name: "cloud", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/ip/cloud"}}}},
		columns: []column{
			flag("ddns_enabled", "ddns-enabled"),
			text("public_address", "public-address"),
			text("public_address_ipv6", "public-address-ipv6"),
			text("dns_name", "dns-name"),
			text("status", "status"),
			text("vpn_status", "vpn-status"),
			text("warning", "warning"),
		},
	}
}

func upsTable() table {
	return table{
		name: "ups", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/system/ups"}}}},
		key:     by("name"),
		columns: []column{
			text("model", "model"),
			text("serial_number", "serial"),
			text("firmware_version", "version"),
		},
		joins: []join{{
			request: request{path: "/system/ups", command: "monitor", args: []string{"once"}}, numbers: "numbers", of: enabled("name"),
			columns: []column{
				text("transfer_cause", "transfer-cause"),
				flag("online", "on-line"),
				flag("on_battery", "on-battery"),
				flag("low_battery", "low-battery"),
				flag("replace_battery", "replace-battery"),
				flag("overload", "overload"),
				duration("runtime_seconds", "runtime-left"),
				percent("charge_percent", "battery-charge"),
				percent("load_percent", "load"),
				leading("battery_voltage_volts", "battery-voltage"),
				leading("battery_temperature_celsius", "temperature"),
				leading("input_voltage_volts", "line-voltage"),
				leading("output_voltage_volts", "output-voltage"),
				leading("output_frequency_hertz", "frequency"),
			},
		}},
	}
}

func gpsTable() table {
	return table{
		name: "gps", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/system/gps", command: "monitor", args: []string{"once"}}}}},
		columns: []column{
			flag("valid", "valid"),
			degrees("latitude_degrees", "latitude"),
			degrees("longitude_degrees", "longitude"),
			leading("altitude_meters", "altitude"),
			leading("speed_kilometers_per_hour", "speed"),
			number("satellites", "satellites"),
			number("fix_quality", "fix-quality"),
			number("horizontal_dilution", "horizontal-dilution"),
			universal("time_timestamp_seconds", "date-and-time"),
			duration("data_age_seconds", "data-age"),
		},
	}
}

func radiusTable() table {
	return table{
		name: "radius", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/radius"}}}},
		key:     by("address"),
		skip:    yes("disabled"),
		columns: []column{text("services", "service")},
		joins: []join{{
			request: request{path: "/radius", command: "monitor", args: []string{"once"}}, numbers: "numbers", of: named(".id"),
			columns: []column{
				number("pending", "pending"),
				count("requests", "requests"),
				count("accepts", "accepts"),
				count("rejects", "rejects"),
				count("resends", "resends"),
				count("timeouts", "timeouts"),
				count("bad_replies", "bad-replies"),
				duration("last_rtt_seconds", "last-request-rtt"),
			},
		}},
	}
}

func radiusIncomingTable() table {
	return table{
		name: "radius_incoming", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/radius/incoming", command: "monitor", args: []string{"once"}}}}},
		columns: []column{
			count("requests", "requests"),
			count("bad_requests", "bad-requests"),
			count("acks", "acks"),
			count("naks", "naks"),
		},
	}
}

func dudeTable() table {
	return table{
		name: "dude", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/dude"}}}},
		columns: []column{flag("enabled", "enabled"), text("status", "status")},
	}
}

// netwatchTable: all but status came with 7.5.
func netwatchTable() table {
	return table{
		name: "netwatch", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/tool/netwatch"}}}},
		key:     by("name|host"),
		columns: []column{
			text("host", "host"),
			text("watch_type", "type"),
			text("comment", "comment"),
			enum("status", "status"),
			timestamp("since_timestamp_seconds", "since"),
			flag("disabled", "disabled"),
			percent("loss_percent", "loss-percent"),
			duration("rtt_seconds", "rtt-avg"),
			duration("rtt_min_seconds", "rtt-min"),
			duration("rtt_max_seconds", "rtt-max"),
			duration("rtt_jitter_seconds", "rtt-jitter"),
			duration("rtt_stdev_seconds", "rtt-stdev"),
			duration("connect_seconds", "tcp-connect-time"),
			duration("http_response_seconds", "http-resp-time"),
			number("http_status_code", "http-status-code"),
			count("tests_done", "done-tests"),
			count("tests_failed", "failed-tests"),
		},
	}
}

// loginSessionTable has one row for all logins of one user from one place in one way, which a program
// that logs in anew for each question has many of. The first is told of.
func loginSessionTable() table {
	return table{
		name: "login_session", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/user/active"}}}},
		key:     by("name", "via", "address"),
		tally:   true,
		columns: []column{
			rows("logins"),
			timestamp("since_timestamp_seconds", "when"),
			text("user_group", "group"),
			flag("radius", "radius"),
		},
	}
}

func kidControlTable() table {
	return table{
		name: "kid_control_device", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/ip/kid-control/device"}}}},
		key: key{[]string{"name", "mac-address"}, func(r *row) []string {
			return []string{orElse(r.text("name"), parseMAC(r.text("mac-address")))}
		}},
		skip: yes("disabled"),
		columns: []column{
			text("kid", "user"),
			mac("mac_address", "mac-address"),
			text("activity", "activity"),
			flag("blocked", "blocked"),
			flag("limited", "limited"),
			flag("inactive", "inactive"),
			duration("idle_seconds", "idle-time"),
			count("rx_bytes", "bytes-up"), count("tx_bytes", "bytes-down"),
		},
	}
}

func routingProcessTable() table {
	return table{
		name: "routing_process", lane: pipeline.LaneSlow,
		sources: []source{{since: version{7, 0}, requests: []request{{path: "/routing/stats/process"}}}},
		key:     by("id|tasks"),
		columns: []column{
			number("tasks", "task-count"),
			sized("resident_bytes", "rss", 1),
			sized("virtual_bytes", "vms", 1),
			number("private_blocks", "private-mem-blocks"),
			number("shared_blocks", "shared-mem-blocks"),
			duration("process_seconds", "process-time"),
			duration("kernel_seconds", "kernel-time"),
			duration("busy_max_seconds", "max-busy"),
		},
	}
}

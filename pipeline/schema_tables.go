package pipeline

func routerTables() []*Table {
	return []*Table{
		table("router", "What the device is and how busy it is.", nil,
			text("identity", "Name the device gives itself (sysName, /system/identity)."),
			text("model", "Board or product (RB5009UPr+S+)."),
			text("version", "Version of its operating system (7.20.6)."),
			text("description", "sysDescr."),
			text("location", "sysLocation."),
			text("architecture", "CPU architecture (arm64)."),
			text("object_id", "sysObjectID, dotted, without leading dot."),
			seconds("uptime_seconds", "Since the last boot (on SNMP: of the agent; wraps at 497 days)."),
			gauge("cpu_percent", "percent", "Load, average over all cores."),
			gauge("cpu_count", "", "Cores."),
			gauge("cpu_frequency_hertz", "hertz", "Clock of the CPU."),
			gauge("memory_total_bytes", "bytes", "Main memory."),
			gauge("memory_used_bytes", "bytes", "Main memory in use."),
			gauge("memory_percent", "percent", "Share of the main memory in use."),
			gauge("disk_total_bytes", "bytes", "System disk."),
			gauge("disk_used_bytes", "bytes", "System disk in use."),
			gauge("disk_percent", "percent", "Share of the system disk in use."),
		),
		table("cpu", "Each core.", []string{"cpu"},
			gauge("load_percent", "percent", "Load of the core; cores are numbered from 0."),
		),
		table("storage", "Memory and disks as HOST-RESOURCES-MIB lists them.", []string{"storage"},
			text("type", "ram, virtual-memory, fixed-disk, removable-disk, flash-memory, network-disk, ram-disk or other."),
			gauge("total_bytes", "bytes", "Size."),
			gauge("used_bytes", "bytes", "In use."),
			gauge("used_percent", "percent", "Share in use."),
		),
		table("health", "Sensors, named as RouterOS names them.", []string{"sensor"},
			gauge("temperature_celsius", "celsius", "Temperature."),
			gauge("voltage_volts", "volts", "Voltage."),
			gauge("current_amperes", "amperes", "Current."),
			gauge("power_watts", "watts", "Power."),
			gauge("speed_rpm", "rpm", "Speed of a fan, in revolutions per minute (the field's usual unit; see docs/decisions)."),
			enum("state", "State of a power supply or a fan, in RouterOS' numbers.", EnumName{0, "ok"}, EnumName{1, "fail"},
				EnumName{2, "not-present"}, EnumName{3, "idle"}, EnumName{4, "no-input"}),
		),
	}
}

func interfaceTables() []*Table {
	status := []EnumName{{1, "up"}, {2, "down"}, {3, "testing"}, {4, "unknown"}, {5, "dormant"}, {6, "not-present"}, {7, "lower-layer-down"}}
	return []*Table{
		table("interface", "Static interfaces; a dynamic one's counters belong to its session.", []string{"interface"},
			text("comment", "What the operator wrote on it (ifAlias)."),
			text("type", "Kind of interface (ether, vlan, bridge, …)."),
			text("mac_address", "Hardware address, aa:bb:cc:dd:ee:ff."),
			enum("admin_status", "What the operator wants (IF-MIB codes).", status[:3]...),
			enum("oper_status", "What it is (IF-MIB codes).", status...),
			gauge("speed_bits_per_second", "bits/s", "Speed of the link; absent if unknown."),
			gauge("mtu_bytes", "bytes", "Largest packet."),
			rated("rx_bytes", "bytes", "rx_bits_per_second", 8, "Bytes received."),
			rated("tx_bytes", "bytes", "tx_bits_per_second", 8, "Bytes sent."),
			rated("rx_packets", "packets", "rx_packets_per_second", 1, "Packets received: unicast, multicast and broadcast."),
			rated("tx_packets", "packets", "tx_packets_per_second", 1, "Packets sent: unicast, multicast and broadcast."),
			rated("rx_errors", "packets", "rx_errors_per_second", 1, "Packets received with an error."),
			rated("tx_errors", "packets", "tx_errors_per_second", 1, "Packets that could not be sent because of an error."),
			rated("rx_discards", "packets", "rx_discards_per_second", 1, "Good packets dropped on receipt (RouterOS: rx-drop)."),
			rated("tx_discards", "packets", "tx_discards_per_second", 1, "Good packets dropped instead of sent (RouterOS: tx-drop)."),
			counter("tx_queue_drops", "packets", "Packets dropped by the interface's queue (RouterOS API only)."),
			counter("link_downs", "", "How often the link went down (RouterOS API only)."),
		),
	}
}

func sessionTables() []*Table {
	return []*Table{
		table("ppp_session", "PPP users that are logged in.", []string{"user", "service"},
			text("address", "Address given to the user."),
			text("caller_id", "MAC or address the user comes from."),
			text("session_id", "RouterOS' session id."),
			text("encoding", "Encryption and compression of the link."),
			flag("radius", "Authenticated by RADIUS."),
			seconds("uptime_seconds", "Since login."),
		),
		table("hotspot_session", "Hotspot users that are logged in, by user, else by MAC.", []string{"user"},
			text("server", "Hotspot server."),
			text("address", "Address of the client."),
			text("mac_address", "Hardware address of the client."),
			text("login_by", "How the user logged in."),
			flag("radius", "Authenticated by RADIUS."),
			seconds("uptime_seconds", "Since login."),
			seconds("idle_seconds", "Since the last packet."),
			rated("rx_bytes", "bytes", "rx_bits_per_second", 8, "Bytes from the client (RouterOS: bytes-in)."),
			rated("tx_bytes", "bytes", "tx_bits_per_second", 8, "Bytes to the client (RouterOS: bytes-out)."),
			counter("rx_packets", "packets", "Packets from the client."),
			counter("tx_packets", "packets", "Packets to the client."),
		),
		table("session_count", "How many users are logged in.", nil,
			gauge("ppp", "", "PPP sessions."),
			gauge("hotspot", "", "Hotspot sessions."),
		),
	}
}

// The codes of router_status.state.
const (
	StateUnknown    = 0 // configured, not answered yet
	StateOnline     = 1 // a check or a poll succeeded, all tables of live whole
	StateDegraded   = 2 // it answers, but tables fail or one protocol is refused
	StateStale      = 3 // no good live sample for 3 periods, while checks succeed
	StateOffline    = 4 // 2 failed checks 5 s apart
	StateAuthFailed = 5 // every configured protocol refuses the credentials
)

func statusTables() []*Table {
	return []*Table{
		table("router_status", "Is the device there? Checked apart from the data polls.", nil,
			enum("state", "See the guide on device states.", EnumName{StateUnknown, "unknown"}, EnumName{StateOnline, "online"},
				EnumName{StateDegraded, "degraded"}, EnumName{StateStale, "stale"}, EnumName{StateOffline, "offline"},
				EnumName{StateAuthFailed, "auth-failed"}),
			text("reason", "Why, for people."),
			instant("since_timestamp_seconds", "When it entered the state."),
			flag("up", "It answered the last check."),
			seconds("check_seconds", "How long the last check took."),
		),
		table("fleet", "All devices together; every 30 s.", nil,
			gauge("routers", "", "Configured."),
			gauge("routers_unknown", "", "Not answered yet."),
			gauge("routers_online", "", "Online."),
			gauge("routers_degraded", "", "Answer in part."),
			gauge("routers_stale", "", "Answer checks, but give no data."),
			gauge("routers_offline", "", "Do not answer."),
			gauge("routers_auth_failed", "", "Refuse the credentials."),
			gauge("rx_bits_per_second", "bits/s", "Received by all physical interfaces."),
			gauge("tx_bits_per_second", "bits/s", "Sent by all physical interfaces."),
			gauge("ppp_sessions", "", "PPP users logged in."),
			gauge("hotspot_sessions", "", "Hotspot users logged in."),
		),
	}
}

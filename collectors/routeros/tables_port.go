package routeros

import (
	"bytes"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

func portTables() []table {
	return []table{opticsTable(), poeTable(), ethernetTable(), switchPortTable(), bridgePortTable(), bridgeVLANTable(), bondingTable(), vrrpTable()}
}

// monitorEvery is for tables of the live lane that a router must ask its hardware for.
const monitorEvery = time.Minute

// opticsTable asks the ports that were made for modules; the module's own answers come by the join.
func opticsTable() table {
	return table{
		name: "optics", lane: pipeline.LaneLive, policy: policy{every: monitorEvery},
		sources: []source{{requests: []request{{path: "/interface/ethernet"}}}},
		key:     by("name"),
		skip:    test{[]string{"default-name"}, func(r *row) bool { return !hasCage(r.get("default-name")) }},
		joins: []join{{
			request: request{path: "/interface/ethernet", command: "monitor", args: []string{"once"}},
			of:      named("name"), on: "name", numbers: "numbers",
			columns: []column{
				flag("module_present", "sfp-module-present"),
				flag("rx_loss", "sfp-rx-loss"),
				flag("tx_fault", "sfp-tx-fault"),
				scaled("wavelength_nanometers", "sfp-wavelength", 1, "nm"),
				scaled("temperature_celsius", "sfp-temperature", 1, "C"),
				scaled("supply_voltage_volts", "sfp-supply-voltage", 1, "V"),
				scaled("tx_bias_amperes", "sfp-tx-bias-current", 0.001, "mA"),
				signal("tx_power_dbm", "sfp-tx-power"),
				signal("rx_power_dbm", "sfp-rx-power"),
				text("module_type", "sfp-type"),
				text("connector", "sfp-connector-type"),
				text("vendor_name", "sfp-vendor-name"),
				text("part_number", "sfp-vendor-part-number"),
				text("serial_number", "sfp-vendor-serial"),
			},
		}},
	}
}

// hasCage goes by the name that the port left the factory with.
func hasCage(defaultName []byte) bool {
	for _, prefix := range []string{"sfp", "qsfp", "combo"} {
		if bytes.HasPrefix(defaultName, []byte(prefix)) {
			return true
		}
	}
	return false
}

func poeTable() table {
	return table{
		name: "poe", lane: pipeline.LaneLive, policy: policy{every: monitorEvery},
		sources: []source{{requests: []request{{path: "/interface/ethernet/poe"}}}},
		key:     by("name"),
		columns: []column{text("setting", "poe-out")},
		joins: []join{{
			request: request{path: "/interface/ethernet/poe", command: "monitor", args: []string{"once"}},
			of:      named("name"), on: "name", numbers: "numbers",
			columns: []column{
				status("status", []string{"poe-out-status"}, poeStatus),
				scaled("voltage_volts", "poe-out-voltage", 1, "V"),
				scaled("current_amperes", "poe-out-current", 0.001, "mA"),
				scaled("power_watts", "poe-out-power", 1, "W"),
			},
		}},
	}
}

// poeStatus gives the numbers of MIKROTIK-MIB. A port that is switched off is disabled.
func poeStatus(r *row) (int64, bool) {
	names := []string{"off", "disabled", "waiting-for-load", "powered-on", "overload", "short-circuit", "voltage-too-low", "current-too-low",
		"power-reset", "voltage-too-high", "controller-error", "controller-upgrade", "poe-in-detected", "no-valid-psu", "controller-init",
		"low-voltage-too-low"}
	for i, name := range names {
		if string(r.get("poe-out-status")) == name {
			return int64(max(i, 1)), true
		}
	}
	return 0, false
}

// ethernetTable is what the ports count themselves. Sixty numbers a port: rarely.
func ethernetTable() table {
	return table{
		name: "ethernet", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/interface/ethernet", args: []string{"stats"}}}}},
		key:     by("name"),
		columns: portCounters(),
	}
}

func switchPortTable() table {
	return table{
		name: "switch_port", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/interface/ethernet/switch/port", args: []string{"stats"}}}}},
		key:     by("switch", "name"),
		columns: portCounters(),
	}
}

// portCounters are the counters of a chip. RouterOS leaves out those that a chip does not have.
func portCounters() []column {
	var columns []column
	add := func(field, attr string) { columns = append(columns, countOfLanes(field, attr)) }
	for _, d := range []string{"rx", "tx"} {
		add("driver_"+d+"_bytes", "driver-"+d+"-byte")
		add("driver_"+d+"_packets", "driver-"+d+"-packet")
		add(d+"_bytes", d+"-bytes")
		add(d+"_packets", d+"-packet")
		for _, name := range []string{"too_short", "64", "65_127", "128_255", "256_511", "512_1023", "1024_1518", "1519_max", "too_long",
			"broadcast", "multicast", "pause", "control", "jabber"} {
			add(d+"_"+name, d+"-"+strings.ReplaceAll(name, "_", "-"))
		}
		add(d+"_fcs_errors", d+"-fcs-error")
		add(d+"_fragments", d+"-fragment")
		add(d+"_drops", d+"-drop")
	}
	for _, size := range []string{"64", "65_127", "128_255", "256_511", "512_1023", "1024_1518", "1519_max", "1024_max"} {
		add("rx_tx_"+size, "tx-rx-"+strings.ReplaceAll(size, "_", "-"))
	}
	for _, name := range [][2]string{{"rx_align_errors", "rx-align-error"}, {"rx_overflows", "rx-overflow"}, {"rx_unknown_opcodes", "rx-unknown-op"},
		{"rx_length_errors", "rx-length-error"}, {"rx_code_errors", "rx-code-error"}, {"rx_carrier_errors", "rx-carrier-error"},
		{"tx_underruns", "tx-underrun"}, {"tx_collisions", "tx-collision"}, {"tx_excessive_collisions", "tx-excessive-collision"},
		{"tx_multiple_collisions", "tx-multiple-collision"}, {"tx_single_collisions", "tx-single-collision"},
		{"tx_excessive_deferred", "tx-excessive-deferred"}, {"tx_deferred", "tx-deferred"}, {"tx_late_collisions", "tx-late-collision"},
		{"tx_total_collisions", "tx-total-collision"}, {"tx_pause_honored", "tx-pause-honored"}} {
		add(name[0], name[1])
	}
	return columns
}

func bridgePortTable() table {
	return table{
		name: "bridge_port", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/interface/bridge/port"}}}},
		key:     by("bridge", "interface"),
		columns: []column{
			text("stp_role", "role"),
			status("stp_state", []string{"forwarding", "learning", "disabled", "inactive"}, stpState),
			flag("inactive", "inactive"),
			flag("learning", "learning"),
			flag("forwarding", "forwarding"),
			flag("edge_port", "edge-port"),
			flag("point_to_point", "point-to-point-port"),
			flag("hw_offload", "hw-offload"),
			number("path_cost", "actual-path-cost|path-cost"),
			number("root_path_cost", "root-path-cost"),
			text("designated_bridge", "designated-bridge-id|designated-bridge"),
			count("rx_bpdus", "rx-bpdu"), count("tx_bpdus", "tx-bpdu"),
			count("topology_changes", "topology-changes"),
		},
	}
}

// stpState gives the numbers of BRIDGE-MIB, made of the flags of version 7.
func stpState(r *row) (int64, bool) {
	const disabled, blocking, learning, forwarding = 1, 2, 4, 5
	holds := func(attr string) bool { b, _ := parseBool(r.get(attr)); return b }
	switch {
	case holds("disabled") || holds("inactive"):
		return disabled, true
	case holds("forwarding"):
		return forwarding, true
	case holds("learning"):
		return learning, true
	}
	return blocking, r.has("forwarding")
}

func bridgeVLANTable() table {
	return table{
		name: "bridge_vlan", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/interface/bridge/vlan"}}}},
		key:     by("bridge", "vlan-ids"),
		columns: []column{
			text("tagged", "current-tagged"),
			text("untagged", "current-untagged"),
			{field: "ports", kind: pipeline.Gauge, reads: []string{"current-tagged", "current-untagged"}, value: vlanPorts},
			flag("dynamic", "dynamic"),
			flag("disabled", "disabled"),
			text("comment", "comment"),
		},
	}
}

func vlanPorts(_ *pipeline.FieldDef, r *row) pipeline.Value {
	if !r.has("current-tagged") && !r.has("current-untagged") {
		return pipeline.Value{}
	}
	return pipeline.GaugeValue(elements(r.get("current-tagged")) + elements(r.get("current-untagged")))
}

func elements(list []byte) float64 {
	if len(list) == 0 {
		return 0
	}
	return float64(bytes.Count(list, []byte{','}) + 1)
}

func bondingTable() table {
	return table{
		name: "bonding", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/interface/bonding"}}}},
		key:     by("name"),
		columns: []column{text("bonding_mode", "mode")},
		joins: []join{{
			request: request{path: "/interface/bonding", command: "monitor", args: []string{"once"}},
			of:      named("name"), numbers: "numbers",
			columns: []column{
				text("active_ports", "active-ports"),
				text("inactive_ports", "inactive-ports"),
				listed("ports_active", "active-ports"),
				listed("ports_inactive", "inactive-ports"),
				text("lacp_system_id", "lacp-system-id"),
				text("lacp_partner_id", "lacp-partner-system-id"),
			},
		}},
	}
}

func vrrpTable() table {
	return table{
		name: "vrrp", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/interface/vrrp"}}}},
		key:     by("name"),
		columns: []column{
			status("state", []string{"master", "backup", "failure"}, vrrpState),
			number("vrid", "vrid"),
			number("priority", "priority"),
			flag("running", "running"),
			mac("mac_address", "mac-address"),
		},
	}
}

func vrrpState(r *row) (int64, bool) {
	for i, attr := range []string{"master", "backup", "failure"} {
		if b, ok := parseBool(r.get(attr)); ok && b {
			return int64(i) + 1, true
		}
	}
	return 0, true
}

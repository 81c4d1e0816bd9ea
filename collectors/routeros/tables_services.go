package routeros

import (
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// serviceTables are about those behind the router.
func serviceTables() []table {
	return []table{poolTable(), dhcpLeaseCountTable(), dhcpv6BindingCountTable(), dhcpLeaseTable(), hotspotHostTable(),
		treeQueueTable(), simpleQueueTable(), neighborTable(), arpTable()}
}

// leaseCountEvery is for tables that are counted row by row here, as the router cannot count by server
// and status: two short words of each lease.
const leaseCountEvery = 5 * time.Minute

func dhcpLeaseCountTable() table {
	return table{
		name: "dhcp_lease_count", lane: pipeline.LaneSessions, policy: policy{every: leaseCountEvery},
		sources: []source{{requests: []request{{path: "/ip/dhcp-server/lease"}}}},
		key:     key{[]string{"server|active-server", "status"}, serverAndStatus},
		tally:   true,
		columns: []column{rows("leases")},
	}
}

func dhcpv6BindingCountTable() table {
	return table{
		name: "dhcpv6_binding_count", lane: pipeline.LaneSessions, policy: policy{every: leaseCountEvery},
		sources: []source{{requests: []request{{path: "/ipv6/dhcp-server/binding"}}}},
		key:     key{[]string{"server|active-server", "status"}, serverAndStatus},
		tally:   true,
		columns: []column{rows("bindings")},
	}
}

// serverAndStatus: a lease that is not bound to a server is for all of them, as the router's console
// says.
func serverAndStatus(r *row) []string { return []string{serverOf(r), orElse(r.text("status"), "none")} }

func serverOf(r *row) string { return orElse(r.text("server|active-server"), "all") }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func dhcpLeaseTable() table {
	return table{
		name: "dhcp_lease", lane: pipeline.LaneSessions,
		policy:  policy{costly: true, cost: "A row of some 320 bytes for each lease, at every poll; and it is names and addresses of people's devices."},
		sources: []source{{requests: []request{{path: "/ip/dhcp-server/lease"}}}},
		key: key{[]string{"server|active-server", "address|active-address"}, func(r *row) []string {
			return []string{serverOf(r), r.text("address|active-address")}
		}},
		columns: []column{
			seldom(mac("mac_address", "mac-address|active-mac-address")),
			seldom(text("host_name", "host-name")),
			seldom(text("class_id", "class-id")),
			text("status", "status"),
			seldom(text("comment", "comment")),
			seldom(flag("dynamic", "dynamic")),
			flag("disabled", "disabled"),
			flag("blocked", "blocked"),
			seldom(flag("radius", "radius")),
			duration("expires_seconds", "expires-after"),
			duration("last_seen_seconds", "last-seen"),
		},
	}
}

// poolTable: before 7.18 or so a router says only what is in a pool, which is counted here.
func poolTable() table {
	return table{
		name: "ip_pool", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/ip/pool"}}}},
		key:     by("name"),
		columns: []column{
			text("ranges", "ranges"),
			{field: "addresses", kind: pipeline.Gauge, reads: []string{"total", "ranges"}, value: poolSize},
			number("used", "used"),
			number("available", "available"),
			share("used_percent", "used", "total"),
		},
	}
}

func poolSize(_ *pipeline.FieldDef, r *row) pipeline.Value {
	if v := gauge(r.get("total"), 1, ""); !v.IsNone() {
		return v
	}
	if n, ok := countAddresses(r.get("ranges")); ok {
		return pipeline.GaugeValue(n)
	}
	return pipeline.Value{}
}

// arpTable is of both families.
func arpTable() table {
	return table{
		name: "arp_entry", lane: pipeline.LaneSlow,
		policy: policy{costly: true, cost: "A row for each host on each network: thousands on a router with large ones."},
		sources: []source{{requests: []request{
			{path: "/ip/arp", optional: true},
			{path: "/ipv6/neighbor", without: "complete", optional: true},
		}}},
		key: by("interface", "address"),
		columns: []column{
			mac("mac_address", "mac-address"),
			text("status", "status"),
			flag("dynamic", "dynamic"),
			flag("complete", "complete"),
			text("comment", "comment"),
		},
	}
}

// neighborTable: one that is heard through a bridge names the port first, then the bridge.
func neighborTable() table {
	return table{
		name: "neighbor", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/ip/neighbor"}}}},
		key: key{[]string{"interface", "mac-address", "identity"}, func(r *row) []string {
			return []string{string(partOf(r.get("interface"), comma, 0)), orElse(parseMAC(r.text("mac-address")), withoutNUL(r.text("identity")))}
		}},
		columns: []column{
			textBy("identity", "identity", withoutNUL),
			mac("mac_address", "mac-address"),
			text("address", "address|address4|address6"),
			text("platform", "platform"),
			text("board_name", "board"),
			text("version", "version"),
			text("software_id", "software-id"),
			text("remote_port", "interface-name"),
			text("description", "system-description"),
			text("capabilities", "system-caps-enabled|system-caps"),
			duration("uptime_seconds", "uptime"),
			duration("age_seconds", "age"),
		},
	}
}

// withoutNUL ends a name where some devices end it.
func withoutNUL(s string) string {
	name, _, _ := strings.Cut(s, "\x00")
	return name
}

func hotspotHostTable() table {
	return table{
		name: "hotspot_host", lane: pipeline.LaneSessions,
		policy:  policy{costly: true, cost: "A row for each client in sight, several hundred on a busy hotspot; session_count has their number."},
		sources: []source{{requests: []request{{path: "/ip/hotspot/host"}}}},
		key:     key{[]string{"mac-address"}, func(r *row) []string { return []string{parseMAC(r.text("mac-address"))} }},
		columns: []column{
			text("server", "server"),
			text("address", "address"),
			text("to_address", "to-address"),
			text("found_by", "found-by"),
			flag("authorized", "authorized"),
			flag("bypassed", "bypassed"),
			duration("uptime_seconds", "uptime"),
			duration("idle_seconds", "idle-time"),
			count("rx_bytes", "bytes-in"), count("tx_bytes", "bytes-out"),
			count("rx_packets", "packets-in"), count("tx_packets", "packets-out"),
		},
	}
}

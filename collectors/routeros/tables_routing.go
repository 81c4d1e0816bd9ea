package routeros

import (
	"bytes"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

func routingTables() []table {
	return []table{routeCountTable(), bgpSessionTable(), ospfNeighborTable(), ospfInterfaceTable(), bfdSessionTable()}
}

// routeCountTable asks only how many: listing the routes of a full table would cost a router minutes.
func routeCountTable() table {
	families := []struct{ name, path string }{{"ipv4", "/ip/route"}, {"ipv6", "/ipv6/route"}}
	protocols := []string{"connect", "static", "dhcp", "ospf", "bgp", "is-is", "rip", "vpn", "modem"}
	var requests []request
	for _, f := range families {
		requests = append(requests, request{path: f.path, count: "routes", with: "family=" + f.name + ",protocol=all", optional: true})
		for _, p := range protocols {
			requests = append(requests, request{path: f.path, query: []string{p + "=yes"}, count: "routes",
				with: "family=" + f.name + ",protocol=" + p, optional: true})
		}
	}
	return table{
		name: "route_count", lane: pipeline.LaneSlow, policy: policy{every: 10 * time.Minute},
		sources: []source{{requests: requests}},
		key:     by("family", "protocol"),
		columns: []column{number("routes", "routes")},
	}
}

// bgpSessionTable: in version 7 a session is only there while it stands, so it is paired with its
// connection, which is called the same but for the number at the end.
func bgpSessionTable() table {
	return table{
		name: "bgp_session", lane: pipeline.LaneSessions,
		sources: []source{
			{since: version{7, 0}, requests: []request{
				{path: "/routing/bgp/session", with: "from=session", without: "disabled"},
				{path: "/routing/bgp/connection", with: "from=connection", props: "name,remote.address,remote.as,local.address,disabled"},
			}, columns: []column{
				status("state", []string{"established", "from"}, bgpState),
				when("established", yes("established")),
				count("rx_messages", "remote.messages"), count("tx_messages", "local.messages"),
				count("rx_bytes", "remote.bytes"), count("tx_bytes", "local.bytes"),
				textBy("remote_address", "remote.address", withoutHostBits), text("local_address", "local.address"),
				number("remote_as", "remote.as"), number("local_as", "local.as"),
				text("remote_id", "remote.id"),
				text("last_error", "output.last-notification"),
				duration("hold_seconds", "hold-time"), duration("keepalive_seconds", "keepalive-time"),
			}},
			{requests: []request{{path: "/routing/bgp/peer", with: "from=peer"}}, columns: []column{
				status("state", []string{"state"}, bgpPeerState),
				when("established", is("state", "established")),
				textBy("remote_address", "remote-address", withoutHostBits), text("local_address", "local-address"),
				number("remote_as", "remote-as"),
				text("remote_id", "remote-id"),
				duration("hold_seconds", "used-hold-time"), duration("keepalive_seconds", "used-keepalive-time"),
				count("rx_updates", "updates-received"), count("tx_updates", "updates-sent"),
				count("rx_withdrawals", "withdrawn-received"), count("tx_withdrawals", "withdrawn-sent"),
			}},
		},
		key:    key{[]string{"name"}, bgpKey},
		tally:  true,
		prefer: is("from", "session"),
		columns: []column{
			when("enabled", test{[]string{"disabled"}, func(r *row) bool { return !yes("disabled").holds(r) }}),
			text("instance", "instance"),
			number("prefixes", "prefix-count"),
			duration("uptime_seconds", "uptime"),
		},
	}
}

// withoutHostBits: a connection's address may be written as a network of one.
func withoutHostBits(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "/32"), "/128")
}

// bgpKey: sessions are numbered; the first is its connection's. Others, of peers that may be many, stand
// for themselves.
func bgpKey(r *row) []string {
	name := r.text("name")
	if string(r.get("from")) == "session" {
		name = strings.TrimSuffix(name, "-1")
	}
	return []string{name}
}

const (
	bgpIdle        = 1
	bgpEstablished = 6
)

// bgpState: a connection without a session is idle; a session that does not stand yet is in between,
// and the router does not say where.
func bgpState(r *row) (int64, bool) {
	if b, _ := parseBool(r.get("established")); b {
		return bgpEstablished, true
	}
	if string(r.get("from")) == "connection" {
		return bgpIdle, true
	}
	return 0, true
}

func bgpPeerState(r *row) (int64, bool) {
	for i, name := range []string{"idle", "connect", "active", "opensent", "openconfirm", "established"} {
		if string(r.get("state")) == name {
			return int64(i) + 1, true
		}
	}
	return 0, true
}

func ospfNeighborTable() table {
	return table{
		name: "ospf_neighbor", lane: pipeline.LaneSessions,
		sources: []source{
			{since: version{7, 0}, requests: []request{{path: "/routing/ospf/neighbor"}},
				columns: []column{text("ospf_area", "area"), text("dr", "dr"), text("bdr", "bdr")}},
			{requests: []request{{path: "/routing/ospf/neighbor"}}, columns: []column{text("dr", "dr-address"), text("bdr", "backup-dr-address")}},
		},
		key: by("router-id", "address"),
		columns: []column{
			status("state", []string{"state"}, ospfNeighborState),
			text("instance", "instance"),
			text("interface_name", "interface"),
			number("priority", "priority"),
			count("state_changes", "state-changes"),
			number("retransmits", "ls-retransmits"),
			number("requests", "ls-requests"),
			number("database_summaries", "db-summaries"),
			duration("adjacency_seconds", "adjacency"),
			duration("timeout_seconds", "timeout"),
		},
	}
}

// ospfNeighborState gives the numbers of OSPF-MIB; versions spell the names in several ways.
func ospfNeighborState(r *row) (int64, bool) {
	said := string(bytes.ToLower(bytes.ReplaceAll(r.get("state"), []byte("-"), nil)))
	for code, names := range [][]string{1: {"down"}, 2: {"attempt"}, 3: {"init"}, 4: {"twoway", "2way"}, 5: {"exstart", "exchangestart"},
		6: {"exchange"}, 7: {"loading"}, 8: {"full"}} {
		for _, name := range names {
			if said == name {
				return int64(code), true
			}
		}
	}
	return 0, false
}

func ospfInterfaceTable() table {
	return table{
		name: "ospf_interface", lane: pipeline.LaneSessions,
		sources: []source{
			{since: version{7, 0}, requests: []request{{path: "/routing/ospf/interface", without: "interface,ip-address"}}, columns: []column{
				text("ospf_area", "area"), text("dr", "dr"), text("bdr", "bdr"),
				when("passive", is("state", "passive")),
			}},
			{requests: []request{{path: "/routing/ospf/interface", without: "address"}}, columns: []column{
				text("dr", "designated-router"), text("bdr", "backup-designated-router"),
				flag("passive", "passive"),
				number("neighbors", "neighbors"), number("adjacent_neighbors", "adjacent-neighbors"),
			}},
		},
		key: key{[]string{"interface|address", "address|ip-address"}, ospfInterfaceKey},
		columns: []column{
			text("instance", "instance"),
			status("state", []string{"state"}, ospfInterfaceState),
			text("network_type", "network-type"),
			number("cost", "cost"),
			number("priority", "priority"),
		},
	}
}

// ospfInterfaceKey: version 7 writes the interface behind the address, 10.0.0.1%ether1.
func ospfInterfaceKey(r *row) []string {
	address, name, found := strings.Cut(r.text("address|ip-address"), "%")
	if !found {
		name = r.text("interface")
	}
	return []string{name, address}
}

func ospfInterfaceState(r *row) (int64, bool) {
	said := string(bytes.ToLower(r.get("state")))
	for code, names := range [][]string{1: {"down"}, 2: {"loopback"}, 3: {"waiting"}, 4: {"ptp", "point-to-point"}, 5: {"dr", "designated-router"},
		6: {"bdr", "backup"}, 7: {"dr-other", "drother", "other"}} {
		for _, name := range names {
			if said == name {
				return int64(code), true
			}
		}
	}
	return 0, false
}

func bfdSessionTable() table {
	return table{
		name: "bfd_session", lane: pipeline.LaneSessions,
		sources: []source{
			{since: version{7, 10}, requests: []request{{path: "/routing/bfd/session", without: "address"}}},
			{until: version{7, 0}, requests: []request{{path: "/routing/bfd/neighbor", without: "remote-address"}}},
		},
		key: key{[]string{"interface", "remote-address|address"}, func(r *row) []string {
			address, _, _ := strings.Cut(r.text("remote-address|address"), "%") // the interface may be behind it
			return []string{r.text("interface"), address}
		}},
		columns: []column{
			enum("state", "state"),
			flag("up", "up"),
			flag("multihop", "multihop"),
			text("local_address", "local-address"),
			count("state_changes", "state-changes"),
			count("rx_packets", "packets-rx"), count("tx_packets", "packets-tx"),
			duration("uptime_seconds", "uptime"),
			duration("hold_seconds", "hold-time"),
			duration("tx_interval_seconds", "actual-tx-interval"),
			number("multiplier", "multiplier"),
		},
	}
}

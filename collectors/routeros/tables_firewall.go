package routeros

import "github.com/routerpulse/routerpulse/pipeline"

func firewallTables() []table {
	return []table{conntrackTable(), fastPathTable(), firewallRuleTable()}
}

// firewallRuleTable is of both families and all four sections. A rule is known by its comment; one
// without by what it does and its .id, which stays when rules move.
func firewallRuleTable() table {
	return table{
		name: "firewall_rule", lane: pipeline.LaneSlow,
		sources: []source{{requests: firewallRequests()}},
		key: key{[]string{"family", "section", "chain", "comment", "action", ".id"}, func(r *row) []string {
			return []string{orElse(r.text("comment"), r.text("action")+" "+r.text(".id")), r.text("family"), r.text("section"), r.text("chain")}
		}},
		columns: []column{
			text("action", "action"),
			text("comment", "comment"),
			flag("disabled", "disabled"),
			seldom(flag("logged", "log")),
			count("matched_bytes", "bytes"),
			count("matched_packets", "packets"),
		},
	}
}

func firewallRequests() []request {
	var out []request
	for _, family := range []struct{ menu, name string }{{"/ip", "ipv4"}, {"/ipv6", "ipv6"}} {
		for _, section := range []string{"filter", "nat", "mangle", "raw"} {
			out = append(out, request{path: family.menu + "/firewall/" + section, args: []string{"stats"}, optional: true,
				with: "family=" + family.name + ",section=" + section})
		}
	}
	return out
}

func conntrackTable() table {
	return table{
		name: "conntrack", lane: pipeline.LaneLive,
		sources: []source{{requests: []request{{path: "/ip/firewall/connection/tracking"}}}},
		columns: []column{
			number("entries", "total-entries"),
			number("ipv4_entries", "total-ip4-entries"),
			number("ipv6_entries", "total-ip6-entries"),
			number("max_entries", "max-entries"),
			share("used_percent", "total-entries", "max-entries"),
		},
	}
}

func fastPathTable() table {
	return table{
		name: "fast_path", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/ip/settings"}}}},
		columns: []column{
			flag("ipv4_fast_path_active", "ipv4-fast-path-active"),
			flag("ipv4_fasttrack_active", "ipv4-fasttrack-active"),
			count("ipv4_fast_path_bytes", "ipv4-fast-path-bytes"),
			count("ipv4_fast_path_packets", "ipv4-fast-path-packets"),
			count("ipv4_fasttrack_bytes", "ipv4-fasttrack-bytes"),
			count("ipv4_fasttrack_packets", "ipv4-fasttrack-packets"),
		},
	}
}

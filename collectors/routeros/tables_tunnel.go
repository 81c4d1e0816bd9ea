package routeros

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

func tunnelTables() []table {
	return []table{tunnelTable(), wireguardTable(), wireguardPeerTable(), ipsecPeerTable(), ipsecPolicyTable(), ipsecTable()}
}

// tunnelTable is what changes rarely; whether a tunnel stands is told by its row of interface, too.
func tunnelTable() table {
	var requests []request
	for _, kind := range []string{"eoip", "gre", "ipip", "6to4", "eoipv6", "gre6", "ipipv6", "vxlan"} {
		requests = append(requests, request{path: "/interface/" + kind, with: "kind=" + kind, optional: true})
	}
	return table{
		name: "tunnel", lane: pipeline.LaneSlow,
		sources: []source{{requests: requests}},
		key:     by("name"),
		columns: []column{
			text("tunnel_type", "kind"),
			text("local_address", "local-address"),
			text("remote_address", "remote-address"),
			text("comment", "comment"),
			flag("running", "running"),
			flag("disabled", "disabled"),
			number("mtu_bytes", "actual-mtu"),
		},
	}
}

func wireguardTable() table {
	return table{
		name: "wireguard", lane: pipeline.LaneSlow,
		sources: []source{{since: version{7, 1}, requests: []request{{path: "/interface/wireguard"}}}},
		key:     by("name"),
		columns: []column{
			text("public_key", "public-key"),
			number("listen_port", "listen-port"),
			flag("running", "running"),
			flag("disabled", "disabled"),
		},
	}
}

// wireguardPeerTable: peers have names since 7.15; what the operator wrote comes next.
func wireguardPeerTable() table {
	return table{
		name: "wireguard_peer", lane: pipeline.LaneSessions,
		sources: []source{{since: version{7, 1}, requests: []request{{path: "/interface/wireguard/peers"}}}},
		key:     by("interface", "name|comment|public-key"),
		columns: []column{
			text("public_key", "public-key"),
			{field: "endpoint", kind: pipeline.Text, reads: []string{"current-endpoint-address", "current-endpoint-port"}, value: endpoint},
			text("allowed_address", "allowed-address"),
			text("comment", "comment"),
			flag("disabled", "disabled"),
			duration("last_handshake_seconds", "last-handshake"),
			count("rx_bytes", "rx"), count("tx_bytes", "tx"),
		},
	}
}

func endpoint(_ *pipeline.FieldDef, r *row) pipeline.Value {
	address := r.text("current-endpoint-address")
	if address == "" {
		return pipeline.Value{}
	}
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	return pipeline.TextValue(address + ":" + r.text("current-endpoint-port"))
}

func ipsecPeerTable() table {
	return table{
		name: "ipsec_peer", lane: pipeline.LaneSessions,
		sources: []source{
			{requests: []request{{path: "/ip/ipsec/active-peers", args: []string{"stats"}, without: "established"}}},
			{requests: []request{{path: "/ip/ipsec/remote-peers", without: "uptime"}}}, // before 6.44
		},
		key: by("remote-address", "port"),
		columns: []column{
			status("state", []string{"state"}, ikeState),
			text("peer_identity", "id"),
			text("local_address", "local-address"),
			text("dynamic_address", "dynamic-address"),
			when("responder", test{[]string{"responder", "side"}, func(r *row) bool {
				b, _ := parseBool(r.get("responder"))
				return b || string(r.get("side")) == "responder"
			}}),
			flagged("nat_traversal", "natt-peer"),
			number("phase2_count", "ph2-total"),
			duration("uptime_seconds", "uptime|established"),
			duration("last_seen_seconds", "last-seen"),
			count("rx_bytes", "rx-bytes"), count("tx_bytes", "tx-bytes"),
			count("rx_packets", "rx-packets"), count("tx_packets", "tx-packets"),
		},
	}
}

// ikeState gives the numbers of MIKROTIK-MIB; the API names each message of the exchange.
func ikeState(r *row) (int64, bool) {
	const exchange, established, expired, eap = 1, 2, 3, 4
	switch said := string(r.get("state")); {
	case said == "established":
		return established, true
	case said == "expired":
		return expired, true
	case strings.HasPrefix(said, "eap"):
		return eap, true
	case said == "":
		return 0, false
	}
	return exchange, true
}

func ipsecPolicyTable() table {
	return table{
		name: "ipsec_policy", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{{path: "/ip/ipsec/policy"}}}},
		key: key{[]string{"src-address", "dst-address"}, func(r *row) []string {
			return []string{r.text("src-address") + " > " + r.text("dst-address")}
		}},
		skip: yes("template"),
		columns: []column{
			text("peer", "peer"),
			text("comment", "comment"),
			text("phase2_state", "ph2-state"),
			number("phase2_count", "ph2-count"),
			flagged("active", "active"),
			flagged("dynamic", "dynamic"),
			flagged("invalid", "invalid"),
			flagged("disabled", "disabled"),
		},
	}
}

func ipsecTable() table {
	columns := []column{number("associations", "associations")}
	for _, name := range []string{"in-errors", "in-buffer-errors", "in-header-errors", "in-no-states", "in-state-protocol-errors",
		"in-state-mode-errors", "in-state-sequence-errors", "in-state-expired", "in-state-mismatches", "in-state-invalid",
		"in-template-mismatches", "in-no-policies", "in-policy-blocked", "in-policy-errors", "out-errors", "out-bundle-errors",
		"out-bundle-check-errors", "out-no-states", "out-state-protocol-errors", "out-state-mode-errors", "out-state-sequence-errors",
		"out-state-expired", "out-policy-blocked", "out-policy-dead", "out-policy-errors"} {
		columns = append(columns, count(strings.ReplaceAll(name, "-", "_"), name))
	}
	return table{
		name: "ipsec", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{
			{path: "/ip/ipsec/statistics", without: "associations"},
			{path: "/ip/ipsec/active-peers", count: "associations", optional: true},
		}}},
		columns: columns,
	}
}

package routeros

import "github.com/routerpulse/routerpulse/pipeline"

func pppSessionTable() table {
	return table{
		name: "ppp_session", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/ppp/active"}}}},
		key:     by("name", "service"),
		columns: []column{
			text("address", "address"),
			text("caller_id", "caller-id"),
			text("session_id", "session-id"),
			text("encoding", "encoding"),
			flag("radius", "radius"),
			duration("uptime_seconds", "uptime"),
			number("limit_in_bytes", "limit-bytes-in"), number("limit_out_bytes", "limit-bytes-out"),
		},
		joins: []join{{
			// The bytes of a session are those of its interface, which is what the user's name is in.
			request: request{path: "/interface", query: sessionInterfaces()},
			of:      linked([]string{"name", "service"}, sessionInterface), on: "name",
			columns: []column{
				text("interface_name", "name"),
				count("rx_bytes", "rx-byte"), count("tx_bytes", "tx-byte"),
				count("rx_packets", "rx-packet"), count("tx_packets", "tx-packet"),
			},
		}},
	}
}

// sessionInterfaces asks for the interfaces that PPP servers make.
func sessionInterfaces() []string {
	return []string{"type=pppoe-in", "type=pptp-in", "type=l2tp-in", "type=sstp-in", "type=ovpn-in", "type=ppp-in", "#|||||"}
}

// sessionInterface is the name that RouterOS gives the interface of a session.
func sessionInterface(r *row) string { return "<" + r.text("service") + "-" + r.text("name") + ">" }

func hotspotSessionTable() table {
	return table{
		name: "hotspot_session", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/ip/hotspot/active"}}}},
		key:     key{[]string{"user", "mac-address"}, hotspotKey},
		columns: []column{
			text("server", "server"),
			text("address", "address"),
			mac("mac_address", "mac-address"),
			text("login_by", "login-by"),
			flag("radius", "radius"),
			duration("uptime_seconds", "uptime"),
			duration("idle_seconds", "idle-time"),
			count("rx_bytes", "bytes-in"), count("tx_bytes", "bytes-out"),
			count("rx_packets", "packets-in"), count("tx_packets", "packets-out"),
			duration("time_left_seconds", "session-time-left"),
			duration("idle_timeout_seconds", "idle-timeout"),
			number("limit_in_bytes", "limit-bytes-in"),
			number("limit_out_bytes", "limit-bytes-out"),
			number("limit_total_bytes", "limit-bytes-total"),
			flag("blocked", "blocked"),
			text("domain", "domain"),
		},
	}
}

// hotspotKey is the user, else the MAC: a client that the hotspot lets pass has no user.
func hotspotKey(r *row) []string {
	if user := r.text("user"); user != "" {
		return []string{user}
	}
	return []string{parseMAC(r.text("mac-address"))}
}

// counted is a field of session_count: how many rows a table has, or the sum of a field of a tally.
type counted struct{ field, table, sum string }

const countTable = "session_count"

func sessionCounts() []counted {
	return []counted{{"ppp", "ppp_session", ""}, {"hotspot", "hotspot_session", ""}, {"hotspot_hosts", "hotspot_host", ""},
		{"dhcp_leases", "dhcp_lease", ""}, {"logins", "login_session", "logins"}}
}

package routeros

import (
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

func interfaceTable() table {
	return table{
		name: "interface", lane: pipeline.LaneLive,
		sources: []source{{requests: []request{{path: "/interface"}}}},
		key:     by("name"),
		skip:    test{[]string{"name", "dynamic", "type"}, isSessionInterface},
		columns: []column{
			seldom(text("comment", "comment")),
			text("type", "type"),
			seldom(mac("mac_address", "mac-address")),
			status("admin_status", []string{"disabled"}, adminStatus),
			status("oper_status", []string{"disabled", "running"}, operStatus),
			seldom(number("mtu_bytes", "actual-mtu")),
			count("rx_bytes", "rx-byte"), count("tx_bytes", "tx-byte"),
			count("rx_packets", "rx-packet"), count("tx_packets", "tx-packet"),
			count("rx_errors", "rx-error"), count("tx_errors", "tx-error"),
			count("rx_discards", "rx-drop"), count("tx_discards", "tx-drop"),
			count("tx_queue_drops", "tx-queue-drop"),
			count("link_downs", "link-downs"),
			count("fast_path_rx_bytes", "fp-rx-byte"), count("fast_path_tx_bytes", "fp-tx-byte"),
			seldom(timestamp("last_up_timestamp_seconds", "last-link-up-time")), // when they change, so does what names the row for the join
			seldom(timestamp("last_down_timestamp_seconds", "last-link-down-time")),
		},
		joins: []join{{
			// A link's rate is only told by monitor, and changes only when the link comes up anew.
			request: request{path: "/interface/ethernet", command: "monitor", args: []string{"once"}},
			of:      linked([]string{"name", "type", "running", "link-downs"}, nameIf("name", "type", "ether").name),
			on:      "name", numbers: "numbers", every: linkHolds,
			columns: []column{rate("speed_bits_per_second", "rate"), flag("full_duplex", "full-duplex")},
		}},
	}
}

// isSessionInterface tells the interfaces that come and go with a PPP session, which are no rows: their
// counters belong to the session. The flag "dynamic" does not tell, as RouterOS sets it on interfaces
// that stay, too (wifi under CAPsMAN, loopback). So it is the name in angle brackets that RouterOS
// gives them, which is all that SNMP has to go by, or else a dynamic server-side PPP type.
func isSessionInterface(r *row) bool {
	if name := r.get("name"); len(name) > 1 && name[0] == '<' && name[len(name)-1] == '>' {
		return true
	}
	if dynamic, _ := parseBool(r.get("dynamic")); !dynamic {
		return false
	}
	switch string(r.get("type")) {
	case "ppp-in", "pppoe-in", "pptp-in", "l2tp-in", "sstp-in", "ovpn-in":
		return true
	}
	return false
}

// The codes of IF-MIB.
const (
	statusUp   = 1
	statusDown = 2
)

func adminStatus(r *row) (int64, bool) {
	disabled, ok := parseBool(r.get("disabled"))
	if disabled {
		return statusDown, ok
	}
	return statusUp, ok
}

func operStatus(r *row) (int64, bool) {
	if disabled, ok := parseBool(r.get("disabled")); ok && disabled {
		return statusDown, true
	}
	running, ok := parseBool(r.get("running"))
	if running {
		return statusUp, ok
	}
	return statusDown, ok
}

// linkHolds is how long the rate of a link is believed while it did not go down and come up again.
const linkHolds = 5 * time.Minute

package routeros

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

func interfaceTable() table {
	return table{
		name: "interface", lane: pipeline.LaneLive,
		sources: []source{{requests: []request{{path: "/interface", props: ".id,name,type,dynamic,disabled,running,comment," +
			"mac-address,actual-mtu,rx-byte,tx-byte,rx-packet,tx-packet,rx-error,tx-error,rx-drop,tx-drop," +
			"tx-queue-drop,link-downs"}}}},
		key:  func(a attrs) []string { return []string{a["name"]} },
		skip: isSessionInterface,
		columns: []column{
			text("comment", "comment"),
			text("type", "type"),
			textBy("mac_address", "mac-address", parseMAC),
			status("admin_status", []string{"disabled"}, adminStatus),
			status("oper_status", []string{"disabled", "running"}, operStatus),
			number("mtu_bytes", "actual-mtu"),
			count("rx_bytes", "rx-byte"), count("tx_bytes", "tx-byte"),
			count("rx_packets", "rx-packet"), count("tx_packets", "tx-packet"),
			count("rx_errors", "rx-error"), count("tx_errors", "tx-error"),
			count("rx_discards", "rx-drop"), count("tx_discards", "tx-drop"),
			count("tx_queue_drops", "tx-queue-drop"),
			count("link_downs", "link-downs"),
		},
	}
}

// isSessionInterface tells the interfaces that come and go with a PPP session, which are no rows: their
// counters belong to the session. The flag "dynamic" does not tell, as RouterOS sets it on interfaces
// that stay, too (wifi under CAPsMAN, loopback). So it is the name in angle brackets that RouterOS
// gives them, which is all that SNMP has to go by, or else a dynamic server-side PPP type.
func isSessionInterface(a attrs) bool {
	if name := a["name"]; strings.HasPrefix(name, "<") && strings.HasSuffix(name, ">") {
		return true
	}
	if dynamic, _ := parseBool(a["dynamic"]); !dynamic {
		return false
	}
	switch a["type"] {
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

func adminStatus(a attrs) (int64, bool) {
	disabled, ok := parseBool(a["disabled"])
	if disabled {
		return statusDown, ok
	}
	return statusUp, ok
}

func operStatus(a attrs) (int64, bool) {
	if disabled, ok := parseBool(a["disabled"]); ok && disabled {
		return statusDown, true
	}
	running, ok := parseBool(a["running"])
	if running {
		return statusUp, ok
	}
	return statusDown, ok
}

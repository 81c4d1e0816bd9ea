package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const (
	bridgeGroup  = ".1.3.6.1.2.1.17"
	stpPortEntry = bridgeGroup + ".2.15.1"
)

// bridgeName is the only bridge that BRIDGE-MIB knows. It has no name there; RouterOS' first one is
// called so.
const bridgeName = "bridge"

// bridgePortTable is BRIDGE-MIB's (RFC 4188) spanning tree. A bridge numbers its ports itself.
func bridgePortTable(names *mib) tableDef {
	ports := &mib{name: "dot1dBasePortTable", columns: []object{{name: "dot1dBasePortIfIndex", oid: bridgeGroup + ".1.4.1.2", slow: true}}}
	return tableDef{
		name: "bridge_port",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "dot1dStpPortTable", index: []part{{"dot1dStpPort", arc}},
			joins: []join{
				{name: "ifIndex", rows: ports, take: []string{"dot1dBasePortIfIndex"}, by: []string{"dot1dStpPort"}},
				ofInterface(names, "ifIndex"),
			},
			key: [][]string{{}, {"interface", "dot1dStpPort"}},
			columns: []object{
				{name: "dot1dStpPortState", oid: stpPortEntry + ".3"},
				{name: "dot1dStpPortPathCost", oid: stpPortEntry + ".5", slow: true},
				{name: "dot1dStpPortDesignatedCost", oid: stpPortEntry + ".7", slow: true},
				{name: "dot1dStpPortDesignatedBridge", oid: stpPortEntry + ".8", as: raw, slow: true},
				{name: "dot1dStpPortForwardTransitions", oid: stpPortEntry + ".10"},
			},
		},
		nameRow: func(keys []string) { keys[0] = bridgeName },
		fields: []rule{
			{"stp_state", from(read("dot1dStpPortState"))},
			{"learning", from(read("dot1dStpPortState").trueIf(4, 5))},
			{"forwarding", from(read("dot1dStpPortState").trueIf(5))},
			{"path_cost", from(read("dot1dStpPortPathCost"))},
			{"root_path_cost", from(read("dot1dStpPortDesignatedCost"))},
			{"designated_bridge", from(read("dot1dStpPortDesignatedBridge").spelled(bridgeID))},
			{"topology_changes", from(read("dot1dStpPortForwardTransitions"))},
		},
	}
}

// bridgeID spells a priority and an address as RouterOS does: "0x8000.6c:3b:6b:f6:24:e6".
func bridgeID(c cell) string {
	if len(c.text) != 8 {
		return ""
	}
	const hex = "0123456789abcdef"
	out := []byte("0x")
	for i := range len(c.text) {
		switch {
		case i == 2:
			out = append(out, '.')
		case i > 2:
			out = append(out, ':')
		}
		out = append(out, hex[c.text[i]>>4], hex[c.text[i]&15])
	}
	return string(out)
}

// bridgeVLANTable is Q-BRIDGE-MIB's (RFC 4363) static VLANs: their names. Who is in them is a bit map
// of the bridge's own port numbers.
func bridgeVLANTable() tableDef {
	return tableDef{
		name: "bridge_vlan",
		lane: pipeline.LaneSlow,
		rows: &mib{
			name: "dot1qVlanStaticTable", index: []part{{"vlan", arc}}, key: [][]string{{}, {"vlan"}},
			columns: []object{
				{name: "dot1qVlanStaticName", oid: bridgeGroup + ".7.1.4.3.1.1"},
				{name: "dot1qVlanStaticRowStatus", oid: bridgeGroup + ".7.1.4.3.1.5"},
			},
		},
		nameRow: func(keys []string) { keys[0] = bridgeName },
		fields: []rule{
			{"comment", from(read("dot1qVlanStaticName"))},
			{"disabled", from(read("dot1qVlanStaticRowStatus").trueIf(2, 3))}, // notInService, notReady
		},
	}
}

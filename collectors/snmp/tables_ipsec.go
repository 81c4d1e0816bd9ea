package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const ikeSAEntry = mikrotik + ".20.2.1"

// ipsecPeerTable is MIKROTIK-MIB's mtxrIkeSATable.
func ipsecPeerTable() tableDef {
	return tableDef{
		name: "ipsec_peer",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrIkeSATable", fickle: true, key: [][]string{{"mtxrIkeSAPeerAddress"}, {"mtxrIkeSAPeerPort"}},
			columns: []object{
				{name: "mtxrIkeSAResponder", oid: ikeSAEntry + ".4", slow: true},
				{name: "mtxrIkeSANatt", oid: ikeSAEntry + ".5", slow: true},
				{name: "mtxrIkeSAVersion", oid: ikeSAEntry + ".6", slow: true},
				{name: "mtxrIkeSAState", oid: ikeSAEntry + ".7"},
				{name: "mtxrIkeSAUptime", oid: ikeSAEntry + ".8"},
				{name: "mtxrIkeSASeen", oid: ikeSAEntry + ".9"},
				{name: "mtxrIkeSAIdentity", oid: ikeSAEntry + ".10", slow: true},
				{name: "mtxrIkeSAPh2Count", oid: ikeSAEntry + ".11"},
				{name: "mtxrIkeSALocalAddress", oid: ikeSAEntry + ".13", as: inet, slow: true},
				{name: "mtxrIkeSAPeerAddress", oid: ikeSAEntry + ".16", as: inet},
				{name: "mtxrIkeSAPeerPort", oid: ikeSAEntry + ".17"},
				{name: "mtxrIkeSADynamicAddress", oid: ikeSAEntry + ".19", as: inet, slow: true},
				{name: "mtxrIkeSATxBytes", oid: ikeSAEntry + ".20", wide: true},
				{name: "mtxrIkeSARxBytes", oid: ikeSAEntry + ".21", wide: true},
				{name: "mtxrIkeSATxPackets", oid: ikeSAEntry + ".22", wide: true},
				{name: "mtxrIkeSARxPackets", oid: ikeSAEntry + ".23", wide: true},
			},
		},
		fields: []rule{
			{"state", from(read("mtxrIkeSAState"))},
			{"peer_identity", from(read("mtxrIkeSAIdentity"))},
			{"local_address", from(read("mtxrIkeSALocalAddress"))},
			{"dynamic_address", from(read("mtxrIkeSADynamicAddress"))},
			{"responder", from(read("mtxrIkeSAResponder"))},
			{"nat_traversal", from(read("mtxrIkeSANatt"))},
			{"ike_version", from(read("mtxrIkeSAVersion"))},
			{"phase2_count", from(read("mtxrIkeSAPh2Count"))},
			{"uptime_seconds", from(read("mtxrIkeSAUptime").scaled(0.01))},
			{"last_seen_seconds", from(read("mtxrIkeSASeen").scaled(0.01))},
			{"rx_bytes", from(read("mtxrIkeSARxBytes"))},
			{"tx_bytes", from(read("mtxrIkeSATxBytes"))},
			{"rx_packets", from(read("mtxrIkeSARxPackets"))},
			{"tx_packets", from(read("mtxrIkeSATxPackets"))},
		},
	}
}

// ipsecTable: the MIB says M.20.1.0; routers with 6.48 and 6.49 were met that answer at M.20.1.1.0.
func ipsecTable() tableDef {
	return tableDef{
		name:   "ipsec",
		lane:   pipeline.LaneSessions,
		vendor: mikrotikEnterprise,
		scalars: []object{
			{name: "mtxrIkeSACount", oid: mikrotik + ".20.1.0"},
			{name: "mtxrIkeSACount of 6.48", oid: mikrotik + ".20.1.1.0"},
		},
		fields: []rule{{"associations", from(read("mtxrIkeSACount"), read("mtxrIkeSACount of 6.48"))}},
	}
}

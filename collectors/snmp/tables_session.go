package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const (
	hotspotEntry   = mikrotik + ".5.1.1"
	conntrackGroup = mikrotik + ".22"
)

// hotspotTable leaves out the times: the MIB gives them no unit, and their names speak of instants and
// of spans.
func hotspotTable() tableDef {
	return tableDef{
		name: "hotspot_session",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrHotspotActiveUsersTable", fickle: true, key: [][]string{{"mtxrHotspotActiveUserName", "mtxrHotspotActiveUserMAC"}},
			columns: []object{
				{name: "mtxrHotspotActiveUserName", oid: hotspotEntry + ".3"},
				{name: "mtxrHotspotActiveUserDomain", oid: hotspotEntry + ".4", slow: true},
				{name: "mtxrHotspotActiveUserIP", oid: hotspotEntry + ".5", slow: true},
				{name: "mtxrHotspotActiveUserMAC", oid: hotspotEntry + ".6", as: mac},
				{name: "mtxrHotspotActiveUserBytesIn", oid: hotspotEntry + ".12", wide: true},
				{name: "mtxrHotspotActiveUserBytesOut", oid: hotspotEntry + ".13", wide: true},
				{name: "mtxrHotspotActiveUserPacketsIn", oid: hotspotEntry + ".14", wide: true},
				{name: "mtxrHotspotActiveUserPacketsOut", oid: hotspotEntry + ".15", wide: true},
				{name: "mtxrHotspotActiveUserLimitBytesIn", oid: hotspotEntry + ".16", wide: true, slow: true},
				{name: "mtxrHotspotActiveUserLimitBytesOut", oid: hotspotEntry + ".17", wide: true, slow: true},
				{name: "mtxrHotspotActiveUserRadius", oid: hotspotEntry + ".19", slow: true},
				{name: "mtxrHotspotActiveUserBlockedByAdvert", oid: hotspotEntry + ".20"},
			},
		},
		fields: []rule{
			{"domain", from(read("mtxrHotspotActiveUserDomain"))},
			{"address", from(read("mtxrHotspotActiveUserIP"))},
			{"mac_address", from(read("mtxrHotspotActiveUserMAC"))},
			{"radius", from(read("mtxrHotspotActiveUserRadius"))},
			{"blocked", from(read("mtxrHotspotActiveUserBlockedByAdvert"))},
			{"rx_bytes", from(read("mtxrHotspotActiveUserBytesIn"))},
			{"tx_bytes", from(read("mtxrHotspotActiveUserBytesOut"))},
			{"rx_packets", from(read("mtxrHotspotActiveUserPacketsIn"))},
			{"tx_packets", from(read("mtxrHotspotActiveUserPacketsOut"))},
			{"limit_in_bytes", from(read("mtxrHotspotActiveUserLimitBytesIn"))},
			{"limit_out_bytes", from(read("mtxrHotspotActiveUserLimitBytesOut"))},
		},
	}
}

// sessionCountTable: the PPP sessions are in a table of Cisco's that RouterOS has too.
func sessionCountTable() tableDef {
	return tableDef{
		name: "session_count",
		lane: pipeline.LaneSessions,
		scalars: []object{
			{name: "casnActiveTableEntries", oid: ".1.3.6.1.4.1.9.9.150.1.1.1.0"},
			{name: "mtxrWlRtabEntryCount", oid: mikrotik + ".1.4.0"},
			{name: "mtxrWlCMRtabEntryCount", oid: mikrotik + ".1.6.0"},
			{name: "mtxrDHCPLeaseCount", oid: mikrotik + ".6.1.0"},
		},
		fields: []rule{
			{"ppp", from(read("casnActiveTableEntries"))},
			{"wireless", from(read("mtxrWlRtabEntryCount", "mtxrWlCMRtabEntryCount"), read("mtxrWlRtabEntryCount"),
				read("mtxrWlCMRtabEntryCount"))},
			{"dhcp_leases", from(read("mtxrDHCPLeaseCount"))},
		},
	}
}

// conntrackTable: RouterOS 7.24 moved the three objects.
func conntrackTable() tableDef {
	return tableDef{
		name:   "conntrack",
		lane:   pipeline.LaneLive,
		vendor: mikrotikEnterprise,
		scalars: []object{
			{name: "mtxrCtTotalEntries", oid: conntrackGroup + ".1.0"},
			{name: "mtxrCtIP4Entries", oid: conntrackGroup + ".2.0"},
			{name: "mtxrCtIP6Entries", oid: conntrackGroup + ".3.0"},
			{name: "mtxrCtTotalEntries before 7.24", oid: conntrackGroup + ".1.1.0"},
			{name: "mtxrCtIP4Entries before 7.24", oid: conntrackGroup + ".1.2.0"},
			{name: "mtxrCtIP6Entries before 7.24", oid: conntrackGroup + ".1.3.0"},
		},
		fields: []rule{
			{"entries", from(read("mtxrCtTotalEntries"), read("mtxrCtTotalEntries before 7.24"))},
			{"ipv4_entries", from(read("mtxrCtIP4Entries"), read("mtxrCtIP4Entries before 7.24"))},
			{"ipv6_entries", from(read("mtxrCtIP6Entries"), read("mtxrCtIP6Entries before 7.24"))},
		},
	}
}

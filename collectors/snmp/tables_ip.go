package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const (
	ipGroup       = ".1.3.6.1.2.1.4"
	ipSystemEntry = ipGroup + ".31.1.1"
	tcpGroup      = ".1.3.6.1.2.1.6"
	udpGroup      = ".1.3.6.1.2.1.7"
)

// ipTable is IP-MIB's (RFC 4293) statistics: a row for each version of IP where the device has them,
// else the older scalars, which are IPv4's.
func ipTable() tableDef {
	return tableDef{
		name: "ip",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "ipSystemStatsTable", index: []part{{"version", arc}}, key: [][]string{{"version"}},
			columns: []object{
				{name: "ipSystemStatsHCInReceives", oid: ipSystemEntry + ".4", wide: true},
				{name: "ipSystemStatsInReceives", oid: ipSystemEntry + ".3", spare: true},
				{name: "ipSystemStatsInHdrErrors", oid: ipSystemEntry + ".7"},
				{name: "ipSystemStatsInNoRoutes", oid: ipSystemEntry + ".8"},
				{name: "ipSystemStatsInAddrErrors", oid: ipSystemEntry + ".9"},
				{name: "ipSystemStatsInUnknownProtos", oid: ipSystemEntry + ".10"},
				{name: "ipSystemStatsHCInForwDatagrams", oid: ipSystemEntry + ".13", wide: true, spare: true},
				{name: "ipSystemStatsInForwDatagrams", oid: ipSystemEntry + ".12", spare: true},
				{name: "ipSystemStatsReasmFails", oid: ipSystemEntry + ".16"},
				{name: "ipSystemStatsInDiscards", oid: ipSystemEntry + ".17"},
				{name: "ipSystemStatsHCInDelivers", oid: ipSystemEntry + ".19", wide: true},
				{name: "ipSystemStatsInDelivers", oid: ipSystemEntry + ".18", spare: true},
				{name: "ipSystemStatsHCOutRequests", oid: ipSystemEntry + ".21", wide: true},
				{name: "ipSystemStatsOutRequests", oid: ipSystemEntry + ".20", spare: true},
				{name: "ipSystemStatsOutNoRoutes", oid: ipSystemEntry + ".22"},
				{name: "ipSystemStatsHCOutForwDatagrams", oid: ipSystemEntry + ".24", wide: true},
				{name: "ipSystemStatsOutForwDatagrams", oid: ipSystemEntry + ".23", spare: true},
				{name: "ipSystemStatsOutDiscards", oid: ipSystemEntry + ".25"},
				{name: "ipSystemStatsOutFragFails", oid: ipSystemEntry + ".28"},
				{name: "ipSystemStatsOutFragCreates", oid: ipSystemEntry + ".29"},
			},
		},
		nameRow: func(keys []string) { keys[0] = ipVersion(keys[0]) },
		fields: []rule{
			{"rx_packets", counted(read("ipSystemStatsHCInReceives"), read("ipSystemStatsInReceives"))},
			{"tx_packets", counted(read("ipSystemStatsHCOutRequests"), read("ipSystemStatsOutRequests"))},
			{"forwarded_packets", counted(read("ipSystemStatsHCOutForwDatagrams"), read("ipSystemStatsOutForwDatagrams"),
				read("ipSystemStatsHCInForwDatagrams"), read("ipSystemStatsInForwDatagrams"))},
			{"rx_header_errors", from(read("ipSystemStatsInHdrErrors"))},
			{"rx_address_errors", from(read("ipSystemStatsInAddrErrors"))},
			{"rx_unknown_protocols", from(read("ipSystemStatsInUnknownProtos"))},
			{"rx_discards", from(read("ipSystemStatsInDiscards"))},
			{"rx_delivered", counted(read("ipSystemStatsHCInDelivers"), read("ipSystemStatsInDelivers"))},
			{"tx_discards", from(read("ipSystemStatsOutDiscards"))},
			{"tx_no_routes", from(read("ipSystemStatsInNoRoutes", "ipSystemStatsOutNoRoutes"), read("ipSystemStatsOutNoRoutes"))},
			{"fragments_created", from(read("ipSystemStatsOutFragCreates"))},
			{"fragment_failures", from(read("ipSystemStatsOutFragFails"))},
			{"reassembly_failures", from(read("ipSystemStatsReasmFails"))},
		},
		more: []tableDef{ipScalars()},
	}
}

// ipVersion spells InetVersion.
func ipVersion(n string) string {
	switch n {
	case "1":
		return "ipv4"
	case "2":
		return "ipv6"
	}
	return n
}

func ipScalars() tableDef {
	return tableDef{
		solo: []string{"ipv4"},
		scalars: []object{
			{name: "ipInReceives", oid: ipGroup + ".3.0"},
			{name: "ipInHdrErrors", oid: ipGroup + ".4.0"},
			{name: "ipInAddrErrors", oid: ipGroup + ".5.0"},
			{name: "ipForwDatagrams", oid: ipGroup + ".6.0"},
			{name: "ipInUnknownProtos", oid: ipGroup + ".7.0"},
			{name: "ipInDiscards", oid: ipGroup + ".8.0"},
			{name: "ipInDelivers", oid: ipGroup + ".9.0"},
			{name: "ipOutRequests", oid: ipGroup + ".10.0"},
			{name: "ipOutDiscards", oid: ipGroup + ".11.0"},
			{name: "ipOutNoRoutes", oid: ipGroup + ".12.0"},
			{name: "ipReasmFails", oid: ipGroup + ".16.0"},
			{name: "ipFragFails", oid: ipGroup + ".18.0"},
			{name: "ipFragCreates", oid: ipGroup + ".19.0"},
		},
		fields: []rule{
			{"rx_packets", from(read("ipInReceives"))},
			{"tx_packets", from(read("ipOutRequests"))},
			{"forwarded_packets", from(read("ipForwDatagrams"))},
			{"rx_header_errors", from(read("ipInHdrErrors"))},
			{"rx_address_errors", from(read("ipInAddrErrors"))},
			{"rx_unknown_protocols", from(read("ipInUnknownProtos"))},
			{"rx_discards", from(read("ipInDiscards"))},
			{"rx_delivered", from(read("ipInDelivers"))},
			{"tx_discards", from(read("ipOutDiscards"))},
			{"tx_no_routes", from(read("ipOutNoRoutes"))},
			{"fragments_created", from(read("ipFragCreates"))},
			{"fragment_failures", from(read("ipFragFails"))},
			{"reassembly_failures", from(read("ipReasmFails"))},
		},
	}
}

// tcpTable is TCP-MIB's (RFC 4022) statistics. The number of connections is a level.
func tcpTable() tableDef {
	return tableDef{
		name: "tcp",
		lane: pipeline.LaneSessions,
		scalars: []object{
			{name: "tcpActiveOpens", oid: tcpGroup + ".5.0"},
			{name: "tcpPassiveOpens", oid: tcpGroup + ".6.0"},
			{name: "tcpAttemptFails", oid: tcpGroup + ".7.0"},
			{name: "tcpEstabResets", oid: tcpGroup + ".8.0"},
			{name: "tcpCurrEstab", oid: tcpGroup + ".9.0"},
			{name: "tcpInSegs", oid: tcpGroup + ".10.0"},
			{name: "tcpOutSegs", oid: tcpGroup + ".11.0"},
			{name: "tcpRetransSegs", oid: tcpGroup + ".12.0"},
			{name: "tcpInErrs", oid: tcpGroup + ".14.0"},
			{name: "tcpOutRsts", oid: tcpGroup + ".15.0"},
			{name: "tcpHCInSegs", oid: tcpGroup + ".17.0", wide: true},
			{name: "tcpHCOutSegs", oid: tcpGroup + ".18.0", wide: true},
		},
		fields: []rule{
			{"established", from(read("tcpCurrEstab"))},
			{"active_opens", from(read("tcpActiveOpens"))},
			{"passive_opens", from(read("tcpPassiveOpens"))},
			{"attempt_failures", from(read("tcpAttemptFails"))},
			{"resets", from(read("tcpEstabResets"))},
			{"rx_segments", counted(read("tcpHCInSegs"), read("tcpInSegs"))},
			{"tx_segments", counted(read("tcpHCOutSegs"), read("tcpOutSegs"))},
			{"retransmitted_segments", from(read("tcpRetransSegs"))},
			{"rx_errors", from(read("tcpInErrs"))},
			{"tx_resets", from(read("tcpOutRsts"))},
		},
	}
}

// udpTable is UDP-MIB's (RFC 4113) statistics.
func udpTable() tableDef {
	return tableDef{
		name: "udp",
		lane: pipeline.LaneSessions,
		scalars: []object{
			{name: "udpInDatagrams", oid: udpGroup + ".1.0"},
			{name: "udpNoPorts", oid: udpGroup + ".2.0"},
			{name: "udpInErrors", oid: udpGroup + ".3.0"},
			{name: "udpOutDatagrams", oid: udpGroup + ".4.0"},
			{name: "udpHCInDatagrams", oid: udpGroup + ".8.0", wide: true},
			{name: "udpHCOutDatagrams", oid: udpGroup + ".9.0", wide: true},
		},
		fields: []rule{
			{"rx_packets", counted(read("udpHCInDatagrams"), read("udpInDatagrams"))},
			{"tx_packets", counted(read("udpHCOutDatagrams"), read("udpOutDatagrams"))},
			{"no_ports", from(read("udpNoPorts"))},
			{"rx_errors", from(read("udpInErrors"))},
		},
	}
}

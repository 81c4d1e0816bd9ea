package snmp

import (
	"fmt"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	bgpPeerEntry = ".1.3.6.1.2.1.15.3.1"
	ospfGroup    = ".1.3.6.1.2.1.14"
	ospfIfEntry  = ospfGroup + ".7.1"
	ospfNbrEntry = ospfGroup + ".10.1"
)

// bgpTable is BGP4-MIB's (RFC 4273) peers. RouterOS has it over the API only.
func bgpTable() tableDef {
	return tableDef{
		name: "bgp_session",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "bgpPeerTable", index: []part{{"bgpPeerRemoteAddr", ipv4}}, key: [][]string{{"bgpPeerRemoteAddr"}},
			columns: []object{
				{name: "bgpPeerIdentifier", oid: bgpPeerEntry + ".1", slow: true},
				{name: "bgpPeerState", oid: bgpPeerEntry + ".2"},
				{name: "bgpPeerAdminStatus", oid: bgpPeerEntry + ".3"},
				{name: "bgpPeerLocalAddr", oid: bgpPeerEntry + ".5", slow: true},
				{name: "bgpPeerRemoteAs", oid: bgpPeerEntry + ".9", slow: true},
				{name: "bgpPeerInUpdates", oid: bgpPeerEntry + ".10"},
				{name: "bgpPeerOutUpdates", oid: bgpPeerEntry + ".11"},
				{name: "bgpPeerInTotalMessages", oid: bgpPeerEntry + ".12"},
				{name: "bgpPeerOutTotalMessages", oid: bgpPeerEntry + ".13"},
				{name: "bgpPeerLastError", oid: bgpPeerEntry + ".14", as: raw},
				{name: "bgpPeerFsmEstablishedTransitions", oid: bgpPeerEntry + ".15"},
				{name: "bgpPeerFsmEstablishedTime", oid: bgpPeerEntry + ".16"},
				{name: "bgpPeerHoldTime", oid: bgpPeerEntry + ".18", slow: true},
				{name: "bgpPeerKeepAlive", oid: bgpPeerEntry + ".19", slow: true},
			},
		},
		scalars: []object{{name: "bgpLocalAs", oid: ".1.3.6.1.2.1.15.2.0"}},
		fields: []rule{
			{"state", from(read("bgpPeerState"))},
			{"established", from(read("bgpPeerState").trueIf(6))},
			{"enabled", from(read("bgpPeerAdminStatus").trueIf(2))}, // start(2), stop(1)
			{"remote_address", from(read("bgpPeerRemoteAddr"))},
			{"local_address", from(read("bgpPeerLocalAddr").spelled(realAddress))},
			{"remote_id", from(read("bgpPeerIdentifier").spelled(realAddress))},
			{"remote_as", from(read("bgpPeerRemoteAs"))},
			{"local_as", from(read("bgpLocalAs").dropping(0))},
			{"last_error", from(read("bgpPeerLastError").spelled(bgpError))},
			// While it does not stand, the time is since it last stood.
			{"uptime_seconds", from(read("bgpPeerFsmEstablishedTime").where("bgpPeerState", 6))},
			{"hold_seconds", from(read("bgpPeerHoldTime").where("bgpPeerState", 6))},
			{"keepalive_seconds", from(read("bgpPeerKeepAlive").where("bgpPeerState", 6))},
			{"rx_messages", from(read("bgpPeerInTotalMessages"))},
			{"tx_messages", from(read("bgpPeerOutTotalMessages"))},
			{"rx_updates", from(read("bgpPeerInUpdates"))},
			{"tx_updates", from(read("bgpPeerOutUpdates"))},
			{"transitions", from(read("bgpPeerFsmEstablishedTransitions"))},
		},
	}
}

// bgpError is the code and subcode of a NOTIFICATION: "4/0".
func bgpError(c cell) string {
	if len(c.text) != 2 || c.text == "\x00\x00" {
		return ""
	}
	return fmt.Sprintf("%d/%d", c.text[0], c.text[1])
}

// realAddress leaves out the address that stands for none.
func realAddress(c cell) string {
	if c.text == "0.0.0.0" || c.text == "::" {
		return ""
	}
	return c.text
}

// ospfTable is OSPF-MIB's (RFC 4750) router. RouterOS has it over the API only. A router id of 0.0.0.0
// is an agent with the MIB on a device without OSPF.
func ospfTable() tableDef {
	return tableDef{
		name: "ospf",
		lane: pipeline.LaneSessions,
		scalars: []object{
			{name: "ospfRouterId", oid: ospfGroup + ".1.1.0"},
			{name: "ospfAdminStat", oid: ospfGroup + ".1.2.0"},
			{name: "ospfAreaBdrRtrStatus", oid: ospfGroup + ".1.4.0"},
			{name: "ospfASBdrRtrStatus", oid: ospfGroup + ".1.5.0"},
			{name: "ospfExternLsaCount", oid: ospfGroup + ".1.6.0"},
			{name: "ospfOriginateNewLsas", oid: ospfGroup + ".1.9.0"},
			{name: "ospfRxNewLsas", oid: ospfGroup + ".1.10.0"},
		},
		fields: []rule{
			{"router_id", from(read("ospfRouterId").spelled(realAddress))},
			{"enabled", from(read("ospfAdminStat"))}, // enabled(1), disabled(2)
			{"area_border", from(read("ospfAreaBdrRtrStatus"))},
			{"as_border", from(read("ospfASBdrRtrStatus"))},
			{"external_lsas", from(read("ospfExternLsaCount"))},
			{"originated_lsas", from(read("ospfOriginateNewLsas"))},
			{"rx_lsas", from(read("ospfRxNewLsas"))},
		},
	}
}

// addressOwners are the ifIndex of each of the device's IPv4 addresses.
func addressOwners() *mib {
	return &mib{name: "address owners", columns: []object{{name: "ipAdEntIfIndex", oid: ".1.3.6.1.2.1.4.20.1.2", slow: true}}}
}

// ospfInterfaceTable: an interface without an address of its own has its ifIndex in the index.
func ospfInterfaceTable(names, addresses *mib) tableDef {
	return tableDef{
		name: "ospf_interface",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "ospfIfTable", index: []part{{"ospfIfIpAddress", ipv4}, {"ospfAddressLessIf", arc}},
			joins: []join{
				{name: "ifIndex", rows: addresses, take: []string{"ipAdEntIfIndex"}, by: []string{"ospfIfIpAddress"}},
				ofInterface(names, "ifIndex"),
				{name: "unnumbered", rows: names, take: []string{"ifName", "ifDescr"}, by: []string{"ospfAddressLessIf"}},
			},
			key: [][]string{{"unnumbered", "interface", "ospfIfIpAddress"}, {"ospfIfIpAddress"}},
			columns: []object{
				{name: "ospfIfAreaId", oid: ospfIfEntry + ".3", slow: true},
				{name: "ospfIfType", oid: ospfIfEntry + ".4", slow: true},
				{name: "ospfIfRtrPriority", oid: ospfIfEntry + ".6", slow: true},
				{name: "ospfIfState", oid: ospfIfEntry + ".12"},
				{name: "ospfIfDesignatedRouter", oid: ospfIfEntry + ".13"},
				{name: "ospfIfBackupDesignatedRouter", oid: ospfIfEntry + ".14"},
				{name: "ospfIfEvents", oid: ospfIfEntry + ".15"},
			},
		},
		fields: []rule{
			{"ospf_area", from(read("ospfIfAreaId"))},
			{"network_type", from(read("ospfIfType").spelled(ospfNetwork))},
			{"priority", from(read("ospfIfRtrPriority"))},
			{"state", from(read("ospfIfState"))},
			{"dr", from(read("ospfIfDesignatedRouter").spelled(realAddress))},
			{"bdr", from(read("ospfIfBackupDesignatedRouter").spelled(realAddress))},
			{"events", from(read("ospfIfEvents"))},
		},
	}
}

func ospfNetwork(c cell) string {
	switch c.integer() {
	case 1:
		return "broadcast"
	case 2:
		return "nbma"
	case 3:
		return "point-to-point"
	case 5:
		return "point-to-multipoint"
	}
	return digits(c)
}

func ospfNeighborTable() tableDef {
	return tableDef{
		name: "ospf_neighbor",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "ospfNbrTable", fickle: true, index: []part{{"ospfNbrIpAddr", ipv4}, {"ospfNbrAddressLessIndex", arc}},
			key: [][]string{{"ospfNbrRtrId"}, {"ospfNbrIpAddr"}},
			columns: []object{
				{name: "ospfNbrRtrId", oid: ospfNbrEntry + ".3"},
				{name: "ospfNbrPriority", oid: ospfNbrEntry + ".5", slow: true},
				{name: "ospfNbrState", oid: ospfNbrEntry + ".6"},
				{name: "ospfNbrEvents", oid: ospfNbrEntry + ".7"},
				{name: "ospfNbrLsRetransQLen", oid: ospfNbrEntry + ".8"},
			},
		},
		fields: []rule{
			{"state", from(read("ospfNbrState"))},
			{"priority", from(read("ospfNbrPriority"))},
			{"state_changes", from(read("ospfNbrEvents"))},
			{"retransmits", from(read("ospfNbrLsRetransQLen"))},
		},
	}
}

// routeCountTable asks for numbers of routes, never for routes. On RouterOS the routing service may
// take long for them.
func routeCountTable() tableDef {
	return tableDef{
		name: "route_count",
		lane: pipeline.LaneSlow,
		solo: []string{"ipv4", "all"},
		scalars: []object{
			{name: "ipCidrRouteNumber", oid: ".1.3.6.1.2.1.4.24.3.0", frail: true},
			{name: "ipForwardNumber", oid: ".1.3.6.1.2.1.4.24.1.0", frail: true},
		},
		fields: []rule{{"routes", from(read("ipCidrRouteNumber"), read("ipForwardNumber"))}},
		more: []tableDef{{
			solo:    []string{"all", "all"},
			scalars: []object{{name: "inetCidrRouteNumber", oid: ".1.3.6.1.2.1.4.24.6.0", frail: true}},
			fields:  []rule{{"routes", from(read("inetCidrRouteNumber"))}},
		}},
	}
}

package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const (
	ifEntry  = ".1.3.6.1.2.1.2.2.1"
	ifXEntry = ".1.3.6.1.2.1.31.1.1.1"
)

// ifTable is IF-MIB's ifTable and ifXTable (RFC 2863), which share ifIndex.
func ifTable() *mib {
	return &mib{
		name: "ifTable",
		key:  [][]string{{"ifName", "ifDescr"}},
		skip: isDynamic,
		columns: []object{
			{name: "ifName", oid: ifXEntry + ".1"},
			{name: "ifAdminStatus", oid: ifEntry + ".7"},
			{name: "ifOperStatus", oid: ifEntry + ".8"},
			{name: "ifHighSpeed", oid: ifXEntry + ".15"},
			{name: "ifHCInOctets", oid: ifXEntry + ".6", wide: true},
			{name: "ifHCOutOctets", oid: ifXEntry + ".10", wide: true},
			{name: "ifHCInUcastPkts", oid: ifXEntry + ".7", wide: true},
			{name: "ifHCInMulticastPkts", oid: ifXEntry + ".8", wide: true},
			{name: "ifHCInBroadcastPkts", oid: ifXEntry + ".9", wide: true},
			{name: "ifHCOutUcastPkts", oid: ifXEntry + ".11", wide: true},
			{name: "ifHCOutMulticastPkts", oid: ifXEntry + ".12", wide: true},
			{name: "ifHCOutBroadcastPkts", oid: ifXEntry + ".13", wide: true},
			{name: "ifInDiscards", oid: ifEntry + ".13"},
			{name: "ifInErrors", oid: ifEntry + ".14"},
			{name: "ifOutDiscards", oid: ifEntry + ".19"},
			{name: "ifOutErrors", oid: ifEntry + ".20"},

			{name: "ifAlias", oid: ifXEntry + ".18", slow: true},
			{name: "ifType", oid: ifEntry + ".3", slow: true},
			{name: "ifMtu", oid: ifEntry + ".4", slow: true},
			{name: "ifPhysAddress", oid: ifEntry + ".6", as: mac, slow: true},
			{name: "ifLastChange", oid: ifEntry + ".9", slow: true},

			{name: "ifDescr", oid: ifEntry + ".2", spare: true},
			{name: "ifSpeed", oid: ifEntry + ".5", spare: true},
			{name: "ifInOctets", oid: ifEntry + ".10", spare: true},
			{name: "ifOutOctets", oid: ifEntry + ".16", spare: true},
			{name: "ifInUcastPkts", oid: ifEntry + ".11", spare: true},
			{name: "ifInNUcastPkts", oid: ifEntry + ".12", spare: true},
			{name: "ifInMulticastPkts", oid: ifXEntry + ".2", spare: true},
			{name: "ifInBroadcastPkts", oid: ifXEntry + ".3", spare: true},
			{name: "ifOutUcastPkts", oid: ifEntry + ".17", spare: true},
			{name: "ifOutNUcastPkts", oid: ifEntry + ".18", spare: true},
			{name: "ifOutMulticastPkts", oid: ifXEntry + ".4", spare: true},
			{name: "ifOutBroadcastPkts", oid: ifXEntry + ".5", spare: true},
		},
	}
}

func interfaceTable(rows *mib) tableDef {
	return tableDef{
		name: "interface",
		lane: pipeline.LaneLive,
		rows: rows,
		fields: []rule{
			{"comment", from(read("ifAlias"))},
			{"type", from(read("ifType").spelled(interfaceType))},
			{"mac_address", from(read("ifPhysAddress"))},
			{"admin_status", from(read("ifAdminStatus"))},
			{"oper_status", from(read("ifOperStatus"))},
			{"speed_bits_per_second", from(
				read("ifHighSpeed").scaled(1e6).dropping(0, 4294967295),
				read("ifSpeed").dropping(0, 4294967295))},
			{"mtu_bytes", from(read("ifMtu").dropping(0))},
			{"rx_bytes", counted(read("ifHCInOctets"), read("ifInOctets"))},
			{"tx_bytes", counted(read("ifHCOutOctets"), read("ifOutOctets"))},
			{"rx_packets", counted(read("ifHCInUcastPkts", "ifHCInMulticastPkts", "ifHCInBroadcastPkts"),
				read("ifInUcastPkts", "ifInMulticastPkts", "ifInBroadcastPkts"),
				read("ifInUcastPkts", "ifInNUcastPkts"), read("ifHCInUcastPkts"), read("ifInUcastPkts"))},
			{"tx_packets", counted(read("ifHCOutUcastPkts", "ifHCOutMulticastPkts", "ifHCOutBroadcastPkts"),
				read("ifOutUcastPkts", "ifOutMulticastPkts", "ifOutBroadcastPkts"),
				read("ifOutUcastPkts", "ifOutNUcastPkts"), read("ifHCOutUcastPkts"), read("ifOutUcastPkts"))},
			{"rx_errors", from(read("ifInErrors"))},
			{"tx_errors", from(read("ifOutErrors"))},
			{"rx_discards", from(read("ifInDiscards"))},
			{"tx_discards", from(read("ifOutDiscards"))},
			{"rx_unicast_packets", counted(read("ifHCInUcastPkts"), read("ifInUcastPkts"))},
			{"tx_unicast_packets", counted(read("ifHCOutUcastPkts"), read("ifOutUcastPkts"))},
			{"rx_multicast_packets", counted(read("ifHCInMulticastPkts"), read("ifInMulticastPkts"))},
			{"tx_multicast_packets", counted(read("ifHCOutMulticastPkts"), read("ifOutMulticastPkts"))},
			{"rx_broadcast_packets", counted(read("ifHCInBroadcastPkts"), read("ifInBroadcastPkts"))},
			{"tx_broadcast_packets", counted(read("ifHCOutBroadcastPkts"), read("ifOutBroadcastPkts"))},
			{"last_change_timestamp_seconds", from(reading{of: []string{"ifLastChange"}, scale: 0.01, sinceBoot: true, drop: []int64{0}})},
		},
	}
}

// counted takes the first reading that is not 0, else the first that is there: some devices leave
// their 64-bit counters at 0 while the 32-bit ones move.
func counted(readings ...reading) []reading {
	out := make([]reading, 0, 2*len(readings))
	for _, r := range readings {
		out = append(out, r.dropping(0))
	}
	return append(out, readings...)
}

// isDynamic tells an interface that RouterOS made for a session, as <pppoe-ann>: its counters belong
// to the session.
func isDynamic(d *device, g *grid, row int) bool {
	return isDynamicName(d, g.name(row))
}

package snmp

import (
	"strconv"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	interfaceStatsEntry = mikrotik + ".14.1.1"
	dot3StatsEntry      = ".1.3.6.1.2.1.10.7.2.1"
)

// statistic is a column of mtxrInterfaceStatsTable and the field that it is.
type statistic struct {
	column int
	name   string // behind mtxrInterfaceStats
	field  string
}

// interfaceStatistics are all columns but the index and the name. Which of them a port has depends on
// its chip.
func interfaceStatistics() []statistic {
	return []statistic{
		{11, "DriverRxBytes", "driver_rx_bytes"}, {12, "DriverRxPackets", "driver_rx_packets"},
		{13, "DriverTxBytes", "driver_tx_bytes"}, {14, "DriverTxPackets", "driver_tx_packets"},
		{15, "TxRx64", "rx_tx_64"}, {16, "TxRx65To127", "rx_tx_65_127"}, {17, "TxRx128To255", "rx_tx_128_255"},
		{18, "TxRx256To511", "rx_tx_256_511"}, {19, "TxRx512To1023", "rx_tx_512_1023"},
		{20, "TxRx1024To1518", "rx_tx_1024_1518"}, {21, "TxRx1519ToMax", "rx_tx_1519_max"},
		{31, "RxBytes", "rx_bytes"}, {32, "RxPackets", "rx_packets"}, {33, "RxTooShort", "rx_too_short"}, {34, "Rx64", "rx_64"},
		{35, "Rx65To127", "rx_65_127"}, {36, "Rx128To255", "rx_128_255"}, {37, "Rx256To511", "rx_256_511"},
		{38, "Rx512To1023", "rx_512_1023"}, {39, "Rx1024To1518", "rx_1024_1518"}, {40, "Rx1519ToMax", "rx_1519_max"},
		{41, "RxTooLong", "rx_too_long"}, {42, "RxBroadcast", "rx_broadcast"}, {43, "RxPause", "rx_pause"},
		{44, "RxMulticast", "rx_multicast"}, {45, "RxFCSError", "rx_fcs_errors"}, {46, "RxAlignError", "rx_align_errors"},
		{47, "RxFragment", "rx_fragments"}, {48, "RxOverflow", "rx_overflows"}, {49, "RxControl", "rx_control"},
		{50, "RxUnknownOp", "rx_unknown_opcodes"}, {51, "RxLengthError", "rx_length_errors"}, {52, "RxCodeError", "rx_code_errors"},
		{53, "RxCarrierError", "rx_carrier_errors"}, {54, "RxJabber", "rx_jabber"}, {55, "RxDrop", "rx_drops"},
		{61, "TxBytes", "tx_bytes"}, {62, "TxPackets", "tx_packets"}, {63, "TxTooShort", "tx_too_short"}, {64, "Tx64", "tx_64"},
		{65, "Tx65To127", "tx_65_127"}, {66, "Tx128To255", "tx_128_255"}, {67, "Tx256To511", "tx_256_511"},
		{68, "Tx512To1023", "tx_512_1023"}, {69, "Tx1024To1518", "tx_1024_1518"}, {70, "Tx1519ToMax", "tx_1519_max"},
		{71, "TxTooLong", "tx_too_long"}, {72, "TxBroadcast", "tx_broadcast"}, {73, "TxPause", "tx_pause"},
		{74, "TxMulticast", "tx_multicast"}, {75, "TxUnderrun", "tx_underruns"}, {76, "TxCollision", "tx_collisions"},
		{77, "TxExcessiveCollision", "tx_excessive_collisions"}, {78, "TxMultipleCollision", "tx_multiple_collisions"},
		{79, "TxSingleCollision", "tx_single_collisions"}, {80, "TxExcessiveDeferred", "tx_excessive_deferred"},
		{81, "TxDeferred", "tx_deferred"}, {82, "TxLateCollision", "tx_late_collisions"}, {83, "TxTotalCollision", "tx_total_collisions"},
		{84, "TxPauseHonored", "tx_pause_honored"}, {85, "TxDrop", "tx_drops"}, {86, "TxJabber", "tx_jabber"},
		{87, "TxFCSError", "tx_fcs_errors"}, {88, "TxControl", "tx_control"}, {89, "TxFragment", "tx_fragments"},
		{90, "LinkDowns", "link_downs"}, {91, "TxRx1024ToMax", "rx_tx_1024_max"},
	}
}

// ethernetTable is what ports count themselves: MIKROTIK-MIB's interface statistics, else
// EtherLike-MIB's. The first can only be read with GET (see deny.go), the names of the columns that a
// device does not have included, so they are asked for rarely.
func ethernetTable(names *mib) tableDef {
	t := tableDef{
		name: "ethernet",
		lane: pipeline.LaneSlow,
		rows: &mib{
			name: "mtxrInterfaceStatsTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key:  [][]string{{"mtxrInterfaceStatsName", "interface"}},
			rows: &candidates{of: names, columns: []string{"mtxrInterfaceStatsDriverRxBytes", "mtxrInterfaceStatsRxBytes", "mtxrInterfaceStatsTxBytes"}},
		},
		more: []tableDef{etherLike(names)},
	}
	columns := []object{{name: "mtxrInterfaceStatsName", oid: interfaceStatsEntry + ".2"}}
	for _, s := range interfaceStatistics() {
		name := "mtxrInterfaceStats" + s.name
		columns = append(columns, object{name: name, oid: interfaceStatsEntry + "." + strconv.Itoa(s.column), wide: s.name != "LinkDowns"})
		t.fields = append(t.fields, rule{s.field, from(read(name))})
	}
	t.rows.columns = columns
	return t
}

// etherLike is EtherLike-MIB's (RFC 3635) dot3StatsTable.
func etherLike(names *mib) tableDef {
	return tableDef{
		rows: &mib{
			name: "dot3StatsTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key: [][]string{{"interface", "ifIndex"}},
			columns: []object{
				{name: "dot3StatsAlignmentErrors", oid: dot3StatsEntry + ".2"},
				{name: "dot3StatsFCSErrors", oid: dot3StatsEntry + ".3"},
				{name: "dot3StatsSingleCollisionFrames", oid: dot3StatsEntry + ".4"},
				{name: "dot3StatsMultipleCollisionFrames", oid: dot3StatsEntry + ".5"},
				{name: "dot3StatsDeferredTransmissions", oid: dot3StatsEntry + ".7"},
				{name: "dot3StatsLateCollisions", oid: dot3StatsEntry + ".8"},
				{name: "dot3StatsExcessiveCollisions", oid: dot3StatsEntry + ".9"},
				{name: "dot3StatsFrameTooLongs", oid: dot3StatsEntry + ".13"},
			},
		},
		fields: []rule{
			{"rx_align_errors", from(read("dot3StatsAlignmentErrors"))},
			{"rx_fcs_errors", from(read("dot3StatsFCSErrors"))},
			{"rx_too_long", from(read("dot3StatsFrameTooLongs"))},
			{"tx_single_collisions", from(read("dot3StatsSingleCollisionFrames"))},
			{"tx_multiple_collisions", from(read("dot3StatsMultipleCollisionFrames"))},
			{"tx_deferred", from(read("dot3StatsDeferredTransmissions"))},
			{"tx_late_collisions", from(read("dot3StatsLateCollisions"))},
			{"tx_excessive_collisions", from(read("dot3StatsExcessiveCollisions"))},
		},
	}
}

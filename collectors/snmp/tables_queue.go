package snmp

import (
	"net/netip"
	"strconv"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	queueSimpleEntry = mikrotik + ".2.1.1"
	queueTreeEntry   = mikrotik + ".2.2.1"
)

// queueSimpleTable: what goes in is what the target sends, which the schema calls up.
func queueSimpleTable(names *mib) tableDef {
	return tableDef{
		name: "queue_simple",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrQueueSimpleTable", fickle: true, key: [][]string{{"mtxrQueueSimpleName"}},
			joins: []join{ofInterface(names, "mtxrQueueSimpleIface")},
			columns: []object{
				{name: "mtxrQueueSimpleName", oid: queueSimpleEntry + ".2", slow: true},
				{name: "mtxrQueueSimpleSrcAddr", oid: queueSimpleEntry + ".3", slow: true},
				{name: "mtxrQueueSimpleSrcMask", oid: queueSimpleEntry + ".4", slow: true},
				{name: "mtxrQueueSimpleDstAddr", oid: queueSimpleEntry + ".5", slow: true},
				{name: "mtxrQueueSimpleDstMask", oid: queueSimpleEntry + ".6", slow: true},
				{name: "mtxrQueueSimpleIface", oid: queueSimpleEntry + ".7", slow: true},
				{name: "mtxrQueueSimpleBytesIn", oid: queueSimpleEntry + ".8", wide: true},
				{name: "mtxrQueueSimpleBytesOut", oid: queueSimpleEntry + ".9", wide: true},
				{name: "mtxrQueueSimplePacketsIn", oid: queueSimpleEntry + ".10"},
				{name: "mtxrQueueSimplePacketsOut", oid: queueSimpleEntry + ".11"},
				{name: "mtxrQueueSimplePCQQueuesIn", oid: queueSimpleEntry + ".12"},
				{name: "mtxrQueueSimplePCQQueuesOut", oid: queueSimpleEntry + ".13"},
				{name: "mtxrQueueSimpleDroppedIn", oid: queueSimpleEntry + ".14"},
				{name: "mtxrQueueSimpleDroppedOut", oid: queueSimpleEntry + ".15"},
			},
		},
		fields: []rule{
			{"target", from(read("mtxrQueueSimpleSrcAddr").spelledWith("mtxrQueueSimpleSrcMask", prefix))},
			{"destination", from(read("mtxrQueueSimpleDstAddr").spelledWith("mtxrQueueSimpleDstMask", prefix))},
			{"interface_name", from(read("interface"))},
			{"upload_bytes", from(read("mtxrQueueSimpleBytesIn"))},
			{"download_bytes", from(read("mtxrQueueSimpleBytesOut"))},
			{"upload_packets", from(read("mtxrQueueSimplePacketsIn"))},
			{"download_packets", from(read("mtxrQueueSimplePacketsOut"))},
			{"upload_drops", from(read("mtxrQueueSimpleDroppedIn"))},
			{"download_drops", from(read("mtxrQueueSimpleDroppedOut"))},
			{"upload_pcq_queues", from(read("mtxrQueueSimplePCQQueuesIn"))},
			{"download_pcq_queues", from(read("mtxrQueueSimplePCQQueuesOut"))},
		},
	}
}

// prefix writes an address and its mask as RouterOS does; 0.0.0.0/0 is none.
func prefix(address, mask cell) string {
	if address.text == "" || address.text == "0.0.0.0" {
		return ""
	}
	addr, err := netip.ParseAddr(mask.text)
	if err != nil || !addr.Is4() {
		return address.text
	}
	bits := 0
	for _, b := range addr.As4() {
		for ; b&0x80 != 0; b <<= 1 {
			bits++
		}
	}
	return address.text + "/" + strconv.Itoa(bits)
}

// queueTreeTable: above a queue is another one, by its index, or an interface, by its ifIndex, which is
// smaller by far; the number of "global" is neither. The 32-bit bytes wrap at 4 GiB and stand in where the 64-bit ones are missing.
func queueTreeTable(names *mib) tableDef {
	queues := &mib{name: "queue names", columns: []object{{name: "mtxrQueueTreeName", oid: queueTreeEntry + ".2", slow: true}}}
	return tableDef{
		name: "queue_tree",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrQueueTreeTable", fickle: true,
			joins: []join{
				{name: "parent", rows: queues, take: []string{"mtxrQueueTreeName"}, by: []string{"mtxrQueueTreeParentIndex"}},
				ofInterface(names, "mtxrQueueTreeParentIndex"),
			},
			key: [][]string{{"mtxrQueueTreeName"}},
			columns: []object{
				{name: "mtxrQueueTreeName", oid: queueTreeEntry + ".2", slow: true},
				{name: "mtxrQueueTreeFlow", oid: queueTreeEntry + ".3", slow: true},
				{name: "mtxrQueueTreeParentIndex", oid: queueTreeEntry + ".4", slow: true},
				{name: "mtxrQueueTreeBytes", oid: queueTreeEntry + ".5", spare: true},
				{name: "mtxrQueueTreePackets", oid: queueTreeEntry + ".6"},
				{name: "mtxrQueueTreeHCBytes", oid: queueTreeEntry + ".7", wide: true},
				{name: "mtxrQueueTreePCQQueues", oid: queueTreeEntry + ".8"},
				{name: "mtxrQueueTreeDropped", oid: queueTreeEntry + ".9"},
			},
		},
		fields: []rule{
			{"parent_queue", from(read("parent"), read("interface"))},
			{"packet_mark", from(read("mtxrQueueTreeFlow"))},
			{"tx_bytes", counted(read("mtxrQueueTreeHCBytes"), read("mtxrQueueTreeBytes"))},
			{"tx_packets", from(read("mtxrQueueTreePackets"))},
			{"drops", from(read("mtxrQueueTreeDropped"))},
			{"pcq_queues", from(read("mtxrQueueTreePCQQueues"))},
		},
	}
}

package simulator

import "math"

// interfaceGroups are IF-MIB. The dynamic interfaces of PPP sessions follow the static ones.
func interfaceGroups() []*group {
	return []*group{
		scalar("1.3.6.1.2.1.2.1", func(v *view) value { return integer(int64(v.interfaceCount())) }),
		conceptual("1.3.6.1.2.1.2.2.1", interfaceRows,
			column{1, func(v *view, row int) value { return integer(int64(v.interfaceIndex(row))) }},
			column{2, interfaceName},
			column{3, func(v *view, row int) value { return integer(v.interfaceKind(row).ifType()) }},
			column{4, func(v *view, row int) value { return integer(int64(v.mtu(row))) }},
			column{5, func(v *view, row int) value { return gauge32(min(uint64(v.speed(row))*1_000_000, math.MaxUint32)) }},
			column{6, interfaceMAC},
			column{7, func(v *view, row int) value { return integer(upDown(v.enabled(row))) }},
			column{8, func(v *view, row int) value { return integer(upDown(v.linked(row))) }},
			column{9, func(v *view, row int) value { return timeTicks(uint64(v.linkedAt(row)-v.boot) / 10) }},
			count32(10, func(c *counters) uint64 { return c.rxBytes }),
			count32(11, func(c *counters) uint64 { return c.rxUnicast }),
			count32(12, func(c *counters) uint64 { return c.rxMulticast + c.rxBroadcast }),
			count32(13, func(c *counters) uint64 { return c.rxDrops }),
			count32(14, func(c *counters) uint64 { return c.rxErrors }),
			count32(15, func(*counters) uint64 { return 0 }),
			count32(16, func(c *counters) uint64 { return c.txBytes }),
			count32(17, func(c *counters) uint64 { return c.txUnicast }),
			count32(18, func(c *counters) uint64 { return c.txMulticast + c.txBroadcast }),
			count32(19, func(c *counters) uint64 { return c.txDrops }),
			count32(20, func(c *counters) uint64 { return c.txErrors }),
			column{21, func(*view, int) value { return gauge32(0) }},
			column{22, func(*view, int) value { return objectID(zeroOID()) }},
		),
		conceptual("1.3.6.1.2.1.31.1.1.1", interfaceRows,
			column{1, interfaceName},
			count32(2, func(c *counters) uint64 { return c.rxMulticast }),
			count32(3, func(c *counters) uint64 { return c.rxBroadcast }),
			count32(4, func(c *counters) uint64 { return c.txMulticast }),
			count32(5, func(c *counters) uint64 { return c.txBroadcast }),
			count64(6, func(c *counters) uint64 { return c.rxBytes }),
			count64(7, func(c *counters) uint64 { return c.rxUnicast }),
			count64(8, func(c *counters) uint64 { return c.rxMulticast }),
			count64(9, func(c *counters) uint64 { return c.rxBroadcast }),
			count64(10, func(c *counters) uint64 { return c.txBytes }),
			count64(11, func(c *counters) uint64 { return c.txUnicast }),
			count64(12, func(c *counters) uint64 { return c.txMulticast }),
			count64(13, func(c *counters) uint64 { return c.txBroadcast }),
			column{15, func(v *view, row int) value { return gauge32(uint64(v.speed(row))) }},
			column{18, func(v *view, row int) value { return octets(v.keep(v.comment(row))) }},
		),
	}
}

// statisticsGroups are mtxrInterfaceStatsTable, less the columns that only a switch chip counts.
func statisticsGroups() []*group {
	return []*group{conceptual(mikrotik+".14.1.1", interfaceRows,
		column{1, func(v *view, row int) value { return integer(int64(v.interfaceIndex(row))) }},
		column{2, interfaceName},
		count64(11, func(c *counters) uint64 { return c.rxBytes }),
		count64(12, func(c *counters) uint64 { return c.rxPackets() }),
		count64(13, func(c *counters) uint64 { return c.txBytes }),
		count64(14, func(c *counters) uint64 { return c.txPackets() }),
		count64(31, func(c *counters) uint64 { return c.rxBytes }),
		count64(32, func(c *counters) uint64 { return c.rxPackets() }),
		count64(42, func(c *counters) uint64 { return c.rxBroadcast }),
		count64(44, func(c *counters) uint64 { return c.rxMulticast }),
		count64(45, func(c *counters) uint64 { return c.rxErrors }),
		count64(55, func(c *counters) uint64 { return c.rxDrops }),
		count64(61, func(c *counters) uint64 { return c.txBytes }),
		count64(62, func(c *counters) uint64 { return c.txPackets() }),
		count64(72, func(c *counters) uint64 { return c.txBroadcast }),
		count64(74, func(c *counters) uint64 { return c.txMulticast }),
		count64(85, func(c *counters) uint64 { return c.txDrops }),
		count64(87, func(c *counters) uint64 { return c.txErrors }),
		column{90, func(v *view, row int) value { return counter32(uint64(v.linkDowns(row))) }},
	)}
}

func interfaceRows(v *view) rows {
	return rows{count: v.interfaceCount(), index: func(v *view, row int, dst []uint32) []uint32 {
		return append(dst, v.interfaceIndex(row))
	}}
}

func count32(sub uint32, of func(*counters) uint64) column {
	return column{sub, func(v *view, row int) value {
		c := v.interfaceCounters(row)
		return counter32(of(&c))
	}}
}

func count64(sub uint32, of func(*counters) uint64) column {
	return column{sub, func(v *view, row int) value {
		c := v.interfaceCounters(row)
		return counter64(of(&c))
	}}
}

func interfaceName(v *view, row int) value { return octets(v.interfaceName(row)) }

// interfaceMAC: a dynamic interface has an empty one.
func interfaceMAC(v *view, row int) value {
	if row >= len(v.router.static) || v.router.static[row].kind == kindLoopback {
		return octets(nil)
	}
	return octets(v.keepBytes(v.router.static[row].mac[:]))
}

func upDown(up bool) int64 {
	if up {
		return 1
	}
	return 2
}

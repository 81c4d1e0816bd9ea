package snmp

import (
	"slices"
	"strconv"
)

// recordPart is a subtree that Record walks.
type recordPart struct{ name, oid string }

// recordParts are the standard MIBs that tables may poll. Tables that list whom a device talks to (ARP,
// routes, bridge hosts) and what runs on it are left out: they are large, and nobody needs them.
func recordParts() []recordPart {
	const mib2 = ".1.3.6.1.2.1"
	return []recordPart{
		{"ifTable", mib2 + ".2"},
		{"ifXTable", mib2 + ".31.1.1"},
		{"IP addresses", mib2 + ".4.20"},
		{"IP counters", mib2 + ".4.31"},
		{"OSPF", mib2 + ".14.1"},
		{"OSPF areas", mib2 + ".14.2"},
		{"OSPF interfaces", mib2 + ".14.7"},
		{"OSPF neighbours", mib2 + ".14.10"},
		{"BGP peers", mib2 + ".15.3"},
		{"bridge ports", mib2 + ".17.1.4"},
		{"host", mib2 + ".25.1"},
		{"storage", mib2 + ".25.2"},
		{"host devices", mib2 + ".25.3"},
		{"UPS", mib2 + ".33.1"},
		{"entities", mib2 + ".47.1.1.1"},
		{"entity sensors", mib2 + ".99.1"},
		{"LLDP, this side", ".1.0.8802.1.1.2.1.3"},
		{"LLDP neighbours", ".1.0.8802.1.1.2.1.4.1"},
		{"UCD memory", ".1.3.6.1.4.1.2021.4"},
		{"UCD disks", ".1.3.6.1.4.1.2021.9"},
		{"UCD load", ".1.3.6.1.4.1.2021.10"},
		{"UCD statistics", ".1.3.6.1.4.1.2021.11"},
	}
}

// recordedScalars are read by name, because of what lies beside them: the engine's identity, objects
// that act when they are set. The note (7.5) is left out: long ones are never answered.
func recordedScalars() []struct {
	name string
	oids []string
} {
	single := func(prefix string, arcs ...int) (oids []string) {
		for _, a := range arcs {
			oids = append(oids, prefix+"."+strconv.Itoa(a)+".0")
		}
		return oids
	}
	return []struct {
		name string
		oids []string
	}{
		{"engine", single(".1.3.6.1.6.3.10.2.1", 2, 3)},
		{"sessions", []string{".1.3.6.1.4.1.9.9.150.1.1.1.0"}},
		{"DHCP leases", single(mikrotik+".6", 1)},
		{"board", single(mikrotik+".7", 3, 4, 6, 7, 8, 9)},
	}
}

// recordedPrivateParts are the groups of MIKROTIK-MIB that may be walked: those before the object that
// runs scripts, which the interface statistics (14) keep a walk from reaching, and those behind it. The
// statistics themselves may not: what comes behind their last object may be a script.
func recordedPrivateParts() (before, behind []recordPart) {
	group := func(n int, name string) recordPart { return recordPart{name, mikrotik + "." + strconv.Itoa(n)} }
	before = []recordPart{group(1, "wireless"), group(2, "queues"), group(3, "health"), group(4, "licence"), group(5, "hotspot users"),
		group(10, "nstreme"), group(11, "neighbours"), group(12, "GPS"), group(13, "modem")}
	behind = []recordPart{group(19, "optics"), group(20, "IKE"), group(21, "wifi"), group(22, "connection tracking")}
	return before, behind
}

// recordedTable is a table that is read by name. Each row has the first column.
type recordedTable struct {
	name, entry string
	columns     []int
	indexes     []string
}

func recordedByIndex(interfaces []string) []recordedTable {
	statistics := slices.Concat([]int{2}, upTo(11, 21), upTo(31, 55), upTo(61, 91))
	return []recordedTable{
		{"interface statistics", mikrotik + ".14.1.1", statistics, interfaces},
		{"PoE", mikrotik + ".15.1.1", upTo(2, 6), interfaces},
		{"LTE", mikrotik + ".16.1.1", upTo(2, 25), interfaces},
		{"partitions", mikrotik + ".17.1.1", upTo(2, 6), numbers(8)},
	}
}

// recordedCarriers is the table of the carriers that LTE modems have put together.
func recordedCarriers(modems []string) recordedTable {
	t := recordedTable{name: "LTE carriers", entry: mikrotik + ".16.2.1.1", columns: upTo(3, 13)}
	for _, modem := range modems {
		for _, n := range numbers(4) {
			t.indexes = append(t.indexes, modem+"."+n)
		}
	}
	return t
}

func upTo(first, last int) (columns []int) {
	for c := first; c <= last; c++ {
		columns = append(columns, c)
	}
	return columns
}

func numbers(n int) (indexes []string) {
	for i := range n {
		indexes = append(indexes, strconv.Itoa(i+1))
	}
	return indexes
}

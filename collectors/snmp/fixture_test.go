package snmp

import (
	"fmt"

	"github.com/gosnmp/gosnmp"
)

// The parts of made-up devices.

const (
	tInt     = gosnmp.Integer
	tText    = gosnmp.OctetString
	tOID     = gosnmp.ObjectIdentifier
	tGauge   = gosnmp.Gauge32
	tTicks   = gosnmp.TimeTicks
	tCount   = gosnmp.Counter32
	tCount64 = gosnmp.Counter64
)

// system is the system group of a RouterOS device that is up for 1000 s.
func system(descr string) []entry {
	return []entry{
		{".1.3.6.1.2.1.1.1.0", tText, descr},
		{".1.3.6.1.2.1.1.2.0", tOID, ".1.3.6.1.4.1.14988.1"},
		{".1.3.6.1.2.1.1.3.0", tTicks, uint32(100000)},
		{".1.3.6.1.2.1.1.5.0", tText, "core-1"},
		{".1.3.6.1.2.1.1.6.0", tText, "Nairobi"},
	}
}

// vendor changes the sysObjectID of a device.
func vendor(mib []entry, objectID string) []entry {
	for i := range mib {
		if mib[i].oid == sysObjectID {
			mib[i].value = objectID
		}
	}
	return mib
}

// routerBoard is what a RouterOS board has beside the system group and interfaces.
func routerBoard() []entry {
	mib := []entry{
		{mikrotik + ".3.14.0", tInt, 1400},
		{mikrotik + ".4.1.0", tText, "AAAA-BBBB"},
		{mikrotik + ".4.3.0", tInt, 5},
		{mikrotik + ".4.4.0", tText, "7.20.6"},
		{mikrotik + ".6.1.0", tInt, 3},
		{mikrotik + ".7.3.0", tText, "HEX0000000"},
		{mikrotik + ".7.4.0", tText, "7.20.6"},
		{mikrotik + ".7.6.0", tText, "2026-10-01"},
		{mikrotik + ".7.9.0", tText, "RB5009UPr+S+"},
	}
	mib = append(mib, processors(7, 12, 0, 3)...)
	mib = append(mib, disk(65536, "main memory", 2, 1024, 1048576, 262144)...)
	mib = append(mib, disk(131072, "system disk", 4, 1024, 1048576, 524288)...)
	mib = append(mib, disk(262145, "disk: tmpfs", 3, 1024, 1000, 0)...)
	mib = append(mib, gaugeRow(13, "voltage", 242, 3)...)
	return append(mib, gaugeRow(17, "cpu-temperature", 51, 1)...)
}

func processors(loads ...int) (mib []entry) {
	for i, load := range loads {
		mib = append(mib, entry{fmt.Sprintf(".1.3.6.1.2.1.25.3.3.1.2.%d", i+1), tInt, load})
	}
	return mib
}

func disk(index int, descr string, kind, unit, size, used int) []entry {
	at := func(column int) string { return fmt.Sprintf("%s.%d.%d", hrStorageEntry, column, index) }
	return []entry{
		{at(2), tOID, fmt.Sprintf(".%s.%d", hrStorageTypes, kind)},
		{at(3), tText, descr},
		{at(4), tInt, unit},
		{at(5), tInt, size},
		{at(6), tInt, used},
	}
}

func gaugeRow(index int, name string, value, unit int) []entry {
	at := func(column int) string { return fmt.Sprintf("%s.%d.%d", gaugeEntry, column, index) }
	return []entry{{at(2), tText, name}, {at(3), tInt, value}, {at(4), tInt, unit}}
}

// port is one interface with all columns; its counters follow from its index.
func port(index int, name string) []entry {
	n := uint64(index) * 1000
	e := func(base string, column int, typ gosnmp.Asn1BER, value any) entry {
		return entry{fmt.Sprintf("%s.%d.%d", base, column, index), typ, value}
	}
	return []entry{
		e(ifEntry, 2, tText, name), e(ifEntry, 3, tInt, 6), e(ifEntry, 4, tInt, 1500), e(ifEntry, 5, tGauge, uint32(1e9)),
		e(ifEntry, 6, tText, []byte{0x0a, 0, 0, 0, byte(index >> 8), byte(index)}), e(ifEntry, 7, tInt, 1), e(ifEntry, 8, tInt, 1),
		e(ifEntry, 10, tCount, uint32(n+1)), e(ifEntry, 11, tCount, uint32(n+2)), e(ifEntry, 13, tCount, uint32(n+3)),
		e(ifEntry, 14, tCount, uint32(n+4)), e(ifEntry, 16, tCount, uint32(n+5)), e(ifEntry, 17, tCount, uint32(n+6)),
		e(ifEntry, 19, tCount, uint32(n+7)), e(ifEntry, 20, tCount, uint32(n+8)),
		e(ifXEntry, 1, tText, name), e(ifXEntry, 2, tCount, uint32(1)), e(ifXEntry, 3, tCount, uint32(2)),
		e(ifXEntry, 4, tCount, uint32(3)), e(ifXEntry, 5, tCount, uint32(4)),
		e(ifXEntry, 6, tCount64, n+1), e(ifXEntry, 7, tCount64, n+2), e(ifXEntry, 8, tCount64, uint64(1)),
		e(ifXEntry, 9, tCount64, uint64(2)), e(ifXEntry, 10, tCount64, n+5), e(ifXEntry, 11, tCount64, n+6),
		e(ifXEntry, 12, tCount64, uint64(3)), e(ifXEntry, 13, tCount64, uint64(4)), e(ifXEntry, 15, tGauge, uint32(1000)),
		e(ifXEntry, 18, tText, "to "+name),
	}
}

// ports are n interfaces.
func ports(n int) (mib []entry) {
	for i := 1; i <= n; i++ {
		mib = append(mib, port(i, fmt.Sprintf("ether%d", i))...)
	}
	return mib
}

// without removes objects by the prefix of their OID.
func without(mib []entry, prefixes ...string) (out []entry) {
next:
	for _, e := range mib {
		for _, p := range prefixes {
			if inside(e.oid, p) {
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}

// with replaces the values of objects.
func with(mib []entry, oid string, typ gosnmp.Asn1BER, value any) []entry {
	return append(without(mib, oid), entry{oid, typ, value})
}

// aRouter is a RouterOS device with n interfaces.
func aRouter(n int) []entry {
	mib := append(system("RouterOS RB5009UPr+S+"), routerBoard()...)
	return append(mib, ports(n)...)
}

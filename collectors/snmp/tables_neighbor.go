package snmp

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	neighborEntry  = mikrotik + ".11.1.1"
	lldpRemEntry   = ".1.0.8802.1.1.2.1.4.1.1"
	lldpLocalEntry = ".1.0.8802.1.1.2.1.3.7.1"
)

// neighborTable is what RouterOS' discovery found, else LLDP-MIB's neighbours: on RouterOS both are one
// list.
func neighborTable(names *mib) tableDef {
	return tableDef{
		name: "neighbor",
		lane: pipeline.LaneSlow,
		rows: &mib{
			name: "mtxrNeighborTable", index: []part{{"mtxrNeighborIndex", arc}},
			joins: []join{ofInterface(names, "mtxrNeighborInterfaceID")},
			key:   [][]string{{"interface", "mtxrNeighborInterfaceID"}, {"mtxrNeighborIdentity", "mtxrNeighborMacAddress", "mtxrNeighborIpAddress", "mtxrNeighborIndex"}},
			columns: []object{
				{name: "mtxrNeighborIpAddress", oid: neighborEntry + ".2"},
				{name: "mtxrNeighborMacAddress", oid: neighborEntry + ".3", as: mac},
				{name: "mtxrNeighborVersion", oid: neighborEntry + ".4"},
				{name: "mtxrNeighborPlatform", oid: neighborEntry + ".5"},
				{name: "mtxrNeighborIdentity", oid: neighborEntry + ".6"},
				{name: "mtxrNeighborSoftwareID", oid: neighborEntry + ".7"},
				{name: "mtxrNeighborInterfaceID", oid: neighborEntry + ".8"},
			},
		},
		fields: []rule{
			{"identity", from(read("mtxrNeighborIdentity"))},
			{"mac_address", from(read("mtxrNeighborMacAddress").spelled(realMAC))},
			{"address", from(read("mtxrNeighborIpAddress").spelled(realAddress))},
			{"platform", from(read("mtxrNeighborPlatform"))},
			{"version", from(read("mtxrNeighborVersion"))},
			{"software_id", from(read("mtxrNeighborSoftwareID"))},
		},
		more: []tableDef{lldpNeighbors(names)},
	}
}

// lldpNeighbors are indexed by time, local port and number. The local port is a number of LLDP's own,
// for which the device has a name. Where that is none, as on RouterOS, which puts a MAC address there, the
// number is the ifIndex on all devices that were seen.
func lldpNeighbors(names *mib) tableDef {
	ports := &mib{
		name: "lldpLocPortTable",
		columns: []object{
			{name: "lldpLocPortId", oid: lldpLocalEntry + ".3", as: portName, slow: true},
			{name: "lldpLocPortDesc", oid: lldpLocalEntry + ".4", slow: true},
		},
	}
	return tableDef{
		standIn: true,
		rows: &mib{
			name: "lldpRemTable", index: []part{{"lldpRemTimeMark", arc}, {"lldpRemLocalPortNum", arc}, {"lldpRemIndex", arc}},
			joins: []join{
				{name: "port", rows: ports, take: []string{"lldpLocPortId"}, by: []string{"lldpRemLocalPortNum"}},
				ofInterface(names, "lldpRemLocalPortNum"),
				{name: "description", rows: ports, take: []string{"lldpLocPortDesc"}, by: []string{"lldpRemLocalPortNum"}},
			},
			key: [][]string{{"port", "interface", "description", "lldpRemLocalPortNum"}, {"lldpRemSysName", "lldpRemChassisId", "lldpRemIndex"}},
			columns: []object{
				{name: "lldpRemChassisIdSubtype", oid: lldpRemEntry + ".4"},
				{name: "lldpRemChassisId", oid: lldpRemEntry + ".5", as: label},
				{name: "lldpRemPortIdSubtype", oid: lldpRemEntry + ".6"},
				{name: "lldpRemPortId", oid: lldpRemEntry + ".7", as: label},
				{name: "lldpRemPortDesc", oid: lldpRemEntry + ".8"},
				{name: "lldpRemSysName", oid: lldpRemEntry + ".9"},
				{name: "lldpRemSysDesc", oid: lldpRemEntry + ".10"},
				{name: "lldpRemSysCapEnabled", oid: lldpRemEntry + ".12", as: raw},
			},
		},
		fields: []rule{
			{"identity", from(read("lldpRemSysName"))},
			{"mac_address", from(read("lldpRemChassisId").where("lldpRemChassisIdSubtype", 4).spelled(macOf))},
			{"address", from(read("lldpRemChassisId").where("lldpRemChassisIdSubtype", 5).spelled(addressOf))},
			{"remote_port", from(read("lldpRemPortId"), read("lldpRemPortDesc"))},
			{"description", from(read("lldpRemSysDesc"))},
			{"capabilities", from(read("lldpRemSysCapEnabled").spelled(lldpCapabilities))},
		},
	}
}

// macOf takes a MAC address that was sent as six bytes, or as text, as RouterOS sends it.
func macOf(c cell) string {
	text := strings.ToLower(strings.ReplaceAll(c.text, "-", ":"))
	if len(text) != 17 || strings.Count(text, ":") != 5 {
		return ""
	}
	return text
}

// addressOf takes a network address: a byte for the family, and the address; label made hex of them.
func addressOf(c cell) string {
	if addr, err := netip.ParseAddr(c.text); err == nil {
		return addr.String()
	}
	parts := strings.Split(c.text, ":")
	bytes := make([]byte, 0, len(parts))
	for _, p := range parts {
		b, err := strconv.ParseUint(p, 16, 8)
		if err != nil {
			return ""
		}
		bytes = append(bytes, byte(b))
	}
	addr, ok := netip.AddrFromSlice(bytes[min(1, len(bytes)):])
	if !ok {
		return ""
	}
	return addr.String()
}

// lldpCapabilities spells LldpSystemCapabilitiesMap, whose first bit is the highest one. RouterOS
// sends the bytes' digits instead ("28 2 4", "00"), which say nothing for sure: as bits they would be
// among those of the second byte that have no meaning.
func lldpCapabilities(c cell) string {
	if len(c.text) == 0 || len(c.text) > 2 || len(c.text) == 2 && c.text[1]&0x1f != 0 {
		return ""
	}
	names := [...]string{"other", "repeater", "bridge", "wlan-ap", "router", "telephone", "docsis", "station"}
	var out []string
	for i, name := range names {
		if c.text[0]&(0x80>>i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, ",")
}

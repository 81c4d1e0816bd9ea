package mask

import (
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"
)

// Tags of the values that Object looks into.
const (
	tagOctetString = 0x04
	tagIPAddress   = 0x40
)

// Object masks the value of an SNMP object and what identifies in its name, where an address is part of
// the index. Octet strings are masked unless the object is known to be harmless; all other types but
// addresses only measure and number.
func (m *Mask) Object(name []uint32, tag byte, value []byte) ([]uint32, []byte) {
	name = m.index(name)
	switch tag {
	case tagIPAddress:
		if a, ok := netip.AddrFromSlice(value); ok {
			return name, m.Addr(a).AsSlice()
		}
	case tagOctetString:
		return name, m.octets(name, value)
	}
	return name, value
}

// policy says what is done with the octet strings of a subtree.
type policy byte

const (
	unknown   policy = iota
	plain            // the maker's words: addresses in them are masked
	free             // the same, but they may quote an identity
	named            // names of parts and interfaces: those that devices give stay
	identity         // names of somebody or something
	binary6          // a hardware address, whatever it looks like
	untouched        // bits, dates
)

// objectPolicy is one line of what is known of octet strings. Of several that fit the longest counts.
type objectPolicy struct {
	subtree string
	policy  policy
}

const mikrotik = "1.3.6.1.4.1.14988.1.1."

func objectPolicies() []objectPolicy {
	return []objectPolicy{
		{"1.3.6.1.2.1.1.1.", free},     // sysDescr
		{"1.3.6.1.2.1.1.4.", identity}, // sysContact
		{"1.3.6.1.2.1.1.5.", identity}, // sysName
		{"1.3.6.1.2.1.1.6.", identity}, // sysLocation
		{"1.3.6.1.2.1.1.9.1.3.", free}, // sysORDescr
		{"1.3.6.1.2.1.2.2.1.2.", named},
		{"1.3.6.1.2.1.2.2.1.6.", binary6},
		{"1.3.6.1.2.1.31.1.1.1.1.", named},
		{"1.3.6.1.2.1.31.1.1.1.18.", identity},
		{"1.3.6.1.2.1.25.1.2.", untouched}, // hrSystemDate
		{"1.3.6.1.2.1.25.2.3.1.3.", free},  // hrStorageDescr
		{"1.3.6.1.2.1.25.3.2.1.3.", free},  // hrDeviceDescr
		{"1.3.6.1.2.1.33.1.1.", free},      // UPS: maker and model
		{"1.3.6.1.2.1.33.1.1.5.", identity},
		{"1.3.6.1.2.1.47.1.1.1.1.2.", free},   // entPhysicalDescr
		{"1.3.6.1.2.1.47.1.1.1.1.7.", free},   // entPhysicalName
		{"1.3.6.1.2.1.47.1.1.1.1.8.", plain},  // revisions
		{"1.3.6.1.2.1.47.1.1.1.1.9.", plain},  //
		{"1.3.6.1.2.1.47.1.1.1.1.10.", plain}, //
		{"1.3.6.1.2.1.47.1.1.1.1.11.", identity},
		{"1.3.6.1.2.1.47.1.1.1.1.12.", plain}, // maker
		{"1.3.6.1.2.1.47.1.1.1.1.13.", plain}, // model
		{"1.3.6.1.2.1.47.1.1.1.1.17.", untouched},
		{"1.3.6.1.2.1.99.1.1.1.6.", plain},   // units
		{"1.0.8802.1.1.2.1.3.6.", untouched}, // capabilities
		{"1.0.8802.1.1.2.1.4.1.1.11.", untouched},
		{"1.0.8802.1.1.2.1.4.1.1.12.", untouched},
		{"1.3.6.1.4.1.2021.4.2.", plain}, // memory: "swap"
		{"1.3.6.1.4.1.2021.4.101.", plain},
		{"1.3.6.1.4.1.2021.10.1.2.", plain}, // "Load-1"
		{"1.3.6.1.4.1.2021.10.1.3.", plain},
		{"1.3.6.1.4.1.2021.10.1.101.", plain},
		{"1.3.6.1.4.1.2021.11.", plain},
		{mikrotik + "1.1.1.6.", binary6},
		{mikrotik + "1.2.1.1.", binary6},
		{mikrotik + "1.3.1.5.", binary6},
		{mikrotik + "1.5.1.1.", binary6},
		{mikrotik + "1.8.1.5.", binary6},
		{mikrotik + "1.9.1.3.", binary6},
		{mikrotik + "5.1.1.6.", binary6},
		{mikrotik + "11.1.1.3.", binary6},
		{mikrotik + "21.3.1.7.", binary6},
		{mikrotik + "21.4.1.1.", binary6},
		{mikrotik + "1.1.1.8.", plain}, // band
		{mikrotik + "1.1.1.5.", identity},
		{mikrotik + "1.2.1.10.", plain}, // RouterOS of the other side
		{mikrotik + "1.2.1.20.", identity},
		{mikrotik + "1.3.1.4.", identity},
		{mikrotik + "1.3.1.8.", plain},
		{mikrotik + "1.5.1.12.", identity},
		{mikrotik + "1.5.1.13.", identity},
		{mikrotik + "1.7.1.", plain},
		{mikrotik + "1.8.1.3.", identity},
		{mikrotik + "1.8.1.11.", plain},
		{mikrotik + "1.11.1.2.", identity},
		{mikrotik + "1.11.1.3.", plain},
		{mikrotik + "3.", plain},
		{mikrotik + "4.1.", identity}, // software id
		{mikrotik + "4.4.", plain},
		{mikrotik + "5.1.1.3.", identity},
		{mikrotik + "5.1.1.4.", identity},
		{mikrotik + "7.3.", identity}, // serial number
		{mikrotik + "7.4.", plain},
		{mikrotik + "7.6.", plain},
		{mikrotik + "7.7.", plain},
		{mikrotik + "7.8.", plain},
		{mikrotik + "7.9.", plain},
		{mikrotik + "11.1.1.4.", plain},
		{mikrotik + "11.1.1.5.", plain},
		{mikrotik + "11.1.1.6.", identity},
		{mikrotik + "11.1.1.7.", identity},
		{mikrotik + "12.2.", identity}, // where it is
		{mikrotik + "12.3.", identity},
		{mikrotik + "12.4.", identity},
		{mikrotik + "12.5.", plain},
		{mikrotik + "13.", plain},
		{mikrotik + "13.6.", identity},
		{mikrotik + "13.7.", identity},
		{mikrotik + "14.1.1.2.", named},
		{mikrotik + "15.1.1.2.", named},
		{mikrotik + "16.1.1.", plain},
		{mikrotik + "16.1.1.11.", identity},
		{mikrotik + "16.1.1.12.", identity},
		{mikrotik + "16.1.1.13.", identity},
		{mikrotik + "16.2.1.1.", plain},
		{mikrotik + "17.1.1.4.", plain},
		{mikrotik + "19.1.1.2.", named},
		{mikrotik + "19.1.1.11.", plain},
		{mikrotik + "19.1.1.12.", identity},
		{mikrotik + "20.2.1.10.", identity},
		{mikrotik + "21.3.1.3.", identity},
		{mikrotik + "21.3.1.4.", plain},
		{mikrotik + "21.3.1.5.", identity},
		{mikrotik + "21.3.1.6.", plain},
		{mikrotik + "21.3.1.9.", plain},
		{mikrotik + "21.4.1.3.", identity},
		{mikrotik + "21.4.1.7.", plain},
		{mikrotik + "21.4.1.8.", plain},
		{mikrotik + "21.5.1.3.", identity},
		{mikrotik + "21.5.1.4.", plain},
	}
}

// octets masks a text or a binary value.
func (m *Mask) octets(name []uint32, value []byte) []byte {
	switch p := m.policyOf(name); p {
	case untouched:
		return value
	case plain, free, named, identity, unknown:
		if isText(value) {
			return []byte(m.octetText(p, string(value)))
		}
	case binary6:
	}
	switch len(value) {
	case 6:
		mac := m.MAC([6]byte(value))
		return mac[:]
	case 4, 16: // an address of InetAddress
		if a, ok := netip.AddrFromSlice(value); ok {
			return m.Addr(a).AsSlice()
		}
	}
	return m.Bytes(value)
}

func (m *Mask) octetText(p policy, s string) string {
	// What fills a buffer behind the text is no part of it.
	text := strings.TrimRight(s, "\x00")
	rest := s[len(text):]
	switch {
	case p == plain:
		text = m.Plain(text)
	case p == free:
		text = m.Text(text)
	case p == identity:
		text = m.Identity(text)
	case p == unknown && m.isNumber(text) && !m.isAddress(text):
	default:
		text = m.Name(text)
	}
	return text + rest
}

// isText reports what people write: no control characters but line ends and tabs, NULs only behind.
func isText(b []byte) bool {
	return !slices.ContainsFunc([]byte(strings.TrimRight(string(b), "\x00")), func(c byte) bool {
		return c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f
	}) && (len(b) != 6 || utf8.Valid(b))
}

func (m *Mask) policyOf(name []uint32) policy {
	found, length := unknown, 0
	for _, o := range m.objects {
		if len(o.subtree) > length && hasPrefix(name, o.subtree) {
			found, length = o.policy, len(o.subtree)
		}
	}
	return found
}

// indexForm says what stands where in the index of a table: an address of so many bytes.
type indexForm struct {
	entry   string // the table's entry; a column and the index follow
	address int    // 6: a hardware address, 4: an IPv4 address; it comes first
}

func indexForms() []indexForm {
	return []indexForm{
		{mikrotik + "1.2.1.", 6}, {mikrotik + "1.5.1.", 6}, {mikrotik + "21.4.1.", 6}, // registrations
		{"1.3.6.1.2.1.4.20.1.", 4},  // ipAddrTable
		{"1.3.6.1.2.1.15.3.1.", 4},  // bgpPeerTable
		{"1.3.6.1.2.1.14.2.1.", 4},  // ospfAreaTable
		{"1.3.6.1.2.1.14.7.1.", 4},  // ospfIfTable
		{"1.3.6.1.2.1.14.10.1.", 4}, // ospfNbrTable
	}
}

// index masks the address in a name.
func (m *Mask) index(name []uint32) []uint32 {
	for _, f := range m.indexes {
		start := strings.Count(f.entry, ".") + 1
		if !hasPrefix(name, f.entry) || len(name) < start+f.address {
			continue
		}
		address := make([]byte, f.address)
		for i := range address {
			address[i] = byte(name[start+i])
		}
		if f.address == 6 {
			mac := m.MAC([6]byte(address))
			address = mac[:]
		} else {
			address = m.Addr(netip.AddrFrom4([4]byte(address))).AsSlice()
		}
		name = slices.Clone(name)
		for i, b := range address {
			name[start+i] = uint32(b)
		}
		return name
	}
	return name
}

// hasPrefix compares with a dotted prefix that ends in a dot.
func hasPrefix(name []uint32, dotted string) bool {
	at := 0
	var n uint32
	for _, c := range []byte(dotted) {
		if c != '.' {
			n = n*10 + uint32(c-'0')
			continue
		}
		if at == len(name) || name[at] != n {
			return false
		}
		at, n = at+1, 0
	}
	return true
}

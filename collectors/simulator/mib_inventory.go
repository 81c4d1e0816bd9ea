package simulator

import "fmt"

// address is one IP address of a router. The uplink and the LAN have one each.
type address struct {
	ip      [4]byte
	network [4]byte
	bits    int
	row     int // of the interface
}

// addresses are ascending, as ipAddrTable wants them.
func (r *Router) addresses() [2]address {
	high, low := byte(r.index>>8), byte(r.index)
	lan := (r.wan + 1) % len(r.static)
	for i := range r.static {
		if r.static[i].kind == kindBridge {
			lan = i
		}
	}
	return [2]address{
		{ip: [4]byte{10, 20 + high, low, 1}, network: [4]byte{10, 20 + high, low, 0}, bits: 24, row: lan},
		{ip: [4]byte{172, 16 + high>>4, high<<4 | low>>4, low<<4 | 2}, network: [4]byte{172, 16 + high>>4, high<<4 | low>>4, low << 4}, bits: 30, row: r.wan},
	}
}

// addressGroups are ipAddrTable of IP-MIB, whose index is an address.
func addressGroups() []*group {
	index := func(v *view, row int, dst []uint32) []uint32 {
		for _, b := range v.router.addresses()[row].ip {
			dst = append(dst, uint32(b))
		}
		return dst
	}
	of := func(sub uint32, f func(v *view, a address) value) column {
		return column{sub, func(v *view, row int) value { return f(v, v.router.addresses()[row]) }}
	}
	return []*group{
		fixedInteger("1.3.6.1.2.1.4.1", 1),
		fixedInteger("1.3.6.1.2.1.4.2", 255),
		conceptual("1.3.6.1.2.1.4.20.1", func(*view) rows { return rows{2, index} },
			of(1, func(v *view, a address) value { return ipAddress(v.keepBytes(a.ip[:])) }),
			of(2, func(_ *view, a address) value { return integer(int64(a.row) + 1) }),
			of(3, func(v *view, a address) value { return ipAddress(v.keepBytes(mask(a.bits))) }),
			of(4, func(*view, address) value { return integer(1) }),
			of(5, func(*view, address) value { return integer(65535) }),
		),
	}
}

func mask(bits int) []byte {
	m := ^uint32(0) << (32 - bits)
	return []byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)}
}

// entityGroups are the chassis row of ENTITY-MIB.
func entityGroups() []*group {
	index := func(_ *view, _ int, dst []uint32) []uint32 { return append(dst, storageMemory) }
	none := func(*view, int) value { return octets(nil) }
	number := func(n int64) func(*view, int) value { return func(*view, int) value { return integer(n) } }
	return []*group{conceptual("1.3.6.1.2.1.47.1.1.1.1", func(*view) rows { return rows{1, index} },
		column{2, func(v *view, _ int) value {
			m := v.router.model
			return octets(v.keep(fmt.Sprintf("RouterOS %s (%s) on %s", m.version, m.channel, m.board)))
		}},
		column{3, func(*view, int) value { return objectID(zeroOID()) }},
		column{4, number(0)},
		column{5, number(3)},
		column{6, number(-1)},
		column{7, func(v *view, _ int) value { return octets(v.keep(v.router.model.cpu)) }},
		column{8, none}, column{9, none}, column{10, none},
		column{11, func(v *view, _ int) value {
			if v.router.model.product == "" {
				return octets(nil)
			}
			return octets(v.keep(v.router.serial()))
		}},
		column{12, none}, column{13, none}, column{14, none}, column{15, none},
		column{16, number(2)},
	)}
}

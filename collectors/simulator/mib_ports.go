package simulator

// portGroups are the tables of SFP modules and of PoE, which only have rows for such ports.
func portGroups() []*group {
	return []*group{opticalGroup(), poeGroup()}
}

// ports returns the static interfaces that a condition holds for, by their place in the list.
func ports(list []static, holds func(*static) bool) []int {
	var out []int
	for i := range list {
		if holds(&list[i]) {
			out = append(out, i)
		}
	}
	return out
}

// portTable is a table whose rows are some of the static interfaces, indexed by ifIndex.
func portTable(dotted string, of func(*Router) []int, columns ...portColumn) *group {
	g := conceptual(dotted, func(v *view) rows {
		return rows{count: len(of(v.router)), index: func(v *view, row int, dst []uint32) []uint32 {
			return append(dst, uint32(of(v.router)[row])+1)
		}}
	})
	for _, c := range columns {
		g.column = append(g.column, column{c.sub, func(v *view, row int) value {
			i := of(v.router)[row]
			return c.value(v, i, &v.router.static[i])
		}})
	}
	return g
}

type portColumn struct {
	sub   uint32
	value func(v *view, i int, s *static) value
}

// What mtxrOpticalTable says of a cage without a module.
const (
	noModuleWavelength  = 6_553_500   // 65535.00 nm
	noModuleTemperature = 1<<32 - 128 // -128 as an unsigned number
)

// weakestLight is what the poorest module still gives, in thousandths of a dBm.
const weakestLight = -7_000

// opticalGroup: a port without a link has no module.
func opticalGroup() *group {
	lit := func(there, absent func(v *view, s *static) value) func(*view, int, *static) value {
		return func(v *view, _ int, s *static) value {
			if s.running && !s.disabled {
				return there(v, s)
			}
			return absent(v, s)
		}
	}
	fixed := func(x value) func(*view, *static) value { return func(*view, *static) value { return x } }
	word := func(s string) func(*view, *static) value { return fixed(octets([]byte(s))) }
	dark := fixed(integer(0))
	return portTable(mikrotik+".19.1.1", func(r *Router) []int { return r.optical },
		portColumn{2, func(v *view, i int, _ *static) value { return octets(v.interfaceName(i)) }},
		portColumn{3, lit(fixed(integer(0)), fixed(integer(1)))},
		portColumn{4, lit(fixed(integer(0)), fixed(integer(0)))},
		portColumn{5, lit(wavelength, fixed(gauge32(noModuleWavelength)))},
		portColumn{6, lit(func(v *view, s *static) value { return gauge32(33 + uint64(12*v.wave(s.seed, 90_000))) }, fixed(gauge32(noModuleTemperature)))},
		portColumn{7, lit(func(v *view, s *static) value { return gauge32(3_270 + uint64(50*v.wave(mix(s.seed), 60_000))) }, fixed(gauge32(0)))},
		portColumn{8, lit(func(v *view, s *static) value { return gauge32(6 + s.seed%30) }, fixed(gauge32(0)))},
		portColumn{9, lit(func(v *view, s *static) value { return integer(v.light(s, 21)) }, dark)},
		portColumn{10, lit(func(v *view, s *static) value { return integer(v.light(s, 22) - 2_500) }, dark)},
		portColumn{11, lit(word("Mikrotik"), word(""))},
		portColumn{12, lit(func(v *view, s *static) value { return octets(v.keep(serialOf(s))) }, word(""))},
	)
}

func serialOf(s *static) string { return "S" + itoa(int(s.seed%1e10)) }

// wavelength is in hundredths of a nanometre.
func wavelength(_ *view, s *static) value {
	return gauge32([]uint64{85_000, 131_000, 155_000}[s.seed>>8%3])
}

// light is the power of a transmitter or receiver in thousandths of a dBm; it wanders a little.
func (v *view) light(s *static, which uint64) int64 {
	h := hash(s.seed, which)
	return weakestLight + int64(h%5_000) + int64(120*v.wave(h, 75_000))
}

// States of mtxrPOEStatus.
const (
	poeWaiting = 2
	poeOn      = 3
)

// poeGroup: about half of the ports feed something.
func poeGroup() *group {
	return portTable(mikrotik+".15.1.1", func(r *Router) []int { return r.poe },
		portColumn{1, func(_ *view, i int, _ *static) value { return integer(int64(i) + 1) }},
		portColumn{2, func(v *view, i int, _ *static) value { return octets(v.interfaceName(i)) }},
		portColumn{3, func(v *view, _ int, s *static) value {
			if v.milliamperes(s) > 0 {
				return integer(poeOn)
			}
			return integer(poeWaiting)
		}},
		portColumn{4, func(v *view, _ int, s *static) value {
			if v.milliamperes(s) > 0 {
				return integer(poeDeciVolts)
			}
			return integer(0)
		}},
		portColumn{5, func(v *view, _ int, s *static) value { return integer(v.milliamperes(s)) }},
		portColumn{6, func(v *view, _ int, s *static) value { return integer((v.milliamperes(s)*poeDeciVolts + 500) / 1000) }},
	)
}

const poeDeciVolts = 487

func (v *view) milliamperes(s *static) int64 {
	if !s.running || s.disabled || s.seed%2 == 0 {
		return 0
	}
	return 60 + int64(s.seed>>4%120) + int64(25*v.wave(mix(s.seed), 20_000))
}

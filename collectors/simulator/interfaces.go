package simulator

import (
	"fmt"
	"math"
	"strconv"
)

// interfaceKind is what an interface is; it decides type, speed and where its traffic comes from.
type interfaceKind uint8

const (
	kindEther interfaceKind = iota
	kindSFP
	kindSFPPlus
	kindWLAN
	kindBridge
	kindVLAN
	kindLoopback
	kindPPPoE
	kindL2TP
	kindSSTP
	kindOVPN
)

// apiType is the type as the API names it.
func (k interfaceKind) apiType() string {
	return [...]string{
		"ether", "ether", "ether", "wlan", "bridge", "vlan", "loopback", "pppoe-in", "l2tp-in", "sstp-in", "ovpn-in",
	}[k]
}

// service is the PPP service of a dynamic interface, which is also the prefix of its name.
func (k interfaceKind) service() string {
	return [...]string{kindPPPoE: "pppoe", kindL2TP: "l2tp", kindSSTP: "sstp", kindOVPN: "ovpn"}[k]
}

// ifType is IANAifType.
func (k interfaceKind) ifType() int64 {
	switch k {
	case kindEther, kindSFP, kindSFPPlus:
		return 6
	case kindWLAN:
		return 71
	case kindBridge:
		return 209
	case kindVLAN:
		return 135
	case kindLoopback:
		return 24
	default:
		return 23
	}
}

func (k interfaceKind) physical() bool { return k <= kindWLAN }

// static is an interface from the configuration. Its index is its place in the list.
type static struct {
	name        string
	defaultName string // physical interfaces only
	comment     string
	mac         [6]byte
	kind        interfaceKind
	disabled    bool
	running     bool
	slave       bool // port of the bridge
	parent      int  // VLAN: index of the interface it lies on
	speed       int  // Mbit/s of the link, or of the port when there is none; 0: unknown
	mtu         int
	seed        uint64
	downs       int     // how often the link went down since boot
	rxBase      float64 // ports: bytes per second of effort; VLAN: share of the parent
	txBase      float64
	rxSize      float64 // mean packet, bytes
	txSize      float64
	rxBad       float64 // errors per packet; discards are made of it too
	txBad       float64
}

// builder makes the interfaces of one router.
type builder struct {
	model *model
	role  role
	seed  uint64
	index int // of the router
	list  []static
	wan   int
}

// build returns the interfaces and the index of the uplink. limit is their number, 0 the model's.
func build(m *model, r role, seed uint64, index, limit int) ([]static, int) {
	b := &builder{model: m, role: r, seed: seed, index: index}
	b.ports()
	b.virtual(limit)
	if limit > 0 {
		b.list = b.list[:limit]
	}
	b.wire()
	b.load()
	return b.list, b.wan
}

func (b *builder) add(s static) {
	i := len(b.list)
	s.seed = hash(b.seed, uint64(i)+1)
	s.mac = [6]byte{0x48, 0x8f, 0x5a, byte(b.index >> 8), byte(b.index), byte(i)}
	s.parent = -1
	if s.mtu == 0 {
		s.mtu = 1500
	}
	b.list = append(b.list, s)
}

func (b *builder) ports() {
	m := b.model
	for i := range m.ether {
		name := "ether" + strconv.Itoa(i+1)
		b.add(static{name: name, defaultName: name, kind: kindEther, speed: b.etherSpeed(i)})
	}
	for i := range m.sfp {
		name := "sfp" + strconv.Itoa(i+1)
		b.add(static{name: name, defaultName: name, kind: kindSFP, speed: 1000})
	}
	for i := range m.sfpPlus {
		name := "sfp-sfpplus" + strconv.Itoa(i+1)
		b.add(static{name: name, defaultName: name, kind: kindSFPPlus, speed: 10000})
	}
	for i := range m.wlan {
		name := "wlan" + strconv.Itoa(i+1)
		if m.atLeast(7, 13) {
			name = "wifi" + strconv.Itoa(i+1)
		}
		b.add(static{name: name, defaultName: name, kind: kindWLAN})
	}
}

// etherSpeed: the upper half of an RB2011 and all of an RB951 are Fast Ethernet.
func (b *builder) etherSpeed(i int) int {
	if b.model.board == "RB951Ui-2HnD" || (b.model.board == "RB2011UiAS" && i >= 5) {
		return 100
	}
	return 1000
}

func (b *builder) virtual(limit int) {
	if b.role != roleCore {
		b.add(static{name: "bridge-lan", kind: kindBridge, running: true})
	}
	if b.model.atLeast(7, 16) {
		b.add(static{name: "lo", kind: kindLoopback, running: true, mtu: 65536})
	}
	vlans := int(hash(b.seed, 500) % 4)
	if limit > 0 {
		vlans = max(0, limit-len(b.list))
	}
	for i := range vlans {
		b.add(static{name: fmt.Sprintf("vlan%d", 10*(i+1)), kind: kindVLAN, running: true})
	}
}

// wire decides which ports have a link, which belong to the bridge, and what VLANs lie on.
func (b *builder) wire() {
	b.wan = b.uplink()
	bridge := -1
	for i := range b.list {
		s := &b.list[i]
		if s.kind == kindBridge {
			bridge = i
		}
		if s.kind.physical() {
			b.plug(i)
		}
	}
	for i := range b.list {
		s := &b.list[i]
		switch {
		case s.kind.physical():
			s.slave = bridge >= 0 && i != b.wan
		case s.kind == kindVLAN:
			if s.parent = bridge; bridge < 0 {
				s.parent = b.wan
			}
			s.mac = b.list[s.parent].mac
		}
	}
}

func (b *builder) uplink() int {
	if b.role == roleCore || b.role == roleEdge || b.role == rolePop {
		for i := range b.list {
			if b.list[i].kind == kindSFPPlus {
				return i
			}
		}
	}
	return 0
}

func (b *builder) plug(i int) {
	s := &b.list[i]
	h := hash(s.seed, 1)
	s.running = i == b.wan || i == (b.wan+1)%len(b.list) || s.kind == kindWLAN || h%10 < 6
	if i == b.wan {
		s.comment = "uplink"
		s.downs = int(h % 3)
		return
	}
	if s.running {
		list := comments()
		s.comment = list[hash(s.seed, 2)%uint64(len(list))]
		s.downs = int(hash(s.seed, 3) % 6)
	} else if h%10 == 9 {
		s.disabled = true
	}
}

// load gives every port its traffic. An access port sends (to the customers) about ten times what
// it receives; together they stay well below the uplink.
func (b *builder) load() {
	total := 0.0
	for i := range b.list {
		s := &b.list[i]
		b.packets(s)
		if s.kind == kindVLAN {
			s.rxBase, s.txBase = between(hash(s.seed, 5), 0.02, 0.2), between(hash(s.seed, 6), 0.02, 0.2)
			continue
		}
		if i == b.wan || !s.kind.physical() || !s.running || s.disabled {
			continue
		}
		bytes := float64(max(s.speed, 150)) * 125_000
		s.txBase = bytes * 0.002 * math.Pow(25, unit(hash(s.seed, 4)))
		s.rxBase = s.txBase * between(hash(s.seed, 7), 0.05, 0.2)
		total += s.txBase
	}
	b.fit(total)
}

func (b *builder) packets(s *static) {
	s.rxSize, s.txSize = between(hash(s.seed, 8), 150, 450), between(hash(s.seed, 9), 750, 1150)
	s.rxBad = math.Pow(10, between(hash(s.seed, 10), -8, -5.2))
	s.txBad = s.rxBad / 5
}

// fit keeps the sum of all ports, at the height of a burst, below the uplink's speed. A router
// without other ports has traffic of its own on it.
func (b *builder) fit(total float64) {
	up := &b.list[b.wan]
	capacity := float64(max(up.speed, 100)) * 125_000
	up.rxSize, up.txSize = up.txSize, up.rxSize
	if total == 0 {
		up.rxBase, up.txBase = capacity*0.03, capacity*0.005
		return
	}
	if scale := capacity / 6 / total; scale < 1 {
		for i := range b.list {
			if b.list[i].kind.physical() {
				b.list[i].rxBase *= scale
				b.list[i].txBase *= scale
			}
		}
	}
}

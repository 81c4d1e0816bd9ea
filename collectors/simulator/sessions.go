package simulator

import (
	"math"
	"strconv"
)

// session is a user that is logged in, over PPP or on the hotspot.
type session struct {
	user    []byte
	kind    interfaceKind // of a PPP session's dynamic interface
	index   uint32        // of that interface, or of the hotspot's row
	start   int64         // Unix milliseconds
	mac     [6]byte
	address [4]byte
	radius  bool
	seed    uint64
	counter counters
}

// Dynamic interfaces have indexes far above those of static ones.
const (
	firstDynamic   = 0xf00000
	indexesPerSlot = 64 // so that the next login of a slot has another index
)

// slot is a place where one user comes and goes.
type slot struct {
	seed  uint64
	quiet bool // it stays
}

// login returns since when the slot's user is logged in, and the how manieth login it is.
func (s slot) login(now, boot int64) (start int64, serial uint64, ok bool) {
	redial := boot + 15_000 + int64(hash(s.seed, 1)%40_000)
	if s.quiet {
		return redial, 0, now >= redial
	}
	low, high := 3600_000.0, 12*3600_000.0
	if s.seed%10 == 0 {
		low, high = 300_000, 900_000
	}
	period := int64(between(hash(s.seed, 2), low, high))
	phase := int64(hash(s.seed, 3) % uint64(period))
	n := (now + phase) / period
	h := hash(s.seed, uint64(n)+1<<20)
	begin := n*period - phase + int64(between(h, 0.02, 0.15)*float64(period))
	end := n*period - phase + int64(between(mix(h), 0.6, 0.98)*float64(period))
	if begin < boot {
		begin = redial
	}
	return begin, uint64(n), begin <= now && now < end
}

// ppp returns the PPP sessions, ascending by index.
func (v *view) ppp() []session {
	if v.have&havePPP != 0 {
		return v.pppRows
	}
	v.have |= havePPP
	v.pppRows = v.pppRows[:0]
	for i := range v.router.pppSlots {
		seed := hash(v.router.seed, uint64(i)+1<<33)
		start, serial, ok := slot{seed, v.router.fleet.opts.Quiet}.login(v.now, v.boot)
		if !ok {
			continue
		}
		user := v.userName(seed, i)
		if v.changes.ppp.hides(user) {
			continue
		}
		v.pppRows = append(v.pppRows, session{
			user: user, kind: v.router.service(seed), start: start, seed: hash(seed, serial), mac: clientMAC(seed),
			index: firstDynamic + uint32(i)*indexesPerSlot + uint32(serial%indexesPerSlot), address: v.router.clientAddress(i), radius: seed%3 == 0,
		})
	}
	v.pppRows = v.added(v.pppRows, v.changes.ppp.added, v.router.pppSlots)
	return v.pppRows
}

// pppCounted is ppp with the counters filled in, which costs more.
func (v *view) pppCounted() []session {
	rows := v.ppp()
	if v.have&havePPPCounters == 0 {
		v.have |= havePPPCounters
		v.countSessions(rows)
	}
	return rows
}

// hotspot returns the hotspot sessions, ascending by index.
func (v *view) hotspot() []session {
	if v.have&haveHotspot != 0 {
		return v.hotRows
	}
	v.have |= haveHotspot
	v.hotRows = v.hotRows[:0]
	for i := range v.router.hotSlots {
		seed := hash(v.router.seed, uint64(i)+1<<34)
		start, serial, ok := slot{seed, v.router.fleet.opts.Quiet}.login(v.now, v.boot)
		if !ok {
			continue
		}
		user := v.userName(seed, i)
		if v.changes.hotspot.hides(user) {
			continue
		}
		v.hotRows = append(v.hotRows, session{
			user: user, start: start, seed: hash(seed, serial), mac: clientMAC(seed), index: uint32(i)*indexesPerSlot + uint32(serial%indexesPerSlot) + 1,
			address: [4]byte{10, 5, 50, byte(10 + i)}, radius: seed%3 == 0,
		})
	}
	v.hotRows = v.added(v.hotRows, v.changes.hotspot.added, v.router.hotSlots)
	return v.hotRows
}

// hotspotCounted is hotspot with the counters filled in.
func (v *view) hotspotCounted() []session {
	rows := v.hotspot()
	if v.have&haveHotspotCounters == 0 {
		v.have |= haveHotspotCounters
		v.countSessions(rows)
	}
	return rows
}

// hides tells whether a user that comes by itself is overruled by one added, or was sent away.
func (u *users) hides(user []byte) bool {
	if u.gone[string(user)] {
		return true
	}
	for i := range u.added {
		if u.added[i].user == string(user) {
			return true
		}
	}
	return false
}

// added appends the users that were logged in by hand since the last boot.
func (v *view) added(rows []session, logins []login, slots int) []session {
	for _, l := range logins {
		if l.start < v.boot {
			continue
		}
		rows = append(rows, session{
			user: v.keep(l.user), kind: kindPPPoE, start: l.start, seed: hash(v.router.seed, uint64(l.serial)+1<<41), mac: l.mac,
			index: firstDynamic + uint32(slots)*indexesPerSlot + l.serial, address: v.router.clientAddress(slots + int(l.serial)),
		})
	}
	return rows
}

// countSessions fills in what each session has transferred since its login.
func (v *view) countSessions(rows []session) {
	if len(rows) == 0 {
		return
	}
	effort := v.effort()
	for i := range rows {
		s := &rows[i]
		before := v.router.effortAt(v.boot, s.start)
		down := 20_000 * math.Pow(12, unit(hash(s.seed, 4)))
		up := down * between(hash(s.seed, 5), 0.05, 0.2)
		s.counter.setRx(uint64(up*(bend(s.seed, effort)-bend(s.seed, before))), 260)
		s.counter.setTx(uint64(down*(bend(mix(s.seed), effort)-bend(mix(s.seed), before))), 940)
	}
}

// userName is a given name and the slot's number, so no two on one router are alike.
func (v *view) userName(seed uint64, slot int) []byte {
	start := len(v.arena)
	names := v.names
	v.arena = append(v.arena, names[seed>>16%uint64(len(names))]...)
	if slot < 10 {
		v.arena = append(v.arena, '0')
	}
	v.arena = strconv.AppendInt(v.arena, int64(slot), 10)
	return v.arena[start:len(v.arena):len(v.arena)]
}

// service is the kind of PPP a user dials: VPNs at offices, PPPoE elsewhere.
func (r *Router) service(seed uint64) interfaceKind {
	if r.role != roleOffice {
		return kindPPPoE
	}
	return kindL2TP + interfaceKind(seed>>8%3)
}

// clientAddress is from the shared address space of RFC 6598.
func (r *Router) clientAddress(n int) [4]byte {
	return [4]byte{100, 64 + byte(r.index>>8)&63, byte(r.index), byte(10 + n%240)}
}

func clientMAC(h uint64) [6]byte {
	return [6]byte{0x74, 0x4d, byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}
}

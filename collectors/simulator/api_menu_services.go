package simulator

import "strconv"

// serviceMenus are what a router does for those behind it. Long lists are made row by row as they are
// asked for, from a seed.
func serviceMenus() map[string]apiMenu {
	return map[string]apiMenu{
		"/ip/dhcp-server/lease":     {print: printLeases},
		"/ipv6/dhcp-server/binding": {print: printBindings, on: since7(0)},
		"/ip/pool":                  {print: printPools},
		"/ip/arp":                   {print: printARP},
		"/ip/neighbor":              {print: printNeighbors},
		"/ipv6/neighbor":            {print: printNeighborsIPv6, on: since7(0)},
		"/queue/simple":             {print: printSimpleQueues},
		"/queue/tree":               {print: printQueueTree},
	}
}

// lists is how many rows a long list has: Options.Rows, else what suits the role.
func (r *Router) lists(suits int) int {
	if r.fleet.opts.Rows > 0 {
		return r.fleet.opts.Rows
	}
	return suits
}

func (r *Router) leases() int {
	return r.lists([...]int{roleCore: 0, roleEdge: 8, roleTower: 24, roleHotspot: 200, rolePop: 6, roleOffice: 60}[r.role])
}

func (r *Router) queues() int {
	return r.lists([...]int{roleCore: 0, roleEdge: 6, roleTower: 3, roleHotspot: 2, rolePop: 3, roleOffice: 2}[r.role])
}

// printLeases: one in eight has no client now, one in fifteen belongs to no server in particular.
func printLeases(v *view, row *apiRow, emit func()) {
	for i := range v.router.leases() {
		seed := hash(v.router.seed, 800<<10+uint64(i))
		bound := seed%8 != 0
		address, mac := [4]byte{192, 168, 80 + byte(i/250), byte(2 + i%250)}, clientMAC(seed)
		row.id(uint32(i) + 1)
		row.address("address", address)
		row.mac("mac-address", mac)
		if seed%9 == 0 {
			row.string("client-id", "1:74:4d")
		}
		server := "dhcp1"
		if i%4 == 3 {
			server = "guests"
		}
		if i%15 != 14 {
			row.string("server", server)
		}
		row.string("dhcp-option", "")
		row.string("reconfigure-key", canary)
		if bound {
			v.boundLease(row, seed, server, address, mac)
		} else {
			row.string("status", [...]string{"waiting", "offered"}[seed>>4%2])
			row.string("last-seen", "never")
		}
		row.flag("radius", seed%5 == 0)
		row.flag("dynamic", i%3 != 0)
		row.flag("blocked", seed%40 == 1)
		row.flag("disabled", false)
		if i%10 == 0 {
			row.string("comment", "K\xfcche "+itoa(i)) // latin-1, as an old Winbox leaves it
		}
		emit()
	}
}

func (v *view) boundLease(row *apiRow, seed uint64, server string, address [4]byte, mac [6]byte) {
	left := int64(seed>>8%1800) * 1000
	row.string("status", "bound")
	row.duration("expires-after", 1800_000-(v.now+left)%1800_000)
	row.duration("last-seen", (v.now+left)%1800_000)
	if v.router.model.atLeast(7, 14) {
		row.duration("age", min(v.uptime(), left*100))
	}
	row.address("active-address", address)
	row.mac("active-mac-address", mac)
	row.string("active-server", server)
	row.string("host-name", [...]string{"iPhone", "DESKTOP-7F3", "android-2b1c", "printer", "Zoë's MacBook"}[seed>>16%5])
	row.string("class-id", [...]string{"MSFT 5.0", "android-dhcp-14", "udhcp 1.36.1", "dhcpcd-6.8.2"}[seed>>20%4])
}

func printBindings(v *view, row *apiRow, emit func()) {
	for i := range v.router.leases() / 4 {
		seed := hash(v.router.seed, 801<<10+uint64(i))
		row.id(uint32(i) + 1)
		row.string("address", "2001:db8:"+strconv.FormatInt(int64(v.router.index), 16)+":"+strconv.FormatInt(int64(i), 16)+"00::/56")
		row.string("duid", "0x000300017"+strconv.FormatUint(seed, 16))
		row.number("iaid", int64(seed%100_000))
		row.string("server", "dhcpv6")
		row.string("reconfigure-key", canary)
		row.string("status", [...]string{"bound", "waiting"}[seed>>8%5/4])
		row.string("expires-after", "2d22h")
		row.string("last-seen", "1h12m")
		row.flag("radius", false)
		row.flag("dynamic", true)
		row.flag("disabled", false)
		emit()
	}
}

// printPools: versions before 7.18 say only what is in them.
func printPools(v *view, row *apiRow, emit func()) {
	for i, p := range []struct {
		name, ranges string
		total        int
	}{{"dhcp-pool", "192.168.80.2-192.168.80.254", 253}, {"ppp-pool", "100.64.0.0/22,100.64.8.10-100.64.8.19", 1034}} {
		row.id(uint32(i) + 1)
		row.string("name", p.name)
		row.string("ranges", p.ranges)
		if v.router.model.atLeast(7, 18) {
			used := min(p.total, len(v.ppp()))
			if i == 0 {
				used = min(p.total, v.router.leases())
			}
			row.number("total", int64(p.total))
			row.number("used", int64(used))
			row.number("available", int64(p.total-used))
		}
		emit()
	}
}

func printARP(v *view, row *apiRow, emit func()) {
	lan := v.interfaceName(0)
	for i := range v.router.leases() {
		seed := hash(v.router.seed, 800<<10+uint64(i)) // those who have a lease
		row.id(uint32(i) + 1)
		row.address("address", [4]byte{192, 168, 80 + byte(i/250), byte(2 + i%250)})
		complete := seed%8 != 0
		if complete {
			row.mac("mac-address", clientMAC(seed))
		}
		row.bytes("interface", lan)
		row.flag("published", false)
		row.flag("invalid", false)
		row.flag("DHCP", i%3 == 0)
		row.flag("dynamic", true)
		row.flag("complete", complete)
		row.flag("disabled", false)
		if v.router.model.atLeast(7, 10) {
			row.string("status", map[bool]string{true: "reachable", false: "failed"}[complete])
		}
		emit()
	}
}

// printNeighbors: the next router, which speaks MNDP, and a switch of somebody else's that speaks LLDP
// only: it has no version, and its identity holds a NUL.
func printNeighbors(v *view, row *apiRow, emit func()) {
	m := v.router.model
	peer := (v.router.index + 1) % len(v.router.fleet.routers)
	next := v.router.fleet.routers[peer]
	row.id(1)
	row.bytes("interface", v.interfaceName(v.router.wan))
	row.string("address", next.address.String())
	row.string("address4", next.address.String())
	row.mac("mac-address", next.static[0].mac)
	row.string("identity", next.name)
	row.string("platform", "MikroTik")
	row.string("version", next.model.version+" ("+next.model.channel+")")
	row.string("unpack", "none")
	row.string("age", "12s")
	row.duration("uptime", v.uptime()/2)
	row.string("software-id", next.softwareID())
	row.string("board", next.model.board)
	row.string("interface-name", "bridge-lan/"+next.static[0].name)
	if m.atLeast(6, 45) {
		row.string("system-description", "MikroTik RouterOS "+next.model.version+" "+next.model.board)
		row.string("system-caps", "bridge,router")
		row.string("system-caps-enabled", "bridge,router")
	}
	if m.atLeast(7, 7) {
		row.string("discovered-by", "cdp,lldp,mndp")
	}
	emit()
	if len(v.router.static) < 3 {
		return
	}
	row.id(2)
	row.bytes("interface", v.interfaceName(2))
	row.mac("mac-address", clientMAC(hash(v.router.seed, 810)))
	row.string("identity", "sw-\x00cellar")
	row.string("platform", "")
	row.string("age", "25s")
	row.string("interface-name", "gi0/7")
	emit()
}

func printNeighborsIPv6(v *view, row *apiRow, emit func()) {
	for i := range min(4, v.router.leases()) {
		row.id(uint32(i) + 1)
		row.string("address", "fe80::764d:"+itoa(i+1))
		row.mac("mac-address", clientMAC(hash(v.router.seed, 820+uint64(i))))
		row.bytes("interface", v.interfaceName(0))
		row.string("status", [...]string{"reachable", "stale", "failed", "noarp"}[i])
		row.flag("router", i == 0)
		row.flag("dynamic", true)
		row.flag("disabled", false)
		emit()
	}
}

// limitsSessions tells whether each PPP session gets a queue: where RADIUS says how fast users may be.
func (r *Router) limitsSessions() bool { return r.model.feeds }

// printSimpleQueues: one for each PPP session, made by the router itself, and those of customers with
// a fixed address. RouterOS 6 writes limits with a letter.
func printSimpleQueues(v *view, row *apiRow, emit func()) {
	for i := range v.ppp() {
		if !v.router.limitsSessions() {
			break
		}
		s := &v.pppCounted()[i]
		row.id(s.index)
		row.string("name", "<"+s.kind.service()+"-"+string(s.user)+">")
		row.address("target", s.address)
		row.string("parent", "none")
		v.limit(row, "limit-at", 0, 0)
		v.limit(row, "max-limit", 5, 20)
		v.queueWork(row, s.seed, s.counter.rxBytes, s.counter.txBytes)
		row.flag("invalid", false)
		row.flag("dynamic", true)
		row.flag("disabled", false)
		emit()
	}
	for i := range v.router.queues() {
		seed := hash(v.router.seed, 830<<10+uint64(i))
		row.id(uint32(i) + 1)
		row.string("name", "cust-"+itoa(100+i))
		row.address("target", [4]byte{10, 20, byte(i / 250), byte(2 + i%250)})
		row.string("parent", map[bool]string{true: "none", false: "cust-100"}[i%10 == 0])
		v.limit(row, "limit-at", i%2, i%2*4)
		v.limit(row, "max-limit", i%5*2, i%5*10) // 0: no limit
		v.queueWork(row, seed, v.grown(seed, 4_000), v.grown(mix(seed), 50_000))
		row.flag("invalid", false)
		row.flag("dynamic", false)
		row.flag("disabled", i%20 == 19)
		if i%7 == 0 {
			row.string("comment", "contract "+itoa(4000+i))
		}
		emit()
	}
}

// limit shows a pair of limits, upload first, Mbit/s.
func (v *view) limit(row *apiRow, name string, up, down int) {
	show := func(n int) string {
		switch {
		case n == 0:
			return "0"
		case v.router.model.atLeast(7, 0):
			return itoa(n * 1_000_000)
		}
		return itoa(n) + "M"
	}
	row.string(name, show(up)+"/"+show(down))
}

func (v *view) queueWork(row *apiRow, seed, up, down uint64) {
	if !row.stats {
		return
	}
	row.pair("bytes", up, down)
	row.count("total-bytes", 0)
	row.pair("packets", up/260, down/940)
	row.count("total-packets", 0)
	row.pair("dropped", up/900_000, down/400_000)
	row.count("total-dropped", 0)
	row.pair("rate", uint64(90_000*v.wave(seed, 5_000)), uint64(900_000*v.wave(mix(seed), 5_000)))
	row.pair("packet-rate", 8, 61)
	row.pair("queued-packets", seed%3, seed%7)
	row.pair("queued-bytes", seed%3*260, seed%7*940)
	if v.router.model.atLeast(7, 0) {
		row.pair("pcq-queues", 0, 0)
	}
}

func printQueueTree(v *view, row *apiRow, emit func()) {
	if v.router.role != roleEdge && v.router.role != rolePop {
		return
	}
	for i, q := range []struct {
		name, parent, mark string
		limit              int64
	}{{"down", "bridge-lan", "", 500_000_000}, {"voip", "down", "voip", 20_000_000}, {"bulk", "down", "bulk", 0}} {
		bytes := v.grown(840+uint64(i), 70_000/float64(i+1))
		row.id(uint32(0x1000001 + i))
		row.string("name", q.name)
		row.string("parent", q.parent)
		row.string("packet-mark", q.mark)
		row.string("queue", "default")
		row.number("priority", 8)
		row.number("limit-at", q.limit/5)
		row.number("max-limit", q.limit)
		if row.stats {
			row.count("bytes", bytes)
			row.count("packets", bytes/820)
			row.count("dropped", bytes/700_000)
			row.number("rate", int64(560_000*v.wave(hash(v.router.seed, 850+uint64(i)), 5_000)))
			row.number("packet-rate", 90)
			row.number("queued-packets", int64(i))
			row.number("queued-bytes", int64(i)*820)
			row.number("pcq-queues", 0)
		}
		row.flag("invalid", i == 2)
		row.flag("disabled", false)
		emit()
	}
}

package simulator

// routingMenus: routes, and the protocols that make them, whose menus changed with version 7.
func routingMenus() map[string]apiMenu {
	newer, older := since7(0), func(r *Router) bool { return !r.model.atLeast(7, 0) }
	return map[string]apiMenu{
		"/ip/route":               {print: printRoutes},
		"/ipv6/route":             {print: printRoutesIPv6, on: newer},
		"/routing/bgp/session":    {print: printBGPSessions, on: newer},
		"/routing/bgp/connection": {print: printBGPConnections, on: newer},
		"/routing/bgp/peer":       {print: printBGPPeers, on: older},
		"/routing/ospf/neighbor":  {print: printOSPFNeighbors},
		"/routing/ospf/interface": {print: printOSPFInterfaces},
		"/routing/bfd/session":    {print: printBFD, on: since7(10)},
		"/routing/bfd/neighbor":   {print: printOldBFD, on: older},
	}
}

// protocolRoutes is how many routes each protocol has.
func (r *Router) protocolRoutes() [][2]any {
	bgp := 0
	if r.role == roleCore || r.role == roleEdge {
		bgp = r.lists(300)
	}
	return [][2]any{{"connect", len(r.addresses())}, {"static", 2}, {"ospf", 12}, {"bgp", bgp}}
}

// printRoutes shows a route's origin as a flag that is there or not.
func printRoutes(v *view, row *apiRow, emit func()) {
	n := 0
	for _, p := range v.router.protocolRoutes() {
		for range p[1].(int) {
			row.id(uint32(n) + 1)
			row.address("dst-address", [4]byte{10, byte(n >> 8), byte(n), 0})
			row.string("gateway", "10.0.0.1")
			row.flag(p[0].(string), true)
			row.flag("active", true)
			emit()
			n++
		}
	}
}

func printRoutesIPv6(_ *view, row *apiRow, emit func()) {
	row.id(1)
	row.string("dst-address", "fe80::/64")
	row.flag("connect", true)
	row.flag("active", true)
	emit()
}

func (r *Router) speaksBGP() bool { return r.role == roleCore || r.role == roleEdge }

// printBGPSessions: a session is there only while it stands; that with the second upstream does not.
func printBGPSessions(v *view, row *apiRow, emit func()) {
	if !v.router.speaksBGP() {
		return
	}
	row.id(1)
	row.string("name", "upstream-a-1")
	row.string("instance", "bgp1")
	row.string("remote.address", "198.51.100.1")
	row.string("remote.as", "64500")
	row.string("remote.id", "198.51.100.1")
	row.count("remote.messages", v.grown(980, 0.4))
	row.count("remote.bytes", v.grown(981, 40))
	row.string("local.address", "198.51.100.2")
	row.string("local.as", "64510")
	row.count("local.messages", v.grown(982, 0.1))
	row.count("local.bytes", v.grown(983, 3))
	row.string("hold-time", "3m")
	row.string("keepalive-time", "1m")
	row.duration("uptime", v.uptime()/2)
	row.number("prefix-count", int64(v.router.lists(300)))
	row.flag("ebgp", true)
	row.flag("established", true)
	emit()
}

func printBGPConnections(v *view, row *apiRow, emit func()) {
	if !v.router.speaksBGP() {
		return
	}
	for i, name := range []string{"upstream-a", "upstream-b"} {
		row.id(uint32(i) + 1)
		row.string("name", name)
		row.string("remote.address", "198.51.100."+itoa(1+4*i)+"/32")
		row.string("remote.as", itoa(64500+i))
		row.string("local.role", "ebgp")
		row.flag("inactive", false)
		row.flag("disabled", false)
		emit()
	}
}

func printBGPPeers(v *view, row *apiRow, emit func()) {
	if !v.router.speaksBGP() {
		return
	}
	for i, state := range []string{"established", "active"} {
		row.id(uint32(i) + 1)
		row.string("name", "upstream-"+string(rune('a'+i)))
		row.string("instance", "default")
		row.string("remote-address", "198.51.100."+itoa(1+4*i))
		row.number("remote-as", int64(64500+i))
		row.string("state", state)
		if i == 0 {
			row.duration("uptime", v.uptime()/2)
			row.number("prefix-count", 300)
			row.count("updates-sent", v.grown(984, 0.01))
			row.count("updates-received", v.grown(985, 0.2))
			row.count("withdrawn-sent", 3)
			row.count("withdrawn-received", 44)
			row.string("used-hold-time", "3m")
			row.flag("established", true)
		}
		row.flag("disabled", false)
		emit()
	}
}

func printOSPFNeighbors(v *view, row *apiRow, emit func()) {
	if v.router.role == roleHotspot {
		return
	}
	newer := v.router.model.atLeast(7, 0)
	for i, state := range []string{"Full", map[bool]string{true: "TwoWay", false: "2-Way"}[newer]} {
		row.id(uint32(i) + 1)
		row.string("instance", "ospf-1")
		if newer {
			row.string("area", "backbone")
		} else {
			row.bytes("interface", v.interfaceName(v.router.wan))
		}
		row.address("address", [4]byte{10, 255, 0, byte(1 + i)})
		row.address("router-id", [4]byte{10, 0, 0, byte(1 + i)})
		row.number("priority", 128)
		row.string("state", state)
		row.number("state-changes", 6)
		if i == 0 {
			row.duration("adjacency", v.uptime()/2)
		}
		row.string("timeout", "36s")
		row.number("ls-retransmits", 0)
		emit()
	}
}

func printOSPFInterfaces(v *view, row *apiRow, emit func()) {
	if v.router.role == roleHotspot {
		return
	}
	row.id(1)
	if v.router.model.atLeast(7, 0) {
		row.string("address", "10.255.0.9%"+string(v.interfaceName(v.router.wan)))
		row.string("area", "backbone")
		row.string("network-type", "broadcast")
	} else {
		row.bytes("interface", v.interfaceName(v.router.wan))
		row.string("ip-address", "10.255.0.9")
		row.number("neighbors", 2)
		row.number("adjacent-neighbors", 1)
		row.flag("passive", false)
	}
	row.string("state", "dr")
	row.number("cost", 10)
	row.number("priority", 128)
	emit()
}

func printBFD(v *view, row *apiRow, emit func()) {
	if v.router.role != roleCore {
		return
	}
	row.id(1)
	row.flag("multihop", false)
	row.string("interface", string(v.interfaceName(v.router.wan)))
	row.string("remote-address", "198.51.100.1%"+string(v.interfaceName(v.router.wan)))
	row.string("local-address", "198.51.100.2")
	row.string("state", "up")
	row.number("state-changes", 1)
	row.duration("uptime", v.uptime()/2)
	row.string("actual-tx-interval", "200ms")
	row.string("hold-time", "1s")
	row.number("multiplier", 5)
	row.count("packets-rx", v.grown(986, 5))
	row.count("packets-tx", v.grown(987, 5))
	row.flag("up", true)
	emit()
}

func printOldBFD(v *view, row *apiRow, emit func()) {
	if v.router.role != roleEdge {
		return
	}
	row.id(1)
	row.bytes("interface", v.interfaceName(v.router.wan))
	row.string("address", "198.51.100.1")
	row.string("state", "up")
	row.flag("up", true)
	emit()
}

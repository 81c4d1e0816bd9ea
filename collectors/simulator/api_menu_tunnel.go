package simulator

// tunnelMenus are the ways through other networks.
func tunnelMenus() map[string]apiMenu {
	menus := map[string]apiMenu{
		"/interface/wireguard":       {print: printWireGuard, on: since7(1)},
		"/interface/wireguard/peers": {print: printWireGuardPeers, on: since7(1)},
		"/ip/ipsec/active-peers":     {print: printIPsecPeers, on: func(r *Router) bool { return r.model.atLeast(6, 44) }},
		"/ip/ipsec/remote-peers":     {print: printOldIPsecPeers, on: func(r *Router) bool { return !r.model.atLeast(6, 44) }},
		"/ip/ipsec/policy":           {print: printIPsecPolicies},
		"/ip/ipsec/statistics":       {print: printIPsecStatistics},
	}
	for i, kind := range []string{"eoip", "gre", "ipip", "6to4"} {
		menus["/interface/"+kind] = apiMenu{print: tunnelPrinter(kind, i)}
	}
	menus["/interface/vxlan"] = apiMenu{print: tunnelPrinter("vxlan", 4), on: since7(0)}
	return menus
}

// tunnelPrinter: a tower has an EoIP and a GRE tunnel, which is down.
func tunnelPrinter(kind string, number int) apiTable {
	return func(v *view, row *apiRow, emit func()) {
		if v.router.role != roleTower || number > 1 {
			return
		}
		row.id(uint32(0x80 + number))
		row.string("name", kind+"-to-core")
		row.number("mtu", 1500)
		row.number("actual-mtu", int64(1458+number))
		row.address("local-address", [4]byte{10, 0, 7, 1})
		row.address("remote-address", [4]byte{10, 0, 0, byte(number + 1)})
		row.optional("comment", [...]string{"layer 2 to the core", ""}[number])
		row.flag("running", number == 0)
		row.flag("disabled", false)
		row.string("ipsec-secret", canary)
		emit()
	}
}

func (r *Router) hasWireGuard() bool { return r.role == roleOffice || r.role == roleEdge }

func printWireGuard(v *view, row *apiRow, emit func()) {
	if !v.router.hasWireGuard() {
		return
	}
	row.id(0x90)
	row.string("name", "wg0")
	row.number("listen-port", 13231)
	row.string("private-key", canary)
	row.string("public-key", "Ty4hVwUf0Z0o0uBhLhSs9zmkSr8mRTR8Mjw4bTzFZmE=")
	row.flag("running", true)
	row.flag("disabled", false)
	emit()
}

// printWireGuardPeers: one by its name, one by its comment, one by its key alone, which never came.
func printWireGuardPeers(v *view, row *apiRow, emit func()) {
	if !v.router.hasWireGuard() {
		return
	}
	for i := range 3 {
		row.id(uint32(i) + 1)
		if i == 0 && v.router.model.atLeast(7, 15) {
			row.string("name", "laptop")
		}
		row.string("interface", "wg0")
		row.string("public-key", "peer"+itoa(i)+"UZ0o0uBhLhSs9zmkSr8mRTR8Mjw4bTzFZmE=")
		row.string("private-key", canary)
		row.string("preshared-key", canary)
		row.string("allowed-address", "10.66.0."+itoa(i+2)+"/32")
		row.string("current-endpoint-address", [...]string{"203.0.113.7", "2001:db8::7", ""}[i])
		row.number("current-endpoint-port", int64([...]int{51820, 40001, 0}[i]))
		if i < 2 {
			row.count("rx", v.grown(990+uint64(i), 900))
			row.count("tx", v.grown(993+uint64(i), 9_000))
			row.duration("last-handshake", v.now%110_000)
		} else {
			row.count("rx", 0)
			row.count("tx", 0)
		}
		if i == 1 {
			row.string("comment", "phone of Zoë")
		}
		row.flag("dynamic", false)
		row.flag("disabled", false)
		emit()
	}
}

func printIPsecPeers(v *view, row *apiRow, emit func()) {
	if v.router.role != roleOffice {
		return
	}
	for i, state := range []string{"established", "message-1-sent"} {
		row.id(uint32(i) + 1)
		row.address("local-address", [4]byte{203, 0, 113, 2})
		row.address("remote-address", [4]byte{198, 51, 100, byte(20 + i)})
		row.number("port", 4500)
		row.string("side", [...]string{"initiator", "responder"}[i])
		if i == 1 {
			row.flag("responder", true)
		}
		row.string("state", state)
		if i == 0 {
			row.flag("natt-peer", true)
			row.string("id", "branch.example")
			row.duration("uptime", v.uptime()/2)
			row.string("last-seen", "12s")
			row.number("ph2-total", 2)
		}
		if row.stats {
			row.count("rx-bytes", v.grown(996, 500))
			row.count("tx-bytes", v.grown(997, 700))
			row.count("rx-packets", v.grown(996, 500)/300)
			row.count("tx-packets", v.grown(997, 700)/300)
		}
		emit()
	}
}

func printOldIPsecPeers(v *view, row *apiRow, emit func()) {
	row.id(1)
	row.address("local-address", [4]byte{203, 0, 113, 2})
	row.address("remote-address", [4]byte{198, 51, 100, 20})
	row.string("state", "established")
	row.string("side", "responder")
	row.duration("established", v.uptime()/2)
	emit()
}

func printIPsecPolicies(v *view, row *apiRow, emit func()) {
	row.id(0xffffff)
	row.string("src-address", "::/0")
	row.string("dst-address", "::/0")
	row.flag("template", true)
	emit()
	if v.router.role == roleOffice {
		row.id(1)
		row.string("peer", "branch")
		row.string("src-address", "192.168.88.0/24")
		row.string("dst-address", "192.168.99.0/24")
		row.string("ph2-state", "established")
		row.number("ph2-count", 1)
		row.flag("active", true)
		row.flag("disabled", false)
		emit()
	}
}

func printIPsecStatistics(v *view, row *apiRow, emit func()) {
	row.count("in-errors", 0)
	row.count("in-no-states", 4)
	row.count("in-state-sequence-errors", v.grown(998, 0.001))
	row.count("out-no-states", 17)
	emit()
}

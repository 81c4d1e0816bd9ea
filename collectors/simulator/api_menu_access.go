package simulator

// accessMenus are about those who log in, and those who are asked whether they may.
func accessMenus() map[string]apiMenu {
	return map[string]apiMenu{
		"/user/active":           {print: printLogins},
		"/radius":                {print: printRADIUS, monitor: monitorRADIUS, picked: true},
		"/radius/incoming":       {print: printRADIUSIncoming, monitor: monitorRADIUSIncoming},
		"/ip/hotspot/host":       {print: printHotspotHosts},
		"/ip/kid-control/device": {print: printKidDevices},
	}
}

// printLogins: the collector itself, twice, and a person.
func printLogins(v *view, row *apiRow, emit func()) {
	for i, login := range []struct{ name, address, via, group string }{
		{"telemetry", "10.0.0.10", "api", "telemetry"}, {"telemetry", "10.0.0.10", "api", "telemetry"}, {"amina", "10.0.0.44", "winbox", "full"},
	} {
		row.id(uint32(i) + 1)
		row.timestamp("when", v, v.boot+int64(30_000*(i+1)))
		row.string("name", login.name)
		row.string("address", login.address)
		row.string("via", login.via)
		row.string("group", login.group)
		row.flag("radius", i == 2)
		emit()
	}
}

// radiusServers: routers that serve users ask two, the second of which never answers.
func (r *Router) radiusServers() []string {
	if r.pppSlots+r.hotSlots == 0 {
		return nil
	}
	return []string{"192.0.2.18", "192.0.2.19"}
}

func printRADIUS(v *view, row *apiRow, emit func()) {
	for i, server := range v.router.radiusServers() {
		row.id(uint32(i) + 1)
		row.string("service", "ppp,hotspot")
		row.string("called-id", "")
		row.string("domain", "")
		row.string("address", server)
		row.string("secret", canary)
		row.number("authentication-port", 1812)
		row.number("accounting-port", 1813)
		row.string("timeout", "300ms")
		row.flag("disabled", false)
		emit()
	}
}

func monitorRADIUS(v *view, row *apiRow, emit func()) {
	for i := range v.router.radiusServers() {
		requests := v.grown(760, 0.02)
		row.id(uint32(i) + 1)
		row.hide()
		row.number("pending", 0)
		row.count("requests", requests)
		if i == 1 {
			row.count("accepts", 0)
			row.count("rejects", 0)
			row.count("resends", requests*2)
			row.count("timeouts", requests)
			row.count("bad-replies", 0)
			row.string("last-request-rtt", "0ms")
		} else {
			row.count("accepts", requests-requests/20)
			row.count("rejects", requests/20)
			row.count("resends", requests/50)
			row.count("timeouts", 0)
			row.count("bad-replies", 0)
			row.string("last-request-rtt", itoa(10+int(40*v.wave(hash(v.router.seed, 761), 30_000)))+"ms")
		}
		emit()
	}
}

func printRADIUSIncoming(_ *view, row *apiRow, emit func()) {
	row.flag("accept", true)
	row.number("port", 3799)
	emit()
}

func monitorRADIUSIncoming(v *view, row *apiRow, emit func()) {
	requests := v.grown(762, 0.001)
	row.count("requests", requests)
	row.count("bad-requests", requests/40)
	row.count("acks", requests/20*17)
	row.count("naks", requests/10)
	emit()
}

// printHotspotHosts: those who are logged in, and some who are not.
func printHotspotHosts(v *view, row *apiRow, emit func()) {
	sessions := v.hotspotCounted()
	for i := range sessions {
		s := &sessions[i]
		row.id(s.index)
		row.mac("mac-address", s.mac)
		row.address("address", s.address)
		row.address("to-address", s.address)
		row.string("server", "hotspot1")
		row.duration("uptime", v.now-s.start+4_000)
		row.string("idle-time", "2s")
		row.string("found-by", "ARP")
		row.count("bytes-in", s.counter.rxBytes)
		row.count("bytes-out", s.counter.txBytes)
		row.count("packets-in", s.counter.rxPackets())
		row.count("packets-out", s.counter.txPackets())
		row.flag("authorized", true)
		row.flag("bypassed", false)
		emit()
	}
	if v.router.role != roleHotspot {
		return
	}
	for i := range 5 {
		seed := hash(v.router.seed, 770+uint64(i))
		row.id(uint32(0x8000 + i))
		row.mac("mac-address", clientMAC(seed))
		row.address("address", [4]byte{10, 5, 50, byte(240 + i)})
		row.address("to-address", [4]byte{10, 5, 50, byte(240 + i)})
		row.string("server", "hotspot1")
		row.string("uptime", "3m")
		row.string("idle-time", "1m12s")
		row.string("found-by", "UDP :5353 -> :5353")
		row.count("bytes-in", v.grown(seed, 12))
		row.count("bytes-out", v.grown(mix(seed), 9))
		row.count("packets-in", v.grown(seed, 0.1))
		row.count("packets-out", v.grown(mix(seed), 0.1))
		row.flag("authorized", false)
		row.flag("bypassed", i == 0)
		emit()
	}
}

func printKidDevices(v *view, row *apiRow, emit func()) {
	if v.router.role != roleHotspot {
		return
	}
	for i, name := range []string{"tablet", "console", ""} {
		seed := hash(v.router.seed, 780+uint64(i))
		row.id(uint32(i) + 1)
		row.string("name", name)
		row.string("user", map[bool]string{true: "juma", false: ""}[i < 2])
		row.mac("mac-address", clientMAC(seed))
		row.address("ip-address", [4]byte{192, 168, 88, byte(20 + i)})
		row.string("activity", map[bool]string{true: "video.example.net", false: ""}[i == 0])
		row.number("rate-down", 0)
		row.number("rate-up", 0)
		row.count("bytes-down", v.grown(seed, 20_000))
		row.count("bytes-up", v.grown(mix(seed), 1_500))
		row.string("idle-time", "14s")
		row.flag("blocked", i == 1)
		row.flag("limited", false)
		row.flag("inactive", i == 2)
		row.flag("dynamic", i == 2)
		row.flag("disabled", false)
		emit()
	}
}

package simulator

// wirelessMenus: the radios of 7.13 and later are under /interface/wifi, those before under
// /interface/wireless. One version 6 hotspot manages access points.
func wirelessMenus() map[string]apiMenu {
	newer, older := since7(13), func(r *Router) bool { return !r.model.atLeast(7, 0) }
	manages := func(r *Router) bool { return r.model.board == "hAP ac^2" }
	return map[string]apiMenu{
		"/interface/wifi":                        {print: printWifi, monitor: monitorWifi, picked: true, on: newer},
		"/interface/wifi/registration-table":     {print: printWifiClients, on: newer},
		"/interface/wifi/capsman":                {print: printWifiManager, on: newer},
		"/interface/wifi/capsman/remote-cap":     {print: printRemoteCAPs, on: newer},
		"/interface/wifi/cap":                    {print: printCAP, on: newer},
		"/interface/wireless":                    {print: printWireless, monitor: monitorWireless, picked: true, on: older},
		"/interface/wireless/registration-table": {print: printWirelessClients, on: older},
		"/interface/wireless/cap":                {print: printCAP, on: older},
		"/caps-man/manager":                      {print: printManager, on: manages},
		"/caps-man/interface":                    {print: printManagedRadios, on: manages},
		"/caps-man/registration-table":           {print: printManagedClients, on: manages},
		"/caps-man/remote-cap":                   {print: printOldRemoteCAPs, on: manages},
		"/interface/lte":                         {print: printLTE, monitor: monitorLTE, picked: true},
	}
}

// radios visits the wireless interfaces; band is 2 or 5.
func (v *view) radios(visit func(i, band int)) {
	for i := range v.router.static {
		if s := &v.router.static[i]; s.kind == kindWLAN {
			band := 2
			if s.defaultName[len(s.defaultName)-1] == '2' {
				band = 5
			}
			visit(i, band)
		}
	}
}

// associated is how many clients a radio has.
func (v *view) associated(i int) int { return 3 + int(v.router.static[i].seed%6) }

func printWifi(v *view, row *apiRow, emit func()) {
	v.radios(func(i, _ int) {
		row.id(uint32(i) + 1)
		row.bytes("name", v.interfaceName(i))
		row.string("configuration.ssid", "lobby")
		row.string("configuration.mode", "ap")
		row.mac("mac-address", v.router.static[i].mac)
		row.flag("master", true)
		row.flag("running", v.linked(i))
		row.flag("disabled", !v.enabled(i))
		emit()
	})
}

func monitorWifi(v *view, row *apiRow, emit func()) {
	v.radios(func(i, band int) {
		row.bytes("name", v.interfaceName(i))
		row.hide()
		row.string("state", "running")
		row.string("channel", map[int]string{2: "2412/ax", 5: "5180/ax/Ceee"}[band])
		row.number("registered-peers", int64(v.associated(i)))
		row.number("authorized-peers", int64(v.associated(i)))
		row.number("tx-power", 17)
		emit()
	})
}

// clients visits the clients of all radios.
func (v *view) clients(visit func(radio, n int, seed uint64)) {
	v.radios(func(i, _ int) {
		for n := range v.associated(i) {
			visit(i, n, hash(v.router.static[i].seed, 900+uint64(n)))
		}
	})
}

// signalOf is a client's, in dBm.
func (v *view) signalOf(seed uint64) int { return -85 + int(seed%40) + int(4*v.wave(seed, 10_000)) }

func printWifiClients(v *view, row *apiRow, emit func()) {
	v.clients(func(radio, n int, seed uint64) {
		row.id(uint32(radio*100+n) + 1)
		row.bytes("interface", v.interfaceName(radio))
		row.string("ssid", "lobby")
		row.mac("mac-address", clientMAC(seed))
		row.duration("uptime", v.uptime()/3)
		row.duration("last-activity", int64(seed%9)*1000)
		row.number("signal", int64(v.signalOf(seed)))
		row.string("auth-type", "wpa2-psk")
		row.string("band", "5ghz-ax")
		row.number("tx-rate", 864_800_000)
		row.number("rx-rate", 432_300_000)
		v.wirelessTraffic(seed, row)
		row.number("vlan-id", 10)
		row.flag("authorized", true)
		emit()
	})
}

func (v *view) wirelessTraffic(seed uint64, row *apiRow) {
	tx, rx := v.grown(seed, 30_000), v.grown(mix(seed), 4_000)
	row.string("packets", utoa(tx/900)+","+utoa(rx/200))
	row.string("bytes", utoa(tx)+","+utoa(rx))
}

func printWireless(v *view, row *apiRow, emit func()) {
	v.radios(func(i, band int) {
		row.id(uint32(i) + 1)
		row.bytes("name", v.interfaceName(i))
		row.string("ssid", "lobby")
		row.string("mode", "ap-bridge")
		row.string("band", map[int]string{2: "2ghz-b/g/n", 5: "5ghz-a/n/ac"}[band])
		row.string("frequency", map[int]string{2: "2437", 5: "5180"}[band])
		row.mac("mac-address", v.router.static[i].mac)
		row.flag("running", v.linked(i))
		row.flag("disabled", !v.enabled(i))
		emit()
	})
}

func monitorWireless(v *view, row *apiRow, emit func()) {
	v.radios(func(i, band int) {
		row.bytes("name", v.interfaceName(i))
		row.hide()
		row.string("status", "running-ap")
		row.string("channel", map[int]string{2: "2437/20-Ce/gn(18dBm)", 5: "5180/20-Ceee/ac(20dBm)"}[band])
		row.string("noise-floor", "-"+itoa(100+band)+"dBm")
		row.string("overall-tx-ccq", itoa(60+band)+"%")
		row.number("registered-clients", int64(v.associated(i)))
		row.number("authenticated-clients", int64(v.associated(i)))
		emit()
	})
}

func printWirelessClients(v *view, row *apiRow, emit func()) {
	v.clients(func(radio, n int, seed uint64) {
		row.id(uint32(radio*100+n) + 1)
		row.bytes("interface", v.interfaceName(radio))
		row.string("radio-name", "488F5A"+itoa(n))
		row.mac("mac-address", clientMAC(seed))
		row.string("tx-rate", "130Mbps-20MHz/2S/SGI")
		row.string("rx-rate", "6Mbps")
		v.wirelessTraffic(seed, row)
		row.duration("uptime", v.uptime()/3)
		row.string("last-activity", itoa(int(seed%900))+"ms")
		row.string("signal-strength", itoa(v.signalOf(seed))+"@6Mbps")
		row.number("signal-to-noise", 40)
		row.number("tx-signal-strength", int64(v.signalOf(seed)-2))
		row.number("signal-strength-ch0", int64(v.signalOf(seed)-3))
		row.number("signal-strength-ch1", int64(v.signalOf(seed)-4))
		row.number("tx-ccq", 83)
		row.number("rx-ccq", 70)
		row.number("distance", int64(1+seed%4))
		row.string("routeros-version", "6.49.10")
		row.address("last-ip", [4]byte{192, 168, 88, byte(10 + n)})
		row.string("authentication-type", "wpa2-psk")
		emit()
	})
}

func printWifiManager(v *view, row *apiRow, emit func()) {
	row.flag("enabled", v.router.role == roleOffice)
	row.string("interfaces", "all")
	row.string("package-path", "")
	row.flag("require-peer-certificate", false)
	emit()
}

func printRemoteCAPs(v *view, row *apiRow, emit func()) {
	if v.router.role != roleOffice {
		return
	}
	for i := range 3 {
		row.id(uint32(i) + 1)
		row.address("address", [4]byte{10, 0, 9, byte(10 + i)})
		row.string("identity", "ap-"+itoa(i+1))
		row.string("board-name", "cAPGi-5HaxD2HaxD")
		row.string("serial", "HF"+itoa(90210+i))
		row.string("version", v.router.model.version)
		row.mac("base-mac", clientMAC(hash(v.router.seed, 950+uint64(i))))
		row.string("common-name", "")
		row.string("state", "Ok")
		if v.router.model.atLeast(7, 15) {
			row.duration("connected-time", v.uptime()/2)
		}
		emit()
	}
}

func printCAP(v *view, row *apiRow, emit func()) {
	row.flag("enabled", v.router.role == roleTower)
	row.string("interfaces", "")
	row.string("caps-man-addresses", "10.0.0.9")
	row.flag("lock-to-caps-man", false)
	emit()
}

func printManager(_ *view, row *apiRow, emit func()) {
	row.flag("enabled", true)
	row.string("package-path", "")
	row.flag("require-peer-certificate", false)
	emit()
}

func printManagedRadios(_ *view, row *apiRow, emit func()) {
	for i := range 2 {
		row.id(uint32(i) + 0x70)
		row.string("name", "cap"+itoa(i+1))
		row.string("mac-address", "48:8F:5A:70:00:0"+itoa(i+1))
		row.string("current-state", "running-ap")
		row.string("current-channel", "5180/20-Ceee/ac/P(20dBm)")
		row.number("current-registered-clients", 1)
		row.number("current-authorized-clients", 1)
		row.flag("running", true)
		row.flag("disabled", false)
		emit()
	}
}

func printManagedClients(v *view, row *apiRow, emit func()) {
	for i := range 2 {
		seed := hash(v.router.seed, 960+uint64(i))
		row.id(uint32(i) + 1)
		row.string("interface", "cap"+itoa(i+1))
		row.mac("mac-address", clientMAC(seed))
		row.string("ssid", "lobby")
		row.string("tx-rate", "866.6Mbps-80MHz/2S/SGI")
		row.string("rx-rate", "6Mbps")
		row.number("rx-signal", int64(v.signalOf(seed)))
		row.duration("uptime", v.uptime()/5)
		v.wirelessTraffic(seed, row)
		emit()
	}
}

func printOldRemoteCAPs(v *view, row *apiRow, emit func()) {
	row.id(1)
	row.string("name", "[48:8F:5A:70:00:00]")
	row.string("address", "10.0.9.2/5246")
	row.string("identity", "ap-old")
	row.string("board", "RBcAPGi-5acD2nD")
	row.string("serial", "8F4400")
	row.string("version", v.router.model.version)
	row.string("state", "Run")
	row.number("radios", 2)
	emit()
}

// printLTE: a modem is plugged into some routers.
func printLTE(v *view, row *apiRow, emit func()) {
	if !v.router.model.has("lte") {
		return
	}
	row.id(0x60)
	row.string("name", "lte1")
	row.flag("running", true)
	row.flag("disabled", false)
	emit()
}

func monitorLTE(v *view, row *apiRow, emit func()) {
	if !v.router.model.has("lte") {
		return
	}
	seed := hash(v.router.seed, 970)
	row.string("name", "lte1")
	row.hide()
	row.string("pin-status", "ok")
	row.string("registration-status", "registered")
	row.string("functionality", "full")
	row.string("manufacturer", "MikroTik")
	row.string("model", "R11e-LTE6")
	row.string("revision", "R11e-LTE6_V039")
	row.string("current-operator", "Safaricom")
	row.number("lac", 8021)
	row.number("current-cellid", 26_501_121)
	row.number("enb-id", 103_520)
	row.number("sector-id", 1)
	row.number("phy-cellid", 131)
	row.string("access-technology", "LTE")
	row.duration("session-uptime", v.uptime()/4)
	row.string("imei", "356938035643809")
	row.string("imsi", "639020000000001")
	row.string(map[bool]string{true: "iccid", false: "uicc"}[v.router.model.atLeast(7, 0)], "8925402000000000017")
	row.string("primary-band", "B3@20Mhz earfcn: 1450 phy-cellid: 131")
	row.string("rssi", "-"+itoa(60+int(seed%9))+"dBm")
	row.string("rsrp", "-"+itoa(91+int(4*v.wave(seed, 10_000)))+"dBm")
	row.string("rsrq", "-9.5dB")
	row.string("sinr", "13dB")
	row.number("cqi", 11)
	row.number("ri", 2)
	row.number("mcs", 17)
	emit()
}

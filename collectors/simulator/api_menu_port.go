package simulator

// portMenus are what ports are beyond interfaces.
func portMenus() map[string]apiMenu {
	feeds := func(r *Router) bool { return len(r.poe) > 0 }
	bridged := func(r *Router) bool { return r.role != roleCore }
	return map[string]apiMenu{
		"/interface/ethernet":             {print: printEthernet, monitor: monitorEthernet, picked: true},
		"/interface/ethernet/poe":         {print: printPoE, monitor: monitorPoE, picked: true, on: feeds},
		"/interface/ethernet/switch/port": {print: printSwitchPorts, on: func(r *Router) bool { return r.model.product != "" }},
		"/interface/bridge/port":          {print: printBridgePorts},
		"/interface/bridge/vlan":          {print: printBridgeVLANs, on: bridged},
		"/interface/bonding":              {print: printBonding, monitor: monitorBonding, picked: true},
		"/interface/vrrp":                 {print: printVRRP},
	}
}

// ethernets visits the wired ports.
func (v *view) ethernets(visit func(i int, s *static)) {
	for i := range v.router.static {
		if s := &v.router.static[i]; s.kind <= kindSFPPlus {
			visit(i, s)
		}
	}
}

// monitorEthernet says what a port negotiated, and what its module says.
func monitorEthernet(v *view, row *apiRow, emit func()) {
	v.ethernets(func(i int, s *static) {
		row.id(v.interfaceIndex(i))
		row.hide()
		row.bytes("name", v.interfaceName(i))
		if v.linked(i) {
			row.string("status", "link-ok")
			row.string("auto-negotiation", "done")
			row.string("rate", linkRate(s.speed))
			row.flag("full-duplex", true)
			row.flag("tx-flow-control", false)
			row.flag("rx-flow-control", false)
		} else {
			row.string("status", "no-link")
		}
		if s.kind != kindEther {
			v.module(s, v.linked(i), row)
		}
		emit()
	})
}

func linkRate(speed int) string {
	switch speed {
	case 10_000:
		return "10Gbps"
	case 1000:
		return "1Gbps"
	}
	return itoa(speed) + "Mbps"
}

func (v *view) module(s *static, there bool, row *apiRow) {
	row.flag("sfp-module-present", there)
	if !there {
		return
	}
	row.flag("sfp-rx-loss", false)
	row.flag("sfp-tx-fault", false)
	row.string("sfp-type", "SFP-or-SFP+")
	row.string("sfp-connector-type", "LC")
	row.string("sfp-vendor-name", "Mikrotik")
	row.string("sfp-vendor-part-number", "S-31DLC20D")
	row.string("sfp-vendor-serial", serialOf(s))
	row.string("sfp-wavelength", []string{"850nm", "1310nm", "1550nm"}[s.seed>>8%3])
	row.string("sfp-temperature", itoa(33+int(12*v.wave(s.seed, 90_000)))+"C")
	row.float("sfp-supply-voltage", float64(3_270+int(50*v.wave(mix(s.seed), 60_000)))/1000, 3, "V")
	row.string("sfp-tx-bias-current", itoa(int(6+s.seed%30))+"mA")
	row.float("sfp-tx-power", float64(v.light(s, 21))/1000, 3, "dBm")
	row.float("sfp-rx-power", float64(v.light(s, 22)-2_500)/1000, 3, "dBm")
}

// countPort is what =stats= adds; a port of an older chip counts less.
func (v *view) countPort(i int, row *apiRow) {
	c := v.interfaceCounters(i)
	row.count("driver-rx-byte", c.rxBytes)
	row.count("driver-rx-packet", c.rxPackets())
	row.count("driver-tx-byte", c.txBytes)
	row.count("driver-tx-packet", c.txPackets())
	row.count("rx-bytes", c.rxBytes+4*c.rxPackets())
	row.count("rx-packet", c.rxPackets())
	row.count("rx-broadcast", c.rxPackets()/900)
	row.count("rx-multicast", c.rxPackets()/400)
	row.count("rx-pause", 0)
	row.count("rx-fcs-error", c.rxErrors)
	row.count("rx-fragment", 0)
	row.count("rx-overflow", c.rxDrops)
	row.count("tx-bytes", c.txBytes+4*c.txPackets())
	row.count("tx-packet", c.txPackets())
	row.count("tx-broadcast", c.txPackets()/900)
	row.count("tx-multicast", c.txPackets()/400)
	row.count("tx-collision", 0)
	if v.router.model.atLeast(7, 0) {
		row.count("tx-rx-64", c.rxPackets()/5)
		row.count("tx-rx-65-127", c.rxPackets()/4)
		row.count("tx-rx-1024-max", c.txPackets()/2)
	}
}

func printPoE(v *view, row *apiRow, emit func()) {
	for _, i := range v.router.poe {
		row.id(uint32(i) + 1)
		row.bytes("name", v.interfaceName(i))
		row.string("poe-out", "auto-on")
		row.number("poe-priority", 10)
		emit()
	}
}

func monitorPoE(v *view, row *apiRow, emit func()) {
	for _, i := range v.router.poe {
		row.bytes("name", v.interfaceName(i))
		row.string("poe-out", "auto-on")
		milliamperes := v.milliamperes(&v.router.static[i])
		if milliamperes > 0 {
			row.string("poe-out-status", "powered-on")
			row.float("poe-out-voltage", float64(poeDeciVolts)/10, 1, "V")
			row.string("poe-out-current", itoa(int(milliamperes))+"mA")
			row.float("poe-out-power", float64((milliamperes*poeDeciVolts+500)/1000)/10, 1, "W")
		} else {
			row.string("poe-out-status", "waiting-for-load")
		}
		emit()
	}
}

func printSwitchPorts(v *view, row *apiRow, emit func()) {
	v.ethernets(func(i int, s *static) {
		row.id(uint32(i) + 1)
		row.bytes("name", v.interfaceName(i))
		row.string("switch", "switch1")
		row.flag("running", v.linked(i))
		if row.stats {
			v.countPort(i, row)
		}
		emit()
	})
}

// printBridgePorts: version 6 says less of the spanning tree.
func printBridgePorts(v *view, row *apiRow, emit func()) {
	for i := range v.router.static {
		if !v.router.static[i].slave {
			continue
		}
		row.id(uint32(i) + 1)
		row.bytes("interface", v.interfaceName(i))
		row.string("bridge", "bridge-lan")
		row.string("path-cost", "10")
		row.flag("inactive", !v.linked(i))
		row.flag("dynamic", false)
		row.flag("disabled", false)
		row.flag("hw-offload", v.linked(i))
		switch {
		case !v.linked(i):
			row.string("role", "disabled-port")
		default:
			row.string("role", "designated-port")
			row.flag("edge-port", true)
			row.flag("point-to-point-port", true)
			row.flag("learning", true)
			row.flag("forwarding", true)
		}
		if v.router.model.atLeast(7, 0) && v.linked(i) {
			row.number("actual-path-cost", 20_000)
			row.number("root-path-cost", 0)
			row.string("designated-bridge-id", "0x8000.48:8F:5A:00:00:01")
			row.count("rx-bpdu", 0)
			row.count("tx-bpdu", v.grown(v.router.static[i].seed, 0.5))
			row.count("topology-changes", uint64(v.linkDowns(i)))
		}
		emit()
	}
}

func printBridgeVLANs(v *view, row *apiRow, emit func()) {
	for i, id := range []string{"1", "10", "20-22"} {
		row.id(uint32(i) + 1)
		row.string("bridge", "bridge-lan")
		row.string("vlan-ids", id)
		row.string("current-tagged", [...]string{"", "bridge-lan,ether1", "ether1"}[i])
		row.string("current-untagged", [...]string{"bridge-lan,ether2", "", ""}[i])
		row.flag("dynamic", i == 0)
		row.flag("disabled", false)
		row.optional("comment", [...]string{"", "management", ""}[i])
		emit()
	}
}

func printBonding(v *view, row *apiRow, emit func()) {
	if v.router.role == roleCore {
		row.id(0x40)
		row.string("name", "bond1")
		row.string("mode", "802.3ad")
		row.string("slaves", "ether1,ether2")
		row.flag("running", true)
		row.flag("disabled", false)
		emit()
	}
}

func monitorBonding(v *view, row *apiRow, emit func()) {
	if v.router.role == roleCore {
		row.string("name", "bond1")
		row.hide()
		row.string("mode", "802.3ad")
		row.string("active-ports", "ether1,ether2")
		row.string("inactive-ports", "")
		row.string("lacp-system-id", "48:8F:5A:00:00:01")
		row.number("lacp-system-priority", 65535)
		row.string("lacp-partner-system-id", "48:8F:5A:00:01:01")
		emit()
	}
}

func printVRRP(v *view, row *apiRow, emit func()) {
	if v.router.role == roleEdge {
		row.id(0x50)
		row.string("name", "vrrp1")
		row.number("vrid", 49)
		row.number("priority", int64(100+v.router.index%2*50))
		row.string("mac-address", "00:00:5E:00:01:31")
		row.flag("invalid", false)
		row.flag("running", true)
		row.flag("master", v.router.index%2 == 1)
		row.flag("backup", v.router.index%2 == 0)
		row.flag("disabled", false)
		emit()
	}
}

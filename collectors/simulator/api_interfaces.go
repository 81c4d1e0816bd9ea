package simulator

// printInterfaces shows what RouterOS knows of each interface; what it does not know is left out, so
// the rows of one reply have different fields.
func printInterfaces(v *view, row *apiRow, emit func()) {
	for i := range v.interfaceCount() {
		row.id(v.interfaceIndex(i))
		row.bytes("name", v.interfaceName(i))
		v.describeInterface(i, row)
		v.linkTimes(i, row)
		v.countInterface(i, row)
		row.flag("running", v.linked(i))
		if i < len(v.router.static) && v.router.static[i].slave {
			row.flag("slave", true)
		}
		if v.dynamic(i) != nil {
			row.flag("dynamic", true)
		}
		row.flag("disabled", !v.enabled(i))
		row.optional("comment", v.comment(i))
		emit()
	}
}

func (v *view) describeInterface(i int, row *apiRow) {
	kind := v.interfaceKind(i)
	if s := v.dynamic(i); s != nil {
		row.string("type", kind.apiType())
		row.number("mtu", int64(v.mtu(i)))
		row.number("actual-mtu", int64(v.mtu(i)))
		return
	}
	s := &v.router.static[i]
	row.optional("default-name", s.defaultName)
	row.string("type", s.apiType(v.router.model))
	if kind == kindBridge {
		row.string("mtu", "auto")
	} else {
		row.number("mtu", int64(s.mtu))
	}
	if v.enabled(i) {
		row.number("actual-mtu", int64(s.mtu))
	}
	if kind == kindEther || kind == kindSFP || kind == kindSFPPlus {
		row.number("l2mtu", 1514)
		row.number("max-l2mtu", 9214)
	} else if kind != kindLoopback {
		row.number("l2mtu", 1510)
	}
	if kind == kindLoopback {
		row.string("mac-address", "00:00:00:00:00:00")
		return
	}
	row.mac("mac-address", s.mac)
}

// apiType: a radio is called wifi by the drivers of 7.13 and later.
func (s *static) apiType(m *model) string {
	if s.kind == kindWLAN && m.atLeast(7, 13) {
		return "wifi"
	}
	return s.kind.apiType()
}

func (v *view) linkTimes(i int, row *apiRow) {
	if v.linkDowns(i) > 0 {
		row.timestamp("last-link-down-time", v, v.linkedAt(i)-2_000-int64(v.interfaceIndex(i))*700)
	}
	if v.linked(i) {
		row.timestamp("last-link-up-time", v, v.linkedAt(i))
	}
	row.number("link-downs", int64(v.linkDowns(i)))
}

func (v *view) countInterface(i int, row *apiRow) {
	c := v.interfaceCounters(i)
	row.count("rx-byte", c.rxBytes)
	row.count("tx-byte", c.txBytes)
	row.count("rx-packet", c.rxPackets())
	row.count("tx-packet", c.txPackets())
	row.count("rx-drop", c.rxDrops)
	row.count("tx-drop", c.txDrops)
	if v.interfaceKind(i).physical() {
		row.count("tx-queue-drop", c.txQueueDrops)
	}
	row.count("rx-error", c.rxErrors)
	row.count("tx-error", c.txErrors)
	if v.router.model.cores > 1 {
		row.count("fp-rx-byte", c.rxBytes/16*15)
		row.count("fp-tx-byte", c.txBytes/16*15)
		row.count("fp-rx-packet", c.rxPackets()/16*15)
		row.count("fp-tx-packet", c.txPackets()/16*15)
	}
}

func printEthernet(v *view, row *apiRow, emit func()) {
	for i := range v.router.static {
		s := &v.router.static[i]
		if s.kind > kindSFPPlus {
			continue
		}
		row.id(v.interfaceIndex(i))
		row.bytes("name", v.interfaceName(i))
		row.string("default-name", s.defaultName)
		row.number("mtu", int64(s.mtu))
		row.number("l2mtu", 1514)
		row.mac("mac-address", s.mac)
		row.mac("orig-mac-address", s.mac)
		row.string("arp", "enabled")
		row.flag("auto-negotiation", true)
		if s.kind == kindEther {
			row.string("speed", itoa(s.speed)+"Mbps")
		}
		row.string("loop-protect-status", "off")
		if row.stats {
			v.countPort(i, row)
		}
		row.flag("running", v.linked(i))
		if s.slave {
			row.flag("slave", true)
		}
		row.flag("disabled", s.disabled)
		row.optional("comment", s.comment)
		emit()
	}
}

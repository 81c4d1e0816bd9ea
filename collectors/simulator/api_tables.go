package simulator

// apiTable writes the rows of one path. It calls emit after each.
type apiTable func(v *view, row *apiRow, emit func())

// apiTables are the paths of every router that can be printed.
func apiTables() map[string]apiTable {
	return map[string]apiTable{
		"/system/identity":     printIdentity,
		"/system/resource":     printResource,
		"/system/resource/cpu": printCPU,
		"/system/health":       printHealth,
		"/system/license":      printLicense,
		"/system/package":      printPackages,
		"/interface":           printInterfaces,
		"/ip/address":          printAddresses,
		"/ppp/active":          printPPP,
		"/ip/hotspot/active":   printHotspot,
	}
}

func printIdentity(v *view, row *apiRow, emit func()) {
	row.string("name", v.router.name)
	emit()
}

func printResource(v *view, row *apiRow, emit func()) {
	m := v.router.model
	row.duration("uptime", v.uptime())
	row.string("version", m.version+" ("+m.channel+")")
	row.string("build-time", m.build)
	if m.product != "" {
		row.string("factory-software", factorySoftware(m))
	}
	row.number("free-memory", int64(m.memoryKiB-v.memoryUsed())*1024)
	row.number("total-memory", int64(m.memoryKiB)*1024)
	row.string("cpu", m.cpu)
	row.number("cpu-count", int64(m.cores))
	row.number("cpu-frequency", int64(m.megahertz))
	row.number("cpu-load", int64(v.cpuLoad()))
	row.number("free-hdd-space", int64(m.diskKiB-v.diskUsed())*1024)
	row.number("total-hdd-space", int64(m.diskKiB)*1024)
	if m.product != "" {
		row.number("write-sect-since-reboot", v.uptime()/30_000)
		row.number("write-sect-total", int64(hash(v.router.seed, 43)%900_000)+v.uptime()/30_000)
		row.string("bad-blocks", "0")
	}
	row.string("architecture-name", m.architecture)
	row.string("board-name", m.boardName())
	row.string("platform", "MikroTik")
	emit()
}

func factorySoftware(m *model) string {
	if m.atLeast(7, 0) {
		return "7.4.1"
	}
	return "6.40.5"
}

// boardName is the board as the API names it: a CHR says what it runs on.
func (m *model) boardName() string {
	if m.product == "" {
		return m.board + " QEMU Standard PC (i440FX + PIIX, 1996)"
	}
	return m.board
}

func printCPU(v *view, row *apiRow, emit func()) {
	for core := range v.router.model.cores {
		load := v.coreLoad(core)
		row.id(uint32(core) + 1)
		row.begin("cpu")
		row.text = append(append(row.text, "cpu"...), itoa(core)...)
		row.end()
		row.number("load", int64(load))
		row.number("irq", int64(load/3))
		row.number("disk", 0)
		emit()
	}
}

func printRouterboard(v *view, row *apiRow, emit func()) {
	m := v.router.model
	row.flag("routerboard", m.product != "")
	if m.product != "" {
		if m.atLeast(6, 40) && m.board != m.product {
			row.string("board-name", m.board)
		}
		row.string("model", m.product)
		row.string("serial-number", v.router.serial())
		row.string("firmware-type", m.architecture)
		row.string("factory-firmware", factorySoftware(m))
		row.string("current-firmware", m.firmware)
		row.string("upgrade-firmware", m.version)
	}
	emit()
}

func printLicense(v *view, row *apiRow, emit func()) {
	m := v.router.model
	if m.product == "" {
		row.string("system-id", v.router.softwareID())
		row.string("level", "p1")
		row.flag("limited-upgrades", false)
		emit()
		return
	}
	row.string("software-id", v.router.softwareID())
	row.number("nlevel", int64(m.level))
	row.string("features", "")
	emit()
}

func printPackages(v *view, row *apiRow, emit func()) {
	m := v.router.model
	names := []string{"routeros"}
	switch {
	case !m.atLeast(7, 0):
		names = []string{"routeros-" + m.architecture, "system", "ppp", "dhcp", "hotspot", "routing", "security"}
	case m.wlan > 0:
		names = append(names, "wifi-qcom")
	}
	for i, name := range names {
		row.id(uint32(i) + 1)
		row.string("name", name)
		row.string("version", m.version)
		row.string("build-time", m.build)
		row.string("scheduled", "")
		if m.atLeast(7, 18) {
			row.number("size", int64(hash(uint64(len(name)), uint64(m.cores))%12_000_000))
			row.flag("available", false)
		}
		row.flag("disabled", false)
		emit()
	}
}

func printAddresses(v *view, row *apiRow, emit func()) {
	for i, a := range v.router.addresses() {
		row.id(uint32(i) + 1)
		row.begin("address")
		row.appendIP(a.ip)
		row.text = append(append(row.text, '/'), itoa(a.bits)...)
		row.end()
		row.address("network", a.network)
		row.bytes("interface", v.interfaceName(a.row))
		row.bytes("actual-interface", v.interfaceName(a.row))
		row.flag("invalid", false)
		row.flag("dynamic", false)
		row.flag("disabled", false)
		emit()
	}
}

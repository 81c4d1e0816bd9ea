package simulator

// firewallMenus are the firewall's rules and what it follows. IPv6 is a package of its own in version
// 6, and these routers do without.
func firewallMenus() map[string]apiMenu {
	menus := map[string]apiMenu{
		"/ip/firewall/connection/tracking": {print: printConntrack},
		"/ip/settings":                     {print: printIPSettings},
	}
	for i, section := range []string{"filter", "nat", "mangle", "raw"} {
		menus["/ip/firewall/"+section] = apiMenu{print: rulePrinter(section, uint64(i))}
		menus["/ipv6/firewall/"+section] = apiMenu{print: rulePrinter(section, uint64(i)+4), on: since7(0)}
	}
	return menus
}

// rules is how many rules a section has.
func (r *Router) rules(section string, ipv6 bool) int {
	switch {
	case section == "filter":
		return r.lists([...]int{roleCore: 10, roleEdge: 12, roleTower: 6, roleHotspot: 8, rolePop: 4, roleOffice: 8}[r.role])
	case section == "nat" && ipv6:
		return 0
	}
	return min(r.lists(2), 4)
}

// rulePrinter shows a section. Some rules have a comment, a few the same one; where connections are
// fast-tracked RouterOS puts a rule of its own before the others.
func rulePrinter(section string, number uint64) apiTable {
	chains := map[string][2]string{"filter": {"input", "forward"}, "nat": {"srcnat", "dstnat"}, "mangle": {"prerouting", "postrouting"},
		"raw": {"prerouting", "output"}}[section]
	actions := map[string][2]string{"filter": {"accept", "drop"}, "nat": {"masquerade", "dst-nat"}, "mangle": {"mark-connection", "mark-packet"},
		"raw": {"notrack", "drop"}}[section]
	return func(v *view, row *apiRow, emit func()) {
		if section == "filter" && number == 0 && v.router.role == roleHotspot {
			v.rule(row, 0, "forward", "passthrough", 860)
			row.string("comment", "special dummy rule to show fasttrack counters")
			row.flag("dynamic", true)
			emit()
		}
		n := v.router.rules(section, number >= 4)
		for i := range n {
			seed := 861<<10 + number<<8 + uint64(i)
			v.rule(row, uint32(i)+1, chains[i*2/n], actions[i%2], seed)
			switch i % 4 {
			case 0:
				row.string("comment", "defconf: rule "+itoa(i/8)) // each twice
			case 1:
				row.string("comment", "")
			}
			row.flag("dynamic", false)
			emit()
		}
	}
}

func (v *view) rule(row *apiRow, id uint32, chain, action string, seed uint64) {
	row.id(id)
	row.string("chain", chain)
	row.string("action", action)
	row.flag("log", seed%9 == 0)
	row.string("log-prefix", "")
	if row.stats {
		bytes := v.grown(seed, 3_000)
		row.count("bytes", bytes)
		row.count("packets", bytes/310)
	}
	row.flag("invalid", false)
	row.flag("disabled", seed%11 == 0)
}

// printConntrack: the counts of each family came with 7.18.
func printConntrack(v *view, row *apiRow, emit func()) {
	m := v.router.model
	entries := int64(30 + 900*v.wave(hash(v.router.seed, 870), 30_000))
	row.string("enabled", "auto")
	row.string("tcp-established-timeout", "1d")
	if m.atLeast(7, 18) {
		row.flag("active-ipv4", true)
		row.flag("active-ipv6", true)
	}
	row.number("max-entries", min(int64(m.memoryKiB)/2, 1_048_576))
	row.number("total-entries", entries)
	if m.atLeast(7, 18) {
		row.number("total-ip4-entries", entries-entries/9)
		row.number("total-ip6-entries", entries/9)
	}
	emit()
}

func printIPSettings(v *view, row *apiRow, emit func()) {
	hotspot := v.router.role == roleHotspot
	row.flag("ip-forward", true)
	row.string("rp-filter", "no")
	row.flag("allow-fast-path", true)
	row.flag("ipv4-fast-path-active", !hotspot)
	row.count("ipv4-fast-path-packets", v.grown(880, 400))
	row.count("ipv4-fast-path-bytes", v.grown(881, 300_000))
	row.flag("ipv4-fasttrack-active", hotspot)
	row.count("ipv4-fasttrack-packets", v.grown(882, 40))
	row.count("ipv4-fasttrack-bytes", v.grown(883, 31_000))
	emit()
}

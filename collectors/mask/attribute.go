package mask

import "strings"

// Attribute masks one value of a row of the RouterOS API. path is the menu or command that it came from.
// What measures, switches or numbers stays; what the router itself says, as a type or a state, stays but
// for addresses; all else is masked, piece by piece where it is a list.
func (m *Mask) Attribute(path, name, value string) string {
	switch {
	case value == "" || name == ".id":
		return value
	case isPart(path, name):
		return m.Plain(value)
	case path == "/routing/bgp/session" && name == "name":
		return m.sessionName(value)
	case identifies(path, name):
		return m.Identity(value)
	case m.isNumber(value) && !m.isAddress(value) && !isNamed(name), value == "true", value == "false", value == "yes", value == "no":
		return value
	case isMakersWord(name):
		return m.Plain(value)
	}
	pieces := strings.Split(value, ",")
	for i, p := range pieces {
		pieces[i] = m.Name(p)
	}
	return strings.Join(pieces, ",")
}

// sessionName masks the name of a BGP session, which is its connection's and a number.
func (m *Mask) sessionName(s string) string {
	if i := strings.LastIndexByte(s, '-'); i > 0 && m.isNumber(s[i+1:]) {
		return m.Name(s[:i]) + s[i:]
	}
	return m.Name(s)
}

// isPart reports the names of a router's own parts: they are the same on every router of its kind.
func isPart(path, name string) bool {
	switch path {
	case "/system/health":
		return true
	case "/system/package", "/system/resource/cpu", "/system/resource/irq", "/partitions", "/disk", "/system/license",
		"/interface/ethernet/switch", "/routing/stats/process", "/ip/service":
		return name == "name" || name == "slot" || name == "level" || name == "type"
	}
	return false
}

// identifies reports an attribute that is masked whatever its value looks like: it may be a number, or
// what is the default name of something else.
func identifies(path, name string) bool {
	switch name {
	case "user", "comment", "host-name", "hostname", "ssid", "serial-number", "serial", "software-id", "old-software-id", "system-id",
		"identity", "radio-name", "remote-name", "caller-id", "session-id", "client-id", "active-client-id", "class-id", "email", "dns-name",
		"public-address", "public-address-ipv6", "common-name", "subject-alt-name", "fingerprint", "ca-fingerprint", "req-fingerprint", "akid", "skid",
		"public-key", "vpn-public-key", "vpn-peer-public-key", "vpn-dns-name", "imei", "imsi", "iccid", "uicc", "subscriber-number", "eap-identity",
		"sfp-vendor-serial", "remote-cap-identity", "remote-cap-name", "location", "contact", "latitude", "longitude", "message", "raid-uuid", "fs-uuid",
		"fs-label", "image-id", "domain", "active-agent-circuit-id", "active-agent-remote-id", "system-description", "description", "url", "directory-url",
		"current-cellid", "phy-cellid", "enb-id", "sector-id", "lac", "eeprom", "cmd", "envlist", "root-dir", "system-caps-info", "data", "resolver":
		return true
	case "name":
		switch path {
		case "/ppp/active", "/system/identity", "/user/active", "/user", "/ip/hotspot/active", "/ip/hotspot/host":
			return true
		}
	}
	return false
}

// isNamed reports an attribute in which a number is a name: of a queue that is called by a telephone.
func isNamed(name string) bool {
	return name == "name" || name == "parent" || name == "host" || name == "profile"
}

// isMakersWord reports an attribute whose values the maker chose: types, states, versions, boards.
func isMakersWord(name string) bool {
	switch name {
	case "type", "default-name", "service", "encoding", "login-by", "status", "state", "version", "board-name", "board", "model", "platform",
		"architecture-name", "architecture", "arch", "cpu", "factory-software", "build-time", "channel", "current-channel", "band", "signal-strength", "tx-signal-strength", "firmware-type", "factory-firmware", "current-firmware",
		"upgrade-firmware", "installed-version", "latest-version", "routeros-version", "os", "revision", "features", "level", "nlevel",
		"chain", "action", "protocol", "address-families", "afi", "address-family", "rate", "speed", "advertising", "auto-negotiation", "full-duplex",
		"sfp-vendor-name", "sfp-vendor-part-number", "sfp-vendor-revision", "sfp-connector-type", "sfp-encoding", "sfp-type", "sfp-manufacturing-date",
		"link-partner-advertising", "advertise", "supported", "eee", "combo-state", "loop-protect-status", "poe-out", "poe-out-status", "poe-voltage", "poe-priority",
		"role", "remote.role", "local.role", "edge-port", "point-to-point-port", "sending-rstp", "learning", "forwarding", "port-status", "mode",
		"frame-types", "authentication-type", "auth-type", "encryption", "group-encryption", "wireless-protocol", "wmm-enabled", "current-country", "country",
		"registration-status", "pin-status", "access-technology", "current-operator", "manufacturer", "primary-band", "ca-band", "modulation", "dl-modulation",
		"nv2-sync-state", "w60g-state", "tx-sector-info", "last-error", "expired", "ph2-state", "side", "invalid-before", "invalid-after", "key-type",
		"expires-after", "ca", "interval", "since", "scheduled", "fs", "hid-self-test", "self-test", "transfer-cause", "on-battery", "group", "via", "when",
		"license", "deadline-at", "next-renewal-at", "ddns-enabled", "vpn-status", "warning", "actual-mtu", "mtu", "found-by", "discovered-by", "system-caps",
		"system-caps-enabled", "unpack", "switch", "bus", "output.network", "input.filter", "nexthop-choice", "capabilities", "remote.capabilities",
		"local.capabilities", "arp", "tx-rate", "rx-rate", "current-tx-powers", "flags", "time-zone-name", "leap", "synced-stratum", "reconfigure-status", "dhcpv4-status",
		"priority", "parent-state", "gps-antenna-select", "fix-quality", "satellites", "data-age", "cable-settings", "default-cable-settings", "temperature", "voltage", "ranges":
		return true
	}
	return false
}

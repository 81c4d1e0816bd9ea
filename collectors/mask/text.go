package mask

import (
	"net/netip"
	"regexp"
	"strings"
)

// patterns find what a text may hold. They are compiled once for each mask.
type patterns struct{ email, mac, address, number, defaults *regexp.Regexp }

func newPatterns() patterns {
	return patterns{
		email:   regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`),
		mac:     regexp.MustCompile(`\b(?:[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})\b`),
		address: regexp.MustCompile(`\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3})?`),
		// A number with a unit, several, a span of time, a date, a row's id, a version.
		number: regexp.MustCompile(`^(?:\*[0-9A-Fa-f]+|[-+]?[0-9.]+ ?(?:[A-Za-z%/]{0,6})(?:[-,/ :x]+[-+]?[0-9.]+ ?[A-Za-z%/]{0,6})*|-?(?:[0-9]+(?:w|d|h|ms|us|m|s))+[0-9.:]*|` +
			`[a-z]{3}/[0-9]{2}/[0-9]{4}(?: [0-9:]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.+Z-]+)?|[0-9]+(?:\.[0-9]+)+(?:(?:beta|rc|alpha)[0-9]+)?(?: \([a-z-]+\))?)$`),
		defaults: regexp.MustCompile(`^(?:` + defaultNames + `)[ ]?[0-9]*(?:[-/.:][0-9]+)*$`),
	}
}

// defaultNames are what devices call their parts by themselves, before a number.
const defaultNames = `ether|eth|eno|ens|enp|em|igb|ix|re|sfp|sfp-sfpplus|sfpplus|sfp28|sfp56|qsfp|qsfpplus|qsfp28|qsfp56|combo|` +
	`wlan|wifi|wifiwave|ath|wl|cap|radio|w60g|wlan60-|bridge|bridge-local|br|br-lan|br-wan|lan|wan|LAN|WAN|vlan|bonding|bond|lo|loopback|lte|` +
	`(?:ppp|pppoe|pptp|l2tp|sstp|ovpn)-(?:out|in)|wireguard|wg|(?:eoip|gre|ipip|6to4)-tunnel|gre|ipip|eoip|vrrp|vxlan|veth|zerotier|macvlan|macsec|` +
	`hotspot|hs-pool-|hsprof|dhcp|dhcp_pool|server|pool|queue|usb|disk|nvme|sata|slot|mgmt|tun|tap|psu|cpu|port|tmpfs|part|` +
	`(?:Gigabit|TenGigabit|FortyGigabit|Fast)?Ethernet|TwentyFiveGigE|HundredGigE|Port-channel|Po|Gi|Te|Fa|Vlan|VLAN|Loopback|Null|Port|ge-|xe-|et-|ae|irb|me|fxp|lag`

func (m *Mask) isDefaultName(s string) bool { return m.defaults.MatchString(s) }

// isNumber reports a value that only measures: it stays as it is.
func (m *Mask) isNumber(s string) bool { return m.number.MatchString(s) }

// Plain masks the addresses inside a text that the device's maker wrote.
func (m *Mask) Plain(s string) string {
	s = m.email.ReplaceAllStringFunc(s, m.Word)
	s = m.mac.ReplaceAllStringFunc(s, m.macText)
	return m.address.ReplaceAllStringFunc(s, m.addressText)
}

// Text masks what identifies inside a text that may quote others: addresses, and words that were masked
// elsewhere.
func (m *Mask) Text(s string) string {
	s = m.Plain(s)
	if m.inTexts != nil {
		s = m.inTexts.Replace(s)
	}
	return s
}

func (m *Mask) addressText(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return s // a version, a time
	}
	masked := m.Addr(a)
	if masked == a {
		return s // as it was spelled
	}
	return masked.String()
}

// Name masks a name that a device may have by itself, as of an interface: ether1 and bridge1 stay, and
// of <pppoe-amina> what is the user's becomes the mask of the user.
func (m *Mask) Name(s string) string {
	if m.isDefaultName(s) || m.kept[s] || !hasIdentity(s) {
		return s
	}
	if inner, ok := strings.CutPrefix(s, "<"); ok && strings.HasSuffix(inner, ">") {
		service, user, hasUser := strings.Cut(strings.TrimSuffix(inner, ">"), "-")
		if hasUser && isService(service) {
			return "<" + service + "-" + m.Identity(user) + ">"
		}
	}
	return m.Identity(s)
}

// Identity masks a text that names somebody or something: an address by an address, all else as a word.
func (m *Mask) Identity(s string) string {
	if !m.isAddress(s) {
		return m.Word(s)
	}
	if address, port, scoped := strings.Cut(s, "%"); scoped { // 10.0.0.1%to-tower
		return m.Plain(address) + "%" + m.Name(port)
	}
	return m.Plain(s)
}

// isAddress reports a text that is an address, perhaps with a prefix or a port, and nothing else.
func (m *Mask) isAddress(s string) bool {
	if m.mac.FindString(s) == s && s != "" {
		return true
	}
	host, _, _ := strings.Cut(s, "/")
	host, _, _ = strings.Cut(host, "%")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(s)
	return err == nil
}

func isService(s string) bool {
	switch s {
	case "pppoe", "pptp", "l2tp", "sstp", "ovpn", "ppp":
		return true
	}
	return false
}

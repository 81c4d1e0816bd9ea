package snmp

import "strconv"

// interfaceType spells IANAifType in RouterOS' words where it has one.
func interfaceType(c cell) string {
	switch c.integer() {
	case 6, 62, 69, 117:
		return "ether"
	case 24:
		return "loopback"
	case 71:
		return "wlan"
	case 135, 136:
		return "vlan"
	case 209:
		return "bridge"
	case 161:
		return "bond"
	case 23:
		return "ppp"
	case 243, 244:
		return "lte"
	case 131:
		return "tunnel"
	case 53:
		return "virtual"
	case 1:
		return "other"
	}
	return rareType(c.integer())
}

// rareType is the name that IANA gives, hyphenated, for what is met beside RouterOS.
func rareType(n int64) string {
	switch n {
	case 22:
		return "serial"
	case 32:
		return "frame-relay"
	case 37:
		return "atm"
	case 49:
		return "aal5"
	case 54:
		return "multiplexor"
	case 94:
		return "adsl"
	case 97:
		return "vdsl"
	case 108:
		return "ppp-multilink"
	case 118:
		return "hdlc"
	case 142:
		return "ip-forward"
	case 144:
		return "ieee1394"
	case 150:
		return "mpls-tunnel"
	case 166:
		return "mpls"
	case 169:
		return "shdsl"
	case 195:
		return "optical-channel"
	case 230:
		return "adsl2"
	case 238:
		return "adsl2-plus"
	case 250:
		return "gpon"
	case 251:
		return "vdsl2"
	}
	return "iana-" + strconv.FormatInt(n, 10)
}

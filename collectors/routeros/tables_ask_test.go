package routeros

import (
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestW60G: on an access point an answer lists its stations; the first is shown.
func TestW60G(t *testing.T) {
	router := version7(menus{
		"/interface/w60g": {{"=.id=*1", "=name=wlan60-1", "=mode=ap-bridge", "=ssid=hill"}, {"=.id=*2", "=name=wlan60-2", "=mode=station-bridge"}},
		"/interface/w60g/monitor": {{"=connected=true", "=frequency=58320", "=remote-address=48:A9:8A:00:00:01,48:A9:8A:00:00:02", "=tx-mcs=8,4", "=signal=80,55",
			"=rssi=-58,-71", "=tx-sector=62,12", "=tx-sector-info=center", "=tx-phy-rate=2.3Gbps,1540.0Mbps", "=distance=160.9m,40m",
			"=baseband-temperature=47", "=tx-packet-error-rate=3%"}, {"=connected=false", "=frequency=58320", "=rssi="}},
	})
	compareRead(t, readOne(t, newStub(t, router.serve).collector(), "w60g"), map[string]map[string]string{
		"wlan60-1": {"radio_mode": "0", "ssid": "hill", "connected": "true", "frequency_hertz": "58320000000", "remote_mac_address": "48:a9:8a:00:00:01",
			"mcs": "8", "signal_percent": "80", "rssi_dbm": "-58", "tx_sector": "62", "tx_sector_info": "center", "phy_rate_bits_per_second": "2300000000",
			"distance_meters": "160.9", "temperature_celsius": "47", "packet_error_percent": "3"},
		"wlan60-2": {"radio_mode": "1", "connected": "false", "frequency_hertz": "58320000000"},
	})
}

// TestBGPPairs: a session and its connection are one row, whichever is answered first; a connection
// without a session is idle; a name that ends in a number is no session's.
func TestBGPPairs(t *testing.T) {
	session := [][]string{{"=name=a-1-1", "=established=true", "=uptime=1h", "=remote.address=10.0.0.1", "=remote.as=64500", "=prefix-count=7"},
		{"=name=b-1", "=remote.address=2001:db8::1"}, {"=name=range-7", "=established=true"}}
	connection := [][]string{{"=name=a-1", "=remote.address=10.0.0.1/32", "=remote.as=64500", "=disabled=false"}, {"=name=b", "=remote.address=2001:db8::1/128"},
		{"=name=c", "=disabled=true", "=remote.as=64502"}}
	want := map[string]map[string]string{
		"a-1": {"enabled": "true", "state": "6", "established": "true", "uptime_seconds": "3600", "remote_address": "10.0.0.1", "remote_as": "64500", "prefixes": "7"},
		"b":   {"enabled": "true", "state": "0", "established": "false", "remote_address": "2001:db8::1"}, "c": {"enabled": "false", "state": "1", "established": "false", "remote_as": "64502"},
		"range-7": {"enabled": "true", "state": "6", "established": "true"},
	}
	for _, connectionsFirst := range []bool{false, true} {
		router := version7(menus{"/routing/bgp/session": session, "/routing/bgp/connection": connection})
		later := map[string][]string{} // questions that are answered later, by their tags
		c := newStub(t, answering(func(c *stubConn, words []string) {
			if connectionsFirst && words[0] == "/routing/bgp/session/print" {
				later[c.tag] = words
				return
			}
			router.answer(c, words)
			if words[0] == "/routing/bgp/connection/print" {
				for tag, question := range later {
					c.tag = tag
					router.answer(c, question)
				}
				clear(later)
			}
		})).collector()
		for range 2 {
			compareRead(t, readOne(t, c, "bgp_session"), want)
		}
	}
}

// TestRoutesAreOnlyCounted: not one route comes over the wire.
func TestRoutesAreOnlyCounted(t *testing.T) {
	router := version7(menus{"/ip/route": {{"=.id=*1", "=dst-address=0.0.0.0/0"}, {"=.id=*2", "=dst-address=10.0.0.0/8"}}})
	stub := newStub(t, router.serve)
	read := readOne(t, stub.collector(), "route_count")
	if rows := shown(read); read.Status != pipeline.Whole || rows["ipv4/all"]["routes"] != "2" || rows["ipv6/all"] != nil {
		t.Errorf("%s %v", read.Reason, rows)
	}
	heard := stub.heard()
	if asked, counted := strings.Count(heard, "route/print"), strings.Count(heard, "route/print=count-only="); asked != counted || counted < 10 {
		t.Errorf("asked %d times, counted %d times", asked, counted)
	}
	if !strings.Contains(heard, "/ip/route/print=count-only=?bgp=yes") {
		t.Error("routes of BGP are not counted")
	}
}

// TestWireGuardAsksForNoKeys: the public ones alone.
func TestWireGuardAsksForNoKeys(t *testing.T) {
	router := version7(menus{
		"/interface/wireguard": {{"=.id=*1", "=name=wg0", "=listen-port=13231", "=private-key=" + canary, "=public-key=abc="}},
		"/interface/wireguard/peers": {{"=.id=*1", "=interface=wg0", "=name=laptop", "=comment=x", "=public-key=k1=", "=last-handshake=never", "=rx=1", "=tx=2"},
			{"=.id=*2", "=interface=wg0", "=name=", "=comment=phone", "=public-key=k2=", "=preshared-key=" + canary, "=current-endpoint-address=2001:db8::7",
				"=current-endpoint-port=40001", "=last-handshake=1m3s"}, {"=.id=*3", "=interface=wg0", "=public-key=k3="}},
	})
	stub := newStub(t, router.serve)
	c := stub.collector()
	compareRead(t, readOne(t, c, "wireguard"), map[string]map[string]string{"wg0": {"listen_port": "13231", "public_key": "abc="}})
	compareRead(t, readOne(t, c, "wireguard_peer"), map[string]map[string]string{
		"wg0/laptop": {"comment": "x", "public_key": "k1=", "rx_bytes": "1", "tx_bytes": "2"},
		"wg0/phone":  {"comment": "phone", "public_key": "k2=", "endpoint": "[2001:db8::7]:40001", "last_handshake_seconds": "63"},
		"wg0/k3=":    {"public_key": "k3="},
	})
	if heard := stub.heard(); strings.Contains(heard, "private") || strings.Contains(heard, "preshared") {
		t.Error("a secret is asked for")
	}
}

// TestLTEByVersion: version 7 is monitored as a list, version 6 asked one by one with another command.
func TestLTEByVersion(t *testing.T) {
	modems := [][]string{{"=.id=*1", "=name=lte1"}, {"=.id=*2", "=name=lte2"}}
	said := [][]string{{"=rssi=-61dBm", "=sinr=-3dB", "=current-operator=X", "=iccid=1", "=uicc=2", "=session-uptime="}}
	seven := newStub(t, version7(menus{"/interface/lte": modems, "/interface/lte/monitor": append(said, []string{"=rssi=-70dBm"})}).serve)
	compareRead(t, readOne(t, seven.collector(), "lte"), map[string]map[string]string{
		"lte1": {"rssi_dbm": "-61", "sinr_decibels": "-3", "network_operator": "X", "iccid": "1"}, "lte2": {"rssi_dbm": "-70"}})
	if !strings.Contains(seven.heard(), "/interface/lte/monitor=numbers=lte1,lte2=once=") {
		t.Error(seven.heard())
	}
	six := newStub(t, version6(menus{"/interface/lte": modems, "/interface/lte/info": said}).serve)
	both := map[string]string{"rssi_dbm": "-61", "sinr_decibels": "-3", "network_operator": "X", "iccid": "2"}
	compareRead(t, readOne(t, six.collector(), "lte"), map[string]map[string]string{"lte1": both, "lte2": both})
	if heard := six.heard(); !strings.Contains(heard, "/interface/lte/info=number=lte1=once=") || !strings.Contains(heard, "/interface/lte/info=number=lte2=once=") {
		t.Error(heard)
	}
}

// TestOldMenus: what versions before call otherwise.
func TestOldMenus(t *testing.T) {
	router := version6(menus{
		"/ip/ipsec/remote-peers":  {{"=.id=*1", "=remote-address=198.51.100.20", "=state=established", "=side=responder", "=established=1h"}},
		"/routing/ospf/neighbor":  {{"=.id=*1", "=router-id=10.0.0.1", "=address=10.255.0.1", "=state=2-Way", "=dr-address=10.255.0.9", "=backup-dr-address=10.255.0.8"}},
		"/routing/ospf/interface": {{"=.id=*1", "=interface=ether1", "=ip-address=10.255.0.9", "=state=backup", "=designated-router=10.0.0.1", "=passive=true"}},
		"/routing/bfd/neighbor":   {{"=.id=*1", "=interface=ether1", "=address=10.0.0.1", "=state=down", "=up=false", "=uptime=never"}},
	})
	stub := newStub(t, router.serve)
	c := stub.collector()
	compareRead(t, readOne(t, c, "ipsec_peer"), map[string]map[string]string{"198.51.100.20/": {"state": "2", "responder": "true", "nat_traversal": "false", "uptime_seconds": "3600"}})
	compareRead(t, readOne(t, c, "ospf_neighbor"), map[string]map[string]string{"10.0.0.1/10.255.0.1": {"state": "4", "dr": "10.255.0.9", "bdr": "10.255.0.8"}})
	compareRead(t, readOne(t, c, "ospf_interface"), map[string]map[string]string{"ether1/10.255.0.9": {"state": "6", "dr": "10.0.0.1", "passive": "true"}})
	compareRead(t, readOne(t, c, "bfd_session"), map[string]map[string]string{"ether1/10.0.0.1": {"state": "1", "up": "false"}})
	if heard := stub.heard(); strings.Contains(heard, "from") || strings.Contains(heard, "remote.address") {
		t.Error("asked as version 7 is")
	}
}

// TestPortsWithNothingIn: of an empty cage only that it is empty; of a port that feeds nobody, no figures.
func TestPortsWithNothingIn(t *testing.T) {
	router := version7(menus{
		"/interface/ethernet": {{"=.id=*1", "=name=ether1", "=default-name=ether1"}, {"=.id=*2", "=name=uplink", "=default-name=sfp-sfpplus1"},
			{"=.id=*3", "=name=q1", "=default-name=qsfpplus1-1"}},
		"/interface/ethernet/monitor": {{"=name=q1", "=status=link-ok", "=sfp-module-present=true", "=sfp-tx-bias-current=18mA", "=sfp-rx-power=-40.00dBm",
			"=sfp-temperature=-5C", "=sfp-wavelength=1310nm"}, {"=name=uplink", "=status=no-link", "=sfp-module-present=false"}},
		"/interface/ethernet/poe":         {{"=.id=*1", "=name=ether1", "=poe-out=off"}, {"=.id=*2", "=name=ether2", "=poe-out=auto-on"}},
		"/interface/ethernet/poe/monitor": {{"=name=ether1", "=poe-out-status=off"}, {"=name=ether2", "=poe-out-status=unheard-of", "=poe-out-current=184mA", "=poe-out-voltage=48.7V"}},
	})
	c := newStub(t, router.serve).collector()
	compareRead(t, readOne(t, c, "optics"), map[string]map[string]string{"uplink": {"module_present": "false"}, "q1": {"module_present": "true",
		"tx_bias_amperes": "0.018", "rx_power_dbm": "-40", "temperature_celsius": "-5", "wavelength_nanometers": "1310"}})
	compareRead(t, readOne(t, c, "poe"), map[string]map[string]string{"ether1": {"setting": "off", "status": "1"},
		"ether2": {"setting": "auto-on", "current_amperes": "0.184", "voltage_volts": "48.7"}})
}

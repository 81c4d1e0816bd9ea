package routeros

import (
	"bytes"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

func wirelessTables() []table {
	return []table{wirelessInterfaceTable(), wirelessClientTable(), w60gTable(), capsmanTable(), remoteCAPTable(), capTable(), lteTable()}
}

// wirelessInterfaceTable reads every wireless stack that the router has: wifi (7.13 and later) and
// wireless may be there together, and either may be managed by CAPsMAN.
func wirelessInterfaceTable() table {
	ofDriver := func(drivers ...string) link { return nameIf("name", "driver", drivers...) }
	return table{
		name: "wireless_interface", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{
			{path: "/interface/wifi", optional: true, with: "driver=wifi", props: ".id,name,configuration.ssid,configuration.mode"},
			{path: "/interface/wifiwave2", optional: true, with: "driver=wifiwave2", props: ".id,name,configuration.ssid,configuration.mode"},
			{path: "/interface/wireless", optional: true, with: "driver=wireless", props: ".id,name,ssid,mode,band,frequency,mac-address"},
			{path: "/caps-man/interface", optional: true, with: "driver=caps-man",
				props: ".id,name,mac-address,current-state,current-channel,current-registered-clients,current-authorized-clients"},
		}}},
		key: by("name"),
		columns: []column{
			text("driver", "driver"),
			text("ssid", "ssid|configuration.ssid"),
			text("radio_mode", "mode|configuration.mode"),
			text("band", "band"),
			text("state", "current-state"),
			text("channel_name", "current-channel"),
			mac("bssid", "mac-address"),
			channelFrequency("frequency_hertz", "current-channel|frequency"),
			number("clients", "current-registered-clients"),
			number("authorized_clients", "current-authorized-clients"),
		},
		joins: []join{
			{
				request: request{path: "/interface/wifi", command: "monitor", args: []string{"once"}},
				of:      ofDriver("wifi"), numbers: "numbers", columns: wifiMonitor(),
			},
			{
				request: request{path: "/interface/wifiwave2", command: "monitor", args: []string{"once"}},
				of:      ofDriver("wifiwave2"), numbers: "numbers", columns: wifiMonitor(),
			},
			{
				request: request{path: "/interface/wireless", command: "monitor", args: []string{"once"}},
				of:      ofDriver("wireless"), numbers: "numbers",
				columns: []column{
					text("state", "status"),
					text("channel_name", "channel"),
					signal("noise_floor_dbm", "noise-floor"),
					signal("signal_dbm", "signal-strength"),
					percent("tx_ccq_percent", "overall-tx-ccq|tx-ccq"),
					percent("rx_ccq_percent", "rx-ccq"),
					rate("tx_rate_bits_per_second", "tx-rate"),
					rate("rx_rate_bits_per_second", "rx-rate"),
					number("clients", "registered-clients"),
					number("authorized_clients", "authenticated-clients"),
					number("distance_meters", "current-distance"),
				},
			},
		},
	}
}

func wifiMonitor() []column {
	return []column{
		text("state", "state"),
		text("channel_name", "channel"),
		channelFrequency("frequency_hertz", "channel"),
		mac("bssid", "ap-address"),
		number("clients", "registered-peers"),
		number("authorized_clients", "authorized-peers"),
		number("tx_power_dbm", "tx-power"),
	}
}

// channelFrequency takes the megahertz with which a channel begins: 5180/ax/Ceee, 2412/20-eC/gn(18dBm).
func channelFrequency(field, attr string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if i := bytes.IndexAny(b, "/-"); i > 0 {
			b = b[:i]
		}
		return gauge(b, 1e6, "MHz")
	})
}

// wirelessClientTable joins the registration tables of all stacks. Pairs are tx,rx.
func wirelessClientTable() table {
	wifi := ".id,interface,mac-address,ssid,uptime,last-activity,signal,auth-type,band,tx-rate,rx-rate,packets,bytes,vlan-id,eap-identity,authorized"
	return table{
		name: "wireless_client", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{
			{path: "/interface/wifi/registration-table", optional: true, props: wifi},
			{path: "/interface/wifiwave2/registration-table", optional: true, props: wifi},
			{path: "/interface/wireless/registration-table", optional: true, props: ".id,interface,mac-address,radio-name,routeros-version,last-ip," +
				"comment,uptime,last-activity,signal-strength,tx-signal-strength,signal-to-noise,signal-strength-ch0,signal-strength-ch1," +
				"signal-strength-ch2,tx-signal-strength-ch0,tx-signal-strength-ch1,tx-signal-strength-ch2,tx-ccq,rx-ccq,tx-rate,rx-rate," +
				"packets,bytes,distance,authentication-type,vlan-id,eap-identity"},
			{path: "/caps-man/registration-table", optional: true,
				props: ".id,interface,mac-address,ssid,uptime,rx-signal,tx-rate,rx-rate,packets,bytes,eap-identity,comment"},
		}}},
		key: key{[]string{"interface", "mac-address"}, func(r *row) []string {
			return []string{r.text("interface"), parseMAC(r.text("mac-address"))}
		}},
		columns: []column{
			text("ssid", "ssid"),
			text("band", "band"),
			text("address", "last-ip"),
			text("radio_name", "radio-name"),
			text("client_version", "routeros-version"),
			text("auth_type", "auth-type|authentication-type"),
			text("eap_identity", "eap-identity"),
			text("comment", "comment"),
			number("vlan", "vlan-id"),
			flag("authorized", "authorized"),
			signal("signal_dbm", "signal|signal-strength|rx-signal"),
			signal("tx_signal_dbm", "tx-signal-strength"),
			signal("signal_chain0_dbm", "signal-strength-ch0"),
			signal("signal_chain1_dbm", "signal-strength-ch1"),
			signal("signal_chain2_dbm", "signal-strength-ch2"),
			signal("tx_signal_chain0_dbm", "tx-signal-strength-ch0"),
			signal("tx_signal_chain1_dbm", "tx-signal-strength-ch1"),
			signal("tx_signal_chain2_dbm", "tx-signal-strength-ch2"),
			scaled("snr_decibels", "signal-to-noise", 1, "dB"),
			percent("tx_ccq_percent", "tx-ccq"), percent("rx_ccq_percent", "rx-ccq"),
			rate("tx_rate_bits_per_second", "tx-rate"), rate("rx_rate_bits_per_second", "rx-rate"),
			scaled("distance_meters", "distance", 1, "m"),
			duration("uptime_seconds", "uptime"),
			duration("last_activity_seconds", "last-activity"),
			countOf("tx_bytes", "bytes", comma, 0), countOf("rx_bytes", "bytes", comma, 1),
			countOf("tx_packets", "packets", comma, 0), countOf("rx_packets", "packets", comma, 1),
		},
	}
}

// w60gTable: on an access point the answers are lists with an element for each station; the first is
// shown. SNMP has a table of the stations.
func w60gTable() table {
	return table{
		name: "w60g", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/interface/w60g"}}}},
		key:     by("name"),
		columns: []column{enum("radio_mode", "mode"), text("ssid", "ssid")},
		joins: []join{{
			request: request{path: "/interface/w60g", command: "monitor", args: []string{"once"}},
			of:      named("name"), numbers: "numbers",
			columns: []column{
				flag("connected", "connected"),
				textBy("remote_mac_address", "remote-address", func(s string) string { return parseMAC(string(partOf([]byte(s), comma, 0))) }),
				scaled("frequency_hertz", "frequency", 1e6, "MHz"),
				firstOfList("mcs", "tx-mcs", ""),
				firstOfList("signal_percent", "signal", "%"),
				firstOfList("rssi_dbm", "rssi", "dBm"),
				firstOfList("tx_sector", "tx-sector", ""),
				text("tx_sector_info", "tx-sector-info"),
				rateOf("phy_rate_bits_per_second", "tx-phy-rate", comma, 0),
				percent("packet_error_percent", "tx-packet-error-rate"),
				firstOfList("distance_meters", "distance", "m"),
				scaled("temperature_celsius", "baseband-temperature", 1, "C"),
			},
		}},
	}
}

// firstOfList is a gauge of which the router says one for each station.
func firstOfList(field, attr, unit string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		return gauge(partOf(b, comma, 0), 1, unit)
	})
}

// capsmanTable is the newer manager's settings, and how much is under it.
func capsmanTable() table {
	return table{
		name: "capsman", lane: pipeline.LaneSessions, policy: policy{every: 5 * time.Minute},
		sources: []source{
			{requests: []request{
				{path: "/interface/wifi/capsman"},
				{path: "/interface/wifi/capsman/remote-cap", count: "caps", optional: true},
			}, since: version{7, 13}},
			{requests: []request{
				{path: "/caps-man/manager"},
				{path: "/caps-man/remote-cap", count: "caps", optional: true},
				{path: "/caps-man/registration-table", count: "clients", optional: true},
				{path: "/caps-man/interface", count: "radios", optional: true},
			}, columns: []column{number("client_count", "clients"), number("interface_count", "radios")}},
		},
		columns: []column{
			flag("enabled", "enabled"),
			flag("require_peer_certificate", "require-peer-certificate"),
			text("interfaces", "interfaces"),
			text("package_path", "package-path"),
			number("remote_cap_count", "caps"),
		},
	}
}

func remoteCAPTable() table {
	return table{
		name: "capsman_remote_cap", lane: pipeline.LaneSlow,
		sources: []source{{requests: []request{
			{path: "/interface/wifi/capsman/remote-cap", optional: true,
				props: ".id,identity,address,board-name,serial,version,base-mac,common-name,state,connected-time,uptime"},
			{path: "/caps-man/remote-cap", optional: true, props: ".id,name,identity,address,board,serial,version,base-mac,state,radios"},
		}}},
		key: by("identity|name"),
		columns: []column{
			text("identity", "identity|name"),
			text("address", "address"),
			text("board_name", "board-name|board"),
			text("serial_number", "serial"),
			text("version", "version"),
			mac("base_mac_address", "base-mac"),
			text("common_name", "common-name"),
			text("state", "state"),
			number("radios", "radios"),
			duration("connected_seconds", "connected-time"),
			duration("uptime_seconds", "uptime"),
		},
	}
}

func capTable() table {
	return table{
		name: "cap", lane: pipeline.LaneSlow,
		sources: []source{
			{since: version{7, 13}, requests: []request{{path: "/interface/wifi/cap"}}},
			{requests: []request{{path: "/interface/wireless/cap"}}},
		},
		columns: []column{
			flag("enabled", "enabled"),
			text("capsman_address", "current-caps-man-address"),
			text("capsman_identity", "current-caps-man-identity"),
			text("interfaces", "interfaces"),
			text("discovery_addresses", "caps-man-addresses"),
			flag("locked", "lock-to-caps-man"),
		},
	}
}

// lteTable: version 6 has another command, for one modem at a time, which needs the policy test, and
// another name for the card's number.
func lteTable() table {
	return table{
		name: "lte", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/interface/lte"}}}},
		key:     by("name"),
		joins: []join{
			{since: version{7, 0}, request: request{path: "/interface/lte", command: "monitor", args: []string{"once"}},
				of: named("name"), numbers: "numbers", columns: lteMonitor("iccid")},
			{until: version{7, 0}, request: request{path: "/interface/lte", command: "info", args: []string{"once"}},
				of: named("name"), numbers: "number", single: true, columns: lteMonitor("uicc")},
		},
	}
}

func lteMonitor(card string) []column {
	return []column{
		text("model", "model"),
		text("firmware_version", "revision"),
		text("network_operator", "current-operator"),
		text("access_technology", "access-technology|data-class"),
		text("registration_status", "registration-status|status"),
		text("pin_status", "pin-status"),
		text("functionality", "functionality"),
		text("primary_band", "primary-band"),
		text("modulation", "dl-modulation"),
		text("cell_id", "current-cellid"),
		text("imei", "imei"),
		text("imsi", "imsi"),
		text("iccid", card),
		number("enb_id", "enb-id"),
		number("sector_id", "sector-id"),
		number("phy_cell_id", "phy-cellid"),
		number("lac", "lac"),
		flag("roaming", "roaming"),
		scaled("rssi_dbm", "rssi", 1, "dBm"),
		scaled("rsrp_dbm", "rsrp", 1, "dBm"),
		scaled("rsrq_decibels", "rsrq", 1, "dB"),
		scaled("sinr_decibels", "sinr", 1, "dB"),
		scaled("rscp_dbm", "rscp", 1, "dBm"),
		scaled("ecio_decibels", "ecio", 1, "dB"),
		scaled("nr_rsrp_dbm", "nr-rsrp", 1, "dBm"),
		scaled("nr_rsrq_decibels", "nr-rsrq", 1, "dB"),
		scaled("nr_sinr_decibels", "nr-sinr", 1, "dB"),
		number("cqi", "cqi"),
		number("rank_indicator", "ri"),
		number("mcs", "mcs"),
		number("mimo_layers", "dl-mimo"),
		duration("session_uptime_seconds", "session-uptime"),
	}
}

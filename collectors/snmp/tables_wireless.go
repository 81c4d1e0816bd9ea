package snmp

import (
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	wlStatEntry  = mikrotik + ".1.1.1"
	wlRegEntry   = mikrotik + ".1.2.1"
	wlApEntry    = mikrotik + ".1.3.1"
	wlCMRegEntry = mikrotik + ".1.5.1"
	wlCMEntry    = mikrotik + ".1.7.1"
	wifiRegEntry = mikrotik + ".21.4.1"
	wifiEntry    = mikrotik + ".21.5.1"
)

// wirelessInterfaceTable is the radios of the three wireless packages. In the legacy package an
// interface is in the table of access points or in that of stations.
func wirelessInterfaceTable(names *mib) tableDef {
	return tableDef{
		name: "wireless_interface",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrWlApTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key: [][]string{{"interface", "ifIndex"}},
			columns: []object{
				{name: "mtxrWlApTxRate", oid: wlApEntry + ".2"},
				{name: "mtxrWlApRxRate", oid: wlApEntry + ".3"},
				{name: "mtxrWlApSsid", oid: wlApEntry + ".4"},
				{name: "mtxrWlApBssid", oid: wlApEntry + ".5", as: mac},
				{name: "mtxrWlApClientCount", oid: wlApEntry + ".6"},
				{name: "mtxrWlApFreq", oid: wlApEntry + ".7"},
				{name: "mtxrWlApBand", oid: wlApEntry + ".8"},
				{name: "mtxrWlApNoiseFloor", oid: wlApEntry + ".9"},
				{name: "mtxrWlApOverallTxCCQ", oid: wlApEntry + ".10"},
				{name: "mtxrWlApAuthClientCount", oid: wlApEntry + ".11"},
			},
		},
		fields: []rule{
			{"driver", from(read("mtxrWlApClientCount").spelled(always("wireless")))},
			{"radio_mode", from(read("mtxrWlApClientCount").spelled(always("ap")))},
			{"ssid", from(read("mtxrWlApSsid"))},
			{"bssid", from(read("mtxrWlApBssid").spelled(realMAC))},
			{"band", from(read("mtxrWlApBand"))},
			{"frequency_hertz", from(read("mtxrWlApFreq").scaled(1e6).dropping(0))},
			{"clients", from(read("mtxrWlApClientCount"))},
			{"authorized_clients", from(read("mtxrWlApAuthClientCount"))},
			{"noise_floor_dbm", from(read("mtxrWlApNoiseFloor"))},
			{"tx_ccq_percent", from(read("mtxrWlApOverallTxCCQ"))},
			{"tx_rate_bits_per_second", from(read("mtxrWlApTxRate"))},
			{"rx_rate_bits_per_second", from(read("mtxrWlApRxRate"))},
		},
		more: []tableDef{wirelessStations(names), capsmanInterfaces(names), wifiInterfaces()},
	}
}

func wirelessStations(names *mib) tableDef {
	return tableDef{
		rows: &mib{
			name: "mtxrWlStatTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key: [][]string{{"interface", "ifIndex"}},
			columns: []object{
				{name: "mtxrWlStatTxRate", oid: wlStatEntry + ".2"},
				{name: "mtxrWlStatRxRate", oid: wlStatEntry + ".3"},
				{name: "mtxrWlStatStrength", oid: wlStatEntry + ".4"},
				{name: "mtxrWlStatSsid", oid: wlStatEntry + ".5"},
				{name: "mtxrWlStatBssid", oid: wlStatEntry + ".6", as: mac},
				{name: "mtxrWlStatFreq", oid: wlStatEntry + ".7"},
				{name: "mtxrWlStatBand", oid: wlStatEntry + ".8"},
				{name: "mtxrWlStatTxCCQ", oid: wlStatEntry + ".9"},
				{name: "mtxrWlStatRxCCQ", oid: wlStatEntry + ".10"},
			},
		},
		fields: []rule{
			{"driver", from(read("mtxrWlStatStrength").spelled(always("wireless")))},
			{"radio_mode", from(read("mtxrWlStatStrength").spelled(always("station")))},
			{"ssid", from(read("mtxrWlStatSsid"))},
			{"bssid", from(read("mtxrWlStatBssid").spelled(realMAC))},
			{"band", from(read("mtxrWlStatBand"))},
			{"frequency_hertz", from(read("mtxrWlStatFreq").scaled(1e6).dropping(0))},
			{"signal_dbm", from(read("mtxrWlStatStrength").dropping(0))},
			{"tx_ccq_percent", from(read("mtxrWlStatTxCCQ"))},
			{"rx_ccq_percent", from(read("mtxrWlStatRxCCQ"))},
			{"tx_rate_bits_per_second", from(read("mtxrWlStatTxRate"))},
			{"rx_rate_bits_per_second", from(read("mtxrWlStatRxRate"))},
		},
	}
}

// capsmanInterfaces are those that the legacy CAPsMAN has on its access points.
func capsmanInterfaces(names *mib) tableDef {
	return tableDef{
		rows: &mib{
			name: "mtxrWlCMTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key: [][]string{{"interface", "ifIndex"}},
			columns: []object{
				{name: "mtxrWlCMRegClientCount", oid: wlCMEntry + ".2"},
				{name: "mtxrWlCMAuthClientCount", oid: wlCMEntry + ".3"},
				{name: "mtxrWlCMState", oid: wlCMEntry + ".4"},
				{name: "mtxrWlCMChannel", oid: wlCMEntry + ".5"},
			},
		},
		fields: []rule{
			{"driver", from(read("mtxrWlCMRegClientCount").spelled(always("caps-man")))},
			{"channel_name", from(read("mtxrWlCMChannel"))},
			{"state", from(read("mtxrWlCMState"))},
			{"frequency_hertz", from(read("mtxrWlCMChannel").parsed(megahertz).scaled(1e6))},
			{"clients", from(read("mtxrWlCMRegClientCount"))},
			{"authorized_clients", from(read("mtxrWlCMAuthClientCount"))},
		},
	}
}

// wifiInterfaces are those of the wifi packages of RouterOS 7.13 and later.
func wifiInterfaces() tableDef {
	return tableDef{
		rows: &mib{
			name: "mtxrWifiInterfacesTable", key: [][]string{{"mtxrWifiInterfacesName"}},
			columns: []object{
				{name: "mtxrWifiInterfacesName", oid: wifiEntry + ".2", slow: true},
				{name: "mtxrWifiInterfacesSsid", oid: wifiEntry + ".3"},
				{name: "mtxrWifiInterfacesFreq", oid: wifiEntry + ".4"},
			},
		},
		fields: []rule{
			{"driver", from(read("mtxrWifiInterfacesSsid").spelled(always("wifi")))},
			{"ssid", from(read("mtxrWifiInterfacesSsid"))},
			{"channel_name", from(read("mtxrWifiInterfacesFreq"))},
			{"frequency_hertz", from(read("mtxrWifiInterfacesFreq").parsed(megahertz).scaled(1e6))},
		},
	}
}

// wirelessClientTable is the registration tables of the three packages, indexed by MAC address and
// ifIndex.
func wirelessClientTable(names *mib) tableDef {
	return tableDef{
		name:   "wireless_client",
		lane:   pipeline.LaneSessions,
		rows:   registrations("mtxrWlRtabTable", names, legacyRegistrationColumns()),
		fields: legacyRegistrationFields(),
		more:   []tableDef{capsmanRegistrations(names), wifiRegistrations(names)},
	}
}

func registrations(name string, names *mib, columns []object) *mib {
	return &mib{
		name: name, fickle: true, index: []part{{"mac", mac}, {"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
		key: [][]string{{"interface", "ifIndex"}, {"mac"}}, columns: columns,
	}
}

func legacyRegistrationColumns() []object {
	return []object{
		{name: "mtxrWlRtabStrength", oid: wlRegEntry + ".3"},
		{name: "mtxrWlRtabTxBytes", oid: wlRegEntry + ".4"},
		{name: "mtxrWlRtabRxBytes", oid: wlRegEntry + ".5"},
		{name: "mtxrWlRtabTxPackets", oid: wlRegEntry + ".6"},
		{name: "mtxrWlRtabRxPackets", oid: wlRegEntry + ".7"},
		{name: "mtxrWlRtabTxRate", oid: wlRegEntry + ".8"},
		{name: "mtxrWlRtabRxRate", oid: wlRegEntry + ".9"},
		{name: "mtxrWlRtabRouterOSVersion", oid: wlRegEntry + ".10", slow: true},
		{name: "mtxrWlRtabUptime", oid: wlRegEntry + ".11"},
		{name: "mtxrWlRtabSignalToNoise", oid: wlRegEntry + ".12"},
		{name: "mtxrWlRtabTxStrengthCh0", oid: wlRegEntry + ".13"},
		{name: "mtxrWlRtabRxStrengthCh0", oid: wlRegEntry + ".14"},
		{name: "mtxrWlRtabTxStrengthCh1", oid: wlRegEntry + ".15"},
		{name: "mtxrWlRtabRxStrengthCh1", oid: wlRegEntry + ".16"},
		{name: "mtxrWlRtabTxStrengthCh2", oid: wlRegEntry + ".17"},
		{name: "mtxrWlRtabRxStrengthCh2", oid: wlRegEntry + ".18"},
		{name: "mtxrWlRtabTxStrength", oid: wlRegEntry + ".19"},
		{name: "mtxrWlRtabRadioName", oid: wlRegEntry + ".20", slow: true},
	}
}

// A chain that is not there has a strength of 0.
func legacyRegistrationFields() []rule {
	return []rule{
		{"radio_name", from(read("mtxrWlRtabRadioName"))},
		{"client_version", from(read("mtxrWlRtabRouterOSVersion"))},
		{"signal_dbm", from(read("mtxrWlRtabStrength").dropping(0))},
		{"tx_signal_dbm", from(read("mtxrWlRtabTxStrength").dropping(0))},
		{"signal_chain0_dbm", from(read("mtxrWlRtabRxStrengthCh0").dropping(0))},
		{"signal_chain1_dbm", from(read("mtxrWlRtabRxStrengthCh1").dropping(0))},
		{"signal_chain2_dbm", from(read("mtxrWlRtabRxStrengthCh2").dropping(0))},
		{"tx_signal_chain0_dbm", from(read("mtxrWlRtabTxStrengthCh0").dropping(0))},
		{"tx_signal_chain1_dbm", from(read("mtxrWlRtabTxStrengthCh1").dropping(0))},
		{"tx_signal_chain2_dbm", from(read("mtxrWlRtabTxStrengthCh2").dropping(0))},
		{"snr_decibels", from(read("mtxrWlRtabSignalToNoise"))},
		{"tx_rate_bits_per_second", from(read("mtxrWlRtabTxRate"))},
		{"rx_rate_bits_per_second", from(read("mtxrWlRtabRxRate"))},
		{"uptime_seconds", from(read("mtxrWlRtabUptime").scaled(0.01))},
		{"rx_bytes", from(read("mtxrWlRtabRxBytes"))},
		{"tx_bytes", from(read("mtxrWlRtabTxBytes"))},
		{"rx_packets", from(read("mtxrWlRtabRxPackets"))},
		{"tx_packets", from(read("mtxrWlRtabTxPackets"))},
	}
}

func capsmanRegistrations(names *mib) tableDef {
	return tableDef{
		rows: registrations("mtxrWlCMRtabTable", names, []object{
			{name: "mtxrWlCMRtabUptime", oid: wlCMRegEntry + ".3"},
			{name: "mtxrWlCMRtabTxBytes", oid: wlCMRegEntry + ".4"},
			{name: "mtxrWlCMRtabRxBytes", oid: wlCMRegEntry + ".5"},
			{name: "mtxrWlCMRtabTxPackets", oid: wlCMRegEntry + ".6"},
			{name: "mtxrWlCMRtabRxPackets", oid: wlCMRegEntry + ".7"},
			{name: "mtxrWlCMRtabTxRate", oid: wlCMRegEntry + ".8"},
			{name: "mtxrWlCMRtabRxRate", oid: wlCMRegEntry + ".9"},
			{name: "mtxrWlCMRtabTxStrength", oid: wlCMRegEntry + ".10"},
			{name: "mtxrWlCMRtabRxStrength", oid: wlCMRegEntry + ".11"},
			{name: "mtxrWlCMRtabSsid", oid: wlCMRegEntry + ".12", slow: true},
			{name: "mtxrWlCMRtabEapIdent", oid: wlCMRegEntry + ".13", slow: true},
		}),
		fields: []rule{
			{"ssid", from(read("mtxrWlCMRtabSsid"))},
			{"eap_identity", from(read("mtxrWlCMRtabEapIdent"))},
			{"signal_dbm", from(read("mtxrWlCMRtabRxStrength").dropping(0))},
			{"tx_signal_dbm", from(read("mtxrWlCMRtabTxStrength").dropping(0))},
			{"tx_rate_bits_per_second", from(read("mtxrWlCMRtabTxRate"))},
			{"rx_rate_bits_per_second", from(read("mtxrWlCMRtabRxRate"))},
			{"uptime_seconds", from(read("mtxrWlCMRtabUptime").scaled(0.01))},
			{"rx_bytes", from(read("mtxrWlCMRtabRxBytes"))},
			{"tx_bytes", from(read("mtxrWlCMRtabTxBytes"))},
			{"rx_packets", from(read("mtxrWlCMRtabRxPackets"))},
			{"tx_packets", from(read("mtxrWlCMRtabTxPackets"))},
		},
	}
}

func wifiRegistrations(names *mib) tableDef {
	return tableDef{
		rows: registrations("mtxrWifiRegistrationTable", names, []object{
			{name: "mtxrWifiRegistrationSsid", oid: wifiRegEntry + ".3", slow: true},
			{name: "mtxrWifiRegistrationUptime", oid: wifiRegEntry + ".4"},
			{name: "mtxrWifiRegistrationSignal", oid: wifiRegEntry + ".6"},
			{name: "mtxrWifiRegistrationAuthType", oid: wifiRegEntry + ".7", slow: true},
			{name: "mtxrWifiRegistrationBand", oid: wifiRegEntry + ".8", slow: true},
			{name: "mtxrWifiRegistrationTxRate", oid: wifiRegEntry + ".9"},
			{name: "mtxrWifiRegistrationRxRate", oid: wifiRegEntry + ".10"},
			{name: "mtxrWifiRegistrationTxPackets", oid: wifiRegEntry + ".11", wide: true},
			{name: "mtxrWifiRegistrationRxPackets", oid: wifiRegEntry + ".12", wide: true},
			{name: "mtxrWifiRegistrationTxBytes", oid: wifiRegEntry + ".13", wide: true},
			{name: "mtxrWifiRegistrationRxBytes", oid: wifiRegEntry + ".14", wide: true},
			{name: "mtxrWifiRegistrationVlanId", oid: wifiRegEntry + ".17", slow: true},
			{name: "mtxrWifiRegistrationAuthorized", oid: wifiRegEntry + ".18"},
		}),
		fields: []rule{
			{"ssid", from(read("mtxrWifiRegistrationSsid"))},
			{"band", from(read("mtxrWifiRegistrationBand"))},
			{"auth_type", from(read("mtxrWifiRegistrationAuthType"))},
			{"vlan", from(read("mtxrWifiRegistrationVlanId").dropping(0))},
			{"authorized", from(read("mtxrWifiRegistrationAuthorized"))},
			{"signal_dbm", from(read("mtxrWifiRegistrationSignal").dropping(0))},
			{"tx_rate_bits_per_second", from(read("mtxrWifiRegistrationTxRate"))},
			{"rx_rate_bits_per_second", from(read("mtxrWifiRegistrationRxRate"))},
			{"uptime_seconds", from(read("mtxrWifiRegistrationUptime").scaled(0.01))},
			{"rx_bytes", from(read("mtxrWifiRegistrationRxBytes"))},
			{"tx_bytes", from(read("mtxrWifiRegistrationTxBytes"))},
			{"rx_packets", from(read("mtxrWifiRegistrationRxPackets"))},
			{"tx_packets", from(read("mtxrWifiRegistrationTxPackets"))},
		},
	}
}

// always spells the same, where there is a row at all.
func always(text string) func(cell) string { return func(cell) string { return text } }

// realMAC leaves out the address that a radio without one has.
func realMAC(c cell) string {
	if c.text == "00:00:00:00:00:00" {
		return ""
	}
	return c.text
}

// megahertz reads the frequency that a channel begins with: "5180/ax/Ceee", "2412/20-Ce/gn(17dBm)".
func megahertz(channel string) (float64, bool) {
	end := strings.IndexFunc(channel, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		channel = channel[:end]
	}
	n, err := strconv.ParseFloat(channel, 64)
	return n, err == nil && n >= 100 // less is a channel's number
}

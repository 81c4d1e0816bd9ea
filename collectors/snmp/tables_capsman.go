package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const (
	wlCMRemoteEntry = mikrotik + ".1.11.1"
	wifiCapsman     = mikrotik + ".21.1"
	wifiCap         = mikrotik + ".21.2"
	remoteCapEntry  = mikrotik + ".21.3.1"
)

// capsmanTable is both managers of access points: counts of the legacy one, settings of the new one.
func capsmanTable() tableDef {
	return tableDef{
		name:   "capsman",
		lane:   pipeline.LaneSessions,
		vendor: mikrotikEnterprise,
		scalars: []object{
			{name: "mtxrWlCMRtabEntryCount", oid: mikrotik + ".1.6.0"},
			{name: "mtxrWlCMREntryCount", oid: mikrotik + ".1.10.0"},
			{name: "mtxrWifiCapsmanEnabled", oid: wifiCapsman + ".1.0"},
			{name: "mtxrWifiCapsmanInterfaces", oid: wifiCapsman + ".2.0"},
			{name: "mtxrWifiCapsmanRequirePeerCertificate", oid: wifiCapsman + ".5.0"},
			{name: "mtxrWifiCapsmanPackagePath", oid: wifiCapsman + ".6.0"},
		},
		fields: []rule{
			{"enabled", from(read("mtxrWifiCapsmanEnabled"))},
			{"require_peer_certificate", from(read("mtxrWifiCapsmanRequirePeerCertificate"))},
			{"interfaces", from(read("mtxrWifiCapsmanInterfaces"))},
			{"package_path", from(read("mtxrWifiCapsmanPackagePath"))},
			{"client_count", from(read("mtxrWlCMRtabEntryCount"))},
			{"remote_cap_count", from(read("mtxrWlCMREntryCount"))},
		},
	}
}

// remoteCapTable is the access points under both managers.
func remoteCapTable() tableDef {
	return tableDef{
		name: "capsman_remote_cap",
		lane: pipeline.LaneSlow,
		rows: &mib{
			name: "mtxrRemoteCapTable", key: [][]string{{"mtxrRemoteCapIdentity", "mtxrRemoteCapCommonName", "mtxrRemoteCapBaseMac"}},
			columns: []object{
				{name: "mtxrRemoteCapAddress", oid: remoteCapEntry + ".2"},
				{name: "mtxrRemoteCapIdentity", oid: remoteCapEntry + ".3"},
				{name: "mtxrRemoteCapBoardName", oid: remoteCapEntry + ".4"},
				{name: "mtxrRemoteCapSerial", oid: remoteCapEntry + ".5"},
				{name: "mtxrRemoteCapVersion", oid: remoteCapEntry + ".6"},
				{name: "mtxrRemoteCapBaseMac", oid: remoteCapEntry + ".7", as: mac},
				{name: "mtxrRemoteCapCommonName", oid: remoteCapEntry + ".8"},
				{name: "mtxrRemoteCapState", oid: remoteCapEntry + ".9"},
			},
		},
		fields: []rule{
			{"identity", from(read("mtxrRemoteCapIdentity"))},
			{"address", from(read("mtxrRemoteCapAddress"))},
			{"board_name", from(read("mtxrRemoteCapBoardName"))},
			{"serial_number", from(read("mtxrRemoteCapSerial"))},
			{"version", from(read("mtxrRemoteCapVersion"))},
			{"base_mac_address", from(read("mtxrRemoteCapBaseMac"))},
			{"common_name", from(read("mtxrRemoteCapCommonName"))},
			{"state", from(read("mtxrRemoteCapState"))},
		},
		more: []tableDef{{
			rows: &mib{
				name: "mtxrWlCMRemoteTable", key: [][]string{{"mtxrWlCMRemoteName"}},
				columns: []object{
					{name: "mtxrWlCMRemoteName", oid: wlCMRemoteEntry + ".2"},
					{name: "mtxrWlCMRemoteState", oid: wlCMRemoteEntry + ".3"},
					{name: "mtxrWlCMRemoteAddress", oid: wlCMRemoteEntry + ".4"},
					{name: "mtxrWlCMRemoteRadios", oid: wlCMRemoteEntry + ".5"},
				},
			},
			fields: []rule{
				{"identity", from(read("mtxrWlCMRemoteName"))},
				{"address", from(read("mtxrWlCMRemoteAddress"))},
				{"state", from(read("mtxrWlCMRemoteState"))},
				{"radios", from(read("mtxrWlCMRemoteRadios"))},
			},
		}},
	}
}

// capTable is the device as an access point under a manager.
func capTable() tableDef {
	return tableDef{
		name:   "cap",
		lane:   pipeline.LaneSlow,
		vendor: mikrotikEnterprise,
		scalars: []object{
			{name: "mtxrCapEnabled", oid: wifiCap + ".1.0"},
			{name: "mtxrCapInterfaces", oid: wifiCap + ".2.0"},
			{name: "mtxrCapCapsManAddresses", oid: wifiCap + ".4.0"},
			{name: "mtxrCapLockToCapsMan", oid: wifiCap + ".7.0"},
			{name: "mtxrCapCurrentCapsManAddress", oid: wifiCap + ".12.0"},
			{name: "mtxrCapCurrentCapsManIdentity", oid: wifiCap + ".13.0"},
		},
		fields: []rule{
			{"enabled", from(read("mtxrCapEnabled"))},
			{"capsman_address", from(read("mtxrCapCurrentCapsManAddress"))},
			{"capsman_identity", from(read("mtxrCapCurrentCapsManIdentity"))},
			{"interfaces", from(read("mtxrCapInterfaces"))},
			{"discovery_addresses", from(read("mtxrCapCapsManAddresses"))},
			{"locked", from(read("mtxrCapLockToCapsMan"))},
		},
	}
}

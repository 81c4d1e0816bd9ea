package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const (
	w60gEntry        = mikrotik + ".1.8.1"
	w60gStationEntry = mikrotik + ".1.9.1"
	nstremeDualEntry = mikrotik + ".10.1.1"
)

// w60gTable is the 60 GHz radios. Their rates are in Mbit/s, which the MIB does not say.
func w60gTable(names *mib) tableDef {
	return tableDef{
		name: "w60g",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrWl60GTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key: [][]string{{"interface", "ifIndex"}},
			columns: []object{
				{name: "mtxrWl60GMode", oid: w60gEntry + ".2"},
				{name: "mtxrWl60GSsid", oid: w60gEntry + ".3", slow: true},
				{name: "mtxrWl60GConnected", oid: w60gEntry + ".4"},
				{name: "mtxrWl60GRemote", oid: w60gEntry + ".5", as: mac},
				{name: "mtxrWl60GFreq", oid: w60gEntry + ".6"},
				{name: "mtxrWl60GMcs", oid: w60gEntry + ".7"},
				{name: "mtxrWl60GSignal", oid: w60gEntry + ".8"},
				{name: "mtxrWl60GTxSector", oid: w60gEntry + ".9"},
				{name: "mtxrWl60GTxSectorInfo", oid: w60gEntry + ".11"},
				{name: "mtxrWl60GRssi", oid: w60gEntry + ".12"},
				{name: "mtxrWl60GPhyRate", oid: w60gEntry + ".13"},
			},
		},
		fields: []rule{
			{"radio_mode", from(read("mtxrWl60GMode"))},
			{"ssid", from(read("mtxrWl60GSsid"))},
			{"remote_mac_address", from(read("mtxrWl60GRemote").spelled(realMAC))},
			{"connected", from(read("mtxrWl60GConnected"))},
			{"frequency_hertz", from(read("mtxrWl60GFreq").scaled(1e6).dropping(0))},
			{"mcs", from(read("mtxrWl60GMcs"))},
			{"signal_percent", from(read("mtxrWl60GSignal"))},
			{"rssi_dbm", from(read("mtxrWl60GRssi").dropping(0))},
			{"tx_sector", from(read("mtxrWl60GTxSector"))},
			{"tx_sector_info", from(read("mtxrWl60GTxSectorInfo"))},
			{"phy_rate_bits_per_second", from(read("mtxrWl60GPhyRate").scaled(1e6))},
		},
	}
}

// w60gStationTable is the stations of an access point. Their distance is in centimetres; the MIB says
// metres.
func w60gStationTable(names *mib) tableDef {
	return tableDef{
		name: "w60g_station",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrWl60GStaTable", fickle: true, index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key: [][]string{{"interface", "ifIndex"}, {"mtxrWl60GStaRemote"}},
			columns: []object{
				{name: "mtxrWl60GStaConnected", oid: w60gStationEntry + ".2"},
				{name: "mtxrWl60GStaRemote", oid: w60gStationEntry + ".3", as: mac},
				{name: "mtxrWl60GStaMcs", oid: w60gStationEntry + ".4"},
				{name: "mtxrWl60GStaSignal", oid: w60gStationEntry + ".5"},
				{name: "mtxrWl60GStaTxSector", oid: w60gStationEntry + ".6"},
				{name: "mtxrWl60GStaPhyRate", oid: w60gStationEntry + ".8"},
				{name: "mtxrWl60GStaRssi", oid: w60gStationEntry + ".9"},
				{name: "mtxrWl60GStaDistance", oid: w60gStationEntry + ".10"},
			},
		},
		fields: []rule{
			{"connected", from(read("mtxrWl60GStaConnected"))},
			{"mcs", from(read("mtxrWl60GStaMcs"))},
			{"signal_percent", from(read("mtxrWl60GStaSignal"))},
			{"rssi_dbm", from(read("mtxrWl60GStaRssi").dropping(0))},
			{"tx_sector", from(read("mtxrWl60GStaTxSector"))},
			{"phy_rate_bits_per_second", from(read("mtxrWl60GStaPhyRate").scaled(1e6))},
			{"distance_meters", from(read("mtxrWl60GStaDistance").scaled(0.01))},
		},
	}
}

// nstremeDualTable is the links of Nstreme dual, which two radios make.
func nstremeDualTable(names *mib) tableDef {
	return tableDef{
		name: "nstreme_dual",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrDnStatTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
			key: [][]string{{"interface", "ifIndex"}},
			columns: []object{
				{name: "mtxrDnStatTxRate", oid: nstremeDualEntry + ".2"},
				{name: "mtxrDnStatRxRate", oid: nstremeDualEntry + ".3"},
				{name: "mtxrDnStatTxStrength", oid: nstremeDualEntry + ".4"},
				{name: "mtxrDnStatRxStrength", oid: nstremeDualEntry + ".5"},
				{name: "mtxrDnConnected", oid: nstremeDualEntry + ".6"},
			},
		},
		fields: []rule{
			{"connected", from(read("mtxrDnConnected"))},
			{"tx_rate_bits_per_second", from(read("mtxrDnStatTxRate"))},
			{"rx_rate_bits_per_second", from(read("mtxrDnStatRxRate"))},
			{"tx_signal_dbm", from(read("mtxrDnStatTxStrength").dropping(0))},
			{"rx_signal_dbm", from(read("mtxrDnStatRxStrength").dropping(0))},
		},
	}
}

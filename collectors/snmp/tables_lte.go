package snmp

import (
	"strconv"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	lteEntry        = mikrotik + ".16.1.1"
	lteCarrierEntry = mikrotik + ".16.2.1.1"
)

// lteModems is mtxrLTEModemTable. It can only be read with GET: see deny.go.
func lteModems(names *mib) *mib {
	return &mib{
		name: "mtxrLTEModemTable", index: []part{{"ifIndex", arc}}, joins: []join{ofInterface(names, "ifIndex")},
		key:  [][]string{{"interface", "ifIndex"}},
		rows: &candidates{of: names, columns: []string{"mtxrLTEModemSignalRSRP", "mtxrLTEModemSignalRSSI"}},
		columns: []object{
			{name: "mtxrLTEModemSignalRSSI", oid: lteEntry + ".2"},
			{name: "mtxrLTEModemSignalRSRQ", oid: lteEntry + ".3"},
			{name: "mtxrLTEModemSignalRSRP", oid: lteEntry + ".4"},
			{name: "mtxrLTEModemCellId", oid: lteEntry + ".5"},
			{name: "mtxrLTEModemAccessTechnology", oid: lteEntry + ".6"},
			{name: "mtxrLTEModemSignalSINR", oid: lteEntry + ".7"},
			{name: "mtxrLTEModemEnbId", oid: lteEntry + ".8"},
			{name: "mtxrLTEModemSectorId", oid: lteEntry + ".9"},
			{name: "mtxrLTEModemLac", oid: lteEntry + ".10"},
			{name: "mtxrLTEModemIMEI", oid: lteEntry + ".11", slow: true},
			{name: "mtxrLTEModemIMSI", oid: lteEntry + ".12", slow: true},
			{name: "mtxrLTEModemUICC", oid: lteEntry + ".13", slow: true},
			{name: "mtxrLTEModemRAT", oid: lteEntry + ".14"},
			{name: "mtxrLTEModemPrimaryBand", oid: lteEntry + ".15"},
			{name: "mtxrLTEModemSessionUptime", oid: lteEntry + ".16"},
			{name: "mtxrLTEModemRegStatus", oid: lteEntry + ".17"},
			{name: "mtxrLTEModemPinStatus", oid: lteEntry + ".18", slow: true},
			{name: "mtxrLTEModemModel", oid: lteEntry + ".19", slow: true},
			{name: "mtxrLTEModemFirmware", oid: lteEntry + ".20", slow: true},
			{name: "mtxrLTEModemCQI", oid: lteEntry + ".21"},
			{name: "mtxrLTEModemNrRSRP", oid: lteEntry + ".22"},
			{name: "mtxrLTEModemNrRSRQ", oid: lteEntry + ".23"},
			{name: "mtxrLTEModemNrSINR", oid: lteEntry + ".24"},
			{name: "mtxrLTEModemSignalRSRQD10", oid: lteEntry + ".25"},
		},
	}
}

// lteTable: a power of 0 dBm is none that a modem could measure, and stands for "no signal of that
// kind"; the quality and the ratio beside it are none then either.
func lteTable(modems *mib) tableDef {
	lte := func(objects ...string) reading {
		return read(objects...).except(condition{"mtxrLTEModemSignalRSRP", 0})
	}
	nr := func(object string) reading { return read(object).except(condition{"mtxrLTEModemNrRSRP", 0}) }
	return tableDef{
		name: "lte",
		lane: pipeline.LaneSessions,
		rows: modems,
		fields: []rule{
			{"model", from(read("mtxrLTEModemModel"))},
			{"firmware_version", from(read("mtxrLTEModemFirmware"))},
			{"access_technology", from(read("mtxrLTEModemRAT"), read("mtxrLTEModemAccessTechnology").spelled(accessTechnology))},
			{"registration_status", from(read("mtxrLTEModemRegStatus"))},
			{"pin_status", from(read("mtxrLTEModemPinStatus"))},
			{"primary_band", from(read("mtxrLTEModemPrimaryBand"))},
			{"cell_id", from(read("mtxrLTEModemCellId").spelled(identifier))},
			{"imei", from(read("mtxrLTEModemIMEI"))},
			{"imsi", from(read("mtxrLTEModemIMSI"))},
			{"iccid", from(read("mtxrLTEModemUICC"))},
			{"enb_id", from(read("mtxrLTEModemEnbId").dropping(0, -1))},
			{"sector_id", from(read("mtxrLTEModemSectorId").dropping(-1))},
			{"lac", from(read("mtxrLTEModemLac").dropping(0, -1))},
			{"rssi_dbm", from(read("mtxrLTEModemSignalRSSI").dropping(0))},
			{"rsrp_dbm", from(lte("mtxrLTEModemSignalRSRP"))},
			{"rsrq_decibels", from(lte("mtxrLTEModemSignalRSRQ"), lte("mtxrLTEModemSignalRSRQD10").scaled(0.1))},
			{"sinr_decibels", from(lte("mtxrLTEModemSignalSINR"))},
			{"nr_rsrp_dbm", from(nr("mtxrLTEModemNrRSRP"))},
			{"nr_rsrq_decibels", from(nr("mtxrLTEModemNrRSRQ"))},
			{"nr_sinr_decibels", from(nr("mtxrLTEModemNrSINR"))},
			{"cqi", from(read("mtxrLTEModemCQI"))},
			{"session_uptime_seconds", from(read("mtxrLTEModemSessionUptime").scaled(0.01))},
		},
	}
}

// identifier spells a number that names something; 0 and -1 name nothing.
func identifier(c cell) string {
	if !c.isNumber() || c.integer() == 0 || c.integer() == -1 {
		return ""
	}
	return strconv.FormatInt(c.integer(), 10)
}

// accessTechnology spells mtxrLTEModemAccessTechnology; -1 is unknown, and so is what the MIB does not
// list.
func accessTechnology(c cell) string {
	switch c.integer() {
	case 0:
		return "GSM compact"
	case 1:
		return "GSM"
	case 2:
		return "3G"
	case 3:
		return "EGPRS"
	case 4:
		return "HSDPA"
	case 5:
		return "HSUPA"
	case 6:
		return "HSDPA/HSUPA"
	case 7:
		return "LTE"
	case 11:
		return "5G SA"
	case 13:
		return "5G NSA"
	}
	return ""
}

// lteCarrierTable is the carriers that a modem aggregates (RouterOS 7.22 or later).
func lteCarrierTable(names, modems *mib) tableDef {
	return tableDef{
		name: "lte_carrier",
		lane: pipeline.LaneSessions,
		rows: &mib{
			name: "mtxrLTECarrierAggTable", index: []part{{"ifIndex", arc}, {"carrier", arc}},
			joins: []join{ofInterface(names, "ifIndex")}, key: [][]string{{"interface", "ifIndex"}, {"carrier"}},
			rows: &candidates{of: modems, under: 9, columns: []string{"mtxrLTECarrierAggEARFCN"}},
			columns: []object{
				{name: "mtxrLTECarrierAggBand", oid: lteCarrierEntry + ".3"},
				{name: "mtxrLTECarrierAggEARFCN", oid: lteCarrierEntry + ".4"},
				{name: "mtxrLTECarrierAggBandwidth", oid: lteCarrierEntry + ".5"},
				{name: "mtxrLTECarrierAggPhyCellId", oid: lteCarrierEntry + ".6"},
				{name: "mtxrLTECarrierAggRSSI", oid: lteCarrierEntry + ".7"},
				{name: "mtxrLTECarrierAggRSRP", oid: lteCarrierEntry + ".8"},
				{name: "mtxrLTECarrierAggRSRQ", oid: lteCarrierEntry + ".9"},
				{name: "mtxrLTECarrierAggSINR", oid: lteCarrierEntry + ".10"},
				{name: "mtxrLTECarrierAggSNR", oid: lteCarrierEntry + ".11"},
				{name: "mtxrLTECarrierAggNR", oid: lteCarrierEntry + ".12"},
				{name: "mtxrLTECarrierAggUplink", oid: lteCarrierEntry + ".13"},
			},
		},
		fields: []rule{
			{"band", from(read("mtxrLTECarrierAggBand").spelled(identifier))},
			{"earfcn", from(read("mtxrLTECarrierAggEARFCN"))},
			{"bandwidth_hertz", from(read("mtxrLTECarrierAggBandwidth").scaled(1e6).dropping(0))},
			{"phy_cell_id", from(read("mtxrLTECarrierAggPhyCellId"))},
			{"rssi_dbm", from(read("mtxrLTECarrierAggRSSI").dropping(0))},
			{"rsrp_dbm", from(read("mtxrLTECarrierAggRSRP").dropping(0))},
			{"rsrq_decibels", from(read("mtxrLTECarrierAggRSRQ").except(condition{"mtxrLTECarrierAggRSRP", 0}))},
			{"sinr_decibels", from(read("mtxrLTECarrierAggSINR").except(condition{"mtxrLTECarrierAggRSRP", 0}))},
			{"snr_decibels", from(read("mtxrLTECarrierAggSNR").except(condition{"mtxrLTECarrierAggRSRP", 0}))},
			{"nr", from(read("mtxrLTECarrierAggNR"))},
			{"uplink", from(read("mtxrLTECarrierAggUplink"))},
		},
	}
}

// modemTable is the modem of a ppp-client interface.
func modemTable() tableDef {
	signal := func(object string) reading { return read(object).dropping(0) }
	return tableDef{
		name:   "modem",
		lane:   pipeline.LaneSessions,
		vendor: mikrotikEnterprise,
		scalars: []object{
			{name: "mtxrWirelessModemSignalStrength", oid: mikrotik + ".13.1.0"},
			{name: "mtxrWirelessModemSignalECIO", oid: mikrotik + ".13.2.0"},
			{name: "mtxrWirelessModemManufacturer", oid: mikrotik + ".13.3.0"},
			{name: "mtxrWirelessModemModel", oid: mikrotik + ".13.4.0"},
			{name: "mtxrWirelessModemRevision", oid: mikrotik + ".13.5.0"},
			{name: "mtxrWirelessModemIMEI", oid: mikrotik + ".13.6.0"},
			{name: "mtxrWirelessModemIMSI", oid: mikrotik + ".13.7.0"},
			{name: "mtxrWirelessModemAccessTechnology", oid: mikrotik + ".13.8.0"},
			{name: "mtxrWirelessModemFrameErrorRate", oid: mikrotik + ".13.9.0"},
			{name: "mtxrWirelessModemRSRP", oid: mikrotik + ".13.10.0"},
			{name: "mtxrWirelessModemRSRQ", oid: mikrotik + ".13.11.0"},
			{name: "mtxrWirelessModemSINR", oid: mikrotik + ".13.12.0"},
			{name: "mtxrWirelessModemPinStatus", oid: mikrotik + ".13.13.0"},
		},
		fields: []rule{
			{"vendor_name", from(read("mtxrWirelessModemManufacturer"))},
			{"model", from(read("mtxrWirelessModemModel"))},
			{"firmware_version", from(read("mtxrWirelessModemRevision"))},
			{"access_technology", from(read("mtxrWirelessModemAccessTechnology"))},
			{"imei", from(read("mtxrWirelessModemIMEI"))},
			{"imsi", from(read("mtxrWirelessModemIMSI"))},
			{"pin_status", from(read("mtxrWirelessModemPinStatus"))},
			{"frame_error_rate", from(read("mtxrWirelessModemFrameErrorRate"))},
			{"rssi_dbm", from(signal("mtxrWirelessModemSignalStrength"))},
			{"ecio_decibels", from(signal("mtxrWirelessModemSignalECIO"))},
			{"rsrp_dbm", from(signal("mtxrWirelessModemRSRP"))},
			{"rsrq_decibels", from(signal("mtxrWirelessModemRSRQ"))},
			{"sinr_decibels", from(read("mtxrWirelessModemSINR").except(condition{"mtxrWirelessModemRSRP", 0}))},
		},
	}
}

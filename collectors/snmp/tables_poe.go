package snmp

import "github.com/routerpulse/routerpulse/pipeline"

const (
	poeEntry      = mikrotik + ".15.1.1"
	pethMainEntry = ".1.3.6.1.2.1.105.1.3.1.1"
	opticalEntry  = mikrotik + ".19.1.1"
)

// mostTenths is the highest voltage, in tenths of a volt, that a board is fed with or feeds others with.
// A larger number is in hundredths, as some SwOS switches send it; the lowest such voltage is above 6 V.
const mostTenths = 600

// poeTable is MIKROTIK-MIB's mtxrPOETable. It can only be read with GET: see deny.go. Its index is
// the ifIndex on RouterOS, and near it on SwOS, so its own names count.
func poeTable(names *mib) tableDef {
	return tableDef{
		name: "poe",
		lane: pipeline.LaneLive,
		rows: &mib{
			name: "mtxrPOETable", index: []part{{"ifIndex", arc}}, key: [][]string{{"mtxrPOEName"}},
			rows: &candidates{of: names, columns: []string{"mtxrPOEStatus"}},
			columns: []object{
				{name: "mtxrPOEName", oid: poeEntry + ".2", slow: true},
				{name: "mtxrPOEStatus", oid: poeEntry + ".3"},
				{name: "mtxrPOEVoltage", oid: poeEntry + ".4"},
				{name: "mtxrPOECurrent", oid: poeEntry + ".5"},
				{name: "mtxrPOEPower", oid: poeEntry + ".6"},
			},
		},
		fields: []rule{
			{"status", from(read("mtxrPOEStatus"))},
			{"voltage_volts", from(read("mtxrPOEVoltage").scaled(0.01).whereAbove("mtxrPOEVoltage", mostTenths), read("mtxrPOEVoltage").scaled(0.1))},
			{"current_amperes", from(read("mtxrPOECurrent").scaled(0.001))},
			{"power_watts", from(read("mtxrPOEPower").scaled(0.01).whereAbove("mtxrPOEVoltage", mostTenths), read("mtxrPOEPower").scaled(0.1))},
		},
	}
}

// poeSupplyTable is POWER-ETHERNET-MIB's (RFC 3621) pethMainPseTable: what feeds a group of ports.
func poeSupplyTable() tableDef {
	return tableDef{
		name: "poe_supply",
		lane: pipeline.LaneLive,
		rows: &mib{
			name: "pethMainPseTable", index: []part{{"pethMainPseGroupIndex", arc}}, key: [][]string{{"pethMainPseGroupIndex"}},
			columns: []object{
				{name: "pethMainPsePower", oid: pethMainEntry + ".2"},
				{name: "pethMainPseOperStatus", oid: pethMainEntry + ".3"},
				{name: "pethMainPseConsumptionPower", oid: pethMainEntry + ".4"},
				{name: "pethMainPseUsageThreshold", oid: pethMainEntry + ".5"},
			},
		},
		fields: []rule{
			{"status", from(read("pethMainPseOperStatus"))},
			{"rated_watts", from(read("pethMainPsePower"))},
			{"power_watts", from(read("pethMainPseConsumptionPower"))},
			{"threshold_percent", from(read("pethMainPseUsageThreshold"))},
		},
	}
}

// noLaser are the signs that a cage is empty, or that its module has no diagnostics: a wavelength of
// 65535.00 nm (or -128 there, on SwOS), a temperature of -128, a supply voltage of 0. The power of
// 0 dBm that stands beside them would be a milliwatt of light.
func noLaser() []condition {
	return []condition{
		{"mtxrOpticalWavelength", 6553500}, {"mtxrOpticalWavelength", noReading32},
		{"mtxrOpticalTemperature", noReading}, {"mtxrOpticalTemperature", noReading32}, {"mtxrOpticalTemperature", noReading16},
		{"mtxrOpticalSupplyVoltage", 0},
	}
}

// opticsTable is MIKROTIK-MIB's mtxrOpticalTable.
func opticsTable() tableDef {
	lit := func(object string) reading { return read(object).except(noLaser()...) }
	return tableDef{
		name: "optics",
		lane: pipeline.LaneLive,
		rows: &mib{
			name: "mtxrOpticalTable", index: []part{{"ifIndex", arc}}, key: [][]string{{"mtxrOpticalName"}},
			skip: isNameless,
			columns: []object{
				{name: "mtxrOpticalName", oid: opticalEntry + ".2", slow: true},
				{name: "mtxrOpticalRxLoss", oid: opticalEntry + ".3"},
				{name: "mtxrOpticalTxFault", oid: opticalEntry + ".4"},
				{name: "mtxrOpticalWavelength", oid: opticalEntry + ".5"},
				{name: "mtxrOpticalTemperature", oid: opticalEntry + ".6"},
				{name: "mtxrOpticalSupplyVoltage", oid: opticalEntry + ".7"},
				{name: "mtxrOpticalTxBiasCurrent", oid: opticalEntry + ".8"},
				{name: "mtxrOpticalTxPower", oid: opticalEntry + ".9"},
				{name: "mtxrOpticalRxPower", oid: opticalEntry + ".10"},
				{name: "mtxrOpticalVendorName", oid: opticalEntry + ".11", slow: true},
				{name: "mtxrOpticalVendorSerial", oid: opticalEntry + ".12", slow: true},
			},
		},
		fields: []rule{
			{"module_present", from(
				read("mtxrOpticalTemperature").where("mtxrOpticalWavelength", 6553500).isFalse(),
				read("mtxrOpticalTemperature").where("mtxrOpticalTemperature", noReading32).isFalse(),
				read("mtxrOpticalTemperature").where("mtxrOpticalTemperature", noReading16).isFalse(),
				read("mtxrOpticalTemperature").where("mtxrOpticalTemperature", noReading).isFalse(),
				lit("mtxrOpticalSupplyVoltage").isTrue())},
			{"rx_loss", from(read("mtxrOpticalRxLoss"))},
			{"tx_fault", from(read("mtxrOpticalTxFault"))},
			{"wavelength_nanometers", from(lit("mtxrOpticalWavelength").scaled(0.01).dropping(0, 6553500))},
			{"temperature_celsius", from(lit("mtxrOpticalTemperature").withSign())},
			{"supply_voltage_volts", from(lit("mtxrOpticalSupplyVoltage").scaled(0.001))},
			{"tx_bias_amperes", from(lit("mtxrOpticalTxBiasCurrent").scaled(0.001))},
			{"tx_power_dbm", from(lit("mtxrOpticalTxPower").scaled(0.001))},
			{"rx_power_dbm", from(lit("mtxrOpticalRxPower").scaled(0.001))},
			{"vendor_name", from(read("mtxrOpticalVendorName"))},
			{"serial_number", from(read("mtxrOpticalVendorSerial"))},
		},
	}
}

// isNameless tells a row that SwOS lists for a cage that the switch does not have.
func isNameless(_ *device, g *grid, row int) bool { return g.name(row) == "" }

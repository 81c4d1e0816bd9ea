package snmp

import (
	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	entPhysicalEntry = ".1.3.6.1.2.1.47.1.1.1.1"
	partitionEntry   = mikrotik + ".17.1.1"
)

// inventoryTable: the product's name is what MIKROTIK-MIB calls the display name, and the board's name
// is the order code.
func inventoryTable() tableDef {
	return tableDef{
		name: "inventory",
		lane: pipeline.LaneSlow,
		scalars: []object{
			{name: "sysContact", oid: ".1.3.6.1.2.1.1.4.0"},
			{name: "mtxrLicSoftwareId", oid: mikrotik + ".4.1.0"},
			{name: "mtxrLicUpgrUntil", oid: mikrotik + ".4.2.0", as: dateTime},
			{name: "mtxrLicLevel", oid: mikrotik + ".4.3.0"},
			{name: "mtxrLicUpgradableTo", oid: mikrotik + ".4.5.0"},
			{name: "mtxrSerialNumber", oid: mikrotik + ".7.3.0"},
			{name: "mtxrFirmwareVersion", oid: mikrotik + ".7.4.0"},
			{name: "mtxrNote", oid: mikrotik + ".7.5.0", frail: true},
			{name: "mtxrBuildTime", oid: mikrotik + ".7.6.0"},
			{name: "mtxrFirmwareUpgradeVersion", oid: mikrotik + ".7.7.0"},
			{name: "mtxrDisplayName", oid: mikrotik + ".7.8.0"},
			{name: "mtxrBoardName", oid: mikrotik + ".7.9.0"},
		},
		fields: []rule{
			{"board_name", from(read("mtxrDisplayName"), read("mtxrBoardName"))},
			{"board_model", from(read("mtxrBoardName"))},
			{"serial_number", from(read("mtxrSerialNumber"))},
			{"firmware_version", from(read("mtxrFirmwareVersion"))},
			{"firmware_upgrade_version", from(read("mtxrFirmwareUpgradeVersion"))},
			{"build_time", from(read("mtxrBuildTime"))},
			{"software_id", from(read("mtxrLicSoftwareId"))},
			{"license_level", from(read("mtxrLicLevel").spelled(digits))},
			{"license_upgradable_to", from(read("mtxrLicUpgradableTo").dropping(0).spelled(digits))},
			{"license_upgrades_until_timestamp_seconds", from(read("mtxrLicUpgrUntil"))},
			{"contact", from(read("sysContact"))},
			{"note", from(read("mtxrNote"))},
		},
	}
}

// entityTable is ENTITY-MIB's (RFC 6933) list of parts. Their names are unique on some devices and
// empty on others.
func entityTable() tableDef {
	return tableDef{
		name: "entity",
		lane: pipeline.LaneSlow,
		rows: &mib{
			name: "entPhysicalTable", index: []part{{"entPhysicalIndex", arc}},
			key: [][]string{{"entPhysicalName", "entPhysicalDescr", "entPhysicalIndex"}},
			columns: []object{
				{name: "entPhysicalDescr", oid: entPhysicalEntry + ".2"},
				{name: "entPhysicalClass", oid: entPhysicalEntry + ".5"},
				{name: "entPhysicalName", oid: entPhysicalEntry + ".7"},
				{name: "entPhysicalHardwareRev", oid: entPhysicalEntry + ".8"},
				{name: "entPhysicalFirmwareRev", oid: entPhysicalEntry + ".9"},
				{name: "entPhysicalSoftwareRev", oid: entPhysicalEntry + ".10"},
				{name: "entPhysicalSerialNum", oid: entPhysicalEntry + ".11"},
				{name: "entPhysicalMfgName", oid: entPhysicalEntry + ".12"},
				{name: "entPhysicalModelName", oid: entPhysicalEntry + ".13"},
				{name: "entPhysicalIsFRU", oid: entPhysicalEntry + ".16"},
			},
		},
		fields: []rule{
			{"description", from(read("entPhysicalDescr"))},
			{"entity_class", from(read("entPhysicalClass").spelled(entityClass))},
			{"vendor_name", from(read("entPhysicalMfgName"))},
			{"model", from(read("entPhysicalModelName"))},
			{"serial_number", from(read("entPhysicalSerialNum"))},
			{"hardware_version", from(read("entPhysicalHardwareRev"))},
			{"firmware_version", from(read("entPhysicalFirmwareRev"))},
			{"software_version", from(read("entPhysicalSoftwareRev"))},
			{"replaceable", from(read("entPhysicalIsFRU"))},
		},
	}
}

// entityClass spells IANAPhysicalClass.
func entityClass(c cell) string {
	classes := [...]string{"other", "unknown", "chassis", "backplane", "container", "powerSupply", "fan", "sensor", "module", "port",
		"stack", "cpu", "energyObject", "battery", "storageDrive"}
	if n := c.integer(); n >= 1 && n <= int64(len(classes)) {
		return classes[n-1]
	}
	return digits(c)
}

// partitionTable can only be read with GET: see deny.go. A router has up to eight partitions, which
// some count from 1.
func partitionTable() tableDef {
	return tableDef{
		name: "partition",
		lane: pipeline.LaneSlow,
		rows: &mib{
			name: "mtxrPartitionTable", key: [][]string{{"mtxrPartitionName"}},
			rows: &candidates{under: 9, columns: []string{"mtxrPartitionName"}},
			columns: []object{
				{name: "mtxrPartitionName", oid: partitionEntry + ".2"},
				{name: "mtxrPartitionSize", oid: partitionEntry + ".3"},
				{name: "mtxrPartitionVersion", oid: partitionEntry + ".4"},
				{name: "mtxrPartitionActive", oid: partitionEntry + ".5"},
				{name: "mtxrPartitionRunning", oid: partitionEntry + ".6"},
			},
		},
		fields: []rule{
			{"size_bytes", from(read("mtxrPartitionSize").scaled(1e6))}, // MB
			{"version", from(read("mtxrPartitionVersion"))},
			{"active", from(read("mtxrPartitionActive"))},
			{"running", from(read("mtxrPartitionRunning"))},
		},
	}
}

package snmp

import (
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

const (
	hrStorageEntry = ".1.3.6.1.2.1.25.2.3.1"
	hrStorageTypes = "1.3.6.1.2.1.25.2.1"
)

// hrStorageTable is HOST-RESOURCES-MIB's (RFC 2790) list of memories and disks.
func hrStorageTable() *mib {
	return &mib{
		name: "hrStorageTable",
		key:  [][]string{{"hrStorageDescr"}},
		skip: isTemporary,
		columns: []object{
			{name: "hrStorageDescr", oid: hrStorageEntry + ".3", slow: true},
			{name: "hrStorageType", oid: hrStorageEntry + ".2", slow: true},
			{name: "hrStorageAllocationUnits", oid: hrStorageEntry + ".4"},
			{name: "hrStorageSize", oid: hrStorageEntry + ".5"},
			{name: "hrStorageUsed", oid: hrStorageEntry + ".6"},
		},
	}
}

func storageTable(rows *mib) tableDef {
	return tableDef{
		name: "storage",
		lane: pipeline.LaneLive,
		rows: rows,
		fields: []rule{
			{"type", from(read("hrStorageType").spelled(storageType))},
			{"total_bytes", from(reading{of: []string{"hrStorageSize"}, times: "hrStorageAllocationUnits", wrap: true})},
			{"used_bytes", from(reading{of: []string{"hrStorageUsed"}, times: "hrStorageAllocationUnits", wrap: true})},
			{"used_percent", from(reading{of: []string{"hrStorageUsed"}, per: "hrStorageSize", scale: 100, wrap: true})},
		},
	}
}

// isTemporary tells the file systems in memory that RouterOS lists beside its disks.
func isTemporary(d *device, g *grid, row int) bool {
	return d.isMikroTik() && strings.Contains(g.name(row), "tmpfs")
}

func storageType(c cell) string {
	arc, ok := strings.CutPrefix(c.text, hrStorageTypes+".")
	if !ok {
		return "other"
	}
	switch arc {
	case "2":
		return "ram"
	case "3":
		return "virtual-memory"
	case "4":
		return "fixed-disk"
	case "5", "6", "7": // removable, floppy, CD
		return "removable-disk"
	case "8":
		return "ram-disk"
	case "9":
		return "flash-memory"
	case "10":
		return "network-disk"
	}
	return "other"
}

// hrProcessorTable is HOST-RESOURCES-MIB's: one row for each core.
func hrProcessorTable() *mib {
	return &mib{
		name:    "hrProcessorTable",
		columns: []object{{name: "hrProcessorLoad", oid: ".1.3.6.1.2.1.25.3.3.1.2"}},
	}
}

func cpuTable(rows *mib) tableDef {
	return tableDef{
		name:   "cpu",
		lane:   pipeline.LaneLive,
		rows:   rows,
		number: true,
		fields: []rule{{"load_percent", from(read("hrProcessorLoad"))}},
	}
}

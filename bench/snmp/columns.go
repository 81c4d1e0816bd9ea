package main

// object is something that both sides read.
type object struct {
	name, oid string
	isName    bool // of a row: a tag
}

const (
	ifEntry  = ".1.3.6.1.2.1.2.2.1"
	ifXEntry = ".1.3.6.1.2.1.31.1.1.1"
)

// oids are all that the simulated routers have: RouterPulse reads its own tables and finds these,
// Telegraf is told them by name.
func oids() (list []string) {
	for _, object := range append(scalars(), columns()...) {
		list = append(list, object.oid)
	}
	return list
}

// columns are the 14 of an interface.
func columns() []object {
	return []object{
		{"ifName", ifXEntry + ".1", true},
		{"ifAdminStatus", ifEntry + ".7", false},
		{"ifOperStatus", ifEntry + ".8", false},
		{"ifHighSpeed", ifXEntry + ".15", false},
		{"ifHCInOctets", ifXEntry + ".6", false},
		{"ifHCOutOctets", ifXEntry + ".10", false},
		{"ifHCInUcastPkts", ifXEntry + ".7", false},
		{"ifHCOutUcastPkts", ifXEntry + ".11", false},
		{"ifHCInMulticastPkts", ifXEntry + ".8", false},
		{"ifHCOutMulticastPkts", ifXEntry + ".12", false},
		{"ifHCInBroadcastPkts", ifXEntry + ".9", false},
		{"ifHCOutBroadcastPkts", ifXEntry + ".13", false},
		{"ifInErrors", ifEntry + ".14", false},
		{"ifOutErrors", ifEntry + ".20", false},
	}
}

// scalars are six of a router.
func scalars() []object {
	return []object{
		{"sysDescr", ".1.3.6.1.2.1.1.1.0", false},
		{"sysObjectID", ".1.3.6.1.2.1.1.2.0", false},
		{"sysUpTime", ".1.3.6.1.2.1.1.3.0", false},
		{"sysName", ".1.3.6.1.2.1.1.5.0", false},
		{"sysLocation", ".1.3.6.1.2.1.1.6.0", false},
		{"mtxrLicVersion", ".1.3.6.1.4.1.14988.1.1.4.4.0", false},
	}
}

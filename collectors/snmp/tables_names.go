package snmp

// interfaceNames are the names of the interfaces, for tables that know an interface by its ifIndex. It
// is a mib of its own: ifTable has 30 columns more.
func interfaceNames() *mib {
	return &mib{
		name: "interface names",
		key:  [][]string{{"ifName", "ifDescr"}},
		columns: []object{
			{name: "ifName", oid: ifXEntry + ".1", slow: true},
			{name: "ifDescr", oid: ifEntry + ".2", slow: true},
		},
	}
}

// ofInterface joins the name of the interface whose ifIndex is in a column or a part of the index.
func ofInterface(names *mib, ifIndex string) join {
	return join{name: "interface", rows: names, take: []string{"ifName", "ifDescr"}, by: []string{ifIndex}}
}

package main

// row is one row of the matrix and the packages that have a test of it.
type row struct {
	number   string
	name     string
	packages []string
}

// rows is the matrix. A test of row 05 is named TestFault05 and what follows.
func rows() []row {
	const cmd, spool, influxdb, embedded = "./cmd/routerpulse", "./sinks/spool", "./sinks/influxdb", "./sinks/embedded"
	const devices, snmp, routeros = "./collectors", "./collectors/snmp", "./collectors/routeros"
	return []row{
		{"01", "kill -9 of RouterPulse", []string{cmd}},
		{"02", "power loss", []string{spool}},
		{"03", "database down for hours", []string{influxdb}},
		{"04", "database stopped, it accepts and never answers", []string{cmd}},
		{"05", "kill -9 of the database during writes", []string{influxdb}},
		{"06", "database's disk full, new series", []string{influxdb}},
		{"07", "database's disk full, known series", []string{influxdb}},
		{"08", "own disk full", []string{spool}},
		{"09", "a write fails: no room, I/O error, short", []string{spool}},
		{"10", "fsync fails", []string{spool}},
		{"11", "segment cut at every byte", []string{spool}},
		{"12", "every bit of a record flipped", []string{spool}},
		{"13", "cursor damaged, segment missing", []string{spool}},
		{"14", "two processes on one folder", []string{spool, cmd}},
		{"15", "one bad line among 5,000", []string{influxdb}},
		{"16", "request too large (413)", []string{influxdb}},
		{"17", "429 and 503 with Retry-After", []string{influxdb}},
		{"18", "401, then another token", []string{influxdb}},
		{"19", "misleading answers, late success", []string{influxdb}},
		{"20", "black hole: half-open connection", []string{influxdb, devices}},
		{"21", "agent killed, stopped", []string{snmp}},
		{"22", "agent with a new engine ID", []string{snmp}},
		{"23", "datagrams lost, reordered, doubled, late", []string{snmp}},
		{"24", "forged replies", []string{snmp}},
		{"25", "malformed SNMP", []string{snmp}},
		{"26", "hostile agent", []string{snmp}},
		{"27", "200 of 1,000 devices dead or slow", []string{devices}},
		{"28", "hostile RouterOS API", []string{routeros}},
		{"29", "RouterOS answers out of order, or not at all", []string{routeros}},
		{"30", "TLS that must be refused", []string{routeros}},
		{"31", "counters reset and wrap", []string{snmp}},
		{"32", "clock steps", []string{"./pipeline"}},
		{"33", "a tenth of many browsers does not read", []string{"./sse"}},
		{"34", "storms of connections", []string{"./sse"}},
		{"35", "forged and hostile tokens", []string{"./sse/access"}},
		{"36", "a right ends while streaming", []string{"./sse"}},
		{"37", "hostile names", []string{cmd}},
		{"38", "bad config, reload", []string{"./pipeline", cmd}},
		{"39", "secrets in any output", []string{cmd}},
		{"40", "SIGTERM under load with the database down", []string{cmd}},
		{"41", "kill -9 with the embedded store alone", []string{embedded}},
		{"42", "shared disk full", []string{embedded}},
		{"43", "store's files damaged", []string{embedded}},
	}
}

package snmp

import "fmt"

// mikrotik is the branch of MIKROTIK-MIB's objects.
const mikrotik = ".1.3.6.1.4.1.14988.1.1"

// mikrotikEnterprise is the prefix of sysObjectID on RouterOS (.1) and SwOS (.2).
const mikrotikEnterprise = ".1.3.6.1.4.1.14988"

// scriptOutput runs the script on GET. A walk does not have to ask for it to reach it: GETNEXT and
// GETBULK answer with whatever comes after the end of a table.
const scriptOutput = mikrotik + ".18.1.1.2"

// The nearest tables before scriptOutput may be empty, so that a walk from their end arrives at it.
// They can only be read with GET. Before them lies the table of interface statistics, which has 67
// columns for every interface: a walk that runs past its own end by privateRepetitions stays there.
const (
	lastWalkable       = mikrotik + ".15"
	privateRepetitions = 16
)

// deniedObject is an object that no table, built in or configured, may read, whoever asks for it.
type deniedObject struct{ oid, why string }

func denied() [4]deniedObject {
	return [...]deniedObject{
		{scriptOutput, "a GET runs the script"},
		{mikrotik + ".7.1", "a SET reboots the router"},
		{mikrotik + ".7.2", "a SET cuts the power of USB"},
		{mikrotik + ".8.1.1.3", "a SET runs a script"},
	}
}

// allowGet refuses an OID that must not be read: a denied object, what is inside one, and every
// ancestor of one.
func allowGet(oid string) error {
	if !inside(oid, mikrotik) && !inside(mikrotik, oid) {
		return nil
	}
	for _, d := range denied() {
		if inside(oid, d.oid) || inside(d.oid, oid) {
			return fmt.Errorf("%s must not be read: at %s, %s", oid, d.oid, d.why)
		}
	}
	return nil
}

// allowWalk refuses, beyond allowGet, an OID from which a walk may run into an object that acts on
// reading.
func allowWalk(oid string) error {
	if err := allowGet(oid); err != nil {
		return err
	}
	if inside(oid, mikrotik) && compareOIDs(oid, lastWalkable) >= 0 && compareOIDs(oid, scriptOutput) <= 0 {
		return fmt.Errorf("%s must be read with GET: a walk may run on to %s, where a GET runs the script", oid, scriptOutput)
	}
	return nil
}

// mostRepetitions bounds how far a walk may run past the end of its table.
func mostRepetitions(oid string) int {
	if inside(oid, mikrotik) {
		return privateRepetitions
	}
	return maxRepetitions
}

package snmp

import "fmt"

// mikrotik is the branch of MIKROTIK-MIB's objects.
const mikrotik = ".1.3.6.1.4.1.14988.1.1"

// mikrotikEnterprise is the prefix of sysObjectID on RouterOS (.1) and SwOS (.2).
const mikrotikEnterprise = ".1.3.6.1.4.1.14988"

// scriptOutput runs the script on GET. A walk does not have to ask for it to reach it: GETNEXT and
// GETBULK answer with whatever comes after the end of a table.
const scriptOutput = mikrotik + ".18.1.1.2"

// The nearest tables before scriptOutput may be empty, so that a walk from their end arrives at it: they
// can only be read with GET, and so can the table of interface statistics before them, whose last column
// has as few rows as there are interfaces. It has 67 columns for every interface, though, so that a walk
// of what lies before it, which runs past its own end by privateRepetitions, stays there.
const (
	unwalkable         = mikrotik + ".14" // from here on none is
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

// denyList is what must not be read, as names: it is asked about every name before it is sent.
type denyList struct {
	mikrotik, unwalkable, scriptOutput name
	objects                            []name
}

func newDenyList() *denyList {
	must := func(oid string) name {
		n, err := parseOID(oid)
		if err != nil {
			panic(err) // one of the constants above
		}
		return n
	}
	l := &denyList{mikrotik: must(mikrotik), unwalkable: must(unwalkable), scriptOutput: must(scriptOutput)}
	for _, d := range denied() {
		l.objects = append(l.objects, must(d.oid))
	}
	return l
}

// allow refuses a name that must not be asked for in this way.
func (l *denyList) allow(kind requestKind, n name) error {
	if kind == get {
		return l.allowGet(n)
	}
	return l.allowWalk(n)
}

// allowGet refuses a name that must not be read: a denied object, what is inside one, and every
// ancestor of one.
func (l *denyList) allowGet(n name) error {
	if !n.isInside(l.mikrotik) && !l.mikrotik.isInside(n) {
		return nil
	}
	for i, object := range l.objects {
		if n.isInside(object) || object.isInside(n) {
			d := denied()[i]
			return fmt.Errorf("%s must not be read: at %s, %s", n, d.oid, d.why)
		}
	}
	return nil
}

// allowWalk refuses, beyond allowGet, a name from which a walk may run into an object that acts on
// reading.
func (l *denyList) allowWalk(n name) error {
	if err := l.allowGet(n); err != nil {
		return err
	}
	if n.isInside(l.mikrotik) && compareArcs(n, l.unwalkable) >= 0 && compareArcs(n, l.scriptOutput) <= 0 {
		return fmt.Errorf("%s must be read with GET: a walk may run on to %s, where a GET runs the script", n, scriptOutput)
	}
	return nil
}

// allowGet is the deny list's answer to a dotted OID. What is no name, as ".1", is refused as well.
func allowGet(oid string) error {
	n, err := parseOID(oid)
	if err != nil {
		return err
	}
	return newDenyList().allowGet(n)
}

// allowWalk is the same for an OID that a walk starts from.
func allowWalk(oid string) error {
	n, err := parseOID(oid)
	if err != nil {
		return err
	}
	return newDenyList().allowWalk(n)
}

// mostRepetitions bounds how far a walk may run past the end of its table.
func mostRepetitions(oid string) int {
	if inside(oid, mikrotik) {
		return privateRepetitions
	}
	return maxRepetitions
}

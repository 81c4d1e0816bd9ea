package snmp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

func TestWhatMustNotBeRead(t *testing.T) {
	for oid, want := range map[string]string{
		".1.3.6.1.2.1.2.2.1.2":                     "",
		".1.3.6.1.4.1.9.9":                         "",
		mikrotik + ".3.100.1.2":                    "",
		mikrotik + ".4.4.0":                        "",
		mikrotik + ".7.3.0":                        "",
		mikrotik + ".7.10":                         "",
		mikrotik + ".8.1.1.2":                      "",
		mikrotik + ".18.1.1.2":                     "get",
		mikrotik + ".18.1.1.2.1":                   "get",
		mikrotik + ".18":                           "get",
		mikrotik + ".7":                            "get",
		mikrotik + ".7.1.0":                        "get",
		mikrotik + ".7.2.0":                        "get",
		mikrotik + ".8.1.1.3.5":                    "get",
		mikrotik:                                   "get",
		".1.3.6.1.4.1.14988":                       "get",
		".1.3.6.1.4.1":                             "get",
		".1":                                       "get",
		mikrotik + ".15.1.1.2":                     "walk", // an empty LTE table and no partitions lead to the scripts
		mikrotik + ".16.1.1.2":                     "walk",
		mikrotik + ".17.1.1.2":                     "walk",
		mikrotik + ".18.1.1.1":                     "walk",
		mikrotik + ".19.1.1.2":                     "",
		mikrotik + ".13.1.0":                       "",
		mikrotik + ".14.1.1.2":                     "walk", // of one interface, its last columns end before the scripts
		mikrotik + ".14.1.1.91":                    "walk",
		".1.3.6.1.4.1.14989.1.1.18.1.1.2":          "",
		".1.3.6.1.4.1.14988.2":                     "",
		".1.3.6.1.4.1.14988.1.1.180.1.1.2":         "",
		".1.3.6.1.4.1.14988.1.1.18.1.1.20.1":       "",
		".1.3.6.1.4.1.14988.1.1.8.1.1.30":          "",
		".1.3.6.1.4.1.14988.1.10.18.1.1.2":         "",
		".1.3.6.1.4.1.14988.1.1.3.18.1.1.2.14.1.0": "",
	} {
		if err := allowGet(oid); (err != nil) != (want == "get") {
			t.Errorf("GET of %s: %v", oid, err)
		}
		if err := allowWalk(oid); (err != nil) != (want != "") {
			t.Errorf("walk of %s: %v", oid, err)
		}
	}
}

// No table can be defined that reads what must not be read, whether as a scalar or as a column.
func TestTablesThatReadWhatIsDeniedAreRefused(t *testing.T) {
	schema := pipeline.NewSchema()
	for _, oid := range []string{scriptOutput, scriptOutput + ".1", mikrotik, mikrotik + ".7.1.0", ".1.3.6.1.4.1"} {
		for name, def := range map[string]tableDef{
			"scalar": {name: "router", scalars: []object{{name: "x", oid: oid}}},
			"sensor": {name: "health", sensors: []scalarRow{{key: "x", object: object{name: "x", oid: oid}}}},
			"column": {name: "cpu", rows: &mib{name: "m", columns: []object{{name: "x", oid: oid}}}},
			"also":   {name: "router", also: []*mib{{name: "m", columns: []object{{name: "x", oid: oid}}}}},
		} {
			if _, err := compile(schema, []tableDef{def}); err == nil || !strings.Contains(err.Error(), "must not be read") {
				t.Errorf("%s %s: %v", name, oid, err)
			}
		}
	}
}

// Even a request that slipped past the definitions is not sent.
func TestAskRefusesWhatIsDenied(t *testing.T) {
	a := newAgent(t, system("RouterOS RB5009")...)
	c := a.collector(t)
	err := c.with(t.Context(), &memory{}, func(p *poll) error {
		for _, kind := range []requestKind{get, getNext, getBulk} {
			if _, err := p.ask(p.ctx, request{kind: kind, names: []name{mustName(t, sysUpTime), mustName(t, scriptOutput+".1")}, repetitions: 1}); err == nil {
				t.Errorf("%v was sent", kind)
			}
		}
		return nil
	})
	if err != nil || len(a.taken()) != 0 {
		t.Errorf("err %v", err)
	}
}

// A walk is answered with what comes after its table. On a router with scripts and a gauge table that
// must never be the output of a script, which running it would make.
func TestNoWalkRunsIntoAScript(t *testing.T) {
	mib := append(system("RouterOS RB5009"), routerBoard()...)
	for _, script := range []string{"1", "2"} {
		mib = append(mib, entry{mikrotik + ".8.1.1.2." + script, gosnmp.OctetString, "reboot"},
			entry{scriptOutput + "." + script, gosnmp.OctetString, "done"})
	}
	for _, port := range []string{"1", "2"} { // interface statistics stand between, as on every router
		for column := 2; column <= 60; column++ {
			mib = append(mib, entry{mikrotik + ".14.1.1." + dotted([]uint32{uint32(column)}) + "." + port, gosnmp.Counter64, uint64(1)})
		}
	}
	a := newAgent(t, mib...)
	a.replying(func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		for _, v := range reply.Variables {
			if inside(v.Name, scriptOutput) {
				t.Errorf("the script behind %s ran", v.Name)
			}
		}
		return reply
	})
	c := a.collector(t)
	for range 3 {
		mustCollect(t, c)
	}
	v1 := a.collector(t, version1)
	mustCollect(t, v1)
}

func mustName(t testing.TB, oid string) name {
	t.Helper()
	n, err := parseOID(oid)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// aBareRouter is a router with one interface, scripts, and nothing in the tables before them: the worst case
// for a walk that runs past its end.
func aBareRouter() []entry {
	mib := append(system("RouterOS hAP lite"), routerBoard()...)
	mib = append(mib, ports(1)...)
	for column := 11; column <= 91; column++ {
		if column <= 21 || column >= 31 && column <= 55 || column >= 61 {
			mib = append(mib, entry{fmt.Sprintf("%s.%d.1", interfaceStatsEntry, column), gosnmp.Counter64, uint64(column)})
		}
	}
	mib = append(mib, entry{interfaceStatsEntry + ".2.1", gosnmp.OctetString, "ether1"},
		entry{mikrotik + ".7.1.0", gosnmp.Integer, 0}, entry{mikrotik + ".7.2.0", gosnmp.Integer, 0})
	for _, script := range []string{"1", "2"} {
		mib = append(mib, entry{mikrotik + ".8.1.1.2." + script, gosnmp.OctetString, "reboot"},
			entry{mikrotik + ".8.1.1.3." + script, gosnmp.Integer, 0}, entry{scriptOutput + "." + script, gosnmp.OctetString, "done"})
	}
	return mib
}

// No table of any lane asks for an object that acts, by its name or by a name above it, and none that is
// walked runs into a script, with one interface and with many, on any version.
func TestNoLaneReachesWhatActs(t *testing.T) {
	for _, more := range [][]entry{nil, aRow(mikrotik+".13", 1, 13, ".0"), aRow(neighborEntry, 2, 8, ".9"), aRow(hotspotEntry, 2, 20, ".1")} {
		a := newAgent(t, append(aBareRouter(), more...)...)
		a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			for _, v := range request.Variables {
				if allowGet(v.Name) != nil || request.PDUType != gosnmp.GetRequest && allowWalk(v.Name) != nil {
					t.Errorf("%v of %s", request.PDUType, v.Name)
				}
			}
			for _, v := range reply.Variables {
				if inside(v.Name, scriptOutput) {
					t.Errorf("%v of %s ran a script", request.PDUType, request.Variables[0].Name)
				}
			}
			return reply
		})
		for _, change := range []func(*Target){func(*Target) {}, version1} {
			c := a.collector(t, change)
			for range 3 {
				for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
					mustCollectLane(t, c, lane)
				}
			}
		}
	}
}

// aRow has the columns of one row, as numbers.
func aRow(base string, first, last int, index string) (mib []entry) {
	for column := first; column <= last; column++ {
		mib = append(mib, entry{fmt.Sprintf("%s.%d%s", base, column, index), gosnmp.Integer, column})
	}
	return mib
}

// What is walked in MIKROTIK-MIB is walked in small steps, and what stands near the scripts is not walked.
func TestWalksOfThePrivateBranchAreShort(t *testing.T) {
	l, err := compile(pipeline.NewSchema(), tables())
	if err != nil {
		t.Fatal(err)
	}
	walked, got := 0, 0
	for _, s := range l.mibs {
		for _, c := range s.columns[:s.asked] {
			switch {
			case !inside(c.oid, mikrotik):
			case s.rows != nil:
				got++
			case allowWalk(c.oid) != nil || s.most > privateRepetitions:
				t.Errorf("%s is walked in steps of %d", c.name, s.most)
			default:
				walked++
			}
		}
	}
	if walked < 100 || got < 100 {
		t.Errorf("%d columns are walked, %d are read with GET", walked, got)
	}
}

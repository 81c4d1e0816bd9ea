package snmp

import (
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
		mikrotik + ".14.1.1.90":                    "",
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

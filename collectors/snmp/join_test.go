package snmp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

const wlRtabEntry = mikrotik + ".1.2.1"

// clientTable is a table of wireless clients, as MIKROTIK-MIB's: its index is the client's address and the
// ifIndex of the interface, whose name is in another table.
func clientTable() (*pipeline.Schema, tableDef) {
	schema := pipeline.NewSchema()
	schema.Tables = append(schema.Tables, &pipeline.Table{Name: "test_client", Keys: []string{"interface", "client"},
		Fields: []*pipeline.FieldDef{{Name: "signal_dbm", Kind: pipeline.Gauge}, {Name: "interface_mac", Kind: pipeline.Text},
			{Name: "number", Kind: pipeline.Gauge}}})
	names := &mib{name: "names", columns: []object{{name: "ifName", oid: ifXEntry + ".1", slow: true}, {name: "ifDescr", oid: ifEntry + ".2", slow: true},
		{name: "ifPhysAddress", oid: ifEntry + ".6", as: mac, slow: true}}}
	rows := &mib{name: "mtxrWlRtabTable", fickle: true,
		index: []part{{"mtxrWlRtabAddr", mac}, {"mtxrWlRtabIface", arc}},
		joins: []join{
			{name: "interface", rows: names, take: []string{"ifName", "ifDescr"}, by: []string{"mtxrWlRtabIface"}},
			{name: "address", rows: names, take: []string{"ifPhysAddress"}, by: []string{"mtxrWlRtabIface"}}},
		key:     [][]string{{"interface", "mtxrWlRtabIface"}, {"mtxrWlRtabAddr"}},
		columns: []object{{name: "mtxrWlRtabStrength", oid: wlRtabEntry + ".3"}}}
	return schema, tableDef{name: "test_client", lane: pipeline.LaneLive, rows: rows, fields: []rule{
		{"signal_dbm", from(read("mtxrWlRtabStrength"))},
		{"interface_mac", from(read("address"))},
		{"number", from(read("mtxrWlRtabIface"))}}}
}

func client(index string, signal int) entry { return entry{wlRtabEntry + ".3." + index, tInt, signal} }

// collectorOf reads an agent's tables that are made for the test.
func (a *agent) collectorOf(t testing.TB, schema *pipeline.Schema, defs ...tableDef) *Collector {
	t.Helper()
	engine := newEngine(t)
	var err error
	if engine.library, err = compile(schema, defs); err != nil {
		t.Fatal(err)
	}
	target := Target{Device: "r1", Address: "127.0.0.1", Port: a.port(), Timeout: 200 * time.Millisecond,
		Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}
	c, err := engine.New(target, pipeline.NewRows("r1", nil))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// askedFor counts the requests that named anything below an OID.
func (a *agent) askedFor(oid string) (n int) {
	for _, r := range a.taken() {
		for _, v := range r.Variables {
			if inside(v.Name, oid) {
				n++
				break
			}
		}
	}
	return n
}

func TestRowsAreNamedByTheirIndexAndByAnotherTable(t *testing.T) {
	schema, def := clientTable()
	mib := append(aRouter(2), client("2.0.0.0.0.1.2", -60), client("2.0.0.0.0.9.1", -70), client("2.0.0.0.0.1.1", -80))
	c := newAgent(t, mib...).collectorOf(t, schema, def)
	for range 3 {
		wantDump(t, mustCollect(t, c), `
			test_client[ether1/02:00:00:00:00:01] signal_dbm=-80 interface_mac=0a:00:00:00:00:01 number=1
			test_client[ether2/02:00:00:00:00:01] signal_dbm=-60 interface_mac=0a:00:00:00:00:02 number=2
			test_client[ether1/02:00:00:00:00:09] signal_dbm=-70 interface_mac=0a:00:00:00:00:01 number=1`)
	}
}

func TestManyRowsAreNamedByTheirIndex(t *testing.T) {
	schema, def := clientTable()
	mib := aRouter(40)
	want := map[string]bool{}
	for i := range 600 {
		mib = append(mib, client(fmt.Sprintf("2.0.0.0.%d.%d.%d", i/200, i%200, i%40+1), -i))
		want[fmt.Sprintf("ether%d/02:00:00:00:%02x:%02x", i%40+1, i/200, i%200)] = true
	}
	c := newAgent(t, mib...).collectorOf(t, schema, def)
	for range 2 {
		samples := mustCollect(t, c)[0].Samples
		for _, s := range samples {
			if !want[s.Series.Row()] {
				t.Errorf("row %s", s.Series.Row())
			}
		}
		if len(samples) != len(want) {
			t.Errorf("%d rows of %d", len(samples), len(want))
		}
	}
}

// The other table is not read at every poll, but at once when a row points to what is new there; a row
// that points nowhere keeps its number for a name, and does not have the table read again and again.
func TestTheOtherTableIsReadWhenItMustBe(t *testing.T) {
	schema, def := clientTable()
	a := newAgent(t, append(aRouter(2), client("2.0.0.0.0.1.2", -60))...)
	c := a.collectorOf(t, schema, def)
	const names = ifXEntry + ".1"
	rows := func(want string, asked bool) {
		t.Helper()
		a.taken()
		wantRows(t, mustCollect(t, c)[0], want)
		if n := a.askedFor(names); (n > 0) != asked {
			t.Errorf("%d requests for names", n)
		}
	}
	rows("ether2/02:00:00:00:00:01", true)
	rows("ether2/02:00:00:00:00:01", false)
	a.set(append(aRouter(3), client("2.0.0.0.0.1.2", -60), client("2.0.0.0.0.2.3", -61))...)
	rows("ether2/02:00:00:00:00:01 ether3/02:00:00:00:00:02", true)
	a.set(append(aRouter(3), client("2.0.0.0.0.1.2", -60), client("2.0.0.0.0.3.77", -61))...)
	rows("ether2/02:00:00:00:00:01 77/02:00:00:00:00:03", true)
	rows("ether2/02:00:00:00:00:01 77/02:00:00:00:00:03", false)
	later(c, firstAbsence)
	rows("ether2/02:00:00:00:00:01 77/02:00:00:00:00:03", true)
	rows("ether2/02:00:00:00:00:01 77/02:00:00:00:00:03", false)
	a.set(append(without(aRouter(3), ifXEntry), client("2.0.0.0.0.1.2", -60))...)
	later(c, firstAbsence+refreshEvery)
	rows("ether2/02:00:00:00:00:01", true) // ifDescr
}

// While the names cannot be read, those of before count; rows that never had one are left out of a table
// that failed, rather than shown under another name.
func TestTheOtherTableFails(t *testing.T) {
	schema, def := clientTable()
	a := newAgent(t, append(aRouter(2), client("2.0.0.0.0.1.2", -60))...)
	refuse := func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		for _, v := range request.Variables {
			if inside(v.Name, ifEntry) || inside(v.Name, ifXEntry) {
				reply.Error, reply.Variables = gosnmp.GenErr, request.Variables
			}
		}
		return reply
	}
	c := a.collectorOf(t, schema, def)
	mustCollect(t, c)
	a.replying(refuse)
	later(c, refreshEvery)
	wantRows(t, mustCollect(t, c)[0], "ether2/02:00:00:00:00:01")

	c = a.collectorOf(t, schema, def)
	reads, err := collect(t, c)
	if err != nil || reads[0].Status != pipeline.Failed || !strings.Contains(reads[0].Reason, "genErr") || len(reads[0].Samples) != 0 {
		t.Errorf("%v, %s", err, dump(reads...))
	}
	a.replying(nil)
	wantRows(t, mustCollect(t, c)[0], "ether2/02:00:00:00:00:01")
}

// A device without the other table names rows by what is left; so does one whose index is not made as
// the MIB says.
func TestTheOtherTableIsAbsent(t *testing.T) {
	schema, def := clientTable()
	mib := append(system("x"), client("2.0.0.0.0.1.2", -60), client("2.0.0.1", -61))
	c := newAgent(t, mib...).collectorOf(t, schema, def)
	for range 2 {
		wantRows(t, mustCollect(t, c)[0], "2/02:00:00:00:00:01 ~2.0.0.1/")
	}
}

// A join without by is over the same index; one over a column is over the number in it.
func TestJoinsByIndexAndByColumn(t *testing.T) {
	schema := pipeline.NewSchema()
	schema.Tables = append(schema.Tables, &pipeline.Table{Name: "test_port", Keys: []string{"port"},
		Fields: []*pipeline.FieldDef{{Name: "peer", Kind: pipeline.Text}}})
	names := &mib{name: "names", columns: []object{{name: "ifName", oid: ifXEntry + ".1"}}}
	peer := ".1.3.6.1.4.1.9999.1"
	def := tableDef{name: "test_port", lane: pipeline.LaneLive,
		rows: &mib{name: "peers", columns: []object{{name: "peer", oid: peer}}, key: [][]string{{"mine"}},
			joins: []join{{name: "mine", rows: names, take: []string{"ifName"}}, {name: "its", rows: names, take: []string{"ifName"}, by: []string{"peer"}}}},
		fields: []rule{{"peer", from(read("its"))}}}
	mib := append(aRouter(3), entry{peer + ".1", tInt, 3}, entry{peer + ".2", tInt, -1}, entry{peer + ".3", tText, "1"})
	c := newAgent(t, mib...).collectorOf(t, schema, def)
	for range 2 {
		wantDump(t, mustCollect(t, c), `test_port[ether1] peer=ether3`)
	}
}

func TestCompileRefusesBadIndexesAndJoins(t *testing.T) {
	for want, change := range map[string]func(*mib){
		`mtxrWlRtabTable has no column "nobody"`:            func(m *mib) { m.key[1] = []string{"nobody"} },
		"only the last part":                                func(m *mib) { m.index[0].as = implied },
		`interface: mtxrWlRtabTable has no column "nobody"`: func(m *mib) { m.joins[0].by = []string{"nobody"} },
		`interface: names has no column "nobody"`:           func(m *mib) { m.joins[0].take = []string{"nobody"} },
		"must not be read":                                  func(m *mib) { m.joins[0].rows.columns[0].oid = scriptOutput },
		"the schema has the keys [interface client]":        func(m *mib) { m.key = m.key[:1] },
		"that form is an index's":                           func(m *mib) { m.columns[0].as = ipv4 },
	} {
		schema, def := clientTable()
		change(def.rows)
		if _, err := compile(schema, []tableDef{def}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

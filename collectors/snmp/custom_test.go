package snmp

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

type customConfig struct {
	SNMPTables []CustomTable `yaml:"snmp_tables"`
}

func (c *customConfig) Validate(r *configs.Report) {
	ValidateTables(r.At("snmp_tables"), pipeline.NewSchema(), c.SNMPTables)
}

// customTables reads tables as a config has them.
func customTables(yaml string) ([]CustomTable, error) {
	var c customConfig
	err := configs.Parse("rp.yaml", []byte("snmp_tables:\n"+yaml), &c)
	return c.SNMPTables, err
}

func mustCustom(t *testing.T, yaml string) []CustomTable {
	t.Helper()
	tables, err := customTables(yaml)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// customCollector reads an agent's tables of a config and those that are built in.
func (a *agent) customCollector(t *testing.T, yaml string, change ...func(*Target)) *Collector {
	t.Helper()
	tables := mustCustom(t, yaml)
	engine, err := NewEngine(Extend(pipeline.NewSchema(), tables), 1, nil, tables...)
	if err != nil {
		t.Fatal(err)
	}
	target := Target{Device: "r1", Address: "127.0.0.1", Port: a.port(), Timeout: 200 * time.Millisecond,
		Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}
	for _, f := range change {
		f(&target)
	}
	c, err := engine.New(target, pipeline.NewRows("r1", nil))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const own = ".1.3.6.1.4.1.9999"

func TestAScalarTableOfTheConfig(t *testing.T) {
	mib := append(system("x"), entry{own + ".1.0", tInt, 215}, entry{own + ".2.0", tTicks, uint32(12345)}, entry{own + ".3.0", tInt, 2},
		entry{own + ".4.0", tInt, 1}, entry{own + ".5.0", tInt, -128}, entry{own + ".6.0", tText, []byte{2, 0, 0, 0, 0, 1}},
		entry{own + ".7.0", tInt, 1767225600}, entry{own + ".8.0", tCount64, uint64(1<<32 + 5)}, entry{own + ".9.0", tInt, -7},
		entry{own + ".10.0", tText, []byte{10, 0, 0, 1}}, entry{own + ".11.0", tGauge, uint32(16)}, entry{own + ".12.0", tGauge, uint32(9)})
	c := newAgent(t, mib...).customCollector(t, `
  - name: mtx_foo
    scalars:
      - { name: temperature_celsius, oid: 1.3.6.1.4.1.9999.1.0, type: gauge, scale: 0.1, unit: celsius, drop: [-128] }
      - { name: up_seconds, oid: .1.3.6.1.4.1.9999.2.0, type: duration, scale: 0.01 }
      - { name: state, oid: 1.3.6.1.4.1.9999.3.0, type: enum, values: { 1: up, 2: down } }
      - { name: alarm, oid: 1.3.6.1.4.1.9999.4.0, type: bool }
      - { name: other_celsius, oid: 1.3.6.1.4.1.9999.5.0, type: gauge, unit: celsius, drop: [-128] }
      - { name: mac, oid: 1.3.6.1.4.1.9999.6.0, type: text, format: mac }
      - { name: since, oid: 1.3.6.1.4.1.9999.7.0, type: timestamp }
      - { name: narrow, oid: 1.3.6.1.4.1.9999.8.0, type: counter32 }
      - { name: number, oid: 1.3.6.1.4.1.9999.9.0, type: text }
      - { name: peer, oid: 1.3.6.1.4.1.9999.10.0, type: text, format: ip }
      - { name: sixteenths, oid: 1.3.6.1.4.1.9999.11.0, type: gauge, scale: 0.0625 }
      - { name: thirds, oid: 1.3.6.1.4.1.9999.12.0, type: gauge, scale: 0.3 }
      - { name: absent, oid: 1.3.6.1.4.1.9999.13.0, type: gauge }`)
	for range 2 {
		wantDump(t, mustCollect(t, c, "mtx_foo"), `mtx_foo[] temperature_celsius=21.5 up_seconds=123.45 state=2 alarm=true mac=02:00:00:00:00:01`+
			` since=1767225600 narrow=5(32) number=-7 peer=10.0.0.1 sixteenths=1 thirds=2.6999999999999997`)
	}
}

const clients = `
  - name: mtx_client
    index: [{ name: mac, type: mac }, { name: if_index, type: integer }]
    labels:
      - { name: interface, oid: 1.3.6.1.2.1.31.1.1.1.1, by: [if_index] }
      - { name: mac }
    columns:
      - { name: signal_dbm, oid: 1.3.6.1.4.1.14988.1.1.1.2.1.3, type: gauge, unit: dbm }
      - { name: rx_bytes, oid: 1.3.6.1.4.1.14988.1.1.1.2.1.5, type: counter, unit: bytes, rate: rx_bits_per_second, rate_scale: 8 }`

func TestARowTableOfTheConfig(t *testing.T) {
	mib := append(aRouter(2), client("2.0.0.0.0.1.2", -60), entry{wlRtabEntry + ".5.2.0.0.0.0.1.2", tCount, uint32(77)}, client("2.0.0.0.0.2.1", -70))
	a := newAgent(t, mib...)
	c := a.customCollector(t, clients)
	for range 2 {
		wantDump(t, mustCollect(t, c, "mtx_client"), `
			mtx_client[ether2/02:00:00:00:00:01] signal_dbm=-60 rx_bytes=77(32)
			mtx_client[ether1/02:00:00:00:00:02] signal_dbm=-70`)
	}
	a.set(append(mib, client("2.0.0.0.0.3.1", -80))...) // no row has to wait
	if r := mustCollect(t, c, "mtx_client")[0]; len(r.Samples) != 3 {
		t.Error(dump(r))
	}
	v1 := a.customCollector(t, clients, version1)
	if r := mustCollect(t, v1, "mtx_client")[0]; len(r.Samples) != 3 {
		t.Error(dump(r))
	}
}

func TestRowsOfTheConfigAreNamed(t *testing.T) {
	mib := append(aRouter(2), entry{own + ".1.1.3.104.105.33.7", tInt, 1}, entry{own + ".1.2.3.104.105.33.7", tText, "name of it"})
	for want, yaml := range map[string]string{
		"3.104.105.33.7":  ``,
		"hi!/7":           `index: [{ name: who, type: string }, { name: no, type: integer }]`,
		"7/hi!":           `index: [{ name: who, type: string }, { name: no, type: integer }], labels: [{ name: number, part: no }, { name: who }]`,
		"name of it":      `labels: [{ name: called, oid: 1.3.6.1.4.1.9999.1.2 }]`,
		"name of it/hi!":  `index: [{ name: who, type: string }, { name: no, type: integer }], labels: [{ name: called, oid: 1.3.6.1.4.1.9999.1.2 }, { name: who }]`,
		"~3.104.105.33.7": `index: [{ name: who, type: integer }]`, // is not what the config says
	} {
		table := `  - { name: own_thing, columns: [{ name: value, oid: 1.3.6.1.4.1.9999.1.1, type: gauge }], ` + yaml + ` }`
		c := newAgent(t, mib...).customCollector(t, strings.Replace(table, ",  }", " }", 1))
		for range 2 {
			wantRows(t, mustCollect(t, c, "own_thing")[0], want)
		}
	}
}

// A table of one vendor is not asked of the devices of another.
func TestATableOfTheConfigIsForSomeDevices(t *testing.T) {
	const yaml = `
  - name: cisco_thing
    match: { sys_object_id: [1.3.6.1.4.1.9, .1.3.6.1.4.1.10.1] }
    scalars: [{ name: value, oid: 1.3.6.1.4.1.9999.1.0, type: gauge }]`
	for id, has := range map[string]bool{".1.3.6.1.4.1.9.1.5": true, ".1.3.6.1.4.1.9": true, ".1.3.6.1.4.1.99.1": false, ".1.3.6.1.4.1.14988.1": false,
		".1.3.6.1.4.1.10.1.7": true, ".1.3.6.1.4.1.10.2": false} {
		a := newAgent(t, append(vendor(system("x"), id), entry{own + ".1.0", tInt, 1})...)
		c := a.customCollector(t, yaml)
		r := mustCollect(t, c, "cisco_thing")[0]
		if (r.Status == pipeline.Whole) != has || (a.askedFor(own) > 0) != has {
			t.Errorf("%s: %s", id, dump(r))
		}
	}
}

func TestTheSchemaHasTheTablesOfTheConfig(t *testing.T) {
	tables := mustCustom(t, clients)
	table := Extend(pipeline.NewSchema(), tables).Table("mtx_client")
	rate := &pipeline.FieldDef{Name: "rx_bits_per_second", Kind: pipeline.Gauge, Unit: "bits/s", Doc: "Rate of rx_bytes between two polls, rounded to an integer."}
	want := &pipeline.Table{Name: "mtx_client", Keys: []string{"interface", "mac"}, Doc: "A table of the config.", Fields: []*pipeline.FieldDef{
		{Name: "signal_dbm", Kind: pipeline.Gauge, Unit: "dbm", Doc: "1.3.6.1.4.1.14988.1.1.1.2.1.3."},
		{Name: "rx_bytes", Kind: pipeline.Counter, Unit: "bytes", Doc: "1.3.6.1.4.1.14988.1.1.1.2.1.5.", Rate: rate, RateScale: 8}, rate}}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Error(diff)
	}
	if pipeline.NewSchema().Table("mtx_client") != nil {
		t.Error("the schema that is built in was changed")
	}
}

// A row of the config's tables costs no more than one of those that are built in.
func TestATableOfTheConfigTakesTheFastPath(t *testing.T) {
	var mib []entry
	for i := range 40 {
		mib = append(mib, client("2.0.0.0.0."+index(appendArc(nil, uint32(i))).String()+".1", -60))
	}
	a := newAgent(t, append(aRouter(1), mib...)...)
	c := a.customCollector(t, clients)
	mustCollect(t, c, "mtx_client")
	a.taken()
	reads := mustCollect(t, c, "mtx_client")
	if n := len(a.taken()); len(reads[0].Samples) != 40 || n > 5 {
		t.Errorf("%d rows in %d requests", len(reads[0].Samples), n)
	}
	again := mustCollect(t, c, "mtx_client")
	for i := range reads[0].Samples {
		if reads[0].Samples[i].Series != again[0].Samples[i].Series {
			t.Fatal("a series was made anew")
		}
	}
}

// What must not be read cannot be configured, however it is written.
func TestNoConfigCanReadWhatIsDenied(t *testing.T) {
	const m = "1.3.6.1.4.1.14988.1.1"
	scalar := func(oid string) string {
		return `  - { name: x, scalars: [{ name: v, oid: "` + oid + `", type: text }] }`
	}
	column := func(oid string) string {
		return `  - { name: x, columns: [{ name: v, oid: "` + oid + `", type: text }] }`
	}
	label := func(oid string) string {
		return `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.2, type: text }], labels: [{ name: l, oid: "` + oid + `" }] }`
	}
	join := func(oid string) string {
		return `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.2, type: text }], index: [{ name: i, type: integer }], labels: [{ name: l, oid: "` + oid + `", by: [i] }] }`
	}
	everywhere := []func(string) string{scalar, column, label, join}
	walked := everywhere[1:]
	for oid, in := range map[string][]func(string) string{
		m + ".18.1.1.2": everywhere, "." + m + ".18.1.1.2": everywhere, m + ".18.1.1.2.1": everywhere, m + ".18.1.1.2.0": everywhere,
		m + ".18.1.1.02": everywhere, "1.3.6.1.4.1.0014988.1.1.18.1.1.2": everywhere, ".1.3.6.1.4.1.14988.01.1.018.1.1.2.1": everywhere,
		m + ".18.1.1": everywhere, m + ".18.1": everywhere, m + ".18": everywhere, m: everywhere, "1.3.6.1.4.1.14988.1": everywhere,
		"1.3.6.1.4.1.14988": everywhere, "1.3.6.1.4.1": everywhere, "1.3.6.1.4": everywhere, "1.3.6.1": everywhere, "1.3.6": everywhere, "1.3": everywhere,
		m + ".7.1": everywhere, m + ".7.1.0": everywhere, m + ".7.2.0": everywhere, m + ".07.2.0": everywhere, m + ".7": everywhere,
		m + ".8.1.1.3": everywhere, m + ".8.1.1.3.1": everywhere, m + ".8.1.1": everywhere, m + ".8": everywhere,
		// A walk from here may run on to the scripts.
		m + ".18.1.1.1": walked, m + ".17.1.1.2": walked, m + ".16.1.1.4": walked, m + ".15.1.1.2": walked, m + ".14.1.1.91": walked, m + ".14": walked,
		// What is no OID.
		"": everywhere, ".": everywhere, "1": everywhere, "iso.3.6": everywhere, m + "..18.1.1.2": everywhere, m + ".18.1.1.2.": everywhere,
		m + ".18.1.1.-2": everywhere, "1.3.6.1.4.1.4294982284.1.1.18.1.1.2": everywhere, " " + m + ".18.1.1.2": everywhere, m + ".18.1.1.+2": everywhere,
		m + ".0x12.1.1.2": everywhere, "1.3.6.1.4.1.14_988.1.1.18.1.1.2": everywhere,
	} {
		for i, write := range in {
			tables, err := customTables(write(oid))
			if oid == "" && i > 1 {
				continue // a label without OID is a part of the index
			}
			if err == nil || len(tables) != 1 {
				t.Errorf("%q: %v, %d tables", write(oid), err, len(tables))
			}
			// Not even a config that nobody validated.
			if _, err := NewEngine(Extend(pipeline.NewSchema(), tables), 1, nil, tables...); err == nil {
				t.Errorf("an engine reads %s", write(oid))
			}
		}
	}
	for _, oid := range []string{m + ".14.1.1.11", m + ".18.1.1.1.1"} { // by GET
		if _, err := customTables(scalar(oid)); err != nil {
			t.Error(err)
		}
	}
}

// Own tables with columns near the scripts never make one run: a recording of what is asked.
func TestATableOfTheConfigRunsNoScript(t *testing.T) {
	mib := append(system("RouterOS RB5009"), routerBoard()...)
	mib = append(mib, entry{mikrotik + ".8.1.1.2.1", tText, "reboot"}, entry{scriptOutput + ".1", tText, "done"})
	for column := 2; column <= 20; column++ {
		mib = append(mib, entry{mikrotik + ".14.1.1." + dotted([]uint32{uint32(column)}) + ".1", tCount64, uint64(1)})
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
	c := a.customCollector(t, `
  - name: near
    columns: # a standard column before one of MikroTik's must not make it read far
      - { name: a, oid: 1.3.6.1.2.1.2.2.1.2, type: text }
      - { name: b, oid: 1.3.6.1.4.1.14988.1.1.13.1.1.2, type: text }
      - { name: c, oid: 1.3.6.1.4.1.14988.1.1.3.100.1.2, type: text }`)
	for range 3 {
		if _, err := collect(t, c); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongTablesOfTheConfig(t *testing.T) {
	const columns = `columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: counter }]`
	for want, yaml := range map[string]string{
		`rp.yaml:2:5: snmp_tables[0]: a table needs a name`: `  - { ` + columns + ` }`,
		`"Foo" is no name`:                                                   `  - { name: Foo, ` + columns + ` }`,
		`"a__b" is no name`:                                                  `  - { name: a__b, ` + columns + ` }`,
		`there is a table "interface" already`:                               `  - { name: interface, ` + columns + ` }`,
		`snmp_tables[1].name: there is a table "x" already`:                  "  - { name: x, " + columns + " }\n  - { name: x, " + columns + " }",
		`table "x" has no field`:                                             `  - { name: x }`,
		`can have no columns`:                                                `  - { name: x, ` + columns + `, scalars: [{ name: w, oid: 1.3.6.1.2.1.1.3.0, type: gauge }] }`,
		`there is no lane "status" for tables`:                               `  - { name: x, lane: status, ` + columns + ` }`,
		`every: 10ms: must be between`:                                       `  - { name: x, every: 10ms, ` + columns + ` }`,
		`unknown key (did you mean columns?)`:                                `  - { name: x, colums: [] }`,
		`there is no type "gague" (bool, counter, counter32, duration, enum`: `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: gague }] }`,
		`a counter has no scale`:                                             `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: counter, scale: 8 }] }`,
		`only a counter has a rate`:                                          `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: gauge, rate: w }] }`,
		`rate_scale is a positive number beside rate`:                        `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: counter, rate_scale: 8 }] }`,
		`an enum needs values`:                                               `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: enum }] }`,
		`there is no format "hex" here`:                                      `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: text, format: hex }] }`,
		`"v" is there twice`:                                                 `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: gauge }, { name: v, oid: 1.3.6.1.2.1.2.2.1.11, type: gauge }] }`,
		`columns[0].rate: "v" is there twice`:                                `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: counter, rate: v }] }`,
		`"time" is a name of ours`:                                           `  - { name: x, columns: [{ name: time, oid: 1.3.6.1.2.1.2.2.1.10, type: gauge }] }`,
		`interface_rx.bytes and interface.rx_bytes would be one metric`:      `  - { name: interface_rx, columns: [{ name: bytes, oid: 1.3.6.1.2.1.2.2.1.10, type: counter }] }`,
		`"index" is there twice`:                                             `  - { name: x, columns: [{ name: index, oid: 1.3.6.1.2.1.2.2.1.10, type: gauge }] }`,
		`"p" is a part of the index`:                                         `  - { name: x, index: [{ name: p, type: integer }, { name: q, type: integer }], labels: [{ name: q }], columns: [{ name: p, oid: 1.3.6.1.2.1.2.2.1.10, type: gauge }] }`,
		`the index has no part "r"`:                                          `  - { name: x, index: [{ name: p, type: integer }], labels: [{ name: r }], ` + columns + ` }`,
		`labels[0].by[0]: there is no part of the index and no column "r" (name one of: p, v)`: `  - { name: x, index: [{ name: p, type: integer }], labels: [{ name: l, oid: 1.3.6.1.2.1.2.2.1.2, by: [r] }], ` + columns + ` }`,
		`by needs an oid`:            `  - { name: x, index: [{ name: p, type: integer }], labels: [{ name: p, by: [p] }], ` + columns + ` }`,
		`they cannot be labels`:      `  - { name: x, index: [{ name: device, type: integer }], ` + columns + ` }`,
		`label "p" is there twice`:   `  - { name: x, index: [{ name: p, type: integer }], labels: [{ name: p }, { name: p }], ` + columns + ` }`,
		`"device" is a name of ours`: `  - { name: x, index: [{ name: device, type: integer }], labels: [{ name: device }], ` + columns + ` }`,
		`there is no type "int" (implied_oid, implied_string, inet, integer`:   `  - { name: x, index: [{ name: p, type: int }], ` + columns + ` }`,
		`implied_string must be last`:                                          `  - { name: x, index: [{ name: p, type: implied_string }, { name: q, type: integer }], ` + columns + ` }`,
		`snmp_tables[0].columns[0].oid: "1.3.6.1.2.1.2.2.1.x" is no OID`:       `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.x, type: gauge }] }`,
		`match.sys_object_id[0]: "cisco" is no OID`:                            `  - { name: x, match: { sys_object_id: [cisco] }, ` + columns + ` }`,
		`a label has either a part or an oid`:                                  `  - { name: x, index: [{ name: p, type: integer }], labels: [{ name: l, part: p, oid: 1.3.6.1.2.1.2.2.1.2 }], ` + columns + ` }`,
		`"" names no value`:                                                    `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: enum, values: { 1: "" } }] }`,
		`expected a whole number, found "up"`:                                  `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.2.1.2.2.1.10, type: enum, values: { up: 1 } }] }`,
		`must not be read: at .1.3.6.1.4.1.14988.1.1.18.1.1.2, a GET runs the`: `  - { name: x, columns: [{ name: v, oid: 1.3.6.1.4.1.14988.1.1.18.1.1.2, type: text }] }`,
	} {
		_, err := customTables(yaml)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v\nwant  %s", yaml, err, want)
		}
	}
}

func TestAdviceAboutUnits(t *testing.T) {
	tables := mustCustom(t, `  - { name: x, columns: [{ name: heat, oid: 1.3.6.1.2.1.2.2.1.10, type: gauge, unit: celsius }, { name: rx_bytes, oid: 1.3.6.1.2.1.2.2.1.10, type: counter, unit: bytes, rate: rx_speed, rate_scale: 8 }] }`)
	advice := Advice(tables)
	if len(advice) != 2 || !strings.Contains(advice[0], "x.heat is in celsius: a name that ends in _celsius") || !strings.Contains(advice[1], "x.rx_speed is in bits/s") {
		t.Error(advice)
	}
	if advice := Advice(mustCustom(t, clients)); len(advice) != 0 {
		t.Error(advice)
	}
}

package routeros

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// things is a schema of one table beside what the package needs.
func things(keys []string, fields ...*pipeline.FieldDef) *pipeline.Schema {
	s := pipeline.NewSchema()
	return &pipeline.Schema{Tables: append(slices.Clone(s.Tables), &pipeline.Table{Name: "things", Keys: keys, Fields: fields})}
}

func fieldOf(kind pipeline.Kind, names ...string) (out []*pipeline.FieldDef) {
	for _, n := range names {
		out = append(out, &pipeline.FieldDef{Name: n, Kind: kind})
	}
	return out
}

// reader reads the table things of a stub.
func reader(t *testing.T, schema *pipeline.Schema, things table, serve func(*stubConn)) (*Collector, *stub) {
	t.Helper()
	things.name, things.lane = "things", pipeline.LaneSlow
	p, err := planOf(schema, []table{things})
	if err != nil {
		t.Fatal(err)
	}
	shared := newShared(t)
	shared.plan = p
	stub := newStub(t, serve)
	return collect(t, stub.target(), shared), stub
}

func readThings(t *testing.T, c *Collector) pipeline.TableRead {
	t.Helper()
	reads, err := c.Collect(within(t, 10*time.Second), pipeline.LaneSlow, nil)
	if err != nil || len(reads) != 1 {
		t.Fatal(err, reads)
	}
	return reads[0]
}

func expect(t *testing.T, read pipeline.TableRead, want map[string]map[string]string) {
	t.Helper()
	if read.Status != pipeline.Whole {
		t.Errorf("%s: %s", read.Status, read.Reason)
	}
	if diff := cmp.Diff(want, shown(read)); diff != "" {
		t.Error(diff)
	}
}

type fieldsOfRows = map[string]map[string]string

// monitor answers a command once for each number; answers have no name. A router that takes no lists
// refuses them, one that is uneven leaves the first of a list out.
type monitor struct {
	lists, uneven bool
	values        map[string][]string
}

func (m monitor) answer(c *stubConn, words []string) {
	asked := strings.Split(strings.TrimPrefix(words[1], "=numbers="), ",")
	if !m.lists && len(asked) > 1 {
		c.say("!trap", "=message=input does not match any value of numbers")
		asked = nil
	}
	for i, n := range asked {
		if !m.uneven || i > 0 || len(asked) == 1 {
			c.say(append([]string{"!re", "=.section=0"}, m.values[n]...)...)
		}
	}
	c.say("!done")
}

// answering is a router that does what answer does.
func answering(answer func(c *stubConn, words []string)) func(*stubConn) {
	return func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			answer(c, words)
		}
	}
}

// TestJoinByName: what a monitor command says comes to the row of its name; rows that are not asked for,
// and names that nobody knows, do no harm.
func TestJoinByName(t *testing.T) {
	router := v7()
	router["/interface"] = [][]string{{"=.id=*1", "=name=ether1", "=type=ether"}, {"=.id=*2", "=name=br", "=type=bridge"}, {"=.id=*3", "=name=ether2", "=type=ether"}}
	router["/interface/ethernet/monitor"] = [][]string{{"=name=ether2", "=rate=2.5Gbps"}, {"=name=other", "=rate=1Gbps"}, {"=name=ether1", "=rate=100Mbps", "=full-duplex=true"}, {"=name=ether1", "=rate=7bps"}}
	def := table{
		sources: []source{{requests: []request{{path: "/interface"}}}}, key: by("name"), columns: []column{text("type", "type")},
		joins: []join{{request: request{path: "/interface/ethernet", command: "monitor", args: []string{"once"}},
			of: nameIf("name", "type", "ether"), on: "name", numbers: "numbers", columns: []column{rate("speed", "rate"), flag("duplex", "full-duplex")}}},
	}
	schema := things([]string{"thing"}, slices.Concat(fieldOf(pipeline.Text, "type"), fieldOf(pipeline.Gauge, "speed"), fieldOf(pipeline.Bool, "duplex"))...)
	c, stub := reader(t, schema, def, router.serve)
	for range 2 { // the second time from memory
		expect(t, readThings(t, c), fieldsOfRows{"ether1": {"type": "ether", "speed": "100000000", "duplex": "true"}, "br": {"type": "bridge"},
			"ether2": {"type": "ether", "speed": "2500000000"}})
	}
	if !strings.Contains(stub.heard(), "/interface/ethernet/monitor=numbers=ether1,ether2=once==.proplist=name,rate,full-duplex.tag") {
		t.Error(stub.heard())
	}
}

// TestJoinByPlace: answers without a name belong to the numbers in their order. A router that takes no
// lists, or leaves an answer out, is asked for one at a time, and again so the next time.
func TestJoinByPlace(t *testing.T) {
	def := table{
		sources: []source{{requests: []request{{path: "/interface/wifi"}}}}, key: by("name"), columns: []column{text("type", "type")},
		joins: []join{{request: request{path: "/interface/wifi", command: "monitor", args: []string{"once"}},
			of: named("name"), numbers: "numbers", columns: []column{text("channel", "channel"), number("peers", "registered-peers")}}},
	}
	schema := things([]string{"thing"}, slices.Concat(fieldOf(pipeline.Text, "type", "channel"), fieldOf(pipeline.Gauge, "peers"))...)
	router := v7()
	router["/interface/wifi"] = [][]string{{"=.id=*1", "=name=wifi1", "=type=wifi"}, {"=.id=*2", "=name=wifi2", "=type=wifi"}}
	values := map[string][]string{"wifi1": {"=channel=2412", "=registered-peers=3"}, "wifi2": {"=channel=5180", "=registered-peers=0"}}
	for _, tt := range []struct {
		lists, uneven bool
		asked         int // in two reads
	}{{true, false, 2}, {false, false, 5}, {true, true, 5}} {
		c, stub := reader(t, schema, def, answering(func(c *stubConn, words []string) {
			if words[0] == "/interface/wifi/monitor" {
				monitor{tt.lists, tt.uneven, values}.answer(c, words)
				return
			}
			router.answer(c, words)
		}))
		for range 2 {
			expect(t, readThings(t, c), fieldsOfRows{"wifi1": {"type": "wifi", "channel": "2412", "peers": "3"},
				"wifi2": {"type": "wifi", "channel": "5180", "peers": "0"}})
		}
		if n := strings.Count(stub.heard(), "/interface/wifi/monitor"); n != tt.asked {
			t.Errorf("%+v: asked %d times", tt, n)
		}
	}
}

// TestJoinRefused: a monitor command that the user may not run costs its fields, not the rows, and is
// not tried again at each poll.
func TestJoinRefused(t *testing.T) {
	def := table{
		sources: []source{{requests: []request{{path: "/interface"}}}}, key: by("name"), columns: []column{text("type", "type")},
		joins: []join{{request: request{path: "/interface/lte", command: "info", args: []string{"once"}}, single: true,
			of: named("name"), numbers: "number", columns: []column{number("rssi", "rssi")}}},
	}
	router := v7()
	c, stub := reader(t, things([]string{"thing"}, append(fieldOf(pipeline.Text, "type"), fieldOf(pipeline.Gauge, "rssi")...)...), def, answering(func(c *stubConn, words []string) {
		if words[0] == "/interface/lte/info" {
			c.say("!trap", "=message=not enough permissions (9)")
			c.say("!done")
			return
		}
		router.answer(c, words)
	}))
	for range 3 {
		expect(t, readThings(t, c), fieldsOfRows{"ether1": {"type": "ether"}})
	}
	if n := strings.Count(stub.heard(), "/interface/lte/info=number=ether1=once="); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestSessionBytes: rows of two menus become one, by a name that is made of attributes.
func TestSessionBytes(t *testing.T) {
	def := table{
		sources: []source{{requests: []request{{path: "/ppp/active"}}}}, key: by("name", "service"), columns: []column{text("address", "address")},
		joins: []join{{request: request{path: "/interface", query: []string{"type=pppoe-in"}}, on: "name", columns: []column{count("rx", "rx-byte")},
			of: linked([]string{"name", "service"}, func(r *row) string { return "<" + r.text("service") + "-" + r.text("name") + ">" })}},
	}
	router := v7()
	router["/ppp/active"] = [][]string{{"=.id=*1", "=name=ann", "=service=pppoe", "=address=10.0.0.2"}, {"=.id=*2", "=name=bob", "=service=l2tp", "=address=10.0.0.3"}}
	router["/interface"] = [][]string{{"=name=<pppoe-ann>", "=rx-byte=7"}, {"=name=<pppoe-eve>", "=rx-byte=8"}}
	c, stub := reader(t, things([]string{"user", "service"}, append(fieldOf(pipeline.Text, "address"), fieldOf(pipeline.Counter, "rx")...)...), def, router.serve)
	for range 2 {
		expect(t, readThings(t, c), fieldsOfRows{"ann/pppoe": {"address": "10.0.0.2", "rx": "7"}, "bob/l2tp": {"address": "10.0.0.3"}})
	}
	if !strings.Contains(stub.heard(), "/interface/print=.proplist=name,rx-byte?type=pppoe-in.tag") {
		t.Error(stub.heard())
	}
	router["/ppp/active"] = router["/ppp/active"][1:]
	expect(t, readThings(t, c), fieldsOfRows{"bob/l2tp": {"address": "10.0.0.3"}})
	router["/ppp/active"] = nil
	expect(t, readThings(t, c), fieldsOfRows{})
}

// TestAlternatives: menus are tried in their order, the one that was answered is remembered, and after
// a restart they are tried again.
func TestAlternatives(t *testing.T) {
	def := table{
		key: by("name"), columns: []column{number("signal", "signal|signal-strength")},
		sources: []source{
			{since: version{7, 13}, requests: []request{{path: "/interface/wifi", props: ".id,name,signal"}}},
			{since: version{7, 0}, until: version{7, 13}, requests: []request{{path: "/never"}}},
			{requests: []request{{path: "/interface/wireless", props: ".id,name,signal-strength"}}},
		},
	}
	router := v7()
	router["/interface/wireless"] = [][]string{{"=.id=*1", "=name=wlan1", "=signal-strength=-60"}}
	c, stub := reader(t, things([]string{"thing"}, fieldOf(pipeline.Gauge, "signal")...), def, router.serve)
	for range 3 {
		expect(t, readThings(t, c), fieldsOfRows{"wlan1": {"signal": "-60"}})
	}
	heard := stub.heard()
	if n := strings.Count(heard, "/interface/wifi/print=.proplist"); n != 1 || strings.Contains(heard, "/never") {
		t.Errorf("asked %d times: %s", n, heard)
	}
	stub.hangUp()
	router["/system/resource"] = [][]string{{"=uptime=1s", "=version=7.20.7"}}
	router["/interface/wifi"] = [][]string{{"=.id=*1", "=name=wifi1", "=signal=-50"}}
	expect(t, readThings(t, c), fieldsOfRows{"wifi1": {"signal": "-50"}})

	stub.hangUp()
	router["/system/resource"] = [][]string{{"=uptime=1s", "=version=7.20.8"}}
	delete(router, "/interface/wifi")
	delete(router, "/interface/wireless")
	if read := readThings(t, c); read.Status != pipeline.Skipped || read.Reason != "this router has no /interface/wireless" {
		t.Errorf("%+v", read)
	}
}

// TestBothMenus: rows of two menus that list the same thing, of which a router may lack one.
func TestBothMenus(t *testing.T) {
	def := table{key: by("name"), columns: []column{text("state", "state|current-state")}, sources: []source{{requests: []request{
		{path: "/interface/wifi/capsman/remote-cap", props: ".id,name,state", optional: true},
		{path: "/caps-man/interface", props: ".id,name,current-state", optional: true}}}}}
	router := v7()
	router["/caps-man/interface"] = [][]string{{"=.id=*1", "=name=cap1", "=current-state=running"}}
	schema := things([]string{"thing"}, fieldOf(pipeline.Text, "state")...)
	c, _ := reader(t, schema, def, router.serve)
	expect(t, readThings(t, c), fieldsOfRows{"cap1": {"state": "running"}})
	both := v7()
	both["/caps-man/interface"] = router["/caps-man/interface"]
	both["/interface/wifi/capsman/remote-cap"] = [][]string{{"=.id=*1", "=name=cap2", "=state=Ok"}}
	c, _ = reader(t, schema, def, both.serve)
	expect(t, readThings(t, c), fieldsOfRows{"cap1": {"state": "running"}, "cap2": {"state": "Ok"}})
	c, _ = reader(t, schema, def, v7().serve)
	if read := readThings(t, c); read.Status != pipeline.Skipped {
		t.Errorf("%+v", read)
	}
}

// TestCountOnly: numbers of rows, one request each, as rows or as fields.
func TestCountOnly(t *testing.T) {
	router := v7()
	serve := answering(func(c *stubConn, words []string) {
		counts := map[string]string{"?bgp=yes": "900000", "?ospf=yes": "12", "?active=yes": "5"}
		if words[0] == "/ip/route/print" && words[1] == "=count-only=" {
			c.say("!done", "=ret="+counts[words[2]])
			return
		}
		router.answer(c, words)
	})
	schema := things([]string{"protocol"}, fieldOf(pipeline.Gauge, "routes")...)
	c, _ := reader(t, schema, table{key: by("protocol"), columns: []column{number("routes", "routes")}, sources: []source{{requests: []request{
		{path: "/ip/route", query: []string{"bgp=yes"}, count: "routes", with: "protocol=bgp"},
		{path: "/ip/route", query: []string{"ospf=yes"}, count: "routes", with: "protocol=ospf"}}}}}, serve)
	for range 2 {
		expect(t, readThings(t, c), fieldsOfRows{"bgp": {"routes": "900000"}, "ospf": {"routes": "12"}})
	}
	c, _ = reader(t, things(nil, fieldOf(pipeline.Gauge, "bgp", "active")...), table{columns: []column{number("bgp", "bgp"), number("active", "active")},
		sources: []source{{requests: []request{{path: "/ip/route", query: []string{"bgp=yes"}, count: "bgp"}, {path: "/ip/route", query: []string{"active=yes"}, count: "active"}}}}}, serve)
	expect(t, readThings(t, c), fieldsOfRows{"": {"bgp": "900000", "active": "5"}})
	c, _ = reader(t, things(nil, fieldOf(pipeline.Gauge, "x")...), table{columns: []column{number("x", "x")},
		sources: []source{{requests: []request{{path: "/ip/route", query: []string{"x"}, count: "x"}}}}}, serve)
	if read := readThings(t, c); read.Status != pipeline.Failed || read.Reason != "router did not count /ip/route" {
		t.Errorf("%+v", read)
	}
}

// TestTally: rows are counted by key and by what they say; a table without keys has a row of zeros when
// there is nothing to count.
func TestTally(t *testing.T) {
	router := v7()
	lease := func(server, status string) []string {
		return []string{"=server=" + server, "=status=" + status, "=size=2"}
	}
	router["/ip/dhcp-server/lease"] = [][]string{lease("lan", "bound"), lease("wifi", "waiting"), lease("lan", "bound"), lease("lan", "waiting"), lease("", "bound")}
	from := []source{{requests: []request{{path: "/ip/dhcp-server/lease"}}}}
	columns := []column{rows("all"), rowsIf("bound", is("status", "bound")), sum("size", "size")}
	fields := fieldOf(pipeline.Gauge, "all", "bound", "size")
	c, stub := reader(t, things([]string{"server"}, fields...), table{sources: from, key: by("server"), tally: true, columns: columns}, router.serve)
	for range 2 {
		expect(t, readThings(t, c), fieldsOfRows{"lan": {"all": "3", "bound": "2", "size": "6"}, "wifi": {"all": "1", "bound": "0", "size": "2"}, "~#2": {"all": "1", "bound": "1", "size": "2"}})
	}
	if !strings.Contains(stub.heard(), "=.proplist=server,status,size.tag") {
		t.Error(stub.heard())
	}
	c, _ = reader(t, things(nil, fields...), table{sources: from, key: total(), tally: true, columns: columns}, router.serve)
	expect(t, readThings(t, c), fieldsOfRows{"": {"all": "5", "bound": "3", "size": "10"}})
	router["/ip/dhcp-server/lease"] = nil
	for range 2 {
		expect(t, readThings(t, c), fieldsOfRows{"": {"all": "0", "bound": "0", "size": "0"}})
	}
}

// TestLostRows: a router that leaves rows out for a name it does not know is asked without it; one that
// leaves rows out in any case has no whole table.
func TestLostRows(t *testing.T) {
	var stubborn atomic.Bool
	router := v7()
	router["/interface"] = append(router["/interface"], []string{"=.id=*2", "=name=ether2", "=type=ether"}, []string{"=.id=*3", "=name=ether3", "=type=ether"})
	short := v7()
	serve := answering(func(c *stubConn, words []string) {
		if prints(words, "/interface") && (strings.Contains(words[1], "new-name") || stubborn.Load()) {
			short.answer(c, words)
			return
		}
		router.answer(c, words)
	})
	def := table{sources: []source{{requests: []request{{path: "/interface"}}}}, key: by("name"), columns: []column{text("type", "type"), number("new", "new-name")}}
	schema := things([]string{"thing"}, append(fieldOf(pipeline.Text, "type"), fieldOf(pipeline.Gauge, "new")...)...)
	c, stub := reader(t, schema, def, serve)
	for range 3 {
		expect(t, readThings(t, c), fieldsOfRows{"ether1": {"type": "ether"}, "ether2": {"type": "ether"}, "ether3": {"type": "ether"}})
	}
	if n := strings.Count(stub.heard(), "new-name"); n != 1 {
		t.Errorf("asked for the name %d times", n)
	}
	stubborn.Store(true)
	c, stub = reader(t, schema, def, serve)
	if read := readThings(t, c); read.Status != pipeline.Failed || read.Reason != "router gave 1 of 3 rows of /interface" || read.Samples != nil {
		t.Errorf("%+v", read)
	}
	if stub.connections() != 1 {
		t.Error("the connection was dropped")
	}
}

// TestTimes: a router's local time becomes UTC; without its offset there is none.
func TestTimes(t *testing.T) {
	def := table{sources: []source{{requests: []request{{path: "/interface"}}}}, key: by("name"), columns: []column{text("type", "type"), timestamp("up", "last-link-up-time")}}
	schema := things([]string{"thing"}, append(fieldOf(pipeline.Text, "type"), fieldOf(pipeline.Timestamp, "up")...)...)
	router := v7()
	router["/interface"] = [][]string{{"=.id=*1", "=name=a", "=type=x", "=last-link-up-time=2026-03-02 10:07:14"}, {"=.id=*2", "=name=b", "=type=x", "=last-link-up-time=mar/02/2026 10:07:14"}}
	c, _ := reader(t, schema, def, router.serve)
	expect(t, readThings(t, c), fieldsOfRows{"a": {"type": "x"}, "b": {"type": "x"}})
	router["/system/clock"] = [][]string{{"=gmt-offset=+03:00"}}
	c, stub := reader(t, schema, def, router.serve)
	at := fmt.Sprint(time.Date(2026, 3, 2, 7, 7, 14, 0, time.UTC).Unix())
	for range 2 {
		expect(t, readThings(t, c), fieldsOfRows{"a": {"type": "x", "up": at}, "b": {"type": "x", "up": at}})
	}
	if n := strings.Count(stub.heard(), "/system/clock"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestSeldom: what changes seldom is asked for once in five minutes, and at once when there are other rows
// than the last time; in between its values stay.
func TestSeldom(t *testing.T) {
	def := table{sources: []source{{requests: []request{{path: "/interface"}}}}, key: by("name"),
		columns: []column{seldom(text("comment", "comment")), count("rx", "rx-byte"), seldom(number("mtu", "mtu"))}}
	schema := things([]string{"thing"}, slices.Concat(fieldOf(pipeline.Text, "comment"), fieldOf(pipeline.Counter, "rx"), fieldOf(pipeline.Gauge, "mtu"))...)
	router := v7()
	one := []string{"=.id=*1", "=name=a", "=comment=first", "=rx-byte=1"} // no mtu
	two := []string{"=.id=*2", "=name=b", "=comment=second", "=rx-byte=2", "=mtu=1500"}
	var rows atomic.Pointer[[][]string]
	rows.Store(&[][]string{one, two})
	c, stub := reader(t, schema, def, answering(func(c *stubConn, words []string) {
		if !prints(words, "/interface") {
			router.answer(c, words)
			return
		}
		for _, row := range *rows.Load() { // only what was asked for
			said := []string{"!re"}
			for _, w := range row {
				name, _, _ := strings.Cut(w[1:], "=")
				if slices.Contains(strings.Split(strings.TrimPrefix(words[1], "=.proplist="), ","), name) {
					said = append(said, w)
				}
			}
			c.say(said...)
		}
		c.say("!done")
	}))
	asked := func(want fieldsOfRows, proplists ...string) {
		t.Helper()
		before := len(stub.heard())
		expect(t, readThings(t, c), want)
		var got []string
		for _, part := range strings.Split(stub.heard()[before:], "/interface/print=.proplist=")[1:] {
			got = append(got, strings.Split(part, ".tag")[0])
		}
		if !slices.Equal(got, proplists) {
			t.Errorf("asked for %q, want %q", got, proplists)
		}
	}
	const whole, quick = ".id,name,comment,rx-byte,mtu", ".id,name,rx-byte"
	asked(fieldsOfRows{"a": {"comment": "first", "rx": "1"}, "b": {"comment": "second", "rx": "2", "mtu": "1500"}}, whole)
	rows.Store(&[][]string{{"=.id=*1", "=name=a", "=comment=changed", "=rx-byte=11"}, {"=.id=*2", "=name=b", "=comment=second", "=rx-byte=12", "=mtu=9000"}})
	asked(fieldsOfRows{"a": {"comment": "first", "rx": "11"}, "b": {"comment": "second", "rx": "12", "mtu": "1500"}}, quick)
	c.memory.tables[0].fixedAt = time.Now().Add(-seldomAfter)
	asked(fieldsOfRows{"a": {"comment": "changed", "rx": "11"}, "b": {"comment": "second", "rx": "12", "mtu": "9000"}}, whole)
	rows.Store(&[][]string{two, one, {"=.id=*3", "=name=c", "=rx-byte=3"}})
	asked(fieldsOfRows{"a": {"comment": "first", "rx": "1"}, "b": {"comment": "second", "rx": "2", "mtu": "1500"}, "c": {"rx": "3"}}, quick, whole)
	rows.Store(&[][]string{two, one})
	for _, lists := range [][]string{{whole}, {quick}} { // once bitten
		asked(fieldsOfRows{"a": {"comment": "first", "rx": "1"}, "b": {"comment": "second", "rx": "2", "mtu": "1500"}}, lists...)
	}
	rows.Store(&[][]string{two})
	asked(fieldsOfRows{"b": {"comment": "second", "rx": "2", "mtu": "1500"}}, quick, whole)
}

// TestWrongTables: what is wrong with a literal is found before anything is asked.
func TestWrongTables(t *testing.T) {
	schema := things([]string{"thing"}, fieldOf(pipeline.Text, "x")...)
	from := func(r request) []source { return []source{{requests: []request{r}}} }
	for name, def := range map[string]table{
		"no source":           {key: by("name")},
		"no key":              {sources: from(request{path: "/a"}), columns: []column{text("x", "x")}},
		"unknown field":       {sources: from(request{path: "/a"}), key: by("name"), columns: []column{text("y", "x")}},
		"another kind":        {sources: from(request{path: "/a"}), key: by("name"), columns: []column{number("x", "x")}},
		"not asked for":       {sources: from(request{path: "/a", props: "name"}), key: by("name"), columns: []column{text("x", "x")}},
		"secret":              {sources: from(request{path: "/a"}), key: by("name"), columns: []column{text("x", "private-key")}},
		"secret in props":     {sources: from(request{path: "/a", props: "name,x,password"}), key: by("name"), columns: []column{text("x", "x")}},
		"secret in a query":   {sources: from(request{path: "/a", query: []string{"secret=a"}}), key: by("name"), columns: []column{text("x", "x")}},
		"menu of secrets":     {sources: from(request{path: "/ppp/secret"}), key: by("name"), columns: []column{text("x", "x")}},
		"a command that acts": {sources: from(request{path: "/system", command: "reboot"}), key: by("name"), columns: []column{text("x", "x")}},
		"join of nobody":      {sources: from(request{path: "/a"}), key: by("name"), joins: []join{{request: request{path: "/b"}, of: named("name"), columns: []column{text("x", "x")}}}},
		"tally with join":     {sources: from(request{path: "/a"}), key: by("name"), tally: true, joins: []join{{request: request{path: "/b"}, of: named("name"), on: "x", columns: []column{text("x", "x")}}}},
	} {
		def.name = "things"
		if _, err := planOf(schema, []table{def}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestPolicies: each table once, with its lane.
func TestPolicies(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Policies() {
		if seen[p.Table] || p.Lane == "" || pipeline.NewSchema().Table(p.Table) == nil || p.Every < 0 {
			t.Errorf("%+v", p)
		}
		seen[p.Table] = true
	}
	if len(seen) != len(tables())+1 {
		t.Error(seen)
	}
}

package routeros

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// shown is a table as rows of fields, for comparing.
func shown(read pipeline.TableRead) map[string]map[string]string {
	rows := map[string]map[string]string{}
	for _, s := range read.Samples {
		fields := map[string]string{}
		for _, f := range s.Fields {
			fields[f.Def.Name] = f.Value.String()
		}
		rows[s.Series.Row()] = fields
	}
	return rows
}

func find(t *testing.T, reads []pipeline.TableRead, name string) pipeline.TableRead {
	t.Helper()
	for _, r := range reads {
		if r.Table.Name == name {
			return r
		}
	}
	t.Fatalf("no read of %s", name)
	return pipeline.TableRead{}
}

func names(reads []pipeline.TableRead) (out []string) {
	for _, r := range reads {
		out = append(out, r.Table.Name+" "+r.Status.String())
	}
	return out
}

func TestLive(t *testing.T) {
	before := time.Now()
	c := newStub(t, v7().serve).collector()
	reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(reads); !slices.Equal(got, []string{"router whole", "cpu whole", "health whole", "interface whole"}) {
		t.Fatal(got)
	}
	want := map[string]map[string]map[string]string{
		"router": {"": {"identity": "core-1", "model": "RB5009UPr+S+", "version": "7.20.6", "architecture": "arm64",
			"uptime_seconds": "788645", "cpu_percent": "7", "cpu_count": "4", "cpu_frequency_hertz": "1400000000",
			"memory_total_bytes": "1073741824", "memory_used_bytes": "268435456", "memory_percent": "25",
			"disk_total_bytes": "1073741824", "disk_used_bytes": "536870912", "disk_percent": "50"}},
		"cpu":    {"0": {"load_percent": "3"}, "1": {"load_percent": "11"}},
		"health": {"cpu-temperature": {"temperature_celsius": "50"}, "jack-voltage": {"voltage_volts": "49.3"}},
		"interface": {"ether1": {"type": "ether", "mac_address": "48:a9:8a:00:00:01", "admin_status": "1", "oper_status": "1",
			"mtu_bytes": "1500", "rx_bytes": "9223372036854775807", "tx_bytes": "20"}},
	}
	for _, read := range reads {
		if diff := cmp.Diff(want[read.Table.Name], shown(read)); diff != "" {
			t.Errorf("%s: %s", read.Table.Name, diff)
		}
		if read.Source != "routeros" || read.Reason != "" || read.ReadAt.Before(before) || read.ReadAt.After(time.Now()) {
			t.Errorf("%s: %+v", read.Table.Name, read)
		}
		if d := read.Uptime - 788645*time.Second; d.Abs() > time.Since(before) {
			t.Errorf("%s: uptime %v", read.Table.Name, read.Uptime)
		}
	}
}

func TestSessions(t *testing.T) {
	c := newStub(t, v7().serve).collector()
	reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneSessions, firstOf(pipeline.LaneSessions))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]map[string]string{
		"ppp_session": {"ann/pppoe": {"address": "10.0.0.2", "caller_id": "AA:BB:CC:00:00:01", "session_id": "0x81000001",
			"encoding": "", "radius": "true", "uptime_seconds": "3723"}},
		"hotspot_session": {"bob": {"server": "hs1", "address": "10.5.50.2", "mac_address": "aa:bb:cc:dd:ee:ff", "login_by": "http-chap",
			"radius": "false", "uptime_seconds": "300", "idle_seconds": "10", "rx_bytes": "1000", "tx_bytes": "2000",
			"rx_packets": "10", "tx_packets": "20"}},
		"session_count": {"": {"ppp": "1", "hotspot": "1"}},
	}
	for _, read := range reads {
		if diff := cmp.Diff(want[read.Table.Name], shown(read)); diff != "" {
			t.Errorf("%s: %s", read.Table.Name, diff)
		}
		if read.Status != pipeline.Whole || read.Uptime < 788645*time.Second {
			t.Errorf("%s: %s, uptime %v", read.Table.Name, read.Status, read.Uptime)
		}
	}
}

// TestWant: only what is wanted is asked for, and uptime always is.
func TestWant(t *testing.T) {
	tests := []struct {
		lane pipeline.Lane
		want []string
		asks []string
	}{
		{pipeline.LaneLive, []string{"interface"}, []string{"/system/resource/print", "/interface/print"}},
		{pipeline.LaneLive, []string{"router"}, []string{"/system/identity/print", "/system/resource/print"}},
		{pipeline.LaneSessions, []string{"hotspot_session"}, []string{"/system/resource/print", "/ip/hotspot/active/print"}},
		{pipeline.LaneSessions, []string{"session_count"}, []string{"/system/resource/print", "/ppp/active/print", "=count-only=", "/ip/hotspot/active/print",
			"/ip/hotspot/host/print", "/ip/dhcp-server/lease/print", "/user/active/print"}},
		{pipeline.LaneLive, []string{"ppp_session"}, []string{"/system/resource/print", "/ppp/active/print", "/interface/print"}}, // of another lane
		{pipeline.LaneSlow, []string{"router"}, []string{"/system/identity/print", "/system/resource/print"}},
		{pipeline.LaneStatus, nil, nil},
	}
	for _, tt := range tests {
		stub := newStub(t, v7().serve)
		c, want := stub.collector(), func(name string) bool { return slices.Contains(tt.want, name) }
		reads, err := c.Collect(within(t, 5*time.Second), tt.lane, want)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reads {
			if !slices.Contains(tt.want, r.Table.Name) || r.Status != pipeline.Whole || len(r.Samples) != 1 {
				t.Errorf("%v: %s %s with %d rows", tt.want, r.Table.Name, r.Status, len(r.Samples))
			}
		}
		before := len(stub.heard())
		if _, err := c.Collect(within(t, 5*time.Second), tt.lane, want); err != nil {
			t.Fatal(err)
		}
		heard := stub.heard()[before:] // the first time, the rows are counted
		for _, path := range []string{"/system/identity/print", "/system/resource/print", "/system/health/print", "/interface/print",
			"/ppp/active/print", "/ip/hotspot/active/print", "=count-only="} {
			if asked := strings.Contains(heard, path); asked != slices.Contains(tt.asks, path) {
				t.Errorf("%v: asked %s: %v", tt.want, path, asked)
			}
		}
		if len(tt.asks) == 0 && heard != "" {
			t.Errorf("%v: connected for nothing", tt.want)
		}
	}
}

// TestHealthOfSix: one row with a column for each sensor, whose names tell the units.
func TestHealthOfSix(t *testing.T) {
	router := v7()
	router["/system/resource"] = [][]string{{"=uptime=5m", "=version=6.49.10 (long-term)", "=free-hdd-space=9", "=total-hdd-space=8"}}
	router["/system/health"] = [][]string{{"=voltage=24.1", "=temperature=38", "=cpu-temperature=45C", "=fan1-speed=4012", "=psu1-state=ok",
		"=psu2-state=fail", "=psu1-current=0.7", "=power-consumption=17.2", "=fan-state=on fire", "=unknown=1", "=board-temperature1="}}
	stub := newStub(t, router.serve)
	reads, err := stub.collector().Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{
		"voltage": {"voltage_volts": "24.1"}, "temperature": {"temperature_celsius": "38"}, "cpu-temperature": {"temperature_celsius": "45"},
		"fan1-speed": {"speed_rpm": "4012"}, "psu1-state": {"state": "0"}, "psu2-state": {"state": "1"},
		"psu1-current": {"current_amperes": "0.7"}, "power-consumption": {"power_watts": "17.2"},
	}
	if diff := cmp.Diff(want, shown(find(t, reads, "health"))); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(stub.heard(), "=.proplist="+healthColumns) || strings.Contains(stub.heard(), "=.proplist=.id,name,value,type") {
		t.Error("asked as RouterOS 7 is")
	}
	router6 := shown(find(t, reads, "router"))[""]
	if _, ok := router6["disk_used_bytes"]; ok || router6["version"] != "6.49.10" {
		t.Errorf("more is free than there is: %v", router6)
	}
}

func TestHealthOfSeven(t *testing.T) {
	router := v7()
	router["/system/health"] = [][]string{
		{"=.id=*1", "=name=psu1-state", "=value=ok", "=type="}, {"=.id=*2", "=name=fan-state", "=value=no-input"},
		{"=.id=*3", "=name=fan1-speed", "=value=4012", "=type=RPM"}, {"=.id=*4", "=name=poe-out-consumption", "=value=17.6", "=type=W"},
		{"=.id=*5", "=name=current", "=value=-0.1", "=type=A"}, {"=.id=*6", "=name=humidity", "=value=40", "=type=%"},
		{"=.id=*7", "=name=cpu-temperature", "=value=", "=type=C"}, {"=.id=*8", "=name=cpu-temperature", "=value=NaN", "=type=C"},
		{"=.id=*9", "=name=psu9-state", "=value=weird", "=type="},
	}
	reads, err := newStub(t, router.serve).collector().Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"psu1-state": {"state": "0"}, "fan-state": {"state": "4"}, "fan1-speed": {"speed_rpm": "4012"},
		"poe-out-consumption": {"power_watts": "17.6"}, "current": {"current_amperes": "-0.1"}}
	if diff := cmp.Diff(want, shown(find(t, reads, "health"))); diff != "" {
		t.Error(diff)
	}
}

// TestHealthWithoutVersion: a question in the wrong version's form gets an empty answer, which would
// look like sensors that are gone.
func TestHealthWithoutVersion(t *testing.T) {
	router := v7()
	delete(router, "/system/resource")
	reads, err := newStub(t, router.serve).collector().Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(reads); !slices.Equal(got, []string{"router failed", "cpu whole", "health failed", "interface whole"}) {
		t.Error(got)
	}
	for _, r := range reads {
		if r.Uptime != 0 {
			t.Errorf("%s: uptime %v", r.Table.Name, r.Uptime)
		}
	}
	if diff := cmp.Diff(map[string]map[string]string{"": {"identity": "core-1"}}, shown(reads[0])); diff != "" {
		t.Error("what could be read: ", diff)
	}
}

func TestInterfaces(t *testing.T) {
	row := func(id, name string, more ...string) []string {
		return append([]string{"=.id=" + id, "=name=" + name, "=rx-byte=1"}, more...)
	}
	router := v7()
	router["/interface"] = [][]string{
		row("*1", "ether1", "=type=ether", "=disabled=true", "=running=false", "=comment=caf\xe9"),
		row("*2", "ether2", "=disabled=false", "=running=false", "=comment=a\nb"), row("*3", "bridge", "=dynamic=true", "=running=yes"),
		row("*4", "<pppoe-ann>", "=type=pppoe-in", "=dynamic=true"), row("*5", "<l2tp-x>", "=type=l2tp-in"),
		row("*6", "l2tp-in1", "=type=l2tp-in", "=dynamic=false"), row("*7", "weird", "=type=ovpn-in", "=dynamic=true"),
		row("*8", "cap-wifi1", "=type=cap", "=dynamic=true"), row("*9", "<open"),
		row("*A", "a\nb,c=d\"e\x00f\\"), row("*B", "\xff\xfe"), row("*C", "same"), row("*D", "same"), row("*E", ""), row("", "no-id"),
		{"=.id=*F"}, {"=name=only a name"},
	}
	reads, err := newStub(t, router.serve).collector().Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if err != nil {
		t.Fatal(err)
	}
	rows := shown(find(t, reads, "interface"))
	want := []string{"a\uFFFDb,c=d\"e\uFFFDf", "bridge", "cap-wifi1", "ether1", "ether2", "l2tp-in1", "no-id", "same~12", "same~13", "~14",
		"<open", "\u00ff\u00fe"}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(rows)); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if diff := cmp.Diff(map[string]string{"type": "ether", "admin_status": "2", "oper_status": "2", "rx_bytes": "1", "comment": "café"}, rows["ether1"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"admin_status": "1", "oper_status": "2", "rx_bytes": "1", "comment": "a b"}, rows["ether2"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"oper_status": "1", "rx_bytes": "1"}, rows["bridge"]); diff != "" {
		t.Error(diff)
	}
}

// TestSameIndex: rows that a router lists under one name and one .id stay apart.
func TestSameIndex(t *testing.T) {
	router := v7()
	router["/interface"] = nil
	for range 2000 {
		router["/interface"] = append(router["/interface"], []string{"=.id=*1", "=name=x", "=rx-byte=1"})
	}
	reads, err := newStub(t, router.serve).collector().Collect(within(t, 20*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if err != nil || len(shown(find(t, reads, "interface"))) != 2000 {
		t.Error(err, len(shown(find(t, reads, "interface"))))
	}
}

// TestHotspotKeys: user, else MAC.
func TestHotspotKeys(t *testing.T) {
	router := v7()
	router["/ip/hotspot/active"] = [][]string{
		{"=.id=*1", "=user=bob", "=mac-address=AA:BB:CC:00:00:01", "=uptime=1s"}, {"=.id=*2", "=user=", "=mac-address=AA:BB:CC:00:00:02", "=uptime=1s"},
		{"=.id=*3", "=mac-address=AA:BB:CC:00:00:03", "=uptime=1s"}, {"=.id=*4", "=user=bob", "=mac-address=AA:BB:CC:00:00:04", "=uptime=1s"},
	}
	reads, err := newStub(t, router.serve).collector().Collect(within(t, 5*time.Second), pipeline.LaneSessions, firstOf(pipeline.LaneSessions))
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(shown(find(t, reads, "hotspot_session"))))
	if want := []string{"aa:bb:cc:00:00:02", "aa:bb:cc:00:00:03", "bob~1", "bob~4"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := shown(find(t, reads, "session_count"))[""]["hotspot"]; got != "4" {
		t.Error(got)
	}
}

// TestMissingMenu: a package that is not installed is no failure, and is not asked for at every poll.
func TestMissingMenu(t *testing.T) {
	router := v7()
	delete(router, "/ip/hotspot/active")
	delete(router, "/system/health")
	stub := newStub(t, router.serve)
	c := stub.collector()
	for range 3 {
		live, err := c.Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
		if err != nil {
			t.Fatal(err)
		}
		if health := find(t, live, "health"); health.Status != pipeline.Skipped || health.Reason != "this router has no /system/health" || health.Samples != nil {
			t.Errorf("%+v", health)
		}
		reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneSessions, firstOf(pipeline.LaneSessions))
		if err != nil {
			t.Fatal(err)
		}
		if got := names(reads); !slices.Equal(got, []string{"ppp_session whole", "hotspot_session skipped", "session_count whole"}) {
			t.Error(got)
		}
		if diff := cmp.Diff(map[string]map[string]string{"": {"ppp": "1"}}, shown(reads[2])); diff != "" {
			t.Error(diff)
		}
		if reads[1].Uptime == 0 || time.Since(reads[1].ReadAt) > time.Minute {
			t.Errorf("%+v", reads[1])
		}
	}
	if n := strings.Count(stub.heard(), "/ip/hotspot/active/print=.proplist"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	stub.hangUp() // a reboot may have brought the package
	router["/ip/hotspot/active"], router["/system/resource"] = nil, [][]string{{"=uptime=1m", "=version=7.20.6 (stable)"}}
	reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneSessions, firstOf(pipeline.LaneSessions))
	if err != nil || find(t, reads, "hotspot_session").Status != pipeline.Whole {
		t.Error(err, names(reads))
	}
}

// TestRefusedTable: a trap costs that table alone, its rows so far are not handed out, and the
// connection goes on.
func TestRefusedTable(t *testing.T) {
	router := v7()
	stub := newStub(t, func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			if !prints(words, "/ppp/active") {
				router.answer(c, words)
				continue
			}
			c.say("!re", "=.id=*1", "=name=ann", "=service=pppoe", "=uptime=1s")
			c.say("!trap", "=message=not enough permissions (9)")
			c.say("!trap", "=message=and another")
			c.say("!done")
		}
	})
	c := stub.collector()
	for range 2 {
		reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneSessions, firstOf(pipeline.LaneSessions))
		if err != nil {
			t.Fatal(err)
		}
		if got := names(reads); !slices.Equal(got, []string{"ppp_session failed", "hotspot_session whole", "session_count failed"}) {
			t.Error(got)
		}
		if r := reads[0]; r.Reason != "router says: not enough permissions (9)" || r.Samples != nil {
			t.Errorf("%+v", r)
		}
		if diff := cmp.Diff(map[string]map[string]string{"": {"hotspot": "1"}}, shown(reads[2])); diff != "" {
			t.Error(diff)
		}
	}
	if stub.connections() != 1 {
		t.Error("the connection was dropped")
	}
}

// TestSeriesStay: a row's series is the same from poll to poll, also over a poll that failed.
func TestSeriesStay(t *testing.T) {
	router := v7()
	var refuse atomic.Bool
	stub := newStub(t, func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			if refuse.Load() && prints(words, "/interface") {
				c.say("!re", "=.id=*9", "=name=other", "=rx-byte=1")
				c.say("!trap", "=message=interrupted")
				c.say("!done")
				continue
			}
			router.answer(c, words)
		}
	})
	c := stub.collector()
	var series []*pipeline.Series
	for _, now := range []bool{false, true, false} {
		refuse.Store(now)
		reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range find(t, reads, "interface").Samples {
			series = append(series, s.Series)
		}
	}
	if len(series) != 2 || series[0] != series[1] {
		t.Errorf("%v", series)
	}
}

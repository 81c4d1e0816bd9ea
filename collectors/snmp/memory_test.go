package snmp

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// later makes the collector's clock run ahead.
func later(c *Collector, by time.Duration) {
	c.engine.now = func() time.Time { return time.Now().Add(by) }
}

func interfaceRow(t *testing.T, reads []pipeline.TableRead, name string) pipeline.Sample {
	t.Helper()
	r := tableOf(t, reads, "interface")
	for _, s := range r.Samples {
		if s.Series.Row() == name {
			return s
		}
	}
	t.Fatalf("no interface %q in\n%s", name, dump(r))
	return pipeline.Sample{}
}

// What changes rarely is remembered, and read again after a while.
func TestSlowColumnsAreReadAgain(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	c := a.collector(t)
	mustCollect(t, c)
	a.change(ifXEntry+".18.2", "new comment")
	a.change(ifXEntry+".6.2", uint64(5))
	a.taken()
	s := interfaceRow(t, mustCollect(t, c), "ether2")
	if s.Value("comment").Text() != "to ether2" || s.Value("rx_bytes").Int() != 5 {
		t.Error(s)
	}
	for _, r := range a.taken() {
		for _, v := range r.Variables {
			if inside(v.Name, ifXEntry+".18") || inside(v.Name, ifEntry+".5") || inside(v.Name, ifEntry+".10") {
				t.Errorf("%s was asked for again", v.Name)
			}
		}
	}
	later(c, refreshEvery)
	if s := interfaceRow(t, mustCollect(t, c), "ether2"); s.Value("comment").Text() != "new comment" {
		t.Error(s)
	}
}

// A new interface, or one that took another's index, is complete at once.
func TestNewAndRenamedInterfaces(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	c := a.collector(t)
	mustCollect(t, c)
	a.set(append(aRouter(3), port(7, "vlan7")...)...)
	if s := interfaceRow(t, mustCollect(t, c), "vlan7"); s.Value("comment").Text() != "to vlan7" || s.Value("mtu_bytes").IsNone() {
		t.Error(s)
	}
	a.change(ifXEntry+".1.2", "renamed")
	a.change(ifXEntry+".18.2", "its comment")
	reads := mustCollect(t, c)
	if s := interfaceRow(t, reads, "renamed"); s.Value("comment").Text() != "its comment" {
		t.Error(s)
	}
	if got := rowNames(tableOf(t, reads, "interface")); got != "ether1 renamed ether3 vlan7" {
		t.Error(got)
	}
	a.set(aRouter(1)...)
	if got := rowNames(tableOf(t, mustCollect(t, c), "interface")); got != "ether1" {
		t.Error(got)
	}
}

// Sessions come and go all the time. That must not make every poll read everything.
func TestDynamicInterfacesDoNotMakePollsLarger(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	c := a.collector(t)
	mustCollect(t, c)
	for i := range 3 {
		a.set(append(aRouter(3), port(15728640+i, fmt.Sprintf("<pppoe-%d>", i))...)...)
		a.taken()
		if got := rowNames(tableOf(t, mustCollect(t, c), "interface")); got != "ether1 ether2 ether3" {
			t.Error(got)
		}
		if n := len(a.taken()); n > 3 {
			t.Errorf("%d requests", n)
		}
	}
}

// After a reboot nothing that was remembered counts: indexes may be others' now.
func TestReboot(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	c := a.collector(t)
	mustCollect(t, c)
	mib := append(with(system("RouterOS RB5009UPr+S+"), sysUpTime, tTicks, uint32(500)), processors(1, 2)...)
	mib = append(mib, disk(65536, "main memory", 2, 1024, 1000, 500)...)
	mib = append(mib, gaugeRow(13, "jack-voltage", 121, 3)...)
	swapped := port(1, "ether2")
	swapped = append(swapped, port(2, "ether1")...)
	a.set(append(mib, swapped...)...)
	wantDump(t, mustCollect(t, c, "cpu", "storage", "health"), `
		cpu[0] load_percent=1
		cpu[1] load_percent=2
		storage[main memory] type=ram total_bytes=1024000 used_bytes=512000 used_percent=50
		health[jack-voltage] voltage_volts=12.1`)
	if s := interfaceRow(t, mustCollect(t, c), "ether2"); s.Value("comment").Text() != "to ether2" || s.Value("rx_bytes").Int() != 1001 {
		t.Error(s)
	}
}

// Rows that are asked for by their index are looked for anew when one is gone.
func TestRowsOfSmallTablesComeAndGo(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	c := a.collector(t)
	for range 2 {
		wantRows(t, tableOf(t, mustCollect(t, c), "storage"), "main memory system disk")
	}
	a.set(append(without(aRouter(1), hrStorageEntry), disk(65536, "main memory", 2, 1024, 100, 50)...)...)
	for range 2 {
		wantRows(t, tableOf(t, mustCollect(t, c), "storage"), "main memory")
	}
	a.set(append(aRouter(1), disk(262146, "usb1", 5, 1024, 100, 50)...)...)
	mustCollect(t, c)
	later(c, refreshEvery)
	wantRows(t, tableOf(t, mustCollect(t, c), "storage"), "main memory system disk usb1")
	a.set(without(aRouter(1), hrStorageEntry)...)
	if r := tableOf(t, mustCollect(t, c), "storage"); r.Status != pipeline.Skipped {
		t.Error(dump(r))
	}
}

// What a device does not have is asked for again, first after minutes, then more and more rarely.
func TestAbsentThingsAreAskedForAgain(t *testing.T) {
	a := newAgent(t, without(aRouter(1), gaugeEntry, hrStorageEntry)...)
	c := a.collector(t)
	asked := func() (storage, scalar bool) {
		for _, r := range a.taken() {
			for _, v := range r.Variables {
				storage = storage || inside(v.Name, hrStorageEntry)
				scalar = scalar || v.Name == mikrotik+".3.8.0"
			}
		}
		return storage, scalar
	}
	for _, step := range []struct {
		at   time.Duration
		want bool
	}{
		{0, true}, {30 * time.Second, false}, {61 * time.Second, true}, {2 * time.Minute, false}, {4 * time.Minute, true},
		{7 * time.Minute, false}, {9 * time.Minute, true},
	} {
		later(c, step.at)
		mustCollect(t, c)
		if storage, scalar := asked(); storage != step.want || scalar != step.want {
			t.Errorf("after %s: storage asked for %v, voltage %v, want %v", step.at, storage, scalar, step.want)
		}
	}
}

func TestAbsence(t *testing.T) {
	var a absence
	now := time.Now()
	if !a.due(now) {
		t.Error("not asked for at first")
	}
	for range 300 {
		a.missed(now)
	}
	if a.due(now.Add(longestAbsence-time.Second)) || !a.due(now.Add(longestAbsence)) {
		t.Error("not asked for once a day")
	}
}

// The time of a table is when its values came, the uptime the device's at that time.
func TestTimesOfATable(t *testing.T) {
	a := newAgent(t, aRouter(20)...)
	c := a.collector(t)
	for range 2 {
		before := time.Now()
		reads := mustCollect(t, c)
		after := time.Now()
		for _, r := range reads {
			if r.Status != pipeline.Whole {
				continue
			}
			if r.ReadAt.Before(before) || r.ReadAt.After(after) || r.Source != "snmp" {
				t.Errorf("%s read at %s, not between %s and %s", r.Table.Name, r.ReadAt, before, after)
			}
			if since := r.Uptime - 1000*time.Second; since < 0 || since > after.Sub(before) {
				t.Errorf("%s: uptime %s", r.Table.Name, r.Uptime)
			}
		}
		router, ports := tableOf(t, reads, "router"), tableOf(t, reads, "interface")
		if !ports.ReadAt.After(router.ReadAt) || ports.Uptime-router.Uptime != ports.ReadAt.Sub(router.ReadAt) {
			t.Error("the uptime does not follow the time")
		}
	}
	c = newAgent(t, without(aRouter(1), sysUpTime)...).collector(t)
	for _, r := range mustCollect(t, c) {
		if r.Uptime != 0 {
			t.Errorf("%s: uptime %s of a device that does not tell", r.Table.Name, r.Uptime)
		}
	}
}

// A device that has just started says 0: that is an uptime, and not that it does not tell.
func TestUptimeOfADeviceThatHasJustStarted(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	c := a.collector(t)
	mustCollect(t, c)
	a.change(sysUpTime, uint32(0))
	for range 2 {
		if ports := tableOf(t, mustCollect(t, c), "interface"); ports.Uptime <= 0 || ports.Uptime > time.Minute {
			t.Errorf("uptime %s", ports.Uptime)
		}
	}
}

// Series are made once, and a failed read neither makes others nor mixes up rows of one name.
func TestSeriesStay(t *testing.T) {
	mib := append(system("x"), ports(4)...)
	mib = append(mib, port(5, "ether1")...)
	a := newAgent(t, mib...)
	c := a.collector(t)
	first := tableOf(t, mustCollect(t, c), "interface")
	wantRows(t, first, "ether1~1 ether2 ether3 ether4 ether1~5")
	same := func(r pipeline.TableRead) {
		t.Helper()
		for i, s := range r.Samples {
			if s.Series != first.Samples[i].Series {
				t.Errorf("%s is another series than %s", s.Series, first.Samples[i].Series)
			}
		}
	}
	same(tableOf(t, mustCollect(t, c), "interface"))
	a.replying(onPage(2, func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		reply.Error, reply.Variables = gosnmp.GenErr, nil
		return reply
	}))
	reads, err := collect(t, c)
	if err != nil {
		t.Fatal(err)
	}
	failed := tableOf(t, reads, "interface")
	if failed.Status != pipeline.Failed || len(failed.Samples) == 0 || len(failed.Samples) == 5 {
		t.Fatal(dump(failed))
	}
	same(failed)
	a.replying(nil)
	same(tableOf(t, mustCollect(t, c), "interface"))
}

// A session serves many devices and remembers none.
func TestSessionsAreShared(t *testing.T) {
	e := newEngine(t)
	var collectors []*Collector
	var want []string
	for i := range 12 {
		mib := append(system(fmt.Sprintf("RouterOS board-%d", i)), ports(i+1)...)
		a := newAgent(t, mib...)
		c := a.collector(t)
		want = append(want, dump(mustCollect(t, c)...))
		c.engine, c.lanes = e, map[pipeline.Lane]*lane{}
		collectors = append(collectors, c)
	}
	for range 3 {
		var wg sync.WaitGroup
		for i, c := range collectors {
			wg.Go(func() {
				if got := dump(mustCollect(t, c)...); got != want[i] {
					t.Errorf("device %d: got\n%s", i, got)
				}
			})
		}
		wg.Wait()
	}
	if len(e.free) > e.idle || len(e.free) == 0 {
		t.Errorf("%d idle sessions", len(e.free))
	}
	for _, s := range e.free {
		if s.community.line.Conn != nil || s.exchange != nil || s.poll.memory != nil || bytes.Contains(s.community.outgoing.buf[:cap(s.community.outgoing.buf)], []byte("public")) {
			t.Error("an idle session holds on to a device")
		}
	}
}

// Lanes of one device may be read at once, and so may one lane by two who do not know of each other.
func TestConcurrentPolls(t *testing.T) {
	c := newAgent(t, aRouter(5)...).collector(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() { mustCollect(t, c) })
		wg.Go(func() {
			if err := c.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestPace(t *testing.T) {
	var p pace
	if p.limitRepetitions(1000) != maxRepetitions || p.limitColumns(1000) != maxVarbinds || p.limitRepetitions(0) != 1 {
		t.Error("no bounds")
	}
	p.shrink(20, 16)
	if p.limitRepetitions(20) != 10 || p.limitColumns(16) != 16 {
		t.Errorf("%+v", p)
	}
	p.shrink(1, 16)
	if p.limitColumns(16) != 8 {
		t.Errorf("%+v", p)
	}
	for range 39 {
		p.polled()
	}
	if p.limitRepetitions(20) != 10 {
		t.Error("it went up too early")
	}
	p.polled()
	if p.limitRepetitions(20) != 20 || p.limitColumns(16) != 16 {
		t.Errorf("%+v", p)
	}
	p = pace{}
	p.strike(20)
	p.polled()
	p.strike(20)
	if p.limitRepetitions(20) != 20 {
		t.Error("two lost requests with a good poll between them are not a pattern")
	}
	p.strike(20)
	if p.limitRepetitions(20) != 10 {
		t.Error("two silences on end are")
	}
}

func TestTables(t *testing.T) {
	c := newAgent(t).collector(t)
	if got := fmt.Sprint(c.Tables(pipeline.LaneLive)); !strings.HasPrefix(got, "[router cpu storage health interface ") {
		t.Error(got)
	}
	if got := c.Tables(pipeline.LaneStatus); len(got) != 0 {
		t.Error(got)
	}
	if reads, err := c.Collect(t.Context(), pipeline.LaneStatus, nil); len(reads) != 0 || err != nil {
		t.Error(reads, err)
	}
	if reads, err := c.Collect(t.Context(), pipeline.LaneLive, func(string) bool { return false }); len(reads) != 0 || err != nil {
		t.Error(reads, err)
	}
}

// Only what is wanted is asked for.
func TestWant(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	c := a.collector(t)
	for range 2 {
		if reads := mustCollect(t, c, "cpu"); len(reads) != 1 || len(reads[0].Samples) != 4 {
			t.Error(dump(reads...))
		}
	}
	for _, r := range a.taken() {
		for _, v := range r.Variables {
			if !inside(v.Name, ".1.3.6.1.2.1.25.3.3.1.2") && v.Name != sysObjectID && v.Name != sysUpTime {
				t.Errorf("%s was asked for", v.Name)
			}
		}
	}
}

// A thousand sessions on a router do not make its polls dearer than its own interfaces are.
func TestAThousandDynamicInterfaces(t *testing.T) {
	mib := aRouter(6)
	for i := range 1000 {
		mib = append(mib, port(15728640+i, fmt.Sprintf("<pppoe-%d>", i))...)
	}
	a := newAgent(t, mib...)
	c := a.collector(t)
	want := "ether1 ether2 ether3 ether4 ether5 ether6"
	wantRows(t, tableOf(t, mustCollect(t, c), "interface"), want)
	first := len(a.taken())
	mustCollect(t, c) // how large values are is still what the first poll told, and then what was asked of the sessions
	mustCollect(t, c)
	a.taken()
	for range 2 {
		wantRows(t, tableOf(t, mustCollect(t, c), "interface"), want)
		if n := len(a.taken()); n > 4 {
			t.Errorf("%d requests", n)
		}
	}
	t.Logf("%d requests for the first poll", first)
	// A new interface comes after the others of its kind, and is seen at once.
	a.set(append(mib, port(7, "ether7")...)...)
	wantRows(t, tableOf(t, mustCollect(t, c), "interface"), want+" ether7")
	// One that comes after the sessions is seen when everything is read again.
	a.set(append(mib, port(20000000, "late")...)...)
	mustCollect(t, c)
	later(c, refreshEvery)
	for range 2 {
		wantRows(t, tableOf(t, mustCollect(t, c), "interface"), want+" late")
	}
}

package simulator

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

func TestRoutersAreAllDifferent(t *testing.T) {
	f := New(Options{Routers: 300})
	names, addresses := map[string]bool{}, map[string]bool{}
	majors := map[string]int{}
	for i, r := range f.Routers() {
		names[r.Name()], addresses[r.Address().String()] = true, true
		majors[r.Version()[:1]]++
		if f.Router(r.Name()) != r || f.at(r.Address()) != r {
			t.Errorf("%s is not found again", r.Name())
		}
		if n := r.InterfaceCount(); n < 5 || n > 26 {
			t.Errorf("%s has %d interfaces", r.Name(), n)
		}
		if r.Model() == "" || strings.Count(r.Version(), ".") < 2 {
			t.Errorf("router %d: model %q, version %q", i, r.Model(), r.Version())
		}
	}
	if len(names) != 300 || len(addresses) != 300 {
		t.Errorf("%d names, %d addresses", len(names), len(addresses))
	}
	if majors["6"] < 60 || majors["7"] < 60 {
		t.Errorf("versions %v", majors)
	}
	for _, name := range []string{"core-1", "tower-7", "hotspot-3"} {
		if f.Router(name) == nil {
			t.Errorf("no %s", name)
		}
	}
	if f.Router("nobody") != nil || f.at(offsetAddr(f.opts.FirstAddress, 300)) != nil || f.at(offsetAddr(f.opts.FirstAddress, -1)) != nil {
		t.Error("a router that should not be there")
	}
}

func TestOldRoutersAreAmongTheFirst(t *testing.T) {
	old := 0
	for _, r := range New(Options{}).routers {
		if !r.model.atLeast(6, 43) {
			old++
		}
	}
	if old < 1 || old > 2 {
		t.Errorf("%d routers of 25 have the old login", old)
	}
}

func TestInterfaceCountCanBeSet(t *testing.T) {
	for _, n := range []int{1, 2, 5, 20, 60} {
		f := New(Options{Routers: 20, Interfaces: n, Quiet: true, Clock: newClock().now})
		for _, r := range f.routers {
			if r.InterfaceCount() != n {
				t.Fatalf("%s has %d interfaces, want %d", r.name, r.InterfaceCount(), n)
			}
			v := at(r, time.Hour)
			names := map[string]bool{}
			for i := range v.interfaceCount() {
				names[string(v.interfaceName(i))] = true
			}
			if len(names) != v.interfaceCount() {
				t.Errorf("%s: names repeat", r.name)
			}
			if v.counters(r.wan).rxBytes == 0 {
				t.Errorf("%s: no traffic on the uplink", r.name)
			}
		}
	}
}

func TestSetCounterCountsOn(t *testing.T) {
	c := newClock()
	f := New(Options{Quiet: true, Clock: c.now})
	r := f.Router("core-1")
	r.SetCounter(r.wan, math.MaxUint64-5, 1000)
	r.SetCounter(-1, 1, 1)
	r.SetCounter(999, 1, 1)
	now := at(r, 0).counters(r.wan)
	if now.rxBytes != math.MaxUint64-5 || now.txBytes != 1000 {
		t.Errorf("got %d and %d", now.rxBytes, now.txBytes)
	}
	later := at(r, time.Minute).counters(r.wan)
	if later.rxBytes > 1e12 || later.txBytes <= 1000 {
		t.Errorf("a minute later %d and %d: the first should have wrapped", later.rxBytes, later.txBytes)
	}
	r.SetCounter(r.wan, 7, 7)
	if again := at(r, 0).counters(r.wan); again.rxBytes != 7 || again.txBytes != 7 {
		t.Errorf("set again: %d and %d", again.rxBytes, again.txBytes)
	}
	c.at = c.at.Add(time.Second)
	r.Reboot()
	if fresh := at(r, time.Second+time.Millisecond).counters(r.wan); fresh.rxBytes > 1e9 {
		t.Errorf("%d bytes after a reboot", fresh.rxBytes)
	}
}

func TestRebootStartsAnew(t *testing.T) {
	c := newClock()
	f := New(Options{Quiet: true, Clock: c.now})
	r := f.Router("tower-1")
	r.AddPPP("mine")
	if before := at(r, 0); before.uptime() < 3600_000 || len(before.ppp()) < 5 {
		t.Fatalf("up %d ms, %d sessions", before.uptime(), len(before.ppp()))
	}
	c.at = c.at.Add(time.Second)
	r.Reboot()
	after := at(r, 2*time.Second)
	if after.uptime() != 1000 || len(after.ppp()) != 0 {
		t.Errorf("up %d ms, %d sessions", after.uptime(), len(after.ppp()))
	}
	if r.answers(after.now, r.changes.Load()) {
		t.Error("it is not away")
	}
	back := at(r, time.Minute+time.Second)
	if !r.answers(back.now, r.changes.Load()) || len(back.ppp()) != r.pppSlots {
		t.Errorf("after a minute %d of %d users are back", len(back.ppp()), r.pppSlots)
	}
}

// users of a router, with their dynamic interfaces.
func pppUsers(v *view) map[string]string {
	users := map[string]string{}
	for i := range v.ppp() {
		users[string(v.ppp()[i].user)] = string(v.interfaceName(len(v.router.static) + i))
	}
	return users
}

func TestPPPUsersByHand(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	r := f.Router("tower-1")
	ordinary := pppUsers(at(r, 0))
	r.AddPPP("ä,b=c\n\"d")
	r.AddPPP("second")
	r.AddPPP("second")
	var one string
	for one = range ordinary {
		break
	}
	r.RemovePPP(one)
	users := pppUsers(at(r, 0))
	if users["ä,b=c\n\"d"] != "<pppoe-ä,b=c\n\"d>" || users["second"] == "" || users[one] != "" || len(users) != len(ordinary)+1 {
		t.Errorf("users: %v", users)
	}
	r.AddPPP(one)
	r.RemovePPP("second")
	if users := pppUsers(at(r, 0)); users[one] == "" || users["second"] != "" {
		t.Errorf("users: %v", users)
	}
}

func TestHotspotUsersByHand(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	r := f.Router("core-1")
	r.AddHotspot("guest", "AA:bb:CC:dd:EE:01")
	r.AddHotspot("", "not a mac")
	rows := at(r, 0).hotspot()
	if len(rows) != 2 || string(rows[0].user) != "guest" || rows[0].mac != [6]byte{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 1} || rows[1].mac == [6]byte{} {
		t.Errorf("got %+v", rows)
	}
	r.RemoveHotspot("guest")
	if rows := at(r, 0).hotspot(); len(rows) != 1 || len(rows[0].user) != 0 {
		t.Errorf("got %+v", rows)
	}
}

func TestRename(t *testing.T) {
	f := New(Options{Quiet: true})
	r := f.Router("core-1")
	hostile := "a\nb,c=d\"e\x00\xff"
	r.RenameInterface(1, hostile)
	if got := string(at(r, 0).interfaceName(1)); got != hostile {
		t.Errorf("got %q", got)
	}
}

func TestDownAndDelay(t *testing.T) {
	f := New(Options{Quiet: true})
	r := f.Router("core-1")
	r.SetDown(true)
	if r.answers(f.now(), r.changes.Load()) {
		t.Error("it answers")
	}
	r.SetDown(false)
	r.SetDelay(250 * time.Millisecond)
	if !r.answers(f.now(), r.changes.Load()) || r.delay(f.now(), r.changes.Load()) != 250*time.Millisecond {
		t.Error("it is not just late")
	}
}

func TestCagesWithoutAModuleSaySo(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	r := f.Router("pop-1")
	a := agentView{at(r, 0), r.tree}
	with, without := 0, 0
	for _, i := range r.optical {
		get := func(column uint32) value { return a.get(append(mustOID(mikrotik+".19.1.1"), column, uint32(i)+1)) }
		if !a.linked(i) {
			without++
			if get(5).num != 6_553_500 || get(6).num != 4_294_967_168 || get(7).num != 0 {
				t.Errorf("port %d: %v, %v, %v", i, get(5), get(6), get(7))
			}
			continue
		}
		with++
		if power := int64(get(10).num); power > -1000 || power < -12_000 || get(6).num > 60 {
			t.Errorf("port %d: %d, %v", i, power, get(6))
		}
	}
	if with == 0 || without == 0 {
		t.Errorf("%d modules, %d empty cages", with, without)
	}
}

func TestPoEAddsUp(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	r := f.Router("tower-1")
	a := agentView{at(r, 0), r.tree}
	if len(r.poe) != 8 {
		t.Fatalf("%d ports", len(r.poe))
	}
	for _, i := range r.poe {
		get := func(column uint32) int {
			return int(a.get(append(mustOID(mikrotik+".15.1.1"), column, uint32(i)+1)).num)
		}
		if watts := float64(get(4)) / 10 * float64(get(5)) / 1000; math.Abs(watts-float64(get(6))/10) > 0.06 || (get(3) == poeOn) != (get(6) > 0) {
			t.Errorf("port %d: state %d, %d dV, %d mA, %d dW", i, get(3), get(4), get(5), get(6))
		}
	}
}

func TestReadingOnIntoTheScriptsIsSeen(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	c := client(t, r)
	if _, err := c.GetBulk([]string{"1.3.6.1.4.1.14988.1.1.3.100.1.4"}, 0, 10); err != nil || r.ScriptRuns() != 0 {
		t.Errorf("%d runs, %v", r.ScriptRuns(), err)
	}
	// The table before the scripts ends within these rows.
	if _, err := c.GetBulk([]string{"1.3.6.1.4.1.14988.1.1.14.1.1.90"}, 0, 50); err != nil || r.ScriptRuns() != 1 {
		t.Errorf("%d runs, %v", r.ScriptRuns(), err)
	}
}

func TestGarbageAnswers(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	r.AnswerGarbage(true)
	c := client(t, r)
	c.Timeout, c.Retries = 200*time.Millisecond, 0
	if got, err := name(t, c); err == nil {
		t.Errorf("got %q", got)
	}
	r.AnswerGarbage(false)
	c.Timeout = 5 * time.Second
	if _, err := name(t, c); err != nil {
		t.Error(err)
	}
}

func TestRepliesCutShort(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	r.CutReplies(100)
	k := talk(t, r).login()
	k.send("/interface/print")
	if _, err := k.sentence(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	r.CutReplies(0)
	talk(t, r).login().ask("/interface/print")
}

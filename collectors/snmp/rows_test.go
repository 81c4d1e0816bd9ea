package snmp

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

func poeRow(index string, milliamperes int) []entry {
	return cells(poeEntry, index, map[int]any{2: "ether" + index, 3: 3, 4: 480, 5: milliamperes, 6: 10})
}

// A table that must not be walked: its rows are found among the interfaces, only they are asked for then, and
// rows that come and go are noticed. No request is a walk.
func TestRowsThatAreReadWithGet(t *testing.T) {
	a := newAgent(t, slices.Concat(system("RouterOS x"), ports(30), poeRow("2", 1), poeRow("7", 2))...)
	c := a.collector(t)
	now := time.Now()
	c.engine.now = func() time.Time { return now }
	const two = "poe[ether2] status=3 voltage_volts=48 current_amperes=0.001 power_watts=1\n" +
		"poe[ether7] status=3 voltage_volts=48 current_amperes=0.002 power_watts=1"
	wantDump(t, mustCollect(t, c, "poe"), two)
	a.taken()
	wantDump(t, mustCollect(t, c, "poe"), two)
	asked := 0
	for _, r := range a.taken() {
		for _, v := range r.Variables {
			if inside(v.Name, poeEntry) {
				asked++
			}
			if r.PDUType != gosnmp.GetRequest {
				t.Errorf("%v of %s", r.PDUType, v.Name)
			}
		}
	}
	if asked != 8 { // two ports, four columns without the name
		t.Errorf("%d objects asked of the ports that are known", asked)
	}
	// One goes: that is seen at once. One comes: within minutes.
	a.set(slices.Concat(system("RouterOS x"), ports(30), poeRow("7", 2), poeRow("9", 3))...)
	wantDump(t, mustCollect(t, c, "poe"), strings.Split(two, "\n")[1]+"\npoe[ether9] status=3 voltage_volts=48 current_amperes=0.003 power_watts=1")
	a.set(slices.Concat(system("RouterOS x"), ports(30))...)
	wantDump(t, mustCollect(t, c, "poe"), "poe: skipped: not on this device")
	now = now.Add(refreshEvery + time.Second)
	a.set(slices.Concat(system("RouterOS x"), ports(30), poeRow("30", 4))...)
	wantDump(t, mustCollect(t, c, "poe"), "poe[ether30] status=3 voltage_volts=48 current_amperes=0.004 power_watts=1")
}

// Columns that no row has are not asked for again within the hour.
func TestColumnsThatNoPortHas(t *testing.T) {
	mib := slices.Concat(system("RouterOS x"), ports(4))
	for i := 1; i <= 4; i++ {
		mib = append(mib, cells(interfaceStatsEntry, fmt.Sprint(i), map[int]any{2: fmt.Sprintf("ether%d", i), 11: uint64(i), 45: uint64(0)})...)
	}
	a := newAgent(t, mib...)
	c := a.collector(t)
	now := time.Now()
	c.engine.now = func() time.Time { return now }
	count := func() (n int) {
		if r := tableOf(t, mustCollectLane(t, c, pipeline.LaneSlow), "ethernet"); len(r.Samples) != 4 || r.Samples[3].Value("driver_rx_bytes").Int() != 4 {
			t.Error(dump(r))
		}
		for _, r := range a.taken() {
			for _, v := range r.Variables {
				if inside(v.Name, interfaceStatsEntry) {
					n++
				}
			}
		}
		return n
	}
	first := count()
	now = now.Add(10 * time.Minute)
	second := count()
	now = now.Add(lackEvery)
	if third := count(); first < 4*60 || second > 4*6 || third != first {
		t.Errorf("%d, %d, %d objects asked for", first, second, third)
	}
}

// SNMPv1 answers a name that is not there with an error, so only a few rows are tried.
func TestRowsThatAreReadWithGetOverV1(t *testing.T) {
	c := newAgent(t, slices.Concat(system("RouterOS x"), ports(10), poeRow("2", 1))...).collector(t, version1)
	wantDump(t, mustCollect(t, c, "poe"), "poe[ether2] status=3 voltage_volts=48 current_amperes=0.001 power_watts=1")
	a := newAgent(t, slices.Concat(system("RouterOS x"), ports(40), poeRow("2", 1))...)
	wantDump(t, mustCollect(t, a.collector(t, version1), "poe"), "poe: skipped: not on this device")
}

// Where a part of a table fails, the table does; where the names of the candidates cannot be read, what
// depends on them does.
func TestATableOfPartsFailsAsAWhole(t *testing.T) {
	a := newAgent(t, slices.Concat(vendor(system("x"), ".1.3.6.1.4.1.9.1.1"), cells(ipSystemEntry, "1", map[int]any{4: uint64(5)}),
		scalars(map[string]any{ipGroup + ".3.0": uint32(10)}))...)
	c := a.collector(t)
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if request.PDUType != gosnmp.GetRequest && inside(request.Variables[0].Name, ipSystemEntry) {
			reply.Error, reply.ErrorIndex, reply.Variables = gosnmp.GenErr, 1, request.Variables
		}
		return reply
	})
	reads, err := c.Collect(t.Context(), pipeline.LaneSessions, func(name string) bool { return name == "ip" })
	if err != nil || reads[0].Status != pipeline.Failed || !strings.Contains(reads[0].Reason, "genErr") && !strings.Contains(reads[0].Reason, "GenErr") {
		t.Errorf("%v %s", err, dump(reads...))
	}

	a = newAgent(t, slices.Concat(system("RouterOS x"), ports(3), poeRow("2", 1))...)
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if request.PDUType != gosnmp.GetRequest && inside(request.Variables[0].Name, ifXEntry) {
			reply.Error, reply.ErrorIndex, reply.Variables = gosnmp.GenErr, 1, request.Variables
		}
		return reply
	})
	reads, err = collect(t, a.collector(t), "poe")
	if err != nil || reads[0].Status != pipeline.Failed {
		t.Errorf("%v %s", err, dump(reads...))
	}
}

// A note of more than 239 characters is never answered. It keeps neither its table nor its neighbours from
// being read, and is not asked for at every poll.
func TestANoteThatIsTooLong(t *testing.T) {
	a := newAgent(t, slices.Concat(system("RouterOS x"), scalars(map[string]any{mikrotik + ".7.3.0": "HE1", mikrotik + ".7.5.0": strings.Repeat("x", 300)}))...)
	var hung atomic.Int32
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if slices.ContainsFunc(request.Variables, func(v gosnmp.SnmpPDU) bool { return v.Name == mikrotik+".7.5.0" }) {
			hung.Add(1)
			if len(request.Variables) > 1 {
				t.Error("the note is asked for together with others")
			}
			return nil
		}
		return reply
	})
	c := a.collector(t, func(target *Target) { target.Timeout, target.Retries = 30*time.Millisecond, -1 })
	for range 3 {
		wantDump(t, []pipeline.TableRead{tableOf(t, mustCollectLane(t, c, pipeline.LaneSlow), "inventory")}, "inventory[] serial_number=HE1")
	}
	if n := hung.Load(); n != 1 {
		t.Errorf("asked for %d times", n)
	}
}

// The last change is a point in time that does not move from poll to poll, and none that lies ahead.
func TestTheLastChangeStandsStill(t *testing.T) {
	a := newAgent(t, slices.Concat(system("RouterOS x"), ports(3), []entry{{ifEntry + ".9.1", tTicks, uint32(40000)}, {ifEntry + ".9.2", tTicks, uint32(0)},
		{ifEntry + ".9.3", tTicks, uint32(4000000000)}})...)
	c := a.collector(t)
	now := time.Unix(1_790_000_000, 0)
	c.engine.now = func() time.Time { return now }
	for poll := range 4 {
		s := mustCollect(t, c, "interface")[0].Samples
		if got := s[0].Value("last_change_timestamp_seconds"); got.Float() != 1_790_000_000-1000+400 {
			t.Errorf("poll %d: %s", poll, got)
		}
		if !s[1].Value("last_change_timestamp_seconds").IsNone() || !s[2].Value("last_change_timestamp_seconds").IsNone() {
			t.Error("a change that never was, or has yet to come")
		}
		now = now.Add(30*time.Second + 40*time.Millisecond)
		a.change(sysUpTime, uint32(100000+3000*(poll+1)))
	}
}

func TestSpellings(t *testing.T) {
	for text, want := range map[string]float64{"56.5": 56.5, "-3": -3, "N 56 30' 0''": 56.5, "S 56 30' 0''": -56.5, "w 10": -10} {
		if got, ok := degrees(text); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "none", "1 2 3 4", "10 70' 0''", "999"} {
		if got, ok := degrees(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
	for text, want := range map[string]float64{"5180/ax/Ceee": 5180, "2412": 2412} {
		if got, ok := megahertz(text); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	if _, ok := megahertz("36"); ok {
		t.Error("a channel's number is no frequency")
	}
	date := dateCell([]byte{0x07, 0xea, 11, 26, 5, 0, 0, 0, '+', 2, 0})
	if got := time.Unix(int64(date.float(false)), 0).UTC().Format(time.RFC3339); got != "2026-11-26T03:00:00Z" {
		t.Error(got)
	}
	for _, b := range [][]byte{nil, {1}, {0x07, 0xea, 13, 26, 5, 0, 0, 0}, {0x07, 0xea, 2, 30, 5, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0}} {
		if c := dateCell(b); c.kind != absent {
			t.Errorf("% x is %v", b, c.float(false))
		}
	}
	for text, want := range map[string]string{"\x01\x02\x03": "01:02:03", "AB\x00\x00\x02\x03": "41:42:00:00:02:03", "sw\x00\x00": "sw",
		"PORT\x00\x00\x00\x00\x00\xb8\xc9\x00": "PORT"} {
		if got := labelCell([]byte(text), cell{}).text; got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
	for text, want := range map[string]string{"sw2\x00\x00\n00 00 00": "sw2", "sw2\x00": "sw2", "a\x00b": "a\x00b"} {
		if got := octets([]byte(text), plain, cell{}).text; got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
	for bits, want := range map[string]string{"\x28\x00": "bridge,router", "\x20": "bridge", "\x00": "", "00": "", "28": "", "28 2 4": ""} {
		if got := lldpCapabilities(cell{kind: textual, text: bits}); got != want {
			t.Errorf("%q is %q", bits, got)
		}
	}
	for text, want := range map[string]string{"\x02\x00\x00\x00\x00\xff": "02:00:00:00:00:ff", "0:2:63:6:65:d8": "00:02:63:06:65:d8",
		"00-1C-7F-81-41-1D": "00:1c:7f:81:41:1d", "": "", "\x02": "", "1:2:3:4:5": "", "1:2:3:4:5:6:7": "", "1:2:3:4:5:": "", "001:2:3:4:5:6": "", "1::3:4:5:6": "",
		"1:2:3:4:5:g": ""} {
		if got := macCell([]byte(text), cell{}).text; got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
	for text, want := range map[string]string{"ether1": "ether1", "12": "", "D4:CA:6D:EA:FE:90": "", "\x01\x02\x03\x04\x05\x06": ""} {
		if got := portNameCell([]byte(text), cell{}).text; got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}

package snmp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

const twenty = "ether1 ether2 ether3 ether4 ether5 ether6 ether7 ether8 ether9 ether10 ether11 ether12 ether13 ether14 ether15 ether16 ether17 ether18 ether19 ether20"

func wantRows(t *testing.T, r pipeline.TableRead, want string) {
	t.Helper()
	if got := rowNames(r); r.Status != pipeline.Whole || got != want {
		t.Errorf("%s %s %q: rows %q, want %q", r.Table.Name, r.Status, r.Reason, got, want)
	}
}

// A poll of a router with 20 interfaces takes few requests, and its replies fit a datagram.
func TestRequestsOfAPoll(t *testing.T) {
	a := newAgent(t, aRouter(20)...)
	c := a.collector(t)
	wantRows(t, tableOf(t, mustCollect(t, c), "interface"), twenty)
	first := len(a.taken())
	wantRows(t, tableOf(t, mustCollect(t, c), "interface"), twenty)
	second := len(a.taken())
	t.Logf("%d requests for the first poll, %d for the next, longest reply %d bytes", first, second, a.longest())
	if second > 8 || a.longest() > 1472 {
		t.Errorf("%d requests, longest reply %d bytes", second, a.longest())
	}
}

// However small the replies that a device can make, the tables come whole, and the device is not
// asked for too much again.
func TestTooBig(t *testing.T) {
	for _, limit := range []int{1200, 500, 200, 120} {
		for _, version := range []func(*Target){func(*Target) {}, version1} {
			a := newAgent(t, aRouter(20)...)
			a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
				if len(marshal(t, reply)) > limit { // also for GETBULK, which ought to be cut instead
					reply.Error, reply.ErrorIndex, reply.Variables = gosnmp.TooBig, 0, nil
				}
				return reply
			})
			c := a.collector(t, version)
			want := dump(mustCollect(t, newAgent(t, aRouter(20)...).collector(t, version))...)
			if got := dump(mustCollect(t, c)...); got != want {
				t.Fatalf("limit %d: got\n%s", limit, got)
			}
			a.taken()
			mustCollect(t, c)
			n, declined := 0, 0
			for _, r := range a.taken() {
				n++
				if len(marshal(t, a.process(r))) > limit {
					declined++
				}
			}
			if declined > n/4+1 {
				t.Errorf("limit %d: %d of %d requests of the second poll were too big", limit, declined, n)
			}
		}
	}
}

// An agent may cut a GETBULK reply anywhere.
func TestShortReplies(t *testing.T) {
	for keep := 1; keep < 40; keep += 3 {
		a := newAgent(t, aRouter(20)...)
		a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			if request.PDUType == gosnmp.GetBulkRequest && len(reply.Variables) > keep {
				reply.Variables = reply.Variables[:keep]
			}
			return reply
		})
		wantRows(t, tableOf(t, mustCollect(t, a.collector(t)), "interface"), twenty)
	}
}

// onPage makes an agent misbehave from the nth request that walks the interfaces.
func onPage(n int, do func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket) func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
	page := 0
	return func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if !inside(request.Variables[0].Name, ifXEntry) && !inside(request.Variables[0].Name, ifEntry) {
			return reply
		}
		if page++; page < n {
			return reply
		}
		return do(request, reply)
	}
}

// An error in the middle of a walk is a failed table, never a short one; what was read is handed on,
// and the other tables are whole.
func TestAnErrorInTheMiddleOfAWalk(t *testing.T) {
	for name, test := range map[string]struct {
		status gosnmp.SNMPError
		index  uint8
		reason string
	}{
		"genErr":              {gosnmp.GenErr, 0, "the device answers genErr"},
		"noAccess":            {gosnmp.NoAccess, 200, "the device answers noAccess"},
		"genErr at a column":  {gosnmp.GenErr, 3, "ifOperStatus: the device answers genErr"},
		"noAccess at the 1st": {gosnmp.NoAccess, 1, "ifName: the device answers noAccess"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent(t, aRouter(20)...)
			c := a.collector(t)
			mustCollect(t, c)
			a.replying(onPage(2, func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
				if test.index > 0 && test.index < 100 && !slices.ContainsFunc(request.Variables, func(v gosnmp.SnmpPDU) bool { return inside(v.Name, ifXEntry+".1") }) {
					return reply // the column is not asked for any more
				}
				reply.Error, reply.ErrorIndex, reply.Variables = test.status, test.index, request.Variables
				return reply
			}))
			reads, err := collect(t, c)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range reads {
				if r.Table.Name != "interface" {
					if r.Status == pipeline.Failed {
						t.Error(dump(r))
					}
					continue
				}
				if r.Status != pipeline.Failed || r.Reason != test.reason || len(r.Samples) == 0 {
					t.Error(dump(r))
				}
			}
		})
	}
}

// Some devices go backwards, some in circles.
func TestOIDsThatDoNotIncrease(t *testing.T) {
	a := newAgent(t, aRouter(5)...)
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		for i, v := range reply.Variables {
			if v.Name == ifXEntry+".18.4" && request.PDUType == gosnmp.GetBulkRequest {
				reply.Variables[i].Name = ifXEntry + ".18.2"
			}
		}
		return reply
	})
	c := a.collector(t)
	for range 2 {
		reads, err := collect(t, c, "interface")
		if err != nil {
			t.Fatal(err)
		}
		r := reads[0]
		if r.Status != pipeline.Failed || r.Reason != "ifAlias does not increase: .2 after .3" {
			t.Error(dump(r))
		}
		if rowNames(r) != "ether1 ether2 ether3 ether4 ether5" || r.Samples[4].Value("rx_bytes").IsNone() || r.Samples[1].Value("comment").IsNone() {
			t.Errorf("what was read is lost\n%s", dump(r))
		}
	}
}

// A walk without end stops at a bound, with an error, and leaves the other tables their time.
func TestAnEndlessWalk(t *testing.T) {
	a := newAgent(t, aRouter(2)...)
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if !inside(request.Variables[0].Name, hrStorageEntry) || request.PDUType == gosnmp.GetRequest {
			return reply
		}
		for i := range reply.Variables {
			column := request.Variables[i%len(request.Variables)].Name
			parts := strings.Split(column, ".")
			last := 0
			if len(parts) > 12 {
				_, _ = fmt.Sscan(parts[12], &last)
			}
			name := fmt.Sprintf("%s.%d", strings.Join(parts[:12], "."), last+1+i/len(request.Variables))
			reply.Variables[i] = gosnmp.SnmpPDU{Name: name, Type: tInt, Value: last}
		}
		return reply
	})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	reads, err := a.collector(t).Collect(ctx, pipeline.LaneLive, nil)
	if err != nil {
		t.Fatal(err)
	}
	storage := tableOf(t, reads, "storage")
	if storage.Status != pipeline.Failed || len(storage.Samples) > maxRows {
		t.Errorf("%s %s, %d rows", storage.Status, storage.Reason, len(storage.Samples))
	}
	t.Logf("%d rows, then: %s", len(storage.Samples), storage.Reason)
	wantRows(t, tableOf(t, reads, "interface"), "ether1 ether2")
}

// The bound on rows holds where time does not end the walk first.
func TestTooManyRows(t *testing.T) {
	p := poll{memory: newMemory(), now: time.Now}
	g := &grid{}
	g.start(newEngine(t).library.mibs[0], keptRows{})
	for i := uint32(1); len(g.index) <= maxRows; i++ {
		p.take(g, p.memory.mib(0), 0, &value{name: appendArc(slices.Clone(g.source.wire[0]), i), tag: tagInteger, num: 1})
	}
	if g.bound(); !errors.Is(g.err, errTooManyRows) || !g.column[0].failed {
		t.Error(g.err)
	}
}

// Replies of 65 kB are read and counted towards the bound on bytes.
func TestHugeReplies(t *testing.T) {
	mib := aRouter(3)
	for i := 1; i <= 3; i++ {
		mib = with(mib, fmt.Sprintf("%s.18.%d", ifXEntry, i), tText, strings.Repeat("x", 20000))
	}
	a := newAgent(t, mib...)
	c := a.collector(t)
	for range 2 {
		r := tableOf(t, mustCollect(t, c), "interface")
		wantRows(t, r, "ether1 ether2 ether3")
		if n := len(r.Samples[0].Value("comment").Text()); n != 4096 {
			t.Errorf("comment of %d bytes", n)
		}
	}
	t.Logf("longest reply %d bytes", a.longest())
	if a.longest() < 20000 {
		t.Errorf("the longest reply is %d bytes: nothing was tested", a.longest())
	}
}

func TestTooManyBytes(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if request.PDUType != gosnmp.GetBulkRequest || !inside(request.Variables[0].Name, ".1.3.6.1.2.1.25") {
			return reply
		}
		parts := strings.Split(request.Variables[0].Name, ".")
		last := 0
		if len(parts) > 12 {
			_, _ = fmt.Sscan(parts[12], &last)
		}
		reply.Variables = []gosnmp.SnmpPDU{{Name: fmt.Sprintf("%s.%d", strings.Join(parts[:12], "."), last+1), Type: tText, Value: make([]byte, 60000)}}
		return reply
	})
	reads, err := collect(t, a.collector(t))
	if !errors.Is(err, errTooMuch) {
		t.Fatal(err)
	}
	for _, r := range reads {
		if r.Table.Name == "interface" && r.Status != pipeline.Failed {
			t.Error(dump(r))
		}
	}
}

// One silent service inside the device fails its table alone.
func TestASilentService(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	silent := func(service string) func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		return func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			for _, v := range request.Variables {
				if inside(v.Name, service) {
					return nil
				}
			}
			return reply
		}
	}
	for _, test := range []struct{ service, table string }{
		{mikrotik + ".3", "health"},
		{".1.3.6.1.2.1.25.2", "storage"},
		{".1.3.6.1.2.1.25.3", "cpu"},
		{".1.3.6.1.2.1.31", "interface"},
	} {
		t.Run(test.table, func(t *testing.T) {
			a.replying(nil)
			c := a.collector(t, func(target *Target) { target.Timeout, target.Retries = 30*time.Millisecond, -1 })
			mustCollect(t, c)
			a.replying(silent(test.service))
			// The first poll asks for everything in one request, meets silence and takes the device for
			// dead. The next one is careful.
			_, err := collect(t, c)
			if test.table != "interface" && !errors.Is(err, pipeline.ErrNoAnswer) {
				t.Error(err)
			}
			for range 3 {
				reads, err := collect(t, c)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range reads {
					failed := r.Table.Name == test.table || test.table == "health" && r.Table.Name == "router" // cpu frequency
					if failed != (r.Status == pipeline.Failed) {
						t.Error(dump(r))
					}
				}
			}
			a.replying(nil)
			mustCollect(t, c)
		})
	}
}

func TestADeviceThatFallsSilentInTheMiddle(t *testing.T) {
	a := newAgent(t, aRouter(20)...)
	var dead atomic.Bool
	silence := func(_, _ *gosnmp.SnmpPacket) *gosnmp.SnmpPacket { dead.Store(true); return nil }
	a.replying(onPage(4, silence))
	a.sending(func(_ *gosnmp.SnmpPacket, reply []byte) [][]byte {
		if dead.Load() {
			return nil
		}
		return [][]byte{reply}
	})
	c := a.collector(t, func(target *Target) { target.Timeout, target.Retries = 30*time.Millisecond, -1 })
	reads, err := collect(t, c)
	// Two rows of one name may have been cut apart: the first time nothing is made of it.
	if r := tableOf(t, reads, "interface"); r.Status != pipeline.Failed || len(r.Samples) != 0 || r.Reason == "" {
		t.Error(err, dump(r))
	}
	dead.Store(false)
	a.replying(onPage(4, silence))
	reads, err = collect(t, c)
	if !errors.Is(err, pipeline.ErrNoAnswer) || !strings.Contains(err.Error(), "fell silent") {
		t.Error(err)
	}
	if r := tableOf(t, reads, "interface"); r.Status != pipeline.Failed || len(r.Samples) == 0 {
		t.Error(dump(r))
	}
	if r := tableOf(t, reads, "router"); r.Status != pipeline.Whole {
		t.Error(dump(r))
	}
}

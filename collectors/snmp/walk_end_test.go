package snmp

import (
	"fmt"
	"testing"

	"github.com/gosnmp/gosnmp"
)

// walks are the requests of an agent that walk interfaces.
func walks(requests []*gosnmp.SnmpPacket) (n int) {
	for _, r := range requests {
		last := r.Variables[len(r.Variables)-1].Name
		if r.PDUType == gosnmp.GetBulkRequest && (inside(last, ifXEntry) || inside(last, ifEntry)) {
			n++
		}
	}
	return n
}

// A table of which memory knows the rows takes as many requests as its rows need, and none to see that
// there are no more.
func TestTheEndIsSeenBesideTheLastRows(t *testing.T) {
	a := newAgent(t, aRouter(12)...) // 16 columns of 12 rows: three replies of four rows
	c := a.collector(t)
	for range 2 {
		mustCollect(t, c, "interface")
	}
	a.taken()
	if got := rowNames(tableOf(t, mustCollect(t, c, "interface"), "interface")); got != twenty[:len(got)] {
		t.Error(got)
	}
	requests := a.taken()
	if n := walks(requests); n != 3 {
		t.Errorf("%d requests", n)
	}
	if last := requests[len(requests)-1]; last.NonRepeaters != 1 || last.Variables[0].Name != ifXEntry+".1.12" {
		t.Errorf("the last one asks once for %d, first for %s", last.NonRepeaters, last.Variables[0].Name)
	}
}

// Whatever changes at the end of a table is seen at once, by devices that know of names that are asked for
// once and by those that do not.
func TestRowsAtTheEndComeAndGo(t *testing.T) {
	for _, repeatsAll := range []bool{false, true} {
		t.Run(fmt.Sprint(repeatsAll), func(t *testing.T) {
			a := newAgent(t, aRouter(6)...)
			a.mu.Lock()
			a.repeatsAll = repeatsAll
			a.mu.Unlock()
			c := a.collector(t)
			has := func(want string) {
				t.Helper()
				for range 2 {
					wantRows(t, tableOf(t, mustCollect(t, c, "interface"), "interface"), want)
				}
			}
			has("ether1 ether2 ether3 ether4 ether5 ether6")
			a.set(append(aRouter(6), port(9, "ether9")...)...)
			has("ether1 ether2 ether3 ether4 ether5 ether6 ether9")
			a.set(aRouter(4)...)
			has("ether1 ether2 ether3 ether4")
			a.set(append(aRouter(3), port(8, "ether8")...)...)
			has("ether1 ether2 ether3 ether8")
			// A column that the last row does not have.
			a.set(without(aRouter(4), ifXEntry+".6.4")...)
			has("ether1 ether2 ether3 ether4")
			s := interfaceRow(t, mustCollect(t, c), "ether3")
			if s.Value("rx_bytes").Int() != 3001 {
				t.Error(s)
			}
		})
	}
}

// A column that a device does not have is not asked for until all is read again.
func TestColumnsThatADeviceDoesNotHave(t *testing.T) {
	a := newAgent(t, without(aRouter(3), ifXEntry+".9", ifXEntry+".13")...)
	c := a.collector(t)
	asked := func() (n int) {
		for _, r := range a.taken() {
			for _, v := range r.Variables {
				if inside(v.Name, ifXEntry+".9") || inside(v.Name, ifXEntry+".13") {
					n++
				}
			}
		}
		return n
	}
	mustCollect(t, c)
	if asked() == 0 {
		t.Error("not asked for at first")
	}
	mustCollect(t, c)
	if n := asked(); n != 0 {
		t.Errorf("asked for %d times", n)
	}
	a.set(aRouter(3)...)
	later(c, refreshEvery)
	if s := interfaceRow(t, mustCollect(t, c), "ether1"); asked() == 0 || s.Value("rx_packets").IsNone() {
		t.Error(s)
	}
}

package snmp

import (
	"net"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// What another host sends is dropped by the kernel, however well it is forged.
func TestRepliesFromElsewhere(t *testing.T) {
	a := newAgent(t, aRouter(2)...)
	forger, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = forger.Close() }()
	forged := 0
	a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
		p := &gosnmp.SnmpPacket{Version: request.Version, Community: request.Community, PDUType: gosnmp.GetResponse, RequestID: request.RequestID}
		for _, v := range request.Variables {
			p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: v.Name, Type: tInt, Value: 666})
		}
		if _, err := forger.WriteToUDP(marshal(t, p), a.from); err != nil {
			t.Error(err)
		}
		forged++
		return [][]byte{reply}
	})
	c := a.collector(t)
	want := dump(mustCollect(t, newAgent(t, aRouter(2)...).collector(t))...)
	if got := dump(mustCollect(t, c)...); got != want {
		t.Errorf("got\n%s", got)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if forged == 0 || testutil.ToFloat64(c.engine.metrics.replies) != float64(forged) {
		t.Errorf("%d forged", forged)
	}
}

package snmp

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// On a network that loses, doubles and delays datagrams a value is right or missing, never another
// poll's.
func TestLoss(t *testing.T) {
	for _, test := range []struct {
		loss    float64 // of each way
		polls   int
		success float64 // of requests, with two retries
	}{
		{0.01, 150, 0.999}, {0.1, 150, 0.98}, {0.3, 60, 0.80},
	} {
		t.Run(fmt.Sprint(test.loss), func(t *testing.T) {
			a := newAgent(t, aRouter(4)...)
			random := rand.New(rand.NewPCG(1, uint64(test.loss*100)))
			var late [][]byte
			a.sending(func(_ *gosnmp.SnmpPacket, reply []byte) [][]byte {
				there, back := random.Float64(), random.Float64()
				lost := there < test.loss || back < test.loss
				var out [][]byte
				if random.Float64() < 0.2 && len(late) > 0 { // one from before arrives now
					out, late = append(out, late[0]), late[1:]
				}
				late = append(late, reply)
				if lost {
					return out
				}
				out = append(out, reply)
				if random.Float64() < 0.1 {
					out = append(out, reply)
				}
				return out
			})
			c := a.collector(t, func(target *Target) { target.Timeout = 15 * time.Millisecond })
			read := 0
			for poll := 1; poll <= test.polls; poll++ {
				for port := 1; port <= 4; port++ {
					a.change(fmt.Sprintf("%s.6.%d", ifXEntry, port), uint64(poll))
				}
				reads, _ := collect(t, c, "interface", "router")
				for _, s := range tableOf(t, reads, "interface").Samples {
					if v := s.Value("rx_bytes"); !v.IsNone() {
						read++
						if v.Int() != int64(poll) {
							t.Fatalf("poll %d read %d", poll, v.Int())
						}
					}
				}
			}
			m := c.engine.metrics
			replies, timeouts := testutil.ToFloat64(m.replies), testutil.ToFloat64(m.timeouts)
			success := replies / (replies + timeouts)
			t.Logf("%d of %d values read, none wrong; %.2f %% of %.0f requests answered", read, 4*test.polls, 100*success, replies+timeouts)
			if success < test.success {
				t.Errorf("%.2f %% of requests answered, want %.2f", 100*success, 100*test.success)
			}
		})
	}
}

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

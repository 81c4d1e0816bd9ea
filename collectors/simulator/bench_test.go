package simulator

import (
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAnswer makes answers without a socket.
func BenchmarkAnswer(b *testing.B) {
	f := New(Options{Routers: 25, Interfaces: 20, Quiet: true})
	for name, message := range map[string][]byte{
		"get-3-scalars": ask(snmpV2c, pduGet, 0, 0, "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.25.3.3.1.2.1"),
		"bulk-6x10-counters": ask(snmpV2c, pduGetBulk, 0, 10, "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.10",
			"1.3.6.1.2.1.31.1.1.1.7", "1.3.6.1.2.1.31.1.1.1.11", "1.3.6.1.2.1.2.2.1.13", "1.3.6.1.2.1.2.2.1.14"),
		"bulk-names": ask(snmpV2c, pduGetBulk, 0, 20, "1.3.6.1.2.1.31.1.1.1.1"),
	} {
		b.Run(name, func(b *testing.B) {
			var (
				q request
				a answerer
			)
			v, r := newView(), f.Router("tower-1")
			b.ReportAllocs()
			for b.Loop() {
				if err := q.decode(message); err != nil {
					b.Fatal(err)
				}
				v.reset(r, f.now())
				a.answer(&q, agentView{v, r.tree})
			}
		})
	}
}

// BenchmarkFleet asks 10,000 routers in turn over real sockets, several clients at once.
func BenchmarkFleet(b *testing.B) {
	f := openFleet(b, Options{Routers: 10_000, Interfaces: 20, Quiet: true})
	message := ask(snmpV2c, pduGetBulk, 0, 10, "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.10", "1.3.6.1.2.1.2.2.1.8")
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		answer := make([]byte, 2000)
		for pb.Next() {
			r := f.routers[int(next.Add(1))%len(f.routers)]
			if _, err := conn.WriteToUDP(message, &net.UDPAddr{IP: r.address.AsSlice(), Port: f.SNMPPort()}); err != nil {
				b.Error(err)
				return
			}
			if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				b.Error(err)
				return
			}
			if _, _, err := conn.ReadFromUDPAddrPort(answer); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkAPI prints the interfaces of one router over one connection.
func BenchmarkAPI(b *testing.B) {
	f := openFleet(b, Options{Interfaces: 20, Quiet: true})
	k := talk(b, f.Router("core-1")).login()
	b.ReportAllocs()
	for b.Loop() {
		k.ask("/interface/print", "=.proplist=name,type,running,rx-byte,tx-byte,rx-packet,tx-packet,rx-error,tx-error")
	}
}

// BenchmarkNew makes a fleet.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(Options{Routers: 10_000})
	}
}

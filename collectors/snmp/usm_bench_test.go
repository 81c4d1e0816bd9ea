package snmp

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// One poll of Debian's snmpd by each kind of credential; cpu-µs/poll is what this process alone used.
func BenchmarkPollSnmpd(b *testing.B) {
	if _, err := exec.LookPath("snmpd"); err != nil {
		b.Skip("there is no snmpd")
	}
	users := []v3User{{}, {"sha256", ""}, {"sha1", "aes128"}, {"sha256", "aes128"}, {"sha512", "aes256"}, {"md5", "des"}}
	d := startSnmpdV3(b, users...)
	run := func(name string, change func(*Target)) {
		b.Run(name, func(b *testing.B) {
			c := d.collector(change)
			mustCollect(b, c)
			sent := requestsOf(c)
			before := cpuTime(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Collect(context.Background(), pipeline.LaneLive, nil); err != nil {
					b.Fatal(err)
				}
			}
			n := float64(b.N)
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/n, "cpu-µs/poll")
			b.ReportMetric((requestsOf(c)-sent)/n, "PDUs/poll")
		})
	}
	run("v2c", func(*Target) {})
	for _, u := range users {
		run("v3/"+u.name(), u.as)
	}
}

func cpuTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// Our two halves of a message: making a request of 40 names (gosnmp does), and checking, decrypting and
// reading a reply of 1,400 bytes (we do).
func BenchmarkUSM(b *testing.B) {
	for _, u := range []v3User{{}, {"sha256", ""}, {"sha1", "aes128"}, {"sha256", "aes128"}, {"sha256", "des"}} {
		x := aimed(u)
		x.request = &request{kind: getBulk, repetitions: 100}
		reply := sealedBy(b, x, x.level, func(p *gosnmp.SnmpPacket) {
			p.Variables = nil
			for i := range 55 {
				p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: fmt.Sprintf("%s.%d", ifXEntry+".6", i+1), Type: gosnmp.Counter64, Value: uint64(1) << 40})
			}
		})
		for i := range 40 {
			n, _ := parseOID(fmt.Sprintf("%s.%d", ifXEntry+".6", i+1))
			x.request.names = append(x.request.names, n)
			x.pdus = append(x.pdus, gosnmp.SnmpPDU{Name: n.String(), Type: gosnmp.Null})
		}
		b.Run(u.name()+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.inFlight = x.inFlight[:0]
				if _, err := x.encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
		x.inFlight = []sent{{message: 7, request: 9}}
		buf := make([]byte, len(reply))
		b.Run(u.name()+"/decode", func(b *testing.B) {
			b.SetBytes(int64(len(reply)))
			b.ReportAllocs()
			for b.Loop() {
				copy(buf, reply)
				m, _, why := x.judge(buf)
				if why != accepted || x.reply.decode(m, x.request) != nil {
					b.Fatal(why)
				}
			}
		})
	}
}

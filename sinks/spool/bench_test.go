package spool

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// portFields is how many fields each line of ports has.
const portFields = 16

// ports are the lines of one poll of a router's interfaces: counters that grow at their own pace, their
// rates, errors that are nearly always zero, and what never changes.
func ports(rng *rand.Rand, device, poll, n int) (lines []byte) {
	at := 1_767_225_600_000 + poll*30_000
	for i := 1; i <= n; i++ {
		pace := uint64(device*7919+i*104_729)%50_000_000 + 1000
		rate := pace + rng.Uint64N(pace/4)
		bytes := uint64(device)<<33 + uint64(poll)*pace*30 + rng.Uint64N(pace)
		lines = fmt.Appendf(lines, "interface,device=router-%04d,interface=ether%d,site=nairobi admin_status=1i,oper_status=1i,speed_bits_per_second=1000000000,"+
			"rx_bytes=%di,tx_bytes=%di,rx_packets=%di,tx_packets=%di,rx_errors=0i,tx_errors=0i,rx_discards=0i,tx_discards=0i,"+
			"rx_bits_per_second=%d,tx_bits_per_second=%d,rx_packets_per_second=%d,tx_packets_per_second=%d,rx_errors_per_second=0 %d\n",
			device, i, bytes, bytes/3, bytes/700, bytes/900, rate*8, rate*3, rate/700, rate/900, at)
	}
	return lines
}

// BenchmarkAppend: what it costs to keep a poll of 20 interfaces, and how much of the disk it takes.
func BenchmarkAppend(b *testing.B) {
	const interfaces, devices = 20, 200
	rng := rand.New(rand.NewPCG(1, 1))
	records := make([]Record, 0, 2*devices)
	for poll := range 2 {
		for d := range devices {
			at := int64(1_767_225_600_000 + poll*30_000)
			records = append(records, Record{Points: interfaces, Lines: ports(rng, d, poll, interfaces), MinTime: at, MaxTime: at})
		}
	}
	s := openSpool(b, b.TempDir(), func(c *Config) { c.MaxBytes = 1 << 30 })
	before, fields := cpuTime(b), 0
	for i := 0; b.Loop(); i++ {
		if _, err := s.Append(records[i%len(records)]); err != nil {
			b.Fatal(err)
		}
		fields += interfaces * portFields
		s.Ack(s.Newest().Take(1, 1))
	}
	cpu := (cpuTime(b) - before).Seconds()
	b.ReportMetric(float64(fields)/cpu/1e6, "Mfields/s-cpu")
	b.ReportMetric(s.metrics.appended/float64(fields), "bytes/field")
}

// BenchmarkOpen: how long it takes to open 1 GiB that waits.
func BenchmarkOpen(b *testing.B) {
	const interfaces = 20
	rng := rand.New(rand.NewPCG(1, 1))
	dir := b.TempDir()
	s := openSpool(b, dir, nil)
	for n := 0; s.State().Bytes < 1<<30; n++ {
		if _, err := s.Append(Record{Points: interfaces, Lines: ports(rng, n%500, n/500, interfaces), MinTime: 1, MaxTime: 1}); err != nil {
			b.Fatal(err)
		}
	}
	closeSpool(b, s)
	for b.Loop() {
		start := time.Now()
		s := openSpool(b, dir, nil)
		b.ReportMetric(time.Since(start).Seconds(), "s/open")
		b.StopTimer()
		closeSpool(b, s)
		b.StartTimer()
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package collectors

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// Fault 20, the RouterOS API: the far end of the cable goes down in the middle of a request, so that
// the connection is half open and nobody says so. The request ends by our own deadline, nothing is
// left behind, and once the cable is back the device is read again over a new connection.
func TestFault20BlackHole(t *testing.T) {
	c := sinktest.NewCable(t)
	fleet, cfg := openFleet(t, 1)
	router := fleet.Routers()[0]
	l := c.Listen()
	sinktest.Relay(t, l, net.JoinHostPort(router.Address().String(), strconv.Itoa(fleet.APITLSPort())))
	d := &cfg.Devices[0]
	d.Address, d.RouterOS.Port, d.Credentials = c.Inner, l.Addr().(*net.TCPAddr).Port, []string{"api"}
	devices, err := New(cfg, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = devices.Close() }()
	device := devices.devices[0].device
	poll := func() (whole bool, took time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), pollDeadline)
		defer cancel()
		begin := time.Now()
		b, err := device.Collect(ctx, pipeline.LaneLive)
		for i := range b.Tables {
			whole = whole || b.Tables[i].Status == pipeline.Whole
		}
		return whole && err == nil, time.Since(begin)
	}
	if whole, _ := poll(); !whole {
		t.Fatal("the device is not read to begin with")
	}
	baseline := runtime.NumGoroutine()

	router.SetDelay(300 * time.Millisecond) // so that the cable is pulled while a request is on its way
	pulled := make(chan struct{})
	time.AfterFunc(150*time.Millisecond, func() { c.Pull(); close(pulled) })
	whole, took := poll()
	<-pulled
	if whole || took > 10*time.Second+500*time.Millisecond {
		t.Errorf("the poll ended after %s, whole %t", took, whole)
	}
	router.SetDelay(0)
	again, tookAgain := poll() // dialling into the hole
	if again || tookAgain > 10*time.Second+500*time.Millisecond {
		t.Errorf("the next poll ended after %s, whole %t", tookAgain, again)
	}
	eventually(t, "goroutines as before", func() bool { return runtime.NumGoroutine() <= baseline })

	c.Plug()
	up := time.Now()
	for {
		if whole, _ := poll(); whole {
			break
		}
		if time.Since(up) > 15*time.Second {
			t.Fatal("not read 15 s after the cable is back")
		}
		time.Sleep(200 * time.Millisecond)
	}
	sinktest.Fault{Row: "20", Trials: 1, Figures: fmt.Sprintf("RouterOS: the request ended after %.1f s, dialling after %.1f s (asked: <= 10 s); %d goroutines before, %d after; read again %.1f s after the cable was back (asked: < 15 s)",
		took.Seconds(), tookAgain.Seconds(), baseline, runtime.NumGoroutine(), time.Since(up).Seconds())}.Report(t)
}

// eventually waits for what must come about within a few seconds.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

package simulator

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
)

// client is an independent SNMP client of a router.
func client(t testing.TB, r *Router) *gosnmp.GoSNMP {
	t.Helper()
	c := &gosnmp.GoSNMP{
		Target: r.address.String(), Port: uint16(r.fleet.SNMPPort()), Community: r.fleet.opts.Community, Version: gosnmp.Version2c,
		Timeout: 2 * time.Second, Retries: 1, MaxOids: 60,
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Conn.Close() })
	return c
}

func name(t testing.TB, c *gosnmp.GoSNMP) (string, error) {
	t.Helper()
	packet, err := c.Get([]string{"1.3.6.1.2.1.1.5.0"})
	if err != nil {
		return "", err
	}
	b, _ := packet.Variables[0].Value.([]byte)
	return string(b), nil
}

func TestRoutersAreToldApartByAddress(t *testing.T) {
	f := openFleet(t, Options{Routers: 300, Quiet: true})
	for _, i := range []int{0, 1, 254, 255, 299} {
		r := f.routers[i]
		if got, err := name(t, client(t, r)); err != nil || got != r.name {
			t.Errorf("%s: got %q, %v", r.name, got, err)
		}
	}
}

func TestOtherCommunitiesMeetSilence(t *testing.T) {
	f := openFleet(t, Options{Routers: 1, Quiet: true, Community: "s3cret"})
	c := client(t, f.routers[0])
	c.Community, c.Timeout, c.Retries = "public", 200*time.Millisecond, 0
	if got, err := name(t, c); err == nil {
		t.Errorf("answered %q", got)
	}
	c.Community = "s3cret"
	if _, err := name(t, c); err != nil {
		t.Error(err)
	}
}

// TestGarbageMeetsSilence: a good request after the garbage is the first to be answered.
func TestGarbageMeetsSilence(t *testing.T) {
	f := openFleet(t, Options{Routers: 1, Quiet: true})
	conn, err := net.Dial("udp4", net.JoinHostPort(f.routers[0].address.String(), itoa(f.SNMPPort())))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	good := ask(snmpV2c, pduGet, 0, 0, "1.3.6.1.2.1.1.5.0")
	for _, b := range [][]byte{{0}, []byte("hello"), good[:20], make([]byte, 5000), ask(3, pduGet, 0, 0, "1.3"), good} {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 2000)
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, b[:n]); got.Contents[0] != "core-1" {
		t.Errorf("got %+v", got)
	}
}

func TestDownMeansSilence(t *testing.T) {
	f := openFleet(t, Options{Routers: 2, Quiet: true})
	r := f.routers[0]
	c := client(t, r)
	c.Timeout, c.Retries = 150*time.Millisecond, 0
	r.SetDown(true)
	if got, err := name(t, c); err == nil {
		t.Errorf("answered %q", got)
	}
	if _, err := name(t, client(t, f.routers[1])); err != nil {
		t.Errorf("the other one: %v", err)
	}
	r.SetDown(false)
	c.Timeout = 5 * time.Second
	if _, err := name(t, c); err != nil {
		t.Error(err)
	}
}

func TestDelayedAnswersComeLate(t *testing.T) {
	f := openFleet(t, Options{Routers: 2, Quiet: true})
	r := f.routers[0]
	const delay = 300 * time.Millisecond
	r.SetDelay(delay)
	start := time.Now()
	if _, err := name(t, client(t, r)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < delay {
		t.Errorf("after %v", took)
	}
}

func TestCloseDoesNotWaitForLateAnswers(t *testing.T) {
	f := New(Options{Routers: 1, Quiet: true})
	if err := f.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.routers[0].SetDelay(time.Hour)
	c := client(t, f.routers[0])
	c.Timeout, c.Retries = 50*time.Millisecond, 0
	if _, err := name(t, c); err == nil {
		t.Error("answered")
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestRequestsAreToldOf(t *testing.T) {
	f := New(Options{Routers: 3, Quiet: true})
	var mu sync.Mutex
	told := map[netip.Addr]int{}
	f.OnRequest(func(addr netip.Addr, face string, at time.Time) {
		mu.Lock()
		defer mu.Unlock()
		if face != FaceSNMP || time.Since(at) > time.Minute {
			t.Errorf("%s at %v", face, at)
		}
		told[addr]++
	})
	if err := f.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	c := client(t, f.routers[1])
	for range 3 {
		if _, err := name(t, c); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 1 || told[f.routers[1].address] != 3 {
		t.Errorf("told %v", told)
	}
}

func TestBulkWalkIsWholeUnderManyColumns(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("tower-1")
	c := client(t, r)
	rows := at(r, 0).interfaceCount()
	for _, column := range []string{"1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.18"} {
		got, err := c.BulkWalkAll(column)
		if err != nil || len(got) != rows {
			t.Errorf("%s: %d rows, want %d (%v)", column, len(got), rows, err)
		}
	}
}

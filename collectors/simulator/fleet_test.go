package simulator

import (
	"log/slog"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

// limitFiles lowers the limit of open files for one test.
func limitFiles(t *testing.T, n uint64) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
}

func TestTenThousandRoutersFitUnderALowFileLimit(t *testing.T) {
	limitFiles(t, 64)
	f := openFleet(t, Options{Routers: 10_000, Quiet: true})
	for _, r := range []*Router{f.routers[0], f.routers[255], f.routers[9_999]} {
		if got, err := name(t, client(t, r)); err != nil || got != r.name {
			t.Errorf("%s over SNMP: %q, %v", r.address, got, err)
		}
		k := talk(t, r)
		if !r.model.atLeast(6, 43) {
			k = loginOld(t, r)
		} else {
			k.login()
		}
		if got := k.ask("/system/identity/print"); got != "!re =name="+r.name+"\n!done" {
			t.Errorf("%s over the API: %q", r.address, got)
		}
	}
}

func TestAFleetThatCannotBe(t *testing.T) {
	for want, opts := range map[string]Options{
		"live in 127.0.0.0/8": {FirstAddress: netip.MustParseAddr("10.0.0.1")},
		"addresses are left":  {FirstAddress: netip.MustParseAddr("127.255.255.250"), Routers: 20},
		"::1":                 {FirstAddress: netip.MustParseAddr("::1")},
	} {
		f := New(opts)
		if err := f.Open(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPortsAreOnesOwnOrTakenAlready(t *testing.T) {
	var log strings.Builder
	f := openFleet(t, Options{Routers: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if f.SNMPPort() == 0 || f.APIPort() == 0 || f.APITLSPort() == 0 || f.APIPort() == f.APITLSPort() {
		t.Errorf("ports %d, %d, %d", f.SNMPPort(), f.APIPort(), f.APITLSPort())
	}
	if !strings.Contains(log.String(), "simulated fleet is open") {
		t.Errorf("log: %s", log.String())
	}
	if err := f.Open(t.Context()); err == nil {
		t.Error("opened twice")
	}
	for _, opts := range []Options{{SNMPPort: f.SNMPPort()}, {APIPort: f.APIPort()}} {
		other := New(opts)
		if err := other.Open(t.Context()); err == nil {
			t.Errorf("%+v: opened", opts)
			_ = other.Close()
		}
	}
}

func TestBeforeOpen(t *testing.T) {
	f := New(Options{})
	if f.SNMPPort() != 0 || f.APIPort() != 0 || f.APITLSPort() != 0 || f.Certificate() != nil || f.Fingerprint() != "" {
		t.Error("something is there already")
	}
	if len(f.Routers()) != 25 {
		t.Errorf("%d routers", len(f.Routers()))
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

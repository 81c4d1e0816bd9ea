package routeros

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// frozen is a fleet whose values stand still, so that two readers see the same.
func frozen(t testing.TB, routers int) *simulator.Fleet {
	t.Helper()
	now := time.Now()
	return openFleet(t, simulator.Options{Routers: routers, Seed: 7, Quiet: true, Clock: func() time.Time { return now }})
}

func openFleet(t testing.TB, options simulator.Options) *simulator.Fleet {
	t.Helper()
	f := simulator.New(options)
	if err := f.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func plainTarget(f *simulator.Fleet, r *simulator.Router) Target {
	return Target{Device: r.Name(), Address: r.Address().String(), Port: f.APIPort(),
		Credential: Credential{User: "telemetry", Password: configs.NewSecret("telemetry"), Insecure: true}}
}

func tlsTarget(f *simulator.Fleet, r *simulator.Router) Target {
	target := plainTarget(f, r)
	target.Port, target.Credential.Insecure = f.APITLSPort(), false
	target.Credential.TLS.Pin = f.Fingerprint()
	return target
}

// TestSimulatedTrust: the simulator's certificate is self-signed; it can be pinned, or be its own CA.
func TestSimulatedTrust(t *testing.T) {
	f := frozen(t, 1)
	r := f.Routers()[0]
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, f.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		trust TLS
		ok    bool
	}{
		"pin": {TLS{Pin: f.Fingerprint()}, true}, "CA": {TLS{CAFile: configs.File(ca)}, true}, "nothing": {TLS{}, false},
		"another pin": {TLS{Pin: strings.Repeat("00", 32)}, false},
	} {
		target := tlsTarget(f, r)
		target.Credential.TLS = tt.trust
		if err := collect(t, target, newShared(t)).Check(within(t, 10*time.Second)); (err == nil) != tt.ok || (!tt.ok && !errors.Is(err, ErrUntrusted)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	target := tlsTarget(f, r)
	target.Port = f.APIPort() // TLS at the plain API's port
	if err := collect(t, target, newShared(t)).Check(within(t, time.Second)); err == nil {
		t.Error("trusted")
	}
}

// TestSimulatedRefusal: a refused login is told from a router that is away.
func TestSimulatedRefusal(t *testing.T) {
	f := frozen(t, 3)
	for _, r := range f.Routers() {
		target := plainTarget(f, r)
		target.Credential.Password = configs.NewSecret("wrong")
		if err := collect(t, target, newShared(t)).Check(within(t, 10*time.Second)); !errors.Is(err, pipeline.ErrRefused) {
			t.Errorf("%s (%s): %v", r.Name(), r.Version(), err)
		}
	}
	r := f.Routers()[0]
	r.RefuseLogin(true)
	if err := collect(t, plainTarget(f, r), newShared(t)).Check(within(t, 10*time.Second)); !errors.Is(err, pipeline.ErrRefused) {
		t.Error(err)
	}
}

// TestSimulatedReboot: the poll after a reboot works at once, with an uptime that began anew.
func TestSimulatedReboot(t *testing.T) {
	f := openFleet(t, simulator.Options{Routers: 1, Quiet: true})
	r := f.Routers()[0]
	c := collect(t, plainTarget(f, r), newShared(t))
	read := func() (pipeline.TableRead, error) {
		reads, err := c.Collect(within(t, 2*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
		return find(t, reads, "interface"), err
	}
	before, err := read()
	if err != nil {
		t.Fatal(err)
	}
	r.Reboot()
	for end := time.Now().Add(30 * time.Second); ; {
		after, err := read()
		if err == nil && after.Uptime < before.Uptime {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("uptime %v, before %v: %v", after.Uptime, before.Uptime, err)
		}
	}
}

// TestSimulatedSilence: a router that is down, and comes back.
func TestSimulatedSilence(t *testing.T) {
	f := frozen(t, 1)
	r := f.Routers()[0]
	c := collect(t, plainTarget(f, r), newShared(t))
	if err := c.Check(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	r.SetDown(true)
	err := c.Check(within(t, time.Second))
	if err == nil || errors.Is(err, pipeline.ErrRefused) {
		t.Error(err)
	}
	r.SetDown(false)
	reads, err := c.Collect(within(t, 20*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if err != nil {
		t.Fatal(err, names(reads))
	}
}

// TestSameKeys: the rows of two polls have the same series, and no interface of a session is among them.
func TestSameKeys(t *testing.T) {
	f := frozen(t, 25)
	for _, r := range f.Routers() {
		r.AddPPP("carol")
		c := collect(t, plainTarget(f, r), newShared(t))
		var first []*pipeline.Series
		for range 2 {
			reads, err := c.Collect(within(t, 20*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
			if err != nil {
				t.Fatal(err)
			}
			var series []*pipeline.Series
			for _, s := range find(t, reads, "interface").Samples {
				series = append(series, s.Series)
			}
			if len(series) != r.InterfaceCount() || (first != nil && !slices.Equal(first, series)) {
				t.Errorf("%s: %d rows for %d interfaces: %v", r.Name(), len(series), r.InterfaceCount(), series)
			}
			first = series
		}
	}
}

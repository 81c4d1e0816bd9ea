package snmp

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

func openFleet(t *testing.T, opts simulator.Options) *simulator.Fleet {
	t.Helper()
	f := simulator.New(opts)
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

func readRouter(t *testing.T, e *Engine, f *simulator.Fleet, r *simulator.Router) *Collector {
	t.Helper()
	target := Target{Device: r.Name(), Address: r.Address().String(), Port: f.SNMPPort(), Timeout: 300 * time.Millisecond,
		Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}
	c, err := e.New(target, pipeline.NewRows(r.Name(), nil))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every model of the simulator gives all tables, and no walk makes a script run.
func TestSimulatedFleet(t *testing.T) {
	requests, mu := map[netip.Addr]int{}, sync.Mutex{}
	f := simulator.New(simulator.Options{Routers: 25, Seed: 7, FirstAddress: netip.MustParseAddr("127.71.0.1"), Quiet: true})
	f.OnRequest(func(addr netip.Addr, _ string, _ time.Time) {
		mu.Lock()
		defer mu.Unlock()
		requests[addr]++
	})
	if err := f.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	e := newEngine(t)
	for _, r := range f.Routers() {
		c := readRouter(t, e, f, r)
		mustCollect(t, c)
		mu.Lock()
		first := requests[r.Address()]
		mu.Unlock()
		reads := mustCollect(t, c)
		mu.Lock()
		second := requests[r.Address()] - first
		mu.Unlock()
		router := tableOf(t, reads, "router").Samples[0]
		if router.Value("identity").Text() != r.Name() || router.Value("model").Text() != r.Model() ||
			router.Value("version").Text() != r.Version() || router.Value("cpu_percent").IsNone() ||
			router.Value("memory_percent").IsNone() || router.Value("disk_percent").IsNone() || router.Value("uptime_seconds").IsNone() {
			t.Error(dump(reads...))
		}
		for _, table := range []string{"cpu", "storage"} {
			if tableOf(t, reads, table).Status != pipeline.Whole {
				t.Error(dump(reads...))
			}
		}
		ports := tableOf(t, reads, "interface")
		if len(ports.Samples) != r.InterfaceCount() {
			t.Errorf("%s %s: %d interfaces, want %d\n%s", r.Name(), r.Model(), len(ports.Samples), r.InterfaceCount(), dump(ports))
		}
		if r.ScriptRuns() != 0 {
			t.Errorf("%s: a script ran", r.Name())
		}
		t.Logf("%-10s %-22s %2d interfaces, %2d requests, then %d", r.Name(), r.Model(), r.InterfaceCount(), first, second)
	}
}

func TestSimulatedCounters(t *testing.T) {
	f := openFleet(t, simulator.Options{Routers: 1, Seed: 3, FirstAddress: netip.MustParseAddr("127.72.0.1"), Quiet: true,
		Clock: func() time.Time { return time.Unix(1790000000, 0) }})
	r := f.Routers()[0]
	r.RenameInterface(0, "up link")
	r.SetCounter(0, 1<<62+5, 17)
	c := readRouter(t, newEngine(t), f, r)
	s := interfaceRow(t, mustCollect(t, c), "up link")
	if s.Value("rx_bytes").Int() != 1<<62+5 || s.Value("tx_bytes").Int() != 17 || s.Value("rx_bytes").Kind() != pipeline.Counter {
		t.Error(s.Value("rx_bytes"), s.Value("tx_bytes"))
	}
}

func TestSimulatedRouterIsDownAndReturns(t *testing.T) {
	f := openFleet(t, simulator.Options{Routers: 2, Seed: 3, FirstAddress: netip.MustParseAddr("127.73.0.1"), Quiet: true})
	e := newEngine(t)
	a, b := readRouter(t, e, f, f.Routers()[0]), readRouter(t, e, f, f.Routers()[1])
	mustCollect(t, a)
	f.Routers()[0].SetDown(true)
	if _, err := collect(t, a); !errors.Is(err, pipeline.ErrNoAnswer) && !errors.Is(err, pipeline.ErrUnreachable) {
		t.Error(err)
	}
	mustCollect(t, b)
	f.Routers()[0].SetDown(false)
	mustCollect(t, a)
	f.Routers()[0].AnswerGarbage(true)
	// It is not silent, so the causes of silence would lead astray.
	if _, err := collect(t, a); !errors.Is(err, pipeline.ErrNoAnswer) || !strings.Contains(err.Error(), "not-snmp") || strings.Contains(err.Error(), silenceAdvice) {
		t.Error(err)
	}
}

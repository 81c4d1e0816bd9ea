package collectors

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

const fault27Routers = 1000

// arrivals notes when requests arrived at each router.
type arrivals struct {
	mu sync.Mutex
	at map[netip.Addr][]time.Time
}

func (a *arrivals) note(addr netip.Addr, _ string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at[addr] = append(a.at[addr], at)
}

// judge looks for the request that begins each poll of the live lane: how late it came, and where
// none came in all the period. The other lanes' requests must not come within the span that is judged.
func (a *arrivals) judge(r *simulator.Router, period time.Duration, from, to time.Time) (late []float64, missed int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.at[r.Address()]
	phase := pipeline.Phase(r.Name(), pipeline.LaneLive, period, fault27Routers)
	n := from.Add(-phase).UnixNano()
	for slot := time.Unix(0, n-n%int64(period)+int64(period)+int64(phase)); slot.Before(to.Add(-period)); slot = slot.Add(period) {
		i, _ := slices.BinarySearchFunc(at, slot.Add(-20*time.Millisecond), time.Time.Compare)
		if i == len(at) || at[i].Sub(slot) >= period {
			missed++
			continue
		}
		late = append(late, max(0, at[i].Sub(slot).Seconds()*1000))
	}
	return late, missed
}

// Fault 27: of 1,000 devices 100 are dead and 100 answer ten seconds late. The 800 keep their beat, and
// the 200 never have more than a fifth of the workers.
func TestFault27DeadAndSlowDevices(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("NOT RUN: it takes a minute")
	}
	const routers, period, settle = fault27Routers, 10 * time.Second, 25 * time.Second
	each := sinktest.Trials(1, 2) // polls of a device, at least
	fleet := simulator.New(simulator.Options{Routers: routers, Seed: 27, Quiet: true, Interfaces: 5})
	seen := &arrivals{at: map[netip.Addr][]time.Time{}}
	fleet.OnRequest(seen.note)
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fleet.Close() }()
	cfg := DefaultConfig()
	hour := configs.Duration(time.Hour) // the other lanes' first round is over before anything is judged
	cfg.Lanes = Lanes{Status: hour, Live: configs.Duration(period), Sessions: hour, Slow: hour}
	cfg.Credentials = []Credential{{Name: "c", SNMP: &snmp.Credential{Version: "2c", Community: configs.NewSecret("public")}}}
	var healthy []*simulator.Router
	for i, r := range fleet.Routers() {
		switch i % 10 {
		case 3:
			r.SetDown(true)
		case 7:
			r.SetDelay(10 * time.Second)
		default:
			healthy = append(healthy, r)
		}
		cfg.Devices = append(cfg.Devices, DeviceConfig{Name: r.Name(), Address: r.Address().String(), Credentials: []string{"c"}, SNMP: SNMPEndpoint{Port: fleet.SNMPPort()}})
	}
	reg := prometheus.NewRegistry()
	c, err := New(cfg, pipeline.NewSchema(), reg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := pipeline.NewScheduler(Workers(routers), nil, reg, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	c.Start(s, func(pipeline.Batch) {})
	go func() { defer close(done); s.Run(ctx) }()

	most := 0.0
	begin := time.Now().Add(settle)
	for end := begin.Add(time.Duration(each+1)*period + period/2); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		most = max(most, gauge(t, reg, "routerpulse_poll_workers_busy", "suspects"))
	}
	to := time.Now()
	cancel()
	<-done
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	var late []float64
	missed := 0
	for _, r := range healthy {
		l, m := seen.judge(r, period, begin, to)
		late, missed = append(late, l...), missed+m
	}
	slices.Sort(late)
	if len(late) < each*len(healthy) {
		t.Fatalf("%d polls of %d devices were seen", len(late), len(healthy))
	}
	share := most / float64(Workers(routers))
	figures := fmt.Sprintf("%d polls of the %d that answer: start p50 %.1f ms, p99 %.1f ms, at most %.0f ms late (asked: p99 < 100 ms), %d missed; the 200 had at most %.0f of %d workers, %.1f %%",
		len(late), len(healthy), late[len(late)/2], late[len(late)*99/100], late[len(late)-1], missed, most, Workers(routers), 100*share)
	if missed > 0 {
		t.Errorf("%d polls were missed", missed)
	}
	if share > 0.2 || most == 0 {
		t.Errorf("dead and slow devices had %.1f %% of the workers", 100*share)
	}
	sinktest.Fault{Row: "27", Lost: missed, Trials: len(late), Figures: figures}.Report(t)
}

// gauge reads one metric by the value of its label.
func gauge(t *testing.T, reg prometheus.Gatherer, name, label string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetValue() == label }) {
				return m.GetGauge().GetValue()
			}
		}
	}
	return 0
}

package collectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/pipeline"
)

// fake is a protocol that answers as it is told; the real ones have tests of their own.
type fake struct {
	source   string
	statuses map[string]pipeline.TableStatus
	err      error
	takes    time.Duration
	asked    int
	wanted   []string
	checks   int
	uptime   func() time.Duration // nil: not known
}

func (f *fake) Collect(ctx context.Context, _ pipeline.Lane, want func(string) bool) (reads []pipeline.TableRead, err error) {
	f.asked++
	f.wanted = nil
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	for _, name := range []string{"router", "interface", "storage", "ppp_session"} {
		status, ok := f.statuses[name]
		if !ok || want != nil && !want(name) {
			continue
		}
		f.wanted = append(f.wanted, name)
		read := pipeline.TableRead{Table: &pipeline.Table{Name: name}, Status: status, Source: f.source}
		if f.uptime != nil {
			read.Uptime = f.uptime()
		}
		reads = append(reads, read)
	}
	return reads, f.err
}

func (f *fake) Check(ctx context.Context) error {
	f.checks++
	if err := f.wait(ctx); err != nil {
		return err
	}
	return f.err
}

func (f *fake) wait(ctx context.Context) error {
	select {
	case <-time.After(f.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// everything is a plan by which each lane has each table of fake.
func everything() *tablePlan {
	p := &tablePlan{lanes: map[pipeline.Lane]*lanePlan{}}
	for _, lane := range pollLanes() {
		p.lanes[lane] = &lanePlan{tables: map[string]*plannedTable{}}
		for _, name := range []string{"router", "interface", "storage", "ppp_session"} {
			p.lanes[lane].tables[name] = &plannedTable{name: name, lane: lane, api: true, snmp: true}
		}
	}
	return p
}

func device(api, snmp *fake) *Device {
	d := &Device{name: "r1", plan: everything(), metrics: newMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	if api != nil {
		api.source, d.api = "routeros", api
	}
	if snmp != nil {
		snmp.source, d.snmp = "snmp", snmp
	}
	return d
}

func TestCollectTakesEachTableFromOneSource(t *testing.T) {
	const whole, failed, skipped = pipeline.Whole, pipeline.Failed, pipeline.Skipped
	type tables = map[string]pipeline.TableStatus
	refused := fmt.Errorf("login: %w", pipeline.ErrRefused)
	cases := map[string]struct {
		api, snmp tables
		apiErr    error
		want      map[string]string // table: status source
		wanted    []string          // of SNMP
	}{
		"the API where it knows the table": {
			api: tables{"router": whole, "interface": whole, "ppp_session": whole}, snmp: tables{"router": whole, "interface": whole, "storage": whole},
			want:   map[string]string{"router": "whole routeros", "interface": "whole routeros", "ppp_session": "whole routeros", "storage": "whole snmp"},
			wanted: []string{"storage"}},
		"SNMP where the API fails": {
			api: tables{"router": whole, "interface": failed}, snmp: tables{"router": whole, "interface": whole},
			want: map[string]string{"router": "whole routeros", "interface": "whole snmp"}, wanted: []string{"interface"}},
		"SNMP where the API has no such menu": {
			api: tables{"router": whole, "interface": skipped}, snmp: tables{"interface": whole},
			want: map[string]string{"router": "whole routeros", "interface": "whole snmp"}, wanted: []string{"interface"}},
		"both fail": {
			api: tables{"interface": failed}, snmp: tables{"interface": failed},
			want: map[string]string{"interface": "failed routeros"}, wanted: []string{"interface"}},
		"a failure counts more than a table that is not there": {
			api: tables{"interface": skipped}, snmp: tables{"interface": failed},
			want: map[string]string{"interface": "failed snmp"}, wanted: []string{"interface"}},
		"the API refuses the login": {
			api: tables{"router": failed, "interface": failed}, snmp: tables{"router": whole, "interface": whole}, apiErr: refused,
			want: map[string]string{"router": "whole snmp", "interface": "whole snmp"}, wanted: []string{"router", "interface"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			api, snmp := &fake{statuses: c.api, err: c.apiErr}, &fake{statuses: c.snmp}
			b, err := device(api, snmp).Collect(t.Context(), pipeline.LaneLive)
			if !errors.Is(err, c.apiErr) {
				t.Errorf("err = %v", err)
			}
			got := map[string]string{}
			for _, r := range b.Tables {
				got[r.Table.Name] = r.Status.String() + " " + r.Source
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.wanted, snmp.wanted); diff != "" {
				t.Error("asked of SNMP: " + diff)
			}
		})
	}
}

func TestCollectCountsSwitches(t *testing.T) {
	api := &fake{statuses: map[string]pipeline.TableStatus{"router": pipeline.Whole}}
	snmp := &fake{statuses: map[string]pipeline.TableStatus{"router": pipeline.Whole}}
	d := device(api, snmp)
	for _, status := range []pipeline.TableStatus{pipeline.Whole, pipeline.Failed, pipeline.Failed, pipeline.Whole} {
		api.statuses["router"] = status
		if _, err := d.Collect(t.Context(), pipeline.LaneLive); err != nil {
			t.Fatal(err)
		}
	}
	if n := testutil.ToFloat64(d.metrics.switches); n != 2 {
		t.Errorf("%v switches, want 2", n)
	}
}

// An API that does not answer gets half of the time, then rests, and is asked again later.
func TestSilentAPIDoesNotStarveSNMP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fake{takes: time.Hour}
		snmp := &fake{statuses: map[string]pipeline.TableStatus{"router": pipeline.Whole}, takes: 3 * time.Second}
		d := device(&fake{}, snmp)
		d.api = silent{api}
		for i := range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
			b, err := d.Collect(ctx, pipeline.LaneLive)
			cancel()
			if len(b.Tables) != 1 || b.Tables[0].Status != pipeline.Whole {
				t.Fatalf("poll %d: %v", i, b.Tables)
			}
			if !errors.Is(err, pipeline.ErrNoAnswer) {
				t.Fatalf("poll %d hides that the API is silent: %v", i, err)
			}
			time.Sleep(10 * time.Second)
		}
		if api.asked < 2 || api.asked > 6 {
			t.Errorf("the silent API was asked %d times in 20 polls", api.asked)
		}
	})
}

// After an outage of the whole device its API is asked again at once.
func TestReturnEndsTheRestOfTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		no := fmt.Errorf("x: %w", pipeline.ErrNoAnswer)
		api, snmp := &fake{err: no}, &fake{err: no}
		d := device(api, snmp)
		poll := func() { _, _ = d.Collect(t.Context(), pipeline.LaneLive); time.Sleep(10 * time.Second) }
		for range 30 {
			poll()
		}
		api.err, snmp.err = nil, nil
		api.statuses = map[string]pipeline.TableStatus{"router": pipeline.Whole}
		snmp.statuses = api.statuses
		asked := api.asked
		if poll(); api.asked != asked+1 {
			t.Error("the API still rests although the device is back")
		}
	})
}

// silent says what a protocol says of a device that never answers.
type silent struct{ *fake }

func (s silent) Collect(ctx context.Context, lane pipeline.Lane, want func(string) bool) ([]pipeline.TableRead, error) {
	_, err := s.fake.Collect(ctx, lane, want)
	return nil, fmt.Errorf("%w: %w", pipeline.ErrNoAnswer, err)
}

func TestCheckIsContentWithOneAnswer(t *testing.T) {
	no, refused := fmt.Errorf("snmp: %w", pipeline.ErrNoAnswer), fmt.Errorf("api: %w", pipeline.ErrRefused)
	cases := map[string]struct {
		snmp, api *fake
		want      error
		apiChecks int
		took      time.Duration
	}{
		"SNMP answers":                         {&fake{}, &fake{}, nil, 0, 0},
		"SNMP fails, the API answers":          {&fake{err: no}, &fake{}, nil, 1, 0},
		"SNMP is silent, the API answers soon": {&fake{err: no, takes: 3 * time.Second}, &fake{}, nil, 1, time.Second},
		"SNMP is silent, the API refuses":      {&fake{err: no, takes: 3 * time.Second}, &fake{err: refused}, pipeline.ErrRefused, 1, 3 * time.Second},
		"both are silent":                      {&fake{err: no, takes: 3 * time.Second}, &fake{err: no, takes: 4 * time.Second}, pipeline.ErrNoAnswer, 1, 5 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := device(c.api, c.snmp).Check(t.Context())
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Errorf("err = %v, want %v", err, c.want)
				}
				if c.api.checks != c.apiChecks {
					t.Errorf("the API was asked %d times", c.api.checks)
				}
				if took := time.Since(begin); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
			})
		})
	}
}

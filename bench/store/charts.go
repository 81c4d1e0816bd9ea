package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// latency is how long a chart takes: from the request to the last byte of the answer, in this process.
type latency struct {
	Chart  string    `json:"chart"`
	Query  string    `json:"query"` // the last one
	Points int       `json:"points"`
	P50    float64   `json:"p50_ms"`
	P95    float64   `json:"p95_ms"`
	Max    float64   `json:"max_ms"`
	CPU    float64   `json:"cpu_ms"` // of one, on average: what others do on the machine changes it least
	Asked  float64   `json:"asked_p95_ms,omitempty"`
	Millis []float64 `json:"ms"`
}

// chart is a query of which there are many.
type chart struct {
	name   string
	asked  float64 // milliseconds of the 95th percentile; 0: nothing
	query  func(router, port int) string
	length time.Duration
	step   time.Duration
	points int // at least so many must come, or the figure means nothing
}

// week asks for charts of a day.
func week(o options, b *bench, r *result) error {
	from := time.Now().Truncate(time.Hour).AddDate(0, 0, -o.days)
	day := 24 * time.Hour
	return b.ask(o, r, from, time.Duration(o.days)*day, []chart{
		{"24 h of 20 interfaces, a point a minute", 50, func(n, _ int) string {
			return fmt.Sprintf(`interface_rx_bits_per_second{device="router-%03d"}`, n)
		}, day, time.Minute, o.interfaces * 1400},
		{"the same, both directions", 0, func(n, _ int) string {
			return fmt.Sprintf(`{__name__=~"interface_[rt]x_bits_per_second",device="router-%03d"}`, n)
		}, day, time.Minute, 2 * o.interfaces * 1400},
		{"the same, every sample (30 s)", 0, func(n, _ int) string {
			return fmt.Sprintf(`interface_rx_bits_per_second{device="router-%03d"}`, n)
		}, day, o.period, o.interfaces * 2800},
		{"the same, rate of counters over 5 min", 0, func(n, _ int) string {
			return fmt.Sprintf(`rate(interface_rx_bytes{device="router-%03d"}[5m])`, n)
		}, day, time.Minute, o.interfaces * 1400},
	})
}

// year fills the coarse store with a year of two routers, polled every five minutes: it would be the same with
// polls every 30 s. Then it asks for charts of the year of one interface.
func year(ctx context.Context, o options, dir string, r *result) (err error) {
	fields := slices.Concat(constants(), counters(), rates())
	const every = 5 * time.Minute
	b, err := open(dir, retention, 2, o.interfaces, fields, every)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.store.Close()) }()
	end := time.Now().Truncate(time.Hour)
	from := end.AddDate(0, 0, -o.yearDays)
	written := func(at time.Time) error {
		return b.until(ctx, "the coarse store", func() (bool, error) {
			newest, err := b.metric("routerpulse_embedded_coarse_newest_timestamp_seconds")
			return at.Sub(from) < 5*24*time.Hour || at.Sub(time.Unix(int64(newest), 0)) < 5*24*time.Hour, err
		})
	}
	if err := b.fill(ctx, from, end, every, func(at time.Time) error { return errors.Join(b.keepUp(ctx, at), written(at)) }); err != nil {
		return err
	}
	s, _, err := addUp(b.store.CoarseDir())
	if err != nil {
		return err
	}
	s.Kind, s.Series = "coarse store, a year of all of them", 2*o.interfaces*(len(fields)+2*gauges(fields))
	r.Sizes = append(r.Sizes, s)
	length := time.Duration(o.yearDays-1) * 24 * time.Hour
	one := func(format string) func(int, int) string {
		return func(n, i int) string {
			return fmt.Sprintf(format, fmt.Sprintf(`device="router-%03d",interface="ether%d"`, n%2, i+1))
		}
	}
	both := `{__name__=~"interface_[rt]x_bits_per_second",%s}`
	return b.ask(o, r, from.AddDate(0, 0, 1), length, []chart{
		{"a year of one interface, a point every 6 h", 100, one(both), length, 6 * time.Hour, 2 * 4 * (o.yearDays - 2)},
		{"the same, a point an hour", 100, one(both), length, time.Hour, 2 * 24 * (o.yearDays - 2)},
		{"the same, the peak of each day", 100, one(`max_over_time(interface_rx_bits_per_second{%s}[1d])`), length, 24 * time.Hour, o.yearDays - 2},
		{"the same, the traffic of each day", 0, one(`increase(interface_rx_bytes{%s}[1d])`), length, 24 * time.Hour, o.yearDays - 2},
	})
}

// ask asks for each chart many times, each time of another router, interface and stretch of time.
func (b *bench) ask(o options, r *result, from time.Time, span time.Duration, charts []chart) error {
	rng := rand.New(rand.NewPCG(2, 3))
	for _, c := range charts {
		l := latency{Chart: c.name, Asked: c.asked}
		for range o.queries {
			l.Query = c.query(rng.IntN(len(b.routers)), rng.IntN(o.interfaces))
			start := from.Add(c.step)
			if free := span - c.length - 2*c.step; free > 0 {
				start = start.Add(time.Duration(rng.Int64N(int64(free))).Truncate(time.Second))
			}
			took, cpu, points, err := b.query(l.Query, start, start.Add(c.length-c.step), c.step)
			if err != nil {
				return err
			}
			if points < c.points {
				return fmt.Errorf("%s: %d points, there should be %d", l.Query, points, c.points)
			}
			l.Points, l.CPU = points, l.CPU+cpu.Seconds()*1000
			l.Millis = append(l.Millis, took.Seconds()*1000)
		}
		l.CPU /= float64(o.queries)
		sorted := slices.Sorted(slices.Values(l.Millis))
		l.P50, l.P95, l.Max = sorted[len(sorted)/2], sorted[len(sorted)*95/100], sorted[len(sorted)-1]
		r.Latencies = append(r.Latencies, l)
	}
	return nil
}

// query asks the store's API, and counts the points of its answer.
func (b *bench) query(promQL string, start, end time.Time, step time.Duration) (took, cpu time.Duration, points int, err error) {
	form := url.Values{
		"query": {promQL}, "start": {strconv.FormatInt(start.Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)},
		"step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	}
	req := httptest.NewRequest(http.MethodGet, "/api/v1/query_range?"+form.Encode(), nil)
	w := httptest.NewRecorder()
	spent, began := cpuTime(), time.Now()
	b.store.API().ServeHTTP(w, req)
	took, cpu = time.Since(began), cpuTime()-spent
	var answer struct { // points are counted, not read: a client's garbage is not the store's
		Error string
		Data  struct {
			Result []struct{ Values []json.RawMessage }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return 0, 0, 0, err
	}
	if w.Code != http.StatusOK {
		return 0, 0, 0, fmt.Errorf("%s: %d %s", promQL, w.Code, answer.Error)
	}
	for _, s := range answer.Data.Result {
		points += len(s.Values)
	}
	return took, cpu, points, nil
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // it has no errors but for wrong arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// gauges counts the fields that have three series in the coarse store.
func gauges(fields []string) (n int) {
	tab := pipeline.NewSchema().Table("interface")
	for _, f := range fields {
		if tab.Field(f).Kind == pipeline.Gauge {
			n++
		}
	}
	return n
}

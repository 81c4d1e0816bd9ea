package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/web"
)

const hostileConfig = `
web: { listen: "127.0.0.1:0", loopback_read: true }
storage:
  embedded: { path: %q }
  influxdb: [{ name: witness, url: %q, database: pulse }]
lanes: { status: 2s, live: 1s, sessions: 1s }
channels:
  - { name: everything, access: public, carries: [router.live, router.interfaces, router.status, router.connected, dashboard.stats, pipeline.health] }
credentials:
  - { name: snmp, snmp: { version: 2c, community: public } }
  - { name: api, routeros: { user: telemetry, password: telemetry, tls: { pin: %q } } }
devices:
`

// bench is the program with an InfluxDB, polling routers of one fleet over one protocol each.
type bench struct {
	*process
	base, db string
}

// startBench runs the program. protocols says how the router of that place is read, snmp or api, and
// names what it is called.
func startBench(t *testing.T, fleet *simulator.Fleet, names, protocols []string) *bench {
	t.Helper()
	b := &bench{db: sinktest.StartInfluxd(t)}
	sinktest.QueryInfluxQL(t, b.db, "", "CREATE DATABASE pulse")
	config := fmt.Sprintf(hostileConfig, t.TempDir(), b.db, fleet.Fingerprint())
	for i, r := range fleet.Routers() {
		config += fmt.Sprintf("  - { name: %s, address: %s, credentials: [%s], snmp: { port: %d }, routeros: { port: %d } }\n",
			names[i], r.Address(), protocols[i], fleet.SNMPPort(), fleet.APITLSPort())
	}
	b.process = start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", config))
	b.base = b.url(t)
	return b
}

func openFleet(t *testing.T, opts simulator.Options) *simulator.Fleet {
	t.Helper()
	opts.Quiet = true
	fleet := simulator.New(opts)
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	return fleet
}

// get reads a page of the program.
func get(t *testing.T, url, token string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// device is what the JSON API says of one.
func (b *bench) device(t *testing.T, name string) (d web.Device) {
	t.Helper()
	if status, body := get(t, b.base+"/v1/devices/"+name, ""); json.Unmarshal([]byte(body), &d) != nil || d.Name != name {
		t.Fatalf("device %s: %d %s", name, status, body)
	}
	return d
}

// laneError is why the last poll of a lane was not whole.
func laneError(d web.Device, lane string) string {
	for _, l := range d.Lanes {
		if l.Name == lane {
			return l.Error
		}
	}
	return ""
}

// awaitState waits for a device's state.
func (b *bench) awaitState(t *testing.T, device string, states ...string) web.Device {
	t.Helper()
	var d web.Device
	await(t, device+" is "+strings.Join(states, " or "), func() bool {
		d = b.device(t, device)
		return slices.Contains(states, d.State)
	})
	return d
}

// awaitPolls waits until so many more polls of a device's interfaces are stored.
func (b *bench) awaitPolls(t *testing.T, device string, more int) {
	t.Helper()
	count := func() int {
		return len(stored(t, b.base, fmt.Sprintf(`interface_rx_bytes{device=%q,interface="ether1"}`, device)))
	}
	before := count()
	await(t, fmt.Sprintf("%d more polls of %s", more, device), func() bool { return count() >= before+more })
}

// query asks the embedded store for a range vector and returns the points of each series, by the value
// of a label.
func (b *bench) query(t *testing.T, label, query string) map[string][]point {
	t.Helper()
	q := url.Values{"query": {query}, "time": {strconv.FormatInt(time.Now().Unix()+1, 10)}}
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Metric map[string]string
				Value  *[2]any
				Values [][2]any
			}
		}
	}
	_, body := get(t, b.base+"/api/v1/query?"+q.Encode(), "")
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s: %v %s", query, err, body)
	}
	points := map[string][]point{}
	for _, series := range answer.Data.Result {
		if series.Value != nil {
			series.Values = append(series.Values, *series.Value)
		}
		name := series.Metric[label]
		if _, twice := points[name]; twice {
			t.Fatalf("%s: two series with %s=%q", query, label, name)
		}
		for _, v := range series.Values {
			value, err := strconv.ParseFloat(v[1].(string), 64)
			if err != nil {
				t.Fatal(err)
			}
			points[name] = append(points[name], point{int64(v[0].(float64)*1000 + 0.5), value})
		}
	}
	return points
}

// values are the first column of an InfluxQL answer whose rows are texts.
func (b *bench) values(t *testing.T, query string, column int) []string {
	t.Helper()
	var out []string
	for _, series := range sinktest.QueryInfluxQL(t, b.db, "pulse", query) {
		for _, v := range series.Values {
			out = append(out, v[column].(string))
		}
	}
	return out
}

// sound checks that nothing panicked, which the program survives, and that nothing else is left wrong.
func (b *bench) sound(t *testing.T) {
	t.Helper()
	if n := metric(t, b.base, "routerpulse_poll_panics_total"); n != 0 {
		t.Errorf("%v polls panicked", n)
	}
	for _, word := range []string{"panic", "a bug in", "goroutine "} {
		if strings.Contains(b.err.String(), word) {
			t.Errorf("the log says %q", word)
		}
	}
	if n := metric(t, b.base, "routerpulse_sink_dropped_samples_total"); n != 0 {
		t.Errorf("sinks dropped %v samples", n)
	}
}

// metric sums the metrics whose line begins so.
func metric(t *testing.T, base, begin string) (sum float64) {
	t.Helper()
	_, body := get(t, base+"/metrics", "")
	return metricIn(t, body, begin)
}

// metricIn does so in what /metrics gave.
func metricIn(t *testing.T, body, begin string) (sum float64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(begin)+`(?:\{[^}]*\})? (\S+)$`).FindAllStringSubmatch(body, -1) {
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	return sum
}

// Neither a device that answers noise nor one that breaks off in mid-sentence disturbs another, and
// what they say never passes for data.
func TestHostileDevicesBesideHealthyOnes(t *testing.T) {
	t.Parallel()
	const interfaces = 5
	fleet := openFleet(t, simulator.Options{Routers: 4, Seed: 11, Interfaces: interfaces})
	noise, cut := fleet.Routers()[0], fleet.Routers()[2]
	noise.AnswerGarbage(true)
	b := startBench(t, fleet, []string{"noise", "calm-snmp", "cut", "calm-api"}, []string{"snmp", "snmp", "api", "api"})
	stream := tapStream(t, b.base+"/v1/stream?channel=everything", "")
	for _, name := range []string{"calm-snmp", "calm-api", "cut"} {
		b.awaitState(t, name, "online")
		b.awaitPolls(t, name, 2)
	}

	// In the middle of a table behind the first, then in the first reply, then in the login.
	for _, after := range []int{700, 30, 2} {
		cut.CutReplies(after)
		var reason string
		await(t, fmt.Sprintf("a reason for replies cut after %d bytes", after), func() bool {
			d := b.device(t, "cut")
			reason = cmp.Or(laneError(d, "live"), d.Reason)
			return d.State != "online" && strings.Contains(reason, "closed by the router")
		})
		t.Logf("cut after %d bytes: %s", after, reason)
		b.awaitPolls(t, "calm-api", 2)
		// A row that was declared gone would have a stale marker.
		if n := b.query(t, "interface", `interface_rx_bytes{device="cut"}`); len(n) != interfaces {
			t.Errorf("cut after %d bytes: %d interfaces are left of %d", after, len(n), interfaces)
		}
	}
	cut.CutReplies(0)
	b.awaitPolls(t, "cut", 2)
	b.awaitState(t, "cut", "online")

	bad := b.awaitState(t, "noise", "offline")
	t.Logf("noise: %s", bad.Reason)
	if !strings.Contains(bad.Reason, "not-snmp") {
		t.Errorf("the reason does not say that what it answers is no SNMP: %s", bad.Reason)
	}
	t.Run("the calm ones have a sample at each slot", func(t *testing.T) {
		for _, name := range []string{"calm-snmp", "calm-api"} {
			b.everySlot(t, name)
			if d := b.device(t, name); d.State != "online" || laneError(d, "live") != "" {
				t.Errorf("%s is %s: %s %s", name, d.State, d.Reason, laneError(d, "live"))
			}
		}
	})
	t.Run("nothing but its status is stored of the noise", func(t *testing.T) {
		for name := range b.query(t, "__name__", `{device="noise"}`) {
			if !strings.HasPrefix(name, "router_status_") {
				t.Errorf("the embedded store has %s", name)
			}
		}
		if got := b.values(t, `SHOW SERIES WHERE "device" = 'noise'`, 0); !slices.Equal(got, []string{"router_status,device=noise"}) {
			t.Errorf("InfluxDB has %q", got)
		}
	})
	t.Run("tables of the cut one are whole or not there", func(t *testing.T) { b.wholeTables(t, "cut", interfaces) })
	t.Run("the stream", func(t *testing.T) {
		frames, err := parseStream(stream.String(), protocolEvents())
		if err != nil {
			t.Fatal(err)
		}
		rows := applied(t, frames)
		for key, history := range rows {
			if strings.HasPrefix(key, "interface/noise/") || slices.ContainsFunc(history, func(r row) bool { return r == nil }) {
				t.Errorf("%s came, or was declared gone", key)
			}
		}
		if len(rows) != 3*interfaces {
			t.Errorf("%d rows, want %d: %v", len(rows), 3*interfaces, slices.Sorted(maps.Keys(rows)))
		}
	})
	b.sound(t)
}

// everySlot checks that a device has a sample in each period of the live lane. A slot at which the last
// poll still went on is excused if the scheduler counted it.
func (b *bench) everySlot(t *testing.T, device string) {
	t.Helper()
	const period = time.Second
	phase := pipeline.Phase(device, pipeline.LaneLive, period, 1).Milliseconds()
	points := stored(t, b.base, fmt.Sprintf(`interface_rx_bytes{device=%q,interface="ether1"}`, device))
	slots := map[int64]bool{}
	for _, p := range points[1:] { // the first poll is outside the slots
		slots[(p.time-phase)/period.Milliseconds()] = true
	}
	first, last := slices.Min(slices.Collect(maps.Keys(slots))), slices.Max(slices.Collect(maps.Keys(slots)))
	missing := int(last-first) + 1 - len(slots)
	if excused := metric(t, b.base, `routerpulse_polls_skipped_total{lane="live",reason="overrun"}`); missing > int(excused) {
		t.Errorf("%s: %d of %d slots have no sample, %v were skipped", device, missing, last-first+1, excused)
	}
	t.Logf("%s: %d slots", device, len(slots))
}

// wholeTables checks in InfluxDB that every poll of the interfaces has all rows with all fields that the
// device has. Rates need two polls in a row.
func (b *bench) wholeTables(t *testing.T, device string, rows int) {
	t.Helper()
	polls := map[string]int{}
	fields := map[string]string{}
	for _, series := range sinktest.QueryInfluxQL(t, b.db, "pulse", fmt.Sprintf(`SELECT * FROM "interface" WHERE "device" = '%s' GROUP BY "interface"`, device)) {
		for _, values := range series.Values {
			polls[fmt.Sprint(values[0])]++
			have := ""
			for i, name := range series.Columns {
				if values[i] != nil && !strings.HasSuffix(name, "_per_second") {
					have += name + " "
				}
			}
			if was := cmp.Or(fields[series.Tags["interface"]], have); was != have {
				t.Errorf("%s at %v: has %s, had %s", series.Tags["interface"], values[0], have, was)
			}
			fields[series.Tags["interface"]] = have
		}
	}
	for at, n := range polls {
		if n != rows {
			t.Errorf("the poll of %s has %d rows, want %d", at, n, rows)
		}
	}
	t.Logf("%d polls of %d rows", len(polls), rows)
}

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// point is one value at one time, in milliseconds.
type point struct {
	time  int64
	value float64
}

// stored asks the embedded store for the stored points of a metric in the last minute.
func stored(t *testing.T, base, selector string) []point {
	t.Helper()
	q := url.Values{"query": {selector + "[1m]"}, "time": {strconv.FormatInt(time.Now().Unix()+1, 10)}}
	resp, err := http.Get(base + "/api/v1/query?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close(); http.DefaultClient.CloseIdleConnections() }()
	var answer struct {
		Status, Error string
		Data          struct{ Result []struct{ Values [][2]any } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s: %v %s", selector, err, answer.Error)
	}
	var points []point
	for _, series := range answer.Data.Result {
		for _, v := range series.Values {
			value, err := strconv.ParseFloat(v[1].(string), 64)
			if err != nil {
				t.Fatal(err)
			}
			points = append(points, point{int64(v[0].(float64)*1000 + 0.5), value})
		}
	}
	return points
}

// influx asks InfluxDB for the points of a field.
func influx(t *testing.T, server, field, table, where string) []point {
	t.Helper()
	var points []point
	for _, series := range sinktest.QueryInfluxQL(t, server, "pulse", fmt.Sprintf("SELECT %q FROM %q WHERE %s", field, table, where)) {
		for _, v := range series.Values {
			at, _ := v[0].(json.Number).Int64()
			value, err := v[1].(json.Number).Float64()
			if err != nil {
				t.Fatal(err)
			}
			points = append(points, point{at, value})
		}
	}
	return points
}

// streamed is the points that a subscriber received of a row; at names the field with its time.
func streamed(s *subscriber, key, field, at string) []point {
	var points []point
	for _, r := range s.past(key) {
		value, ok := r[field].(json.Number)
		when, timed := r[at].(json.Number)
		if !ok || !timed {
			continue
		}
		v, _ := value.Float64()
		ms, _ := when.Int64()
		points = append(points, point{ms, v})
	}
	return points
}

// common is the points that all lists have.
func common(lists ...[]point) []point {
	count := map[point]int{}
	for _, list := range lists {
		seen := map[point]bool{}
		for _, p := range list {
			if !seen[p] {
				seen[p] = true
				count[p]++
			}
		}
	}
	var out []point
	for _, p := range lists[0] {
		if count[p] == len(lists) {
			out = append(out, p)
		}
	}
	return out
}

const witnessConfig = `
web: { listen: "127.0.0.1:0", loopback_read: true }
storage:
  embedded: { path: %q }
  influxdb: [{ name: witness, url: %q, database: pulse }]
lanes: { status: 2s, live: 1s, sessions: 1s }
access: { limits: { per_identity: 20, per_address: 100, total: 1000 } }
channels:
  - { name: public-routers, access: public, carries: [router.live, router.interfaces] }
`

// startWitnessed runs the program against a real InfluxDB, with devices as the rest of the config says.
func startWitnessed(t *testing.T, devices string) (base, db string) {
	t.Helper()
	db = sinktest.StartInfluxd(t)
	sinktest.QueryInfluxQL(t, db, "", "CREATE DATABASE pulse")
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", fmt.Sprintf(witnessConfig, t.TempDir(), db)+devices))
	return p.url(t), db
}

// A value of a real agent is the same, at the same time, wherever it arrives, and what snmpget prints.
func TestOneValueEverywhereFromSNMPD(t *testing.T) {
	t.Parallel()
	agent := startSnmpd(t)
	base, db := startWitnessed(t, fmt.Sprintf(`
credentials: [{ name: c, snmp: { version: 2c, community: public } }]
devices: [{ name: witness, address: 127.0.0.1, credentials: [c], snmp: { port: %d } }]
`, agent.port))
	s := subscribe(t, base+"/v1/stream?channel=public-routers&router=witness", "")
	await(t, "rates of lo on the stream", func() bool {
		return len(streamed(s, "router.interfaces interface/witness/lo", "rx_bits_per_second", "time")) >= 3
	})

	t.Run("a gauge and a rate are the same everywhere", func(t *testing.T) {
		for _, field := range []string{"rx_bits_per_second", "speed_bits_per_second"} {
			await(t, field+" in all three", func() bool {
				return len(common(streamed(s, "router.interfaces interface/witness/lo", field, "time"),
					stored(t, base, fmt.Sprintf(`interface_%s{device="witness",interface="lo"}`, field)),
					influx(t, db, field, "interface", `"interface"='lo'`))) >= 2
			})
		}
		if got, want := stored(t, base, `interface_speed_bits_per_second{interface="lo"}`)[0].value, agent.get(".1.3.6.1.2.1.2.2.1.5.1"); strconv.FormatFloat(got, 'f', -1, 64) != want {
			t.Errorf("speed %v, snmpget prints %s", got, want)
		}
	})

	t.Run("texts are what snmpget prints", func(t *testing.T) {
		live := s.past("router.live router/witness")
		if got, want := live[len(live)-1]["identity"], agent.get(".1.3.6.1.2.1.1.5.0"); got != want {
			t.Errorf("identity %v, snmpget prints %s", got, want)
		}
		points := sinktest.QueryInfluxQL(t, db, "pulse", `SELECT last("location") FROM "router"`)
		if got, want := points[0].Values[0][1], agent.get(".1.3.6.1.2.1.1.6.0"); got != want {
			t.Errorf("location %v, snmpget prints %s", got, want)
		}
	})

	t.Run("a counter lies between the two reads around it", func(t *testing.T) {
		const octets = ".1.3.6.1.2.1.31.1.1.1.6.1"
		begin, before := time.Now(), agent.get(octets)
		var seen []point
		await(t, "a poll after the first read", func() bool {
			seen = nil
			for _, p := range common(stored(t, base, `interface_rx_bytes{device="witness",interface="lo"}`),
				influx(t, db, "rx_bytes", "interface", `"interface"='lo'`)) {
				if p.time > begin.UnixMilli() {
					seen = append(seen, p)
				}
			}
			return len(seen) > 0
		})
		after := agent.get(octets)
		low, _ := strconv.ParseFloat(before, 64)
		high, _ := strconv.ParseFloat(after, 64)
		if v := seen[0].value; v < low || v > high {
			t.Errorf("rx_bytes %v at %d, snmpget printed %s before and %s after", v, seen[0].time, before, after)
		}
	})
}

// witnessRows reads a menu of a router with librouteros.
func witnessRows(t *testing.T, r *simulator.Router, port int, path string) []map[string]any {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", "testdata/witness.py", r.Address().String(), strconv.Itoa(port), "telemetry", "telemetry", path).CombinedOutput()
	if err != nil {
		t.Fatalf("librouteros (apt-get install python3-librouteros): %v: %s", err, out)
	}
	var rows []map[string]any
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return rows
}

// rowNamed finds a row by one of its attributes.
func rowNamed(t *testing.T, rows []map[string]any, attribute, value string) map[string]any {
	t.Helper()
	for _, r := range rows {
		if r[attribute] == value {
			return r
		}
	}
	t.Fatalf("the witness has no row with %s=%s: %v", attribute, value, rows)
	return nil
}

// The same for a router that is read over the RouterOS API, with librouteros as the witness.
func TestOneValueEverywhereFromRouterOS(t *testing.T) {
	t.Parallel()
	fleet := simulator.New(simulator.Options{Routers: 1, Seed: 3, Quiet: true})
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	r := fleet.Routers()[0]
	base, db := startWitnessed(t, fmt.Sprintf(`
credentials: [{ name: a, routeros: { user: telemetry, password: telemetry, tls: { pin: %q } } }]
devices: [{ name: witness, address: %s, credentials: [a], routeros: { port: %d } }]
`, fleet.Fingerprint(), r.Address(), fleet.APITLSPort()))
	s := subscribe(t, base+"/v1/stream?channel=public-routers&router=witness", "")
	read := func(path string) []map[string]any { return witnessRows(t, r, fleet.APIPort(), path) }

	before := rowNamed(t, read("/interface"), "name", "ether1")
	begin := time.Now()
	const row, field = "router.interfaces interface/witness/ether1", "rx_bits_per_second"
	await(t, "a rate in all three", func() bool {
		return len(common(streamed(s, row, field, "time"), stored(t, base, `interface_rx_bits_per_second{interface="ether1"}`),
			influx(t, db, field, "interface", `"interface"='ether1'`))) >= 2
	})
	var counters []point
	await(t, "a counter after the first read", func() bool {
		counters = common(stored(t, base, `interface_rx_bytes{device="witness",interface="ether1"}`), influx(t, db, "rx_bytes", "interface", `"interface"='ether1'`))
		return len(counters) > 0 && counters[len(counters)-1].time > begin.UnixMilli()
	})
	after := rowNamed(t, read("/interface"), "name", "ether1")
	if v := counters[len(counters)-1].value; v < before["rx-byte"].(float64) || v > after["rx-byte"].(float64) {
		t.Errorf("rx_bytes %v, librouteros read %v before and %v after", v, before["rx-byte"], after["rx-byte"])
	}

	resource := read("/system/resource")[0]
	live := s.past("router.live router/witness")
	if got := live[len(live)-1]["model"]; got != resource["board-name"] {
		t.Errorf("model %v, librouteros read %v", got, resource["board-name"])
	}
	memory := stored(t, base, `router_memory_total_bytes{device="witness"}`)
	if memory[0].value != resource["total-memory"].(float64) {
		t.Errorf("memory %v, librouteros read %v", memory[0].value, resource["total-memory"])
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// A stop under load ends in time, loses nothing that was read, and leaves no goroutine.
func TestStopUnderLoad(t *testing.T) {
	const routers = 25 // two cores with the race detector have enough to do
	db := sinktest.StartInfluxd(t)
	sinktest.QueryInfluxQL(t, db, "", "CREATE DATABASE pulse")
	before := goleak.IgnoreCurrent()
	sim := simulator.Options{Routers: routers, Seed: 5, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry"}
	fleet := simulator.New(sim)
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	yaml, err := demoYAML(fleet, sim, 4*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	storage := fmt.Sprintf("\nstorage: { embedded: { path: %q }, influxdb: [{ name: main, url: %q, database: pulse }] }\n", data, db)
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", string(yaml)+storage), "--listen", "127.0.0.1:0")
	base := p.url(t)
	var subscribers []*subscriber
	for range 20 {
		subscribers = append(subscribers, subscribe(t, base+"/v1/stream?channel=public-routers", ""))
	}
	await(t, "data of every router", func() bool { return instant(t, base, `count(count by (device) (interface_rx_bytes))`) == routers })
	await(t, "20 subscribers in sync", func() bool {
		for _, s := range subscribers {
			if n, synced := s.count("router.live"); n != routers || !synced {
				return false
			}
		}
		return true
	})

	begin := time.Now()
	code := p.stop()
	took := time.Since(begin)
	t.Logf("ended within %s", took.Round(time.Millisecond))
	if code != exitOK || took > 5*time.Second {
		t.Errorf("exit %d after %s", code, took)
	}
	for _, s := range subscribers {
		s.close()
	}
	if err := fleet.Close(); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}

	// Whatever was published must be in both stores: each is the other's witness.
	again := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", fmt.Sprintf(
		"web: { loopback_read: true }\nstorage: { embedded: { path: %q } }\n", data)), "--listen", "127.0.0.1:0")
	inStore := instant(t, again.url(t), `sum(count_over_time(interface_rx_bytes[10m]))`)
	series := sinktest.QueryInfluxQL(t, db, "pulse", `SELECT count("rx_bytes") FROM "interface"`)
	inInflux, err := series[0].Values[0][1].(json.Number).Float64()
	if err != nil || inStore != inInflux || inStore < 300 {
		t.Errorf("the embedded store has %v counters, InfluxDB %v (%v)", inStore, inInflux, err)
	}
}

// instant is the value of a query that gives one, now; 0 if it gives none.
func instant(t *testing.T, base, query string) float64 {
	t.Helper()
	resp, err := http.Get(base + "/api/v1/query?" + url.Values{"query": {query}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Status, Error string
		Data          struct{ Result []struct{ Value [2]any } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s: %v %s", query, err, answer.Error)
	}
	if len(answer.Data.Result) == 0 {
		return 0
	}
	v, err := strconv.ParseFloat(answer.Data.Result[0].Value[1].(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

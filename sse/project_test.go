package sse

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

// row returns a row of the hub as a client would have it, nil if it is gone or never was.
func (h *Hub) row(t *topic, device, key string) map[string]any {
	d := h.store.Device(device)
	if d == nil {
		return nil
	}
	for _, row := range d.Shelf(t.Topic).Slots {
		if row != nil && row.Key == key && !row.Gone {
			var out map[string]any
			c := newCarry("", CarryConfig{}, t, false)
			if err := json.Unmarshal(c.appendRow(nil, row), &out); err != nil {
				panic(err)
			}
			return out
		}
	}
	return nil
}

func (h *Hub) live(device string) map[string]any {
	return h.row(h.topics.live, device, "router/"+device)
}

func projecting(t *testing.T) (*Hub, *fleet) {
	return newTestHub(t, testConfig(), testOptions()), newFleet()
}

func TestLiveRow(t *testing.T) {
	h, f := projecting(t)
	h.Publish(f.status("core-1", "unknown", "not asked yet"))
	h.cut()
	if diff := cmp.Diff(map[string]any{"status": "unknown", "since": 1767225600000.0, "reason": "not asked yet"}, h.live("core-1")); diff != "" {
		t.Error("before the first answer:", diff)
	}

	d := f.device("core-1")
	b := f.batch(d, pipeline.LaneLive,
		f.read("router", f.sample(d, "router", "", fields{"identity": "gw", "model": "RB5009", "version": "7.20.6", "uptime_seconds": 90061 * time.Second,
			"cpu_percent": 12.345, "memory_percent": 50.04, "disk_percent": 7.96})),
		f.read("health", f.sample(d, "health", "board", fields{"temperature_celsius": 61.27})),
		f.interfaces("core-1", map[string]fields{
			"ether1": {"type": "ether", "rx_bits_per_second": 1000, "tx_bits_per_second": 10},
			"sfp1":   {"rx_bits_per_second": 500, "tx_bits_per_second": 5},
			"bridge": {"type": "bridge", "rx_bits_per_second": 1500, "tx_bits_per_second": 15},
			"new":    {"type": "ether"},
		}).Tables[0])
	h.Publish(b)
	h.Publish(f.batch(d, pipeline.LaneSessions, f.read("session_count", f.sample(d, "session_count", "", fields{"ppp": 12, "hotspot": 3}))))
	h.cut()
	want := map[string]any{
		"status": "unknown", "since": 1767225600000.0, "reason": "not asked yet", "last_good": float64(b.Time.UnixMilli()),
		"identity": "gw", "model": "RB5009", "version": "7.20.6", "uptime_seconds": 90061.0, "cpu_percent": 12.3, "memory_percent": 50.0, "disk_percent": 8.0,
		"temperature_celsius": 61.3, "rx_bits_per_second": 1500.0, "tx_bits_per_second": 15.0, "ppp_sessions": 12.0, "hotspot_sessions": 3.0,
	}
	if diff := cmp.Diff(want, h.live("core-1")); diff != "" {
		t.Error(diff)
	}
}

// TestFailedTablesChangeNothing: what could not be read stays as it was, and last_good too.
func TestFailedTablesChangeNothing(t *testing.T) {
	h, f := projecting(t)
	h.Publish(f.interfaces("core-1", map[string]fields{"ether1": {"rx_bits_per_second": 7, "oper_status": "up"}, "ether2": {"rx_bits_per_second": 5}}))
	h.Publish(f.live("core-1", fields{"cpu_percent": 5, "identity": "gw"}))
	h.cut()
	before := h.live("core-1")
	for _, table := range []pipeline.TableRead{
		failed(f.interfaces("core-1", map[string]fields{"ether1": {"rx_bits_per_second": 8, "oper_status": "down"}}).Tables[0]),
		failed(f.read("router", f.sample(f.device("core-1"), "router", "", nil))),
		failed(f.read("health")),
	} {
		h.Publish(f.batch(f.device("core-1"), pipeline.LaneLive, table))
	}
	h.cut()
	if diff := cmp.Diff(before, h.live("core-1")); diff != "" {
		t.Error(diff)
	}
	if row := h.row(h.topics.interfaces, "core-1", "interface/core-1/ether1"); row["oper_status"] != "down" {
		t.Errorf("what was read of a failed table is lost: %v", row)
	}
	if row := h.row(h.topics.interfaces, "core-1", "interface/core-1/ether2"); row == nil {
		t.Error("a row that was not read is gone")
	}
	h.Publish(f.live("core-1", fields{"identity": "gw"}))
	h.cut()
	if _, has := h.live("core-1")["cpu_percent"]; has {
		t.Error("a field that the device no longer gives is still there")
	}
}

func TestTemperature(t *testing.T) {
	for _, c := range []struct {
		sensors map[string]float64
		want    any
	}{
		{map[string]float64{"cpu-temperature": 40, "temperature": 50, "sfp1": 60}, 40.0},
		{map[string]float64{"temperature": 50, "sfp1": 60}, 50.0},
		{map[string]float64{"sfp1": 60, "psu1": 65, "board": 30}, 65.0},
		{map[string]float64{"sfp1": -5, "psu1": -6}, -5.0},
		{nil, nil},
	} {
		h, f := projecting(t)
		d := f.device("core-1")
		var keys []pipeline.RowKey
		var values []float64
		for name, v := range c.sensors {
			keys, values = append(keys, pipeline.RowKey{Values: []string{name}}), append(values, v)
		}
		var samples []pipeline.Sample
		for i, s := range d.rows.Of(f.schema.Table("health"), keys) {
			samples = append(samples, f.sampleOf(s, fields{"temperature_celsius": values[i]}))
		}
		h.Publish(f.batch(d, pipeline.LaneLive, f.read("health", samples...)))
		h.cut()
		if got := h.live("core-1")["temperature_celsius"]; got != c.want {
			t.Errorf("%v gave %v, want %v", c.sensors, got, c.want)
		}
	}
}

func TestInterfaceRow(t *testing.T) {
	h, f := projecting(t)
	b := f.interfaces("core-1", map[string]fields{"ether1": {"type": "ether", "comment": "to \"x\"", "oper_status": "lower-layer-down", "admin_status": "up", "speed_bits_per_second": 1e9,
		"rx_bits_per_second": 333_333_333, "tx_bits_per_second": 0, "rx_errors_per_second": 2, "tx_discards_per_second": 1}})
	h.Publish(b)
	h.cut()
	want := map[string]any{"oper_status": "lower-layer-down", "admin_status": "up", "type": "ether", "comment": "to \"x\"", "speed_bits_per_second": 1e9,
		"rx_bits_per_second": 333333333.0, "tx_bits_per_second": 0.0, "rx_utilisation_percent": 33.3, "tx_utilisation_percent": 0.0,
		"rx_errors_per_second": 2.0, "tx_discards_per_second": 1.0, "time": float64(b.Time.UnixMilli())}
	if diff := cmp.Diff(want, h.row(h.topics.interfaces, "core-1", "interface/core-1/ether1")); diff != "" {
		t.Error(diff)
	}
	gone := f.batch(f.device("core-1"), pipeline.LaneLive, f.read("interface"))
	gone.Gone = []*pipeline.Series{pipeline.NewSeries(f.schema.Table("interface"), "core-1", nil, "ether1")}
	h.Publish(gone)
	h.cut()
	if row := h.row(h.topics.interfaces, "core-1", "interface/core-1/ether1"); row != nil {
		t.Errorf("it is still there: %v", row)
	}
	if _, tombstones := h.store.Count(); tombstones != 1 {
		t.Errorf("%d tombstones", tombstones)
	}
}

func TestStatusEvents(t *testing.T) {
	for _, c := range []struct {
		states string
		want   string // topic:from>to
	}{
		{"unknown", ""},
		{"unknown online", "status:unknown>online connected"},
		{"online", "status:unknown>online connected"},
		{"unknown offline online", "status:unknown>offline status:offline>online connected"},
		{"unknown auth-failed degraded", "status:unknown>auth-failed status:auth-failed>degraded connected"},
		{"unknown online degraded online stale online", "status:unknown>online connected status:online>degraded status:degraded>online status:online>stale status:stale>online"},
		{"unknown online online", "status:unknown>online connected"},
	} {
		h, f := projecting(t)
		h.Publish(f.live("core-1", fields{"identity": "gw", "version": "7.20"}))
		for s := range strings.FieldsSeq(c.states) {
			h.Publish(f.status("core-1", s, ""))
		}
		h.cut()
		var got []string
		for pos := uint64(0); ; {
			e := h.store.NextEvent([]*state.Topic{h.topics.status.Topic, h.topics.connected.Topic}, pos, math.MaxInt64)
			if e == nil {
				break
			}
			if pos = e.Pos; e.Topic == h.topics.status.Topic {
				got = append(got, "status:"+e.Cells[1].Text()+">"+e.Cells[2].Text())
			} else if e.Cells[1].Text() == "gw" && e.Cells[3].Text() == "7.20" {
				got = append(got, "connected")
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s gave %s, want %s", c.states, s, c.want)
		}
	}
}

func TestFleetRow(t *testing.T) {
	h, f := projecting(t)
	for i := range 8 {
		name := fmt.Sprintf("r%d", i)
		h.Publish(f.live(name, fields{"cpu_percent": 10 * i}))
		h.Publish(f.interfaces(name, map[string]fields{"e": {"rx_bits_per_second": 100 - i, "tx_bits_per_second": 1}}))
		if i != 7 {
			h.Publish(f.status(name, "online", ""))
		}
	}
	h.Publish(f.sums(fields{"routers": 8, "routers_online": 7, "rx_bits_per_second": 1e15}))
	h.cut()
	row := h.row(h.topics.stats, "", "fleet")
	if row["routers"] != 8.0 || row["routers_online"] != 7.0 || row["rx_bits_per_second"] != 1e15 || row["time"] != float64(f.slot.UnixMilli()) {
		t.Errorf("row %v", row)
	}
	cpu, _ := json.Marshal(row["top_cpu"])
	if string(cpu) != `[{"cpu_percent":60,"router":"r6"},{"cpu_percent":50,"router":"r5"},{"cpu_percent":40,"router":"r4"},{"cpu_percent":30,"router":"r3"},{"cpu_percent":20,"router":"r2"}]` {
		t.Errorf("top_cpu %s (r7 does not answer)", cpu)
	}
	if top := row["top_traffic"].([]any); len(top) != 5 || top[0].(map[string]any)["router"] != "r0" || top[0].(map[string]any)["tx_bits_per_second"] != 1.0 {
		t.Errorf("top_traffic %v", top)
	}
}

func TestHealthRow(t *testing.T) {
	h, _ := projecting(t)
	h.Health("queue", map[string]any{"length": 3, "full": false})
	h.cut()
	h.Health("queue", map[string]any{"length": 4, "why": "slow <disk>", "big": uint64(1 << 60), "list": []int{1}})
	h.cut()
	want := map[string]any{"length": 4.0, "why": "slow <disk>", "big": float64(1 << 60), "list": []any{1.0}}
	if diff := cmp.Diff(want, h.row(h.topics.health, "", "queue")); diff != "" {
		t.Error(diff)
	}
}

// TestLiveRowIsSmall: whatever a device says, its row has at most 400 bytes, and numbers are never cut.
func TestLiveRowIsSmall(t *testing.T) {
	for _, n := range []int{0, 10, 30, 100, 4000} {
		h, f := projecting(t)
		text := strings.Repeat("é", n)
		name := "a-router-with-a-rather-long-name"
		d := f.device(name)
		h.Publish(f.status(name, "auth-failed", text))
		h.Publish(f.batch(d, pipeline.LaneLive,
			f.read("router", f.sample(d, "router", "", fields{"identity": text, "model": text, "version": text, "uptime_seconds": 4e9 * time.Second,
				"cpu_percent": 99.9, "memory_percent": 99.9, "disk_percent": 99.9})),
			f.read("health", f.sample(d, "health", "x", fields{"temperature_celsius": -99.9})),
			f.interfaces(name, map[string]fields{"e": {"rx_bits_per_second": 400e9, "tx_bits_per_second": 400e9}}).Tables[0]))
		h.Publish(f.batch(d, pipeline.LaneSessions, f.read("session_count", f.sample(d, "session_count", "", fields{"ppp": 99999, "hotspot": 99999}))))
		h.cut()
		c := newCarry("", CarryConfig{}, h.topics.live, false)
		row := h.store.Device(name).Shelf(h.topics.live.Topic).Slots[0]
		if size := len(c.appendRow(nil, row)); size > maxLiveRow {
			t.Errorf("texts of %d letters make a row of %d bytes", n, size)
		}
		if h.live(name)["hotspot_sessions"] != 99999.0 || h.live(name)["rx_bits_per_second"] != 400e9 {
			t.Errorf("row %v", h.live(name))
		}
	}
}

func TestForget(t *testing.T) {
	h, f := projecting(t)
	h.Publish(f.interfaces("core-1", map[string]fields{"e1": {}, "e2": {}}))
	h.Publish(f.status("core-1", "online", ""))
	h.Forget("nobody")
	h.Forget("core-1")
	h.cut()
	if rows, tombstones := h.store.Count(); rows != 0 || tombstones != 0 {
		t.Errorf("%d rows, %d tombstones of what no cut has seen", rows, tombstones)
	}
	h.Publish(f.interfaces("core-1", map[string]fields{"e1": {}}))
	h.cut()
	h.Forget("core-1")
	h.cut()
	if rows, tombstones := h.store.Count(); rows != 0 || tombstones != 2 {
		t.Errorf("%d rows, %d tombstones", rows, tombstones)
	}
}

package collectors

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Whichever protocol a row comes over, it is the same row: also where two interfaces share a name, or
// have none.
func TestRowsAreTheSameOverBothProtocols(t *testing.T) {
	fleet, cfg := openFleet(t, 4)
	router := fleet.Routers()[0]
	router.RenameInterface(1, "uplink")
	router.RenameInterface(3, "uplink")
	router.RenameInterface(2, "")
	// openFleet gives each device both credentials: the same four, once over each protocol alone.
	var devices []DeviceConfig
	for _, d := range cfg.Devices {
		for _, credential := range []string{"snmp", "api"} {
			one := d
			one.Name, one.Credentials = d.Name+"-"+credential, []string{credential}
			devices = append(devices, one)
		}
	}
	cfg.Devices = devices
	c, err := New(cfg, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var ports map[string]bool // of the router that was read last
	read := func(device string) map[string][]string {
		tables, err := c.ReadOnce(ctx, device)
		if err != nil {
			t.Fatal(err)
		}
		rows := map[string][]string{}
		for i := range tables {
			if tables[i].Table.Name == "interface" {
				ports = portsOf(tables[i])
			}
			if tables[i].Status == pipeline.Whole {
				for _, s := range tables[i].Samples {
					rows[tables[i].Table.Name] = append(rows[tables[i].Table.Name], s.Series.Row())
				}
				slices.Sort(rows[tables[i].Table.Name])
			}
		}
		return rows
	}
	compared := map[string]int{}
	for _, r := range fleet.Routers() {
		snmp, api := read(r.Name()+"-snmp"), read(r.Name()+"-api")
		for table, want := range snmp {
			if got, both := api[table]; both {
				if table == "ethernet" { // MIKROTIK-MIB has all interfaces there
					want = slices.DeleteFunc(want, func(row string) bool { return !ports[row] })
				}
				compared[table] += len(want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s of %s differs (-SNMP +API):\n%s", table, r.Name(), diff)
				}
			}
		}
	}
	if compared["interface"] == 0 || compared["health"] == 0 {
		t.Errorf("compared only %v", compared)
	}
	t.Logf("rows compared: %v", compared)
}

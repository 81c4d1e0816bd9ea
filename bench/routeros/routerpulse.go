package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// wanted are the tables that hold what mktxp reads too: resource, health, interfaces, DHCP leases, the
// firewall, queues.
func wanted() []string {
	return []string{"router", "health", "interface", "dhcp_lease", "firewall_rule", "queue_simple", "queue_tree"}
}

// routerPulse polls by itself, all routers once in each period.
type routerPulse struct {
	*process.RouterPulse

	devices []string
	period  time.Duration
	begin   time.Time
	rounds  int
}

// startRouterPulse runs the program with the hub and rates on and nothing to write to.
func startRouterPulse(ctx context.Context, o options, fleet *simulator.Fleet, dir string) (poller, error) {
	p := &routerPulse{period: o.period}
	var b strings.Builder
	fmt.Fprintf(&b, "storage: { none: true }\nlanes: { live: %s, sessions: 1h, slow: 1h, status: 1h }\ntables:\n", o.period)
	for _, table := range routeros.Policies() {
		state := "off"
		if slices.Contains(wanted(), table.Table) {
			state = fmt.Sprintf("{ lane: live, every: %s }", o.period)
		}
		fmt.Fprintf(&b, "  %s: %s\n", table.Table, state)
	}
	b.WriteString("credentials: [{ name: c, routeros: { user: telemetry, password: telemetry, insecure: true, listen: false } }]\ndevices:\n")
	for _, r := range fleet.Routers() {
		p.devices = append(p.devices, r.Name())
		fmt.Fprintf(&b, "  - { name: %s, address: %s, credentials: [c], routeros: { port: %d } }\n", r.Name(), r.Address(), fleet.APIPort())
	}
	var err error
	p.RouterPulse, err = process.StartRouterPulse(ctx, o.program, dir, b.String())
	p.begin = time.Now()
	return p, err
}

// round waits for one period.
func (p *routerPulse) round(ctx context.Context) error {
	p.rounds++
	return process.Wait(ctx, time.Until(p.begin.Add(time.Duration(p.rounds)*p.period)))
}

// check asks which tables came. Queues and leases are not on every router, but on some.
func (p *routerPulse) check(ctx context.Context) error {
	came := map[string]bool{}
	for _, d := range p.devices {
		data, err := p.Get(ctx, "/v1/devices/"+d)
		if err != nil {
			return err
		}
		var device struct{ Sources map[string]string }
		if err := json.Unmarshal(data, &device); err != nil {
			return fmt.Errorf("%w in %.300s", err, data)
		}
		for table := range device.Sources {
			came[table] = true
		}
	}
	for _, table := range wanted() {
		if !came[table] {
			return fmt.Errorf("table %s was not read", table)
		}
	}
	return nil
}

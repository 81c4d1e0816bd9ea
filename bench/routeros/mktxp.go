package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// mktxp polls when its page is fetched.
type mktxp struct {
	*process.Child

	url    string
	period time.Duration
	next   time.Time
	page   []byte
}

// startMktxp runs mktxp with the tables that both read: of the firewall all four sections, which neither
// of the two can be told to narrow, for both families. Its cache of leases is off, as it would not read
// them again.
func startMktxp(ctx context.Context, o options, fleet *simulator.Fleet, dir string) (poller, error) {
	address, err := process.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "mktxp")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, r := range fleet.Routers() {
		fmt.Fprintf(&b, "[%s]\n    hostname = %s\n", r.Name(), r.Address())
	}
	fmt.Fprintf(&b, "[default]\n    enabled = True\n    port = %d\n    username = telemetry\n    password = telemetry\n", fleet.APIPort())
	for _, on := range []string{"health", "dhcp", "dhcp_lease", "interface", "firewall", "ipv6_firewall", "queue", "plaintext_login"} {
		fmt.Fprintf(&b, "    %s = True\n", on)
	}
	for _, off := range []string{"use_ssl", "installed_packages", "connections", "connection_stats", "routerboard", "route", "pool", "neighbor",
		"poe", "monitor", "netwatch", "public_ip", "wireless", "wireless_clients", "capsman", "capsman_clients", "user",
		"total_address_list_counts", "ipv6_total_address_list_counts", "address_list_entries", "ipv6_address_list_entries"} {
		fmt.Fprintf(&b, "    %s = False\n", off)
	}
	system := fmt.Sprintf("[MKTXP]\n    listen = '%s'\n    socket_timeout = 5\n    minimal_collect_interval = 0\n    persistent_router_connection_pool = True\n"+
		"    persistent_dhcp_cache = False\n    fetch_routers_in_parallel = False\n    verbose_mode = False\n    bandwidth = False\n", address)
	for name, text := range map[string]string{"mktxp.conf": b.String(), "_mktxp.conf": system} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	m := &mktxp{url: "http://" + address + "/metrics", period: o.period}
	if m.Child, err = process.Start(ctx, o.mktxp, "--cfg-dir", home, "export"); err != nil {
		return nil, err
	}
	return m, process.Answers(ctx, m.url)
}

// round fetches the page, which polls all routers one after the other.
func (m *mktxp) round(ctx context.Context) (err error) {
	if err := process.Wait(ctx, time.Until(m.next)); err != nil {
		return err
	}
	m.next = time.Now().Add(m.period)
	m.page, err = process.Page(ctx, m.url)
	return err
}

// check looks for metrics of each table in the page.
func (m *mktxp) check(context.Context) error {
	for _, metric := range []string{"system_cpu_load", "system_", "interface_rx_byte", "dhcp_lease_info", "firewall_filter", "queue_"} {
		if !bytes.Contains(m.page, []byte("mktxp_"+metric)) {
			return fmt.Errorf("no metric %s in a page of %d bytes", metric, len(m.page))
		}
	}
	return nil
}

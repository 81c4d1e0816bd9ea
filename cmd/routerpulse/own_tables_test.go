package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

const ownConfig = `
web: { listen: "127.0.0.1:0", loopback_read: true }
storage: { embedded: { path: %q } }
lanes: { status: 2s, live: 1s, sessions: 1s, slow: 1s }
channels: [{ name: public-routers, access: public, carries: [router.live] }]
`

// newest is the last stored value of a metric that has one series.
func newest(t *testing.T, base, selector string) (float64, bool) {
	t.Helper()
	points := stored(t, base, selector)
	if len(points) == 0 {
		return 0, false
	}
	return points[len(points)-1].value, true
}

func textOf(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close(); http.DefaultClient.CloseIdleConnections() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Tables of a config are read from a real agent: by a plain index, with names joined from another table, and
// by an index that is made of addresses.
func TestOwnTablesFromSNMPD(t *testing.T) {
	t.Parallel()
	agent := startSnmpd(t)
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", fmt.Sprintf(ownConfig, t.TempDir())+fmt.Sprintf(`
credentials: [{ name: c, snmp: { version: 2c, community: public } }]
devices: [{ name: witness, address: 127.0.0.1, credentials: [c], snmp: { port: %d } }]
tables: { storage: off, interface: { lane: slow, every: 2s } }
snmp_tables:
  - name: ucd_load
    doc: Load averages.
    labels: [{ name: over, oid: 1.3.6.1.4.1.2021.10.1.2 }]
    columns:
      - { name: average, oid: 1.3.6.1.4.1.2021.10.1.5, type: gauge, scale: 0.01 }
      - { name: average_float, oid: 1.3.6.1.4.1.2021.10.1.6, type: gauge }
  - name: own_port
    index: [{ name: if_index, type: integer }]
    labels: [{ name: interface, oid: 1.3.6.1.2.1.31.1.1.1.1, by: [if_index] }]
    columns:
      - { name: mtu_bytes, oid: 1.3.6.1.2.1.2.2.1.4, type: gauge, unit: bytes }
      - { name: status, oid: 1.3.6.1.2.1.2.2.1.8, type: enum, values: { 1: up, 2: down } }
      - { name: rx_bytes, oid: 1.3.6.1.2.1.31.1.1.1.6, type: counter, unit: bytes, rate: rx_bits_per_second, rate_scale: 8 }
  - name: own_address
    index: [{ name: address, type: inet }]
    labels: [{ name: address }, { name: interface, oid: 1.3.6.1.2.1.31.1.1.1.1, by: [if_index] }]
    columns: [{ name: if_index, oid: 1.3.6.1.2.1.4.34.1.3, type: gauge }]
  - name: own_system
    scalars:
      - { name: name, oid: 1.3.6.1.2.1.1.5.0, type: text }
      - { name: services, oid: 1.3.6.1.2.1.1.7.0, type: gauge }
`, agent.port)))
	base := p.url(t)

	await(t, "the load, as both objects have it", func() bool {
		for _, over := range []string{"Load-1", "Load-5", "Load-15"} {
			cents, ok := newest(t, base, `ucd_load_average{over="`+over+`"}`)
			float, okFloat := newest(t, base, `ucd_load_average_float{over="`+over+`"}`)
			if !ok || !okFloat || cents-float > 0.011 || float-cents > 0.011 {
				return false
			}
		}
		return true
	})
	await(t, "a rate of lo", func() bool {
		_, ok := newest(t, base, `own_port_rx_bits_per_second{device="witness",interface="lo"}`)
		return ok
	})
	for selector, oid := range map[string]string{
		`own_port_mtu_bytes{interface="lo"}`:                       ".1.3.6.1.2.1.2.2.1.4.1",
		`own_port_status{interface="lo"}`:                          ".1.3.6.1.2.1.2.2.1.8.1",
		`own_address_if_index{address="127.0.0.1",interface="lo"}`: ".1.3.6.1.2.1.4.34.1.3.1.4.127.0.0.1",
		`own_system_services`:                                      ".1.3.6.1.2.1.1.7.0",
	} {
		want := agent.get(oid)
		if got, ok := newest(t, base, selector); !ok || strconv.FormatFloat(got, 'f', -1, 64) != want {
			t.Errorf("%s = %v (%v), snmpget prints %s", selector, got, ok, want)
		}
	}
	if points := stored(t, base, `own_system_info{name="`+agent.get(".1.3.6.1.2.1.1.5.0")+`"}`); len(points) == 0 {
		t.Error("a text is not a label of own_system_info")
	}
	await(t, "a table in another lane", func() bool { return len(stored(t, base, `interface_mtu_bytes`)) > 0 })
	if points := stored(t, base, `storage_total_bytes`); len(points) > 0 {
		t.Error("a table that is off was read")
	}
	if text := textOf(t, base+"/api/v1/metadata?metric=ucd_load_average"); !strings.Contains(text, `"gauge"`) {
		t.Errorf("metadata: %s", text)
	}
}

// The same object of a simulated router is the same value, read by a table that is built in and by one of
// the config.
func TestOwnTablesFromTheSimulator(t *testing.T) {
	fleet := simulator.New(simulator.Options{Routers: 3, Seed: 7, Quiet: true})
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	config := fmt.Sprintf(ownConfig, t.TempDir()) + `
credentials: [{ name: c, snmp: { version: 2c, community: public } }]
snmp_tables:
  - name: own_port
    match: { sys_object_id: [1.3.6.1.4.1.14988] }
    labels: [{ name: interface, oid: 1.3.6.1.2.1.31.1.1.1.1 }]
    columns:
      - { name: mtu_bytes, oid: 1.3.6.1.2.1.2.2.1.4, type: gauge, unit: bytes }
      - { name: mac, oid: 1.3.6.1.2.1.2.2.1.6, type: text, format: mac }
  - name: own_other
    match: { sys_object_id: [1.3.6.1.4.1.9] }
    columns: [{ name: mtu_bytes, oid: 1.3.6.1.2.1.2.2.1.4, type: gauge, unit: bytes }]
devices:
`
	for _, r := range fleet.Routers() {
		config += fmt.Sprintf("  - { name: %s, address: %s, credentials: [c], snmp: { port: %d } }\n", r.Name(), r.Address(), fleet.SNMPPort())
	}
	p := start(t, "serve", "--config.file", writeFile(t, "routerpulse.yaml", config))
	base := p.url(t)
	for _, r := range fleet.Routers() {
		selector := `{device="` + r.Name() + `",interface="ether1"}`
		await(t, "ether1 of "+r.Name()+" in both tables", func() bool {
			own, ok := newest(t, base, "own_port_mtu_bytes"+selector)
			ours, okOurs := newest(t, base, "interface_mtu_bytes"+selector)
			return ok && okOurs && own == ours && own > 0
		})
	}
	if points := stored(t, base, "own_other_mtu_bytes"); len(points) > 0 {
		t.Error("a table of another vendor was read")
	}
	if points := stored(t, base, `own_port_info{interface="ether1",mac=~"([0-9a-f]{2}:){5}[0-9a-f]{2}"}`); len(points) == 0 {
		t.Error("no hardware address")
	}
}

func TestTablesCommand(t *testing.T) {
	config := writeFile(t, "routerpulse.yaml", `
credentials:
  - { name: s, snmp: { version: 2c, community: public } }
  - { name: a, routeros: { user: u, password: p, insecure: true } }
tables: { storage: off, interface: { every: 5m } }
snmp_tables: [{ name: own_thing, lane: slow, columns: [{ name: heat, oid: 1.3.6.1.4.1.9999.1, type: gauge, unit: celsius }] }]
devices:
  - { name: core-1, address: 10.0.0.1, credentials: [s, a], tables: { interface: { lane: slow }, cpu: off } }
  - { name: core-2, address: 10.0.0.2, credentials: [s] }
`)
	code, out, errOut := run(t, "tables")
	if code != exitOK || errOut != "" || !strings.Contains(out, "\ninterface ") || !strings.Contains(out, "\nppp_session ") || strings.Contains(out, "own_thing") {
		t.Errorf("%d\n%s\n%s", code, out, errOut)
	}
	if code, out, _ := run(t, "tables", "-c", config); code != exitOK || !strings.Contains(out, "\nown_thing ") {
		t.Errorf("%d\n%s", code, out)
	}
	_, out, _ = run(t, "tables", "-c", config, "--device", "core-1")
	for _, want := range []string{"interface slow 10m routeros, snmp", "own_thing slow 10m snmp", "router live 30s routeros, snmp", "ppp_session sessions 1m routeros"} {
		if !strings.Contains(squeezed(out), "\n"+want+"\n") {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for _, off := range []string{"storage", "cpu"} {
		if strings.Contains(out, "\n"+off+" ") {
			t.Errorf("%s is in\n%s", off, out)
		}
	}
	_, out, _ = run(t, "tables", "-c", config, "--device", "core-2")
	if text := squeezed(out); !strings.Contains(text, "\ninterface live 5m snmp\n") || strings.Contains(text, "ppp_session") || !strings.Contains(text, "\ncpu live 30s snmp\n") {
		t.Error(out)
	}
	if code, _, errOut := run(t, "tables", "-c", config, "--device", "core-3"); code != exitUsage || !strings.Contains(errOut, `no device "core-3"; did you mean core-1?`) {
		t.Errorf("%d %s", code, errOut)
	}
	code, out, errOut = run(t, "check", "-c", config)
	if code != exitOK || !strings.Contains(out, "is fine: 2 devices") || !strings.Contains(errOut, "own_thing.heat is in celsius") {
		t.Errorf("%d\n%s\n%s", code, out, errOut)
	}
}

// squeezed puts one space where a table has several.
func squeezed(table string) string {
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n") + "\n"
}

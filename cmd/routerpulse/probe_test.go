package main

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// openRouter starts a quiet fleet and returns its first router.
func openRouter(t *testing.T) (*simulator.Fleet, *simulator.Router) {
	t.Helper()
	fleet := simulator.New(simulator.Options{Routers: 1, Seed: 1, Quiet: true})
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	return fleet, fleet.Routers()[0]
}

func TestProbePrintsWhatWouldBeCollected(t *testing.T) {
	fleet, r := openRouter(t)
	password := writeFile(t, "password", "telemetry\n")
	snmp := []string{"--community", "public", "--snmp-port", fmt.Sprint(fleet.SNMPPort())}
	api := []string{"--user", "telemetry", "--password-file", password, "--api-port", fmt.Sprint(fleet.APITLSPort()), "--pin", fleet.Fingerprint()}
	plain := []string{"--user", "telemetry", "--password-file", password, "--api-port", fmt.Sprint(fleet.APIPort()), "--insecure"}
	cases := map[string]struct {
		args []string
		says []string
	}{
		"SNMP":       {snmp, []string{"router (1 row, snmp)", "identity", r.Name(), "ether1", "rx_bytes", "storage ("}},
		"API, TLS":   {api, []string{"router (1 row, routeros)", r.Name(), "ether1"}},
		"API, plain": {plain, []string{"router (1 row, routeros)", r.Name()}},
		"both":       {append(append([]string{}, snmp...), api...), []string{"router (1 row, routeros)", "storage (2 rows, snmp)"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, append([]string{"probe", r.Address().String()}, c.args...)...)
			if code != exitOK || errOut != "" {
				t.Errorf("exit %d: %s", code, errOut)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
		})
	}
	t.Run("JSON", func(t *testing.T) {
		_, out, _ := run(t, append([]string{"probe", r.Address().String(), "--json"}, snmp...)...)
		var got probeOutput
		if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Tables) < 4 || got.Tables[0].Rows[0].Fields["identity"] != r.Name() {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// Each way to fail has its own plain reason, and exit code 1.
func TestProbeSaysWhyNot(t *testing.T) {
	fleet, r := openRouter(t)
	right, wrong := writeFile(t, "right", "telemetry\n"), writeFile(t, "wrong", "not-it\n")
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, closedPort, _ := net.SplitHostPort(closed.LocalAddr().String())
	_ = closed.Close()
	port := func(p int) string { return fmt.Sprint(p) }
	cases := map[string]struct {
		args []string
		says []string
	}{
		"port unreachable": {[]string{"127.0.0.1", "--community", "public", "--snmp-port", closedPort}, []string{"unreachable"}},
		"silence":          {[]string{r.Address().String(), "--community", "wrong", "--snmp-port", port(fleet.SNMPPort())}, []string{"no answer", "community", "access list", "filter"}},
		"login refused": {[]string{r.Address().String(), "--user", "telemetry", "--password-file", wrong, "--api-port", port(fleet.APIPort()), "--insecure"},
			[]string{"refused", "invalid user name or password"}},
		"self-signed": {[]string{r.Address().String(), "--user", "telemetry", "--password-file", right, "--api-port", port(fleet.APITLSPort())},
			[]string{"certificate"}},
		"wrong pin": {[]string{r.Address().String(), "--user", "telemetry", "--password-file", right, "--api-port", port(fleet.APITLSPort()), "--pin", strings.Repeat("ab", 32)},
			[]string{"pin"}},
		"plain port for TLS": {[]string{r.Address().String(), "--user", "telemetry", "--password-file", right, "--api-port", port(fleet.APIPort()), "--pin", fleet.Fingerprint()},
			[]string{"TLS"}},
		"API port closed": {[]string{"127.0.0.1", "--user", "telemetry", "--password-file", right, "--api-port", closedPort, "--insecure"}, []string{"refused"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errOut := run(t, append([]string{"probe"}, c.args...)...)
			if code != exitError {
				t.Errorf("exit %d", code)
			}
			for _, want := range c.says {
				if !strings.Contains(strings.ToLower(errOut), strings.ToLower(want)) {
					t.Errorf("it does not say %q:\n%s", want, errOut)
				}
			}
			t.Log(strings.TrimSpace(errOut))
		})
	}
}

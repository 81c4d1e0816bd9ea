package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// walkedFleet is a quiet fleet whose credentials and names are canaries, and the flags that ask it.
func walkedFleet(t *testing.T, routers int) (*simulator.Fleet, []string) {
	t.Helper()
	fleet := simulator.New(simulator.Options{Routers: routers, Seed: 3, Quiet: true,
		Community: "canary-community", User: "canary-user", Password: "canary-password"})
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fleet.Close() })
	for _, r := range fleet.Routers() {
		r.RenameInterface(1, "to-canary-site")
		r.AddPPP("canary@ppp.example")
		r.AddHotspot("canary-guest", "AA:BB:CC:DD:EE:01")
	}
	return fleet, []string{"--community", "canary-community", "--snmp-port", fmt.Sprint(fleet.SNMPPort()), "--user", "canary-user",
		"--password-file", writeFile(t, "password", "canary-password"), "--api-port", fmt.Sprint(fleet.APITLSPort()), "--pin", fleet.Fingerprint()}
}

// originals are what a router says that identifies it, read without masks.
func originals(t *testing.T, fleet *simulator.Fleet, r *simulator.Router) []string {
	t.Helper()
	schema, rows := pipeline.NewSchema(), pipeline.NewRows(r.Name(), nil)
	engine, err := snmp.NewEngine(schema, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := engine.New(snmp.Target{Device: r.Name(), Address: r.Address().String(), Port: fleet.SNMPPort(),
		Credential: snmp.Credential{Version: "2c", Community: configs.NewSecret("canary-community")}}, rows)
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(string, bool) {}
	objects, err := c.Record(context.Background(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := routeros.NewShared(schema, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	api, err := routeros.Record(context.Background(), routeros.Target{Device: r.Name(), Address: r.Address().String(), Port: fleet.APIPort(),
		Credential: routeros.Credential{User: "canary-user", Password: configs.NewSecret("canary-password"), Insecure: true}}, rows, shared, quiet)
	if err != nil {
		t.Fatal(err)
	}
	found := []string{"canary"}
	for _, o := range objects {
		name := dottedName(o.Name)
		for _, prefix := range []string{"1.3.6.1.2.1.1.4.", "1.3.6.1.2.1.1.5.", "1.3.6.1.2.1.1.6.", "1.3.6.1.2.1.31.1.1.1.18.", "1.3.6.1.2.1.47.1.1.1.1.11.",
			"1.3.6.1.4.1.14988.1.1.4.1.", "1.3.6.1.4.1.14988.1.1.5.1.1.3.", "1.3.6.1.4.1.14988.1.1.7.3.", "1.3.6.1.4.1.14988.1.1.19.1.1.12."} {
			if strings.HasPrefix(name, prefix) {
				found = append(found, string(o.Bytes))
			}
		}
		if len(o.Bytes) == 6 && (strings.HasPrefix(name, "1.3.6.1.2.1.2.2.1.6.") || strings.HasPrefix(name, "1.3.6.1.4.1.14988.1.1.5.1.1.6.")) {
			found = append(found, net.HardwareAddr(o.Bytes).String())
		}
	}
	for menu, list := range api.Menus {
		for _, row := range list {
			for name, value := range row {
				if slices.Contains([]string{"comment", "user", "mac-address", "caller-id", "session-id", "serial-number", "software-id", "host-name", "ssid"}, name) ||
					name == "name" && (menu == "/system/identity" || menu == "/ppp/active") {
					found = append(found, value)
				}
			}
		}
	}
	return slices.DeleteFunc(found, func(s string) bool { return len(s) < 4 || s == "00:00:00:00:00:00" || net.ParseIP(s).IsPrivate() })
}

func dottedName(arcs []uint32) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(arcs), " ", "."), "[]")
}

// forms are the ways in which a text may be written into a recording.
func forms(s string) []string {
	out := []string{s, hex.EncodeToString([]byte(s))}
	if mac, err := net.ParseMAC(s); err == nil {
		var arcs []string
		for _, b := range mac {
			arcs = append(arcs, fmt.Sprint(b))
		}
		out = append(out, hex.EncodeToString(mac), "."+strings.Join(arcs, ".")+".")
	}
	return out
}

// A walk of every kind of simulated router holds nothing of what tells them apart, nor of what opened
// them, and runs no script. A masked address may by chance be another one that the router has: what is
// told is told by a second walk, too, whose masks are others.
func TestWalkTellsNobodysName(t *testing.T) {
	t.Parallel()
	fleet, flags := walkedFleet(t, 30)
	searched, seen := 0, map[string]bool{}
	for _, r := range fleet.Routers() {
		kind := r.Model() + r.Version()
		if seen[kind] {
			continue
		}
		seen[kind] = true
		told, n := toldByWalk(t, fleet, r, flags)
		searched += n
		if len(told) == 0 {
			continue
		}
		again, _ := toldByWalk(t, fleet, r, flags)
		for form := range told {
			if again[form] {
				t.Errorf("%s %s: a walk holds %q", r.Model(), r.Version(), form)
			}
		}
	}
	if searched < 3000 || len(seen) < 12 {
		t.Errorf("only %d texts were searched for, of %d kinds", searched, len(seen))
	}
}

// toldByWalk walks a router and returns which of its identities are in the files, of how many.
func toldByWalk(t *testing.T, fleet *simulator.Fleet, r *simulator.Router, flags []string) (told map[string]bool, searched int) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "router")
	code, stdout, stderr := run(t, append([]string{"walk", r.Address().String(), "-o", out}, flags...)...)
	if code != exitOK || stdout != "" {
		t.Fatalf("%s %s: exit %d: %s%s", r.Model(), r.Version(), code, stdout, stderr)
	}
	if runs := r.ScriptRuns(); runs != 0 {
		t.Errorf("%s: a script ran %d times", r.Model(), runs)
	}
	if strings.Contains(stderr, "canary") {
		t.Errorf("it tells: %s", stderr)
	}
	told = map[string]bool{}
	for _, file := range []string{"snmp.snmprec", "api.json"} {
		text, err := os.ReadFile(filepath.Join(out, file))
		if err != nil {
			t.Fatal(err)
		}
		lower := bytes.ToLower(text)
		for _, original := range originals(t, fleet, r) {
			for _, form := range forms(original) {
				if searched++; bytes.Contains(lower, bytes.ToLower([]byte(form))) {
					told[file+": "+form] = true
				}
			}
		}
	}
	return told, searched
}

func TestWalkWritesOneFileOrAFolder(t *testing.T) {
	t.Parallel()
	fleet, flags := walkedFleet(t, 1)
	address, snmpFlags, apiFlags := fleet.Routers()[0].Address().String(), flags[:4], flags[4:]
	file := filepath.Join(t.TempDir(), "switch.snmprec")
	if code, _, errOut := run(t, append([]string{"walk", address, "-o", file}, snmpFlags...)...); code != exitOK {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := run(t, append([]string{"walk", address, "-o", file}, snmpFlags...)...); code != exitError || !strings.Contains(errOut, "is there already: --force replaces it") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("it was replaced")
	}
	if code, _, errOut := run(t, append([]string{"walk", address, "-o", file, "--force"}, snmpFlags...)...); code != exitOK {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if after, _ := os.ReadFile(file); bytes.Equal(before, after) {
		t.Error("the masks are the same in two runs")
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no output":        {snmpFlags, exitUsage, "say where to: -o PATH"},
		"two in one":       {append([]string{"-o", "x.json"}, flags...), exitUsage, "two protocols are asked"},
		"SNMP to .json":    {append([]string{"-o", "x.json"}, snmpFlags...), exitUsage, "SNMP is written to .snmprec"},
		"API to .snmprec":  {append([]string{"-o", "x.snmprec"}, apiFlags...), exitUsage, "the RouterOS API to .json"},
		"no credential":    {[]string{"-o", "x"}, exitUsage, "say how to ask"},
		"nobody there":     {[]string{"-o", filepath.Join(t.TempDir(), "x"), "--community", "canary-community", "--snmp-port", "1"}, exitError, "nothing came"},
		"no such folder":   {append([]string{"-o", filepath.Join(file, "x")}, snmpFlags...), exitError, "not a directory"},
		"too little time":  {append([]string{"-o", filepath.Join(t.TempDir(), "x"), "--timeout", "1ns"}, snmpFlags...), exitError, "not whole"},
		"wrong credential": {[]string{"-o", filepath.Join(t.TempDir(), "x"), "--community", "other", "--snmp-port", fmt.Sprint(fleet.SNMPPort())}, exitError, "community may be wrong"},
	} {
		code, _, errOut := run(t, append([]string{"walk", address}, c.args...)...)
		if code != c.code || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: exit %d: %s", name, code, errOut)
		}
	}
}

// One protocol that fails does not lose what the other one said, and it is told that the recording is
// not whole.
func TestWalkKeepsHalfOfARecording(t *testing.T) {
	fleet, flags := walkedFleet(t, 1)
	r := fleet.Routers()[0]
	r.RefuseLogin(true)
	out := filepath.Join(t.TempDir(), "router")
	code, _, errOut := run(t, append([]string{"walk", r.Address().String(), "-o", out}, flags...)...)
	if code != exitError || !strings.Contains(errOut, "the recording is not whole") || !strings.Contains(errOut, "refused") || !strings.Contains(errOut, "api.json is not written: nothing came") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if _, err := os.Stat(filepath.Join(out, "snmp.snmprec")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(out, "api.json")); err == nil {
		t.Error("there is a file of nothing")
	}
}

package simulator

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// netSNMP runs one of net-snmp's tools against a router and returns its lines. Numbers only, no MIBs.
func netSNMP(t *testing.T, tool string, r *Router, version string, arguments ...string) ([]string, error) {
	t.Helper()
	path := program(t, tool, "snmp")
	home := t.TempDir()
	// The tool announces it when it has to make this folder for itself.
	if err := os.Mkdir(filepath.Join(home, "cert_indexes"), 0o700); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), path, append([]string{
		"-" + version, "-c", r.fleet.opts.Community, "-On", "-Oe", "-OU", "-t", "5", "-r", "1", "-m", "", "-M", home,
		fmt.Sprintf("%s:%d", r.address, r.fleet.SNMPPort()),
	}, arguments...)...)
	command.Env = append(os.Environ(), "HOME="+home, "SNMP_PERSISTENT_DIR="+home)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if complaints.Len() > 0 && err == nil {
		err = fmt.Errorf("it complains: %s", complaints.String())
	} else if err != nil {
		err = fmt.Errorf("%w: %s", err, complaints.String())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err
}

// walked are the lines of a walk by name.
func walked(t *testing.T, lines []string) map[string]string {
	t.Helper()
	m := make(map[string]string, len(lines))
	for _, line := range lines {
		name, v, ok := strings.Cut(line, " = ")
		if !ok {
			continue // a text that goes on in the next line
		}
		if m[name] != "" {
			t.Errorf("%s comes twice", name)
		}
		m[name] = v
	}
	return m
}

// everyModel returns one router of each model.
func everyModel(f *Fleet) []*Router {
	var list []*Router
	seen := map[string]bool{}
	for _, r := range f.routers {
		if key := r.model.board + r.model.version; !seen[key] {
			seen[key] = true
			list = append(list, r)
		}
	}
	return list
}

func TestNetSNMPWalksEveryModelToItsEnd(t *testing.T) {
	f := openFleet(t, Options{Routers: 30, Quiet: true})
	for _, r := range everyModel(f) {
		t.Run(r.model.board+" "+r.model.version, func(t *testing.T) {
			v2, err := netSNMP(t, "snmpbulkwalk", r, "v2c", ".1")
			if err != nil {
				t.Fatal(err)
			}
			if last := v2[len(v2)-1]; !strings.Contains(last, "No more variables left in this MIB View") {
				t.Errorf("the walk ends with %q", last)
			}
			v1, err := netSNMP(t, "snmpwalk", r, "v1", ".1")
			if err != nil {
				t.Fatal(err)
			}
			if v1[len(v1)-1] != "End of MIB" {
				t.Errorf("the v1 walk ends with %q", v1[len(v1)-1])
			}
			compareWalks(t, walked(t, v1), walked(t, v2[:len(v2)-1]))
		})
	}
}

// compareWalks: v1 sees everything but Counter64.
func compareWalks(t *testing.T, v1, v2 map[string]string) {
	t.Helper()
	wide := 0
	for name, value := range v2 {
		kind, _, _ := strings.Cut(value, ":")
		if kind == "Counter64" {
			wide++
			if v1[name] != "" {
				t.Errorf("v1 sees %s, a Counter64", name)
			}
			continue
		}
		if v1[name] == "" {
			t.Errorf("v1 misses %s", name)
		}
	}
	if len(v1)+wide != len(v2) || wide == 0 || len(v1) < 150 {
		t.Errorf("v1 saw %d objects, v2c %d, %d of them Counter64", len(v1), len(v2), wide)
	}
}

func TestNetSNMPReadsSingleObjects(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	r.SetCounter(0, 1<<63+5, 42)
	lines, err := netSNMP(t, "snmpget", r, "v2c",
		".1.3.6.1.2.1.1.1.0", ".1.3.6.1.2.1.1.2.0", ".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.31.1.1.1.1.1", ".1.3.6.1.2.1.2.1.0", ".1.3.6.1.4.1.14988.1.1.4.4.0",
		".1.3.6.1.2.1.1.99.0", ".1.3.6.1.2.1.1.5.1", ".1.3.6.1.2.1.2.2.1.2.777", ".1.3.6.1.2.1.2.2.1.99.1", ".1.3.6.1.2.1.2.2")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`.1.3.6.1.2.1.1.1.0 = STRING: "RouterOS CCR2116-12G-4S+"`,
		`.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.14988.1`,
		`.1.3.6.1.2.1.1.5.0 = STRING: "core-1"`,
		`.1.3.6.1.2.1.31.1.1.1.1.1 = STRING: "ether1"`,
		`.1.3.6.1.2.1.2.1.0 = INTEGER: ` + strconv.Itoa(r.InterfaceCount()),
		`.1.3.6.1.4.1.14988.1.1.4.4.0 = STRING: "7.20.4"`,
		`.1.3.6.1.2.1.1.99.0 = No Such Object available on this agent at this OID`,
		`.1.3.6.1.2.1.1.5.1 = No Such Instance currently exists at this OID`,
		`.1.3.6.1.2.1.2.2.1.2.777 = No Such Instance currently exists at this OID`,
		`.1.3.6.1.2.1.2.2.1.99.1 = No Such Object available on this agent at this OID`,
		`.1.3.6.1.2.1.2.2 = No Such Object available on this agent at this OID`,
	}
	for i := range want {
		if i >= len(lines) || lines[i] != want[i] {
			t.Errorf("got %q, want %q", lines[min(i, len(lines)-1)], want[i])
		}
	}
	lines, err = netSNMP(t, "snmpget", r, "v2c", ".1.3.6.1.2.1.31.1.1.1.6.1", ".1.3.6.1.2.1.2.2.1.10.1")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(lines[0], ".1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: 92233720368") || !strings.HasPrefix(lines[1], ".1.3.6.1.2.1.2.2.1.10.1 = Counter32: ") {
		t.Errorf("got %q", lines)
	}
}

func TestNetSNMPAsksForWhatComesNext(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	for _, c := range []struct{ from, want string }{
		{".0.0", ".1.3.6.1.2.1.1.1.0"},
		{".1.3.6.1.2.1.1.1", ".1.3.6.1.2.1.1.1.0"},
		{".1.3.6.1.2.1.1.1.0", ".1.3.6.1.2.1.1.2.0"},
		{".1.3.6.1.2.1.1.7.0", ".1.3.6.1.2.1.2.1.0"},
		{".1.3.6.1.2.1.1.1.0.5", ".1.3.6.1.2.1.1.2.0"},
		{".1.3.6.1.2.1.2.2.1.1.3.9.9", ".1.3.6.1.2.1.2.2.1.1.4"},
		{".1.3.6.1.2.1.2.2.1.13.999999", ".1.3.6.1.2.1.2.2.1.14.1"},
		{".1.3.6.1.2.1.2.2.1.22.999999", ".1.3.6.1.2.1.4.1.0"},
		{".1.3.6.1.2.1.31.1.1.1.14", ".1.3.6.1.2.1.31.1.1.1.15.1"},
	} {
		lines, err := netSNMP(t, "snmpgetnext", r, "v2c", c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(lines[0], " = "); got != c.want {
			t.Errorf("after %s comes %s, want %s", c.from, got, c.want)
		}
	}
	lines, err := netSNMP(t, "snmpbulkget", r, "v2c", "-Cn1", "-Cr3", ".1.3.6.1.2.1.1.3", ".1.3.6.1.2.1.2.2.1.2", ".1.3.6.1.6.3.10.2.1.3")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " = ")
		names = append(names, name)
	}
	want := ".1.3.6.1.2.1.1.3.0 .1.3.6.1.2.1.2.2.1.2.1 .1.3.6.1.6.3.10.2.1.3.0 .1.3.6.1.2.1.2.2.1.2.2 .1.3.6.1.6.3.10.2.1.4.0 .1.3.6.1.2.1.2.2.1.2.3 .1.3.6.1.6.3.10.2.1.4.0"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("bulk: got %s", got)
	}
}

func TestNetSNMPMayNotWrite(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	_, err := netSNMP(t, "snmpset", f.Router("core-1"), "v2c", ".1.3.6.1.4.1.14988.1.1.7.1.0", "i", "1")
	if err == nil || !strings.Contains(err.Error(), "notWritable") {
		t.Errorf("got %v", err)
	}
	if f.Router("core-1").changes.Load().boot != 0 {
		t.Error("it rebooted")
	}
}

func TestDynamicInterfacesAreWalked(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	r.AddPPP("new-user")
	lines, err := netSNMP(t, "snmpbulkwalk", r, "v2c", ".1.3.6.1.2.1.31.1.1.1.1")
	if err != nil {
		t.Fatal(err)
	}
	if got := lines[len(lines)-1]; got != `.1.3.6.1.2.1.31.1.1.1.1.15728641 = STRING: "<pppoe-new-user>"` {
		t.Errorf("got %q", got)
	}
}

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// What simulate prints polls what it serves: a folder with both faces, a damaged file and a JSON file.
func TestSimulateServesRecordings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hut 7")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	api := `{"version": "7.20.6 (stable)", "/system/identity": [{"name": "from-api"}], "/system/resource": [{"uptime": "1h", "version": "7.20.6 (stable)"}]}`
	for name, text := range map[string]string{"api.json": api, "snmp.snmprec": "1.3.6.1.2.1.1.3.0|67|4200\n1.3.6.1.2.1.1.5.0|4|from-snmp\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damaged := writeFile(t, "box.snmprec", "1.3.6.1.2.1.1.5.0|4|swapped\r\n1.3.6.1.2.1.1.3.0|67|4200\r\n")
	password := writeFile(t, "password", "telemetry")
	p := start(t, "simulate", "--recording", dir, "--recording", damaged, "--recording", writeFile(t, "box.json", api), "--first-address", "127.64.9.1")
	await(t, "the config", func() bool { return strings.Contains(p.out.String(), "name: box-3") })
	var config struct {
		Devices []struct {
			Name, Address  string
			Credentials    []string
			SNMP, RouterOS struct{ Port string }
		}
	}
	await(t, "the whole config", func() bool {
		return yaml.Unmarshal([]byte(p.out.String()), &config) == nil && len(config.Devices) == 3 && len(config.Devices[2].Credentials) == 1
	})
	for i, want := range []struct {
		name, says  string
		credentials []string
	}{
		{"hut-7", "from-api", []string{"sim-snmp", "sim-api"}},
		{"box", "swapped", []string{"sim-snmp"}},
		{"box-3", "from-api", []string{"sim-api"}},
	} {
		d := config.Devices[i]
		if d.Name != want.name || !slices.Equal(d.Credentials, want.credentials) {
			t.Errorf("got %+v", d)
		}
		args := []string{"probe", d.Address, "--timeout", "20s"}
		if slices.Contains(d.Credentials, "sim-snmp") {
			args = append(args, "--community", "public", "--snmp-port", d.SNMP.Port)
		}
		if slices.Contains(d.Credentials, "sim-api") {
			args = append(args, "--user", "telemetry", "--password-file", password, "--insecure", "--api-port", d.RouterOS.Port)
		}
		if _, out, errOut := run(t, args...); !strings.Contains(out, want.says) {
			t.Errorf("%s: %s%s", d.Name, out, errOut)
		}
	}
	if said := strings.Count(p.err.String(), "a recording is not in order"); said != 1 || !strings.Contains(p.err.String(), "2 lines end in CR LF") {
		t.Errorf("said %d times: %s", said, p.err.String())
	}
	began := time.Now()
	if code := p.stop(); code != exitOK || time.Since(began) > 5*time.Second {
		t.Errorf("exit %d after %s", code, time.Since(began))
	}
}

func TestSimulateRefusesBadRecordings(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no file":      {[]string{"--recording", "none.snmprec"}, exitError, "none.snmprec: no such file"},
		"no recording": {[]string{"--recording", writeFile(t, "notes.txt", "hello\n")}, exitError, "line 1: want OID|type|value"},
		"not a fleet":  {[]string{"--recording", "x.snmprec", "--routers", "3"}, exitUsage, "--routers has no meaning"},
	} {
		code, _, errOut := run(t, append([]string{"simulate"}, c.args...)...)
		if code != c.code || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: exit %d: %s", name, code, errOut)
		}
	}
}

package main

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// snmpd is a real agent, Debian's, on loopback.
type snmpd struct {
	t    *testing.T
	port int
}

// startSnmpd runs an agent until the test ends.
func startSnmpd(t *testing.T) snmpd {
	t.Helper()
	path, err := exec.LookPath("snmpd")
	if err != nil {
		path = "/usr/sbin/snmpd"
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := snmpd{t: t, port: conn.LocalAddr().(*net.UDPAddr).Port}
	_ = conn.Close()
	conf := writeFile(t, "snmpd.conf", "rocommunity public 127.0.0.1\nsysName witness\nsysLocation the test bench\nsysServices 72\n")
	cmd := exec.Command(path, "-f", "-Lo", "-C", "-c", conf, "-I", "-smux", "-p", filepath.Join(filepath.Dir(conf), "pid"), fmt.Sprintf("udp:127.0.0.1:%d", s.port))
	cmd.Env = append(cmd.Environ(), "SNMP_PERSISTENT_DIR="+filepath.Dir(conf))
	if err := cmd.Start(); err != nil {
		t.Fatalf("snmpd: %v (apt-get install snmpd snmp)", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	await(t, "snmpd answers", func() bool {
		return exec.Command("snmpget", "-v2c", "-cpublic", "-t0.2", "-r0", s.address(), ".1.3.6.1.2.1.1.3.0").Run() == nil
	})
	return s
}

func (s snmpd) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// get is what snmpget prints for an object: its value alone.
func (s snmpd) get(oid string) string {
	s.t.Helper()
	out, err := exec.Command("snmpget", "-v2c", "-cpublic", "-Oqvtn", s.address(), oid).CombinedOutput()
	if err != nil {
		s.t.Fatalf("snmpget %s: %v: %s", oid, err, out)
	}
	return strings.Trim(strings.TrimSpace(string(out)), `"`)
}

package main

import (
	"strings"
	"testing"
)

// The flags of SNMP v3 are a credential of version 3, and what is wrong with them is said in flags.
func TestProbeFlagsOfV3(t *testing.T) {
	file := writeFile(t, "password", "c4n4ry-long-enough\n")
	o := probeOptions{snmpVersion: "2c", snmpUser: "noc", auth: "sha256", authFile: file, priv: "aes", privFile: file, context: "vrf-7", snmpPort: 1161}
	cfg, err := o.config("192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	c := cfg.Credentials[0].SNMP
	if c.Version != "3" || c.User != "noc" || c.Auth != "sha256" || c.AuthPasswordFile.String() != file || c.Priv != "aes" ||
		c.PrivPasswordFile.String() != file || c.Context != "vrf-7" || !c.Community.IsZero() || cfg.Devices[0].SNMP.Port != 1161 {
		t.Errorf("%+v", c)
	}
	for args, want := range map[string]string{
		"--snmp-user noc --auth md4 --auth-password-file " + file: `unknown protocol "md4"`,
		"--snmp-user noc --auth md5":                              "write --auth-password-file F",
		"--snmp-user noc --priv aes --priv-password-file " + file: "add --auth",
		"--snmp-user noc --community public":                      "SNMP v3 has users and no community",
		"--snmp-version 3":                                        "write the user's name",
		"--community public --auth md5":                           "write --snmp-version 3",
	} {
		code, _, errOut := run(t, append([]string{"probe", "192.0.2.1"}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(errOut, want) || strings.Contains(errOut, "c4n4ry") {
			t.Errorf("%s: exit %d: %s", args, code, errOut)
		}
	}
}

package snmp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/configs"
)

// Each config of a v3 user, and all that is said of it; a password is never among that.
func TestV3CredentialsInAConfig(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte("c4n4ry-in-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const auth, priv = "auth_password: c4n4ry-auth", "priv_password: c4n4ry-priv"
	for text, want := range map[string][]string{
		"user: noc": nil,
		"user: noc, context: vrf-7, auth: md5, " + auth:                                 nil,
		"user: noc, auth: sha, priv: des, " + auth + ", " + priv:                        nil,
		"user: noc, auth: SHA1, priv: AES, " + auth + ", " + priv:                       nil,
		"user: noc, auth: sha224, priv: aes128, " + auth + ", " + priv:                  nil,
		"user: noc, auth: sha256, priv: aes192, " + auth + ", " + priv:                  nil,
		"user: noc, auth: sha384, priv: aes256c, " + auth + ", " + priv:                 nil,
		"user: noc, auth: sha512, priv: aes192c, " + auth + ", " + priv:                 nil,
		"user: noc, auth: md5, priv: aes256, auth_password_file: " + file + ", " + priv: nil,
		"context: x":                     {"user: missing"},
		"user: noc, priv: aes, " + priv:  {"priv: nothing is encrypted that is not signed"},
		"user: noc, auth: sha3, " + auth: {`auth: unknown protocol "sha3"`},
		"user: noc, auth: sha1, priv: 3des, " + auth + ", " + priv: {`priv: unknown protocol "3des"`},
		"user: noc, auth: sha1":                                                           {"auth_password_file: missing"},
		"user: noc, auth: sha1, priv: aes, " + auth:                                       {"priv_password_file: missing"},
		"user: noc, " + auth:                                                              {"auth_password: there is no auth: that would use it"},
		"user: noc, priv_password_file: " + file:                                          {"priv_password_file: there is no priv: that would use it"},
		"user: noc, auth: sha1, auth_password: c4n4ry7":                                   {"auth_password: shorter than 8 characters"},
		"user: noc, auth: sha1, " + auth + ", auth_password_file: " + file:                {"auth_password_file: auth_password is given as well"},
		"user: noc, auth: sha1, priv: aes, auth_password: c4n4ry7, priv_password: c4n4ry": {"auth_password: shorter than 8 characters", "priv_password: shorter than 8 characters"},
		"user: noc, community: c4n4ry":                                                    {"community: SNMP v3 has users and no community"},
		"user: noc, community_file: " + file:                                              {"community_file: SNMP v3 has users and no community"},
		"user: " + strings.Repeat("n", 33) + ", context: " + strings.Repeat("c", 33):      {"context: longer than 32 bytes", "user: longer than 32 bytes"},
		"user: noc, auth: sha1, auth_password_file: " + filepath.Join(dir, "none"):        {"auth_password_file: " + filepath.Join(dir, "none") + ": no such file"},
	} {
		checkProblems(t, dir, "{ version: 3, "+text+" }", want)
	}
	for text, want := range map[string][]string{
		"version: 2c, community: c4n4ry, user: noc":                          {"user: SNMP v2c has a community and no users"},
		"version: 1, community: c4n4ry, auth: md5, " + auth:                  {"auth: SNMP v1 has a community and no users", "auth_password: SNMP v1 has a community and no users"},
		"version: 2c, community: c4n4ry, priv_password_file: " + file:        {"priv_password_file: SNMP v2c has a community and no users"},
		"version: 2c, community: c4n4ry, context: vrf-7, priv: aes, " + priv: {"context: SNMP v2c has", "priv: SNMP v2c has", "priv_password: SNMP v2c has"},
	} {
		checkProblems(t, dir, "{ "+text+" }", want)
	}
}

// checkProblems reads a credential and compares what is said of it, each by its beginning.
func checkProblems(t *testing.T, dir, text string, want []string) {
	t.Helper()
	var config validated
	err := configs.Parse(filepath.Join(dir, "c.yaml"), []byte("credential: "+text), &config)
	var problems configs.Problems
	if err != nil && !errors.As(err, &problems) {
		t.Fatalf("%s: %v", text, err)
	}
	if len(problems) != len(want) {
		t.Errorf("%s: %d problems, want %q: %v", text, len(problems), want, err)
		return
	}
	for _, w := range want {
		found := false
		for _, p := range problems {
			found = found || strings.HasPrefix(strings.TrimPrefix(p.Path, "credential.")+": "+p.Message, w)
			if strings.Contains(p.Message+p.Hint, "c4n4ry") {
				t.Errorf("%v names a secret", p)
			}
		}
		if !found {
			t.Errorf("%s: %v, want %s", text, err, w)
		}
	}
}

func TestV3Levels(t *testing.T) {
	for _, test := range []struct {
		user v3User
		want gosnmp.SnmpV3MsgFlags
	}{{v3User{}, gosnmp.NoAuthNoPriv}, {v3User{"md5", ""}, gosnmp.AuthNoPriv}, {v3User{"md5", "des"}, gosnmp.AuthPriv}} {
		if c := test.user.credential(); c.level() != test.want {
			t.Errorf("%+v: %v", test.user, c.level())
		}
	}
}

// Passwords in files are read when they are needed, and a short one is refused.
func TestV3PasswordFiles(t *testing.T) {
	dir := t.TempDir()
	auth, priv := filepath.Join(dir, "auth"), filepath.Join(dir, "priv")
	c := Credential{Version: "3", User: "noc", Auth: "sha1", AuthPasswordFile: configs.File(auth), Priv: "aes", PrivPasswordFile: configs.File(priv)}
	if _, err := c.revealPasswords(); err == nil || !strings.Contains(err.Error(), auth) {
		t.Error(err)
	}
	for name, text := range map[string]string{auth: "long-enough\n", priv: "c4n4ry\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.revealPasswords(); err == nil || !strings.Contains(err.Error(), priv+": the password is shorter than 8") || strings.Contains(err.Error(), "c4n4ry") {
		t.Error(err)
	}
	if err := os.WriteFile(priv, []byte("c4n4ry-longer\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := c.revealPasswords()
	if err != nil || p.auth.Reveal() != "long-enough" || p.priv.Reveal() != "c4n4ry-longer" {
		t.Error(err)
	}
}

package routeros

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// secretFields are those that the CLI reference of RouterOS shows among what can be read, and others
// that are known to hold passwords and keys.
func secretFields(t *testing.T) []string {
	names := []string{"reconfigure-key", "challenge-password", "env-current", "config-json", "nvme-tcp-server-secret", "nvme-tcp-secret",
		"vpn-private-key", "vpn-peer-private-key", "vpn-wireguard-client-config", "vpn-wireguard-client-config-qrcode",
		"password", "private-key", "preshared-key", "pre-shared-key", "wpa-pre-shared-key", "wpa2-pre-shared-key", "secret", "passphrase",
		"authentication-password", "encryption-password", "ipsec-secret", "radius-secret", "eap-password", "sftp-password"}
	file, err := os.Open(filepath.Join("..", "..", "..", "shared", "catalogue", "routeros_api_fields.tsv"))
	if errors.Is(err, os.ErrNotExist) {
		t.Log("the catalogue is not there: the list of this test alone")
		return names
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	marked := 0
	for _, l := range lines {
		if len(l) > 4 && strings.Contains(l[4], "SECRET") {
			marked++
			names = append(names, l[3])
		}
	}
	if marked != 11 {
		t.Errorf("%d fields of the catalogue are marked SECRET, not 11", marked)
	}
	return names
}

func TestSecret(t *testing.T) {
	for _, name := range secretFields(t) {
		if !secret(name) {
			t.Errorf("%s may be asked for", name)
		}
	}
	for _, name := range []string{"public-key", "name", "key-type", "keepalive-timer", "status", "pin-status", "vpn-public-key", "authentication-type", "group-encryption"} {
		if secret(name) {
			t.Errorf("%s may not be asked for", name)
		}
	}
}

// TestNothingSecretIsAsked reads every table, of routers of several versions, that have every menu or
// none, and looks for secrets in what went over the wire.
func TestNothingSecretIsAsked(t *testing.T) {
	secrets := secretFields(t)
	asked := map[string]bool{}
	for _, v := range []string{"6.40.5", "6.49.10", "7.1.1", "7.12.2", "7.20.6", "7.24"} {
		for _, full := range []bool{true, false} {
			stub := newStub(t, answering(func(c *stubConn, words []string) { answerAll(c, words, v, full) }))
			c := stub.collector()
			for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
				if _, err := c.Collect(within(t, 20*time.Second), lane, nil); err != nil {
					t.Fatal(err)
				}
			}
			for sent := range strings.SplitSeq(stub.heard(), "=.proplist=") {
				for name := range strings.SplitSeq(strings.FieldsFunc(sent, func(r rune) bool { return r == '/' || r == '?' || r == '=' })[0], ",") {
					asked[strings.TrimSuffix(name, ".tag")] = true
				}
			}
			for _, s := range secrets {
				if strings.Contains(stub.heard(), ","+s+",") || asked[s] {
					t.Errorf("%s: %s was asked for", v, s)
				}
			}
		}
	}
	for _, table := range newShared(t).plan.tables {
		for _, s := range table.sources {
			for _, r := range s.requests {
				for _, n := range r.names {
					if !asked[n] || slices.Contains(secrets, n) {
						t.Errorf("%s: %s of %s was not seen on the wire", table.name, n, r.id)
					}
				}
			}
		}
	}
	t.Logf("%d attributes went over the wire, none of %d secret ones", len(asked), len(secrets))
}

// answerAll gives one row with everything that was asked for, or says that there is no such menu.
func answerAll(c *stubConn, words []string, v string, full bool) {
	row := []string{"!re"}
	for _, w := range words {
		if props, ok := strings.CutPrefix(w, "=.proplist="); ok {
			for name := range strings.SplitSeq(props, ",") {
				row = append(row, "="+name+"=ether")
			}
		}
	}
	switch {
	case words[0] == "/system/resource/print":
		c.say("!re", "=uptime=1h", "=version="+v)
	case !full:
		c.say("!trap", "=message=no such command prefix")
	case slices.Contains(words, "=count-only="):
		c.say("!done", "=ret=1")
		return
	default:
		c.say(row...)
	}
	c.say("!done")
}

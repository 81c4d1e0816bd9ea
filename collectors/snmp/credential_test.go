package snmp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

func TestCredentialsInAConfig(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "community")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{ version: 2c, community: public }":                                  "",
		"{ version: 1, community: public }":                                   "",
		`{ version: "2c", community_file: ` + file + ` }`:                     "",
		"{ version: 2c }":                                                     "credential.community: missing",
		"{ community: public }":                                               "credential.version: missing",
		"{ version: 2, community: public }":                                   `credential.version: unknown SNMP version "2"`,
		"{ version: 2c, community: public, community_file: " + file + " }":    "credential.community_file: community is given as well",
		"{ version: 2c, community: " + strings.Repeat("x", 128) + " }":        "credential.community: longer than 127 bytes",
		"{ version: 2c, community_file: " + filepath.Join(dir, "none") + " }": "no such file",
		"{ version: 2c, comunity: public }":                                   "comunity",
	} {
		var config validated
		err := configs.Parse(filepath.Join(dir, "c.yaml"), []byte("credential: "+text), &config)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		var problems configs.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("%s: %v", text, err)
		}
		found := false
		for _, p := range problems {
			found = found || strings.Contains(p.Path+": "+p.Message, want)
			if strings.Contains(p.Message+p.Hint, "s3cret") {
				t.Errorf("%v names the community", p)
			}
		}
		if !found {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// validated is a config with a credential in it.
type validated struct {
	Credential Credential `yaml:"credential"`
}

func (v *validated) Validate(r *configs.Report) { v.Credential.Validate(r.At("credential")) }

// A community in a file is read when it is needed, and again after a silence: it may be a new one.
func TestCommunityFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "community")
	a := newAgent(t, aRouter(1)...)
	c := a.collector(t, func(target *Target) {
		target.Credential = Credential{Version: "2c", CommunityFile: configs.File(file)}
		target.Timeout, target.Retries = 50*time.Millisecond, -1
	})
	if _, err := collect(t, c); err == nil || !strings.Contains(err.Error(), "no such file") && !strings.Contains(err.Error(), "does not exist") {
		t.Error(err)
	}
	for _, step := range []struct{ community, agent string }{{"old", "old"}, {"new", "new"}} {
		a.named(step.agent)
		if _, err := collect(t, c); err == nil {
			t.Error("read with another community")
		}
		if err := os.WriteFile(file, []byte(step.community+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		mustCollect(t, c)
	}
}

func TestTargets(t *testing.T) {
	e := newEngine(t)
	for _, target := range []Target{{Device: "r1"}, {Device: "r1", Address: "a", Port: -1}, {Device: "r1", Address: "a", Port: 65536}} {
		if _, err := e.New(target, pipeline.NewRows("r1", nil)); err == nil || !strings.Contains(err.Error(), "r1") {
			t.Errorf("%+v: %v", target, err)
		}
	}
	target := Target{Address: "2001:db8::1"}
	if target.endpoint() != "[2001:db8::1]:161" || target.timeout() != time.Second || target.retries() != 2 {
		t.Errorf("%s %s %d", target.endpoint(), target.timeout(), target.retries())
	}
	if target.Retries = -1; target.retries() != 0 {
		t.Error("cannot do without retries")
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := NewEngine(pipeline.NewSchema(), 1, registry); err != nil {
		t.Fatal(err)
	}
	if _, err := NewEngine(pipeline.NewSchema(), 1, registry); err == nil {
		t.Error("two engines on one registry")
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "routerpulse_snmp_") || !strings.HasSuffix(f.GetName(), "_total") {
			t.Error(f.GetName())
		}
	}
	if len(families) != 6 {
		t.Errorf("%d metrics", len(families))
	}
}

// The tables name only what the schema has.
func TestCompileRefusesUnknownNames(t *testing.T) {
	load := &mib{name: "m", columns: []object{{name: "load", oid: ".1.3.6.1.2.1.25.3.3.1.2"}}}
	for want, def := range map[string]tableDef{
		"the schema has no such table":               {name: "nonsense"},
		`the schema has no field "speed"`:            {name: "cpu", rows: load, number: true, fields: []rule{{"speed", from(read("load"))}}},
		`no object "lode"`:                           {name: "cpu", rows: load, number: true, fields: []rule{{"load_percent", from(read("lode"))}}},
		`no object "unit"`:                           {name: "cpu", rows: load, number: true, fields: []rule{{"load_percent", from(reading{of: []string{"load"}, when: &condition{"unit", 1}})}}},
		`m has no column "name"`:                     {name: "cpu", rows: &mib{name: "m", columns: load.columns, key: [][]string{{"name"}}}},
		`"1.3.6" is no OID`:                          {name: "router", scalars: []object{{name: "x", oid: "1.3.6"}}},
		`".1.3..6" is no OID`:                        {name: "router", scalars: []object{{name: "x", oid: ".1.3..6"}}},
		`".1.3.x" is no OID`:                         {name: "router", scalars: []object{{name: "x", oid: ".1.3.x"}}},
		`field "load_percent": a reading of nothing`: {name: "cpu", rows: load, number: true, fields: []rule{{"load_percent", from(read(""))}}},
	} {
		if _, err := compile(pipeline.NewSchema(), []tableDef{def}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

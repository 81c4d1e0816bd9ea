package configs_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/configs"
)

func TestParse(t *testing.T) {
	t.Setenv("PORT", "1161")
	t.Setenv("EMPTY", "")
	t.Setenv("COMMUNITY", "a: [b, {c: d}]\n# x")
	minute := configs.Duration(time.Minute)
	tests := map[string]struct {
		yaml string
		want func(c *root)
	}{
		"nothing named keeps the defaults": {"web: {}\nlanes:\n", func(*root) {}},
		"a key sets its field alone":       {"web: { insecure: true }", func(c *root) { c.Web.Insecure = true }},
		"a list replaces the default": {"devices: [{ name: a, address: b }]", func(c *root) {
			c.Collectors.Devices = []device{{Name: "a", Address: "b"}}
		}},
		"an empty list is none":           {"devices: []", func(c *root) { c.Collectors.Devices = []device{} }},
		"all of a list commented out":     {"devices:\n  # - { name: a }\n", func(c *root) { c.Collectors.Devices = []device{} }},
		"null is off":                     {"storage: { embedded: null }", func(c *root) { c.Storage.Embedded = nil }},
		"~ is off":                        {"storage: { embedded: ~ }", func(c *root) { c.Storage.Embedded = nil }},
		"an empty section is the default": {"storage:\n  embedded:\n", func(*root) {}},
		"a mapping keeps what it has not": {"lanes: { live: 1m }", func(c *root) { c.Collectors.Lanes["live"] = minute }},
		"keys keep case and dots": {"devices: [{ name: A.b, address: x, tags: { Site.Name: Nairobi } }]", func(c *root) {
			c.Collectors.Devices = []device{{Name: "A.b", Address: "x", Tags: map[string]string{"Site.Name": "Nairobi"}}}
		}},
		"numbers are texts where asked":  {"devices: [{ name: 1.10, address: 0x1F }]", func(c *root) { c.Collectors.Devices = []device{{Name: "1.10", Address: "0x1F"}} }},
		"words of YAML are texts, too":   {"devices: [{ name: no, address: 2026-01-01 }]", func(c *root) { c.Collectors.Devices = []device{{Name: "no", Address: "2026-01-01"}} }},
		"an inline pointer is made":      {"channels: [{ name: a, access: public }]", func(c *root) { c.Stream = &streams{[]channel{{"a", access{Word: "public"}}}} }},
		"the long form of a short value": {"channels: [{ name: a, access: { roles: [admin] } }]", func(c *root) { c.Stream = &streams{[]channel{{"a", access{Roles: []string{"admin"}}}}} }},
		"a standard duration has a unit": {"web: { wait: 1m }", func(c *root) { c.Web.Wait = time.Minute }},
		"whatever the type": {"devices: [{ name: a, address: b, extra: { n: 1, l: [true] } }]", func(c *root) {
			c.Collectors.Devices = []device{{Name: "a", Address: "b", Extra: map[string]any{"n": 1, "l": []any{true}}}}
		}},
		"a variable is a number": {`web: { limit: "${PORT}" }`, func(c *root) { c.Web.Limit = 1161 }},
		"inside a text":          {"web: { listen: \"[::1]:${PORT}\" }", func(c *root) { c.Web.Listen = "[::1]:1161" }},
		"a default":              {`web: { listen: "${NOT_SET:-a}${EMPTY:-b}${EMPTY}" }`, func(c *root) { c.Web.Listen = "ab" }},
		"an empty default":       {`web: { listen: "${NOT_SET:-}" }`, func(c *root) { c.Web.Listen = "" }},
		"dollars":                {`web: { listen: "$$ $${PORT} $2a$10$x $" }`, func(c *root) { c.Web.Listen = "$ ${PORT} $2a$10$x $" }},
		"a variable stays one value": {"credentials: [{ name: a, snmp: { community: \"${COMMUNITY}\" } }]", func(c *root) {
			c.Collectors.Credentials = []credential{{"a", &snmp{Community: configs.NewSecret("a: [b, {c: d}]\n# x")}}}
		}},
		"anchors and merge keys": {"devices:\n  - &d { name: a, address: x, credentials: [r] }\n  - { <<: *d, name: b }\n", func(c *root) {
			c.Collectors.Devices = []device{{Name: "a", Address: "x", Credentials: []string{"r"}}, {Name: "b", Address: "x", Credentials: []string{"r"}}}
		}},
		"a byte order mark and CRLF":       {"\ufeffweb:\r\n  insecure: true\r\n", func(c *root) { c.Web.Insecure = true }},
		"tabs where YAML allows them":      {"web: {\n\tinsecure: true }\n# a\tb\n", func(c *root) { c.Web.Insecure = true }},
		"a new list item has its defaults": {"storage: { embedded: { path: x } }", func(c *root) { c.Storage.Embedded.Path = "x" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := defaults()
			test.want(want)
			if diff := cmp.Diff(want, mustParse(t, test.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNewPartsHaveDefaults: what stands behind a nil pointer gets the defaults of its type.
func TestNewPartsHaveDefaults(t *testing.T) {
	c := root{Web: defaults().Web}
	if err := configs.Parse("test.yaml", []byte("storage: { embedded: { path: x } }"), &c); err != nil {
		t.Fatal(err)
	}
	if c.Storage.Embedded.Path != "x" || c.Storage.Embedded.Retention.String() != "30d" {
		t.Errorf("got %+v", c.Storage.Embedded)
	}
}

// TestDefaultsAreNotShared: loading into a copy of the defaults must not write into a map or list that
// another copy holds, or a reload would change the running config.
func TestDefaultsAreNotShared(t *testing.T) {
	original := defaults()
	copied := *original
	if err := configs.Parse("test.yaml", []byte("lanes: { live: 1m }\ndevices: [{ name: z, address: z }]"), &copied); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults(), original); diff != "" {
		t.Error(diff)
	}
}

func TestParseWantsAPointerToAStruct(t *testing.T) {
	for _, into := range []any{nil, root{}, (*root)(nil), new(int), map[string]int{}} {
		if err := configs.Parse("test.yaml", []byte("web: {}"), into); err == nil {
			t.Errorf("%T was taken", into)
		}
	}
}

func TestInclude(t *testing.T) {
	folder := t.TempDir()
	main := write(t, folder, "routerpulse.yaml", `
web: { listen: "127.0.0.1:1" }
devices: [{ name: core-1, address: 10.0.0.1 }]
lanes:
include: [conf.d/*.yaml, "${MORE:-extra/one.yaml}", conf.d/none-*.yaml]
`)
	write(t, folder, "conf.d/10-sites.yaml", "devices: [{ name: core-2, address: 10.0.0.2 }]\nlanes: { live: 10s }\n")
	write(t, folder, "conf.d/20-influx.yaml", `
web: { insecure: true }
storage: { influxdb: [{ name: main, token_file: token, free: ../free }] }
include: nested/*.yaml
`)
	write(t, folder, "conf.d/nested/a.yaml", "devices: [{ name: core-3, address: 10.0.0.3 }]\n")
	write(t, folder, "conf.d/.#10-sites.yaml", "an editor's: lock\n")
	write(t, folder, "conf.d/README", "no YAML\n")
	write(t, folder, "extra/one.yaml", "devices: [{ name: core-4, address: 10.0.0.4 }]\nlanes: { slow: 1h }\n")
	token := write(t, folder, "conf.d/token", "s3cret\n")

	c := defaults()
	if err := configs.Load(main, c); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range c.Collectors.Devices {
		names = append(names, d.Name)
	}
	if diff := cmp.Diff([]string{"core-1", "core-2", "core-3", "core-4"}, names); diff != "" {
		t.Error(diff)
	}
	if !c.Web.Insecure || c.Web.Listen != "127.0.0.1:1" || c.Collectors.Lanes["live"].String() != "10s" || c.Collectors.Lanes["slow"].String() != "1h" {
		t.Errorf("got %+v %v", c.Web, c.Collectors.Lanes)
	}
	got := c.Storage.InfluxDB[0]
	if string(got.TokenFile) != token || string(got.Free) != filepath.Join(folder, "free") {
		t.Errorf("paths start from the folder of their own file: got %+v", got)
	}
}

// TestLoadThroughALink: a config mounted into a container is a link to a link.
func TestLoadThroughALink(t *testing.T) {
	folder := t.TempDir()
	target := write(t, folder, "..data/routerpulse.yaml", "web: { insecure: true }\n")
	link := filepath.Join(folder, "routerpulse.yaml")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	c := defaults()
	if err := configs.Load(link, c); err != nil || !c.Web.Insecure {
		t.Errorf("%v %+v", err, c.Web)
	}
}

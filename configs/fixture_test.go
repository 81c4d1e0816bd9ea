package configs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

// root is a config of the shape of the real one: inline parts, lists of structs, pointers that mean
// on or off, a map with defaults, a value with a short and a long form.
type root struct {
	Web        web      `yaml:"web"`
	Storage    storage  `yaml:"storage"`
	Collectors fleet    `yaml:",inline"`
	Stream     *streams `yaml:",inline"`
	Ignored    string   `yaml:"-"`
}

type web struct {
	Listen   string           `yaml:"listen"`
	Insecure bool             `yaml:"insecure"`
	Ratio    float64          `yaml:"ratio"`
	Wait     time.Duration    `yaml:"wait"`
	Limit    uint16           `yaml:"limit"`
	Idle     configs.Duration `yaml:"idle"`
}

type storage struct {
	Embedded *embedded `yaml:"embedded"`
	InfluxDB []influx  `yaml:"influxdb"`
}

type embedded struct {
	Path      string           `yaml:"path"`
	Retention configs.Duration `yaml:"retention"`
}

func (e *embedded) SetDefaults() { *e = embedded{"./data", configs.Duration(30 * 24 * time.Hour)} }

type influx struct {
	Name      string         `yaml:"name"`
	URL       string         `yaml:"url"`
	TokenFile configs.File   `yaml:"token_file" config:"secret"`
	Token     configs.Secret `yaml:"token"`
	CAFile    configs.File   `yaml:"ca_file" config:"exists"`
	Free      configs.File   `yaml:"free"`
}

type fleet struct {
	Credentials []credential                `yaml:"credentials"`
	Lanes       map[string]configs.Duration `yaml:"lanes"`
	Devices     []device                    `yaml:"devices"`
}

type credential struct {
	Name string `yaml:"name"`
	SNMP *snmp  `yaml:"snmp"`
}

type snmp struct {
	Version   string         `yaml:"version"`
	Community configs.Secret `yaml:"community"`
	Port      uint16         `yaml:"port"`
}

type device struct {
	Name        string                      `yaml:"name"`
	Address     string                      `yaml:"address"`
	Credentials []string                    `yaml:"credentials"`
	Tags        map[string]string           `yaml:"tags"`
	Lanes       map[string]configs.Duration `yaml:"lanes"`
	Extra       any                         `yaml:"extra"`
}

type streams struct {
	Channels []channel `yaml:"channels"`
}

type channel struct {
	Name   string `yaml:"name"`
	Access access `yaml:"access"`
}

// access is written public, or { roles: [admin] }.
type access struct {
	Word  string   `yaml:"-"`
	Roles []string `yaml:"roles"`
}

func (a *access) UnmarshalText(b []byte) error {
	if a.Word = string(b); a.Word != "public" && a.Word != "authenticated" {
		return fmt.Errorf("no such access: %q", a.Word)
	}
	return nil
}

func defaults() *root {
	return &root{
		Web:     web{Listen: "127.0.0.1:8080", Idle: configs.Duration(time.Minute)},
		Storage: storage{Embedded: &embedded{Path: "./data"}},
		Collectors: fleet{
			Lanes:   map[string]configs.Duration{"live": configs.Duration(30 * time.Second), "slow": configs.Duration(10 * time.Minute)},
			Devices: []device{{Name: "default", Address: "192.0.2.1"}},
		},
	}
}

func (c *root) Validate(r *configs.Report) {
	for i, d := range c.Collectors.Devices {
		at := r.At("devices", i)
		if d.Address == "" {
			at.At("address").Errorf("write its host name or IP address", "is missing")
		}
		if strings.Contains(d.Name, " ") {
			at.At("name").Errorf("write one word", "%q cannot name a device", d.Name)
			at.At("credentials").Errorf("", "device %s may not have any", d.Name)
		}
		if d.Address == "nowhere" {
			at.At("address").Errorf("", "is not an address")
		}
	}
	if c.Web.Idle <= 0 {
		r.At("web", "idle").Errorf("", "must be longer than 0")
	}
}

func parse(t *testing.T, text string) (*root, configs.Problems) {
	t.Helper()
	c := defaults()
	err := configs.Parse("test.yaml", []byte(text), c)
	var problems configs.Problems
	if err != nil && !errors.As(err, &problems) {
		t.Fatalf("not Problems: %v", err)
	}
	return c, problems
}

func mustParse(t *testing.T, text string) *root {
	t.Helper()
	c, problems := parse(t, text)
	if problems != nil {
		t.Fatalf("%s\n%v", text, problems)
	}
	return c
}

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	name = filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

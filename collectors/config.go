package collectors

import (
	"cmp"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// Config is what is read, how often, and with which credentials.
type Config struct {
	Credentials []Credential `yaml:"credentials"`
	Lanes       Lanes        `yaml:"lanes"`
	Limits      Limits       `yaml:"limits"`
	// Tables says which tables are read, and when, where it is not the usual.
	Tables     map[string]TableConfig `yaml:"tables"`
	SNMPTables []snmp.CustomTable     `yaml:"snmp_tables"`
	Devices    []DeviceConfig         `yaml:"devices"`
}

// Credential is a way in, under the name by which devices refer to it.
type Credential struct {
	Name     string               `yaml:"name"`
	SNMP     *snmp.Credential     `yaml:"snmp"`
	RouterOS *routeros.Credential `yaml:"routeros"`
}

// Lanes are the periods of polling. Zero means the default, or for a device what the root says.
type Lanes struct {
	Status   configs.Duration `yaml:"status"`
	Live     configs.Duration `yaml:"live"`
	Sessions configs.Duration `yaml:"sessions"`
	Slow     configs.Duration `yaml:"slow"`
}

// DeviceConfig is one router.
type DeviceConfig struct {
	Name        string            `yaml:"name"`
	Address     string            `yaml:"address"`
	Credentials []string          `yaml:"credentials"`
	Tags        map[string]string `yaml:"tags"`
	SNMP        SNMPEndpoint      `yaml:"snmp"`
	RouterOS    APIEndpoint       `yaml:"routeros"`
	Lanes       Lanes             `yaml:"lanes"`
	Limits      Limits            `yaml:"limits"`

	Tables map[string]TableConfig `yaml:"tables"` // over the root's, key by key
}

// Limits bound what one device may cost. Zero means the default, or for a device what the root says.
type Limits struct {
	RowsPerTable int `yaml:"rows_per_table"` // more are left out, counted in routerpulse_rows_dropped_total
}

// SNMPEndpoint is where SNMP listens on the device, and how much it is asked at once.
type SNMPEndpoint struct {
	Port     int `yaml:"port"`                // 0: the protocol's own
	InFlight int `yaml:"in_flight,omitempty"` // requests that wait for their replies at a time; 0: 8
}

// target is what SNMP is to read.
func (d *DeviceConfig) target(c *snmp.Credential) snmp.Target {
	return snmp.Target{Device: d.Name, Address: d.Address, Port: d.SNMP.Port, InFlight: d.SNMP.InFlight, Credential: *c}
}

// APIEndpoint is where the RouterOS API listens, and whether we listen to it.
type APIEndpoint struct {
	Port   int   `yaml:"port"`             // 0: the protocol's own
	Listen *bool `yaml:"listen,omitempty"` // unset: as the credential says
}

// listens reports whether changes are to be heard over a connection of their own.
func (e APIEndpoint) listens(c *routeros.Credential) bool {
	switch {
	case e.Listen != nil:
		return *e.Listen
	case c.Listen != nil:
		return *c.Listen
	}
	return true
}

// DefaultConfig has the periods of the guide and no device.
func DefaultConfig() Config {
	const s = configs.Duration(time.Second)
	return Config{Lanes: Lanes{Status: 60 * s, Live: 30 * s, Sessions: 60 * s, Slow: 600 * s}}
}

// Over fills what l leaves out from base.
func (l Lanes) Over(base Lanes) Lanes {
	for _, p := range []struct{ own, base *configs.Duration }{
		{&l.Status, &base.Status}, {&l.Live, &base.Live}, {&l.Sessions, &base.Sessions}, {&l.Slow, &base.Slow}} {
		if *p.own == 0 {
			*p.own = *p.base
		}
	}
	return l
}

// LanesOf are the periods of one device: its own, else the root's, else the default.
func (c *Config) LanesOf(d DeviceConfig) Lanes {
	return d.Lanes.Over(c.Lanes).Over(DefaultConfig().Lanes)
}

// LimitsOf are the limits of one device: its own, else the root's, else the default.
func (c *Config) LimitsOf(d DeviceConfig) Limits {
	return Limits{RowsPerTable: cmp.Or(d.Limits.RowsPerTable, c.Limits.RowsPerTable, pipeline.DefaultRowLimit)}
}

func (l Limits) validate(r *configs.Report) {
	if l.RowsPerTable < 0 || l.RowsPerTable > maxRowsPerTable {
		r.At("rows_per_table").Errorf("1 to 100000; 5000 is the default", "%d rows cannot be a limit", l.RowsPerTable)
	}
}

// maxRowsPerTable is what a walk gives up at anyway.
const maxRowsPerTable = 100_000

// Each visits the lanes in the order of their urgency.
func (l Lanes) Each(visit func(name string, period configs.Duration)) {
	visit("status", l.Status)
	visit("live", l.Live)
	visit("sessions", l.Sessions)
	visit("slow", l.Slow)
}

// Validate reports everything that is wrong with it.
func (c *Config) Validate(r *configs.Report) {
	known := map[string]*Credential{}
	for i := range c.Credentials {
		c.Credentials[i].validate(r.At("credentials", i), known)
	}
	c.Lanes.validate(r.At("lanes"))
	c.Limits.validate(r.At("limits"))
	snmp.ValidateTables(r.At("snmp_tables"), pipeline.NewSchema(), c.SNMPTables)
	schema := c.Schema()
	tables, reserved := newCatalogue(schema, c.SNMPTables), reservedTags(schema)
	tables.validate(r.At("tables"), c.Tables, nil)
	names := map[string]int{}
	for i := range c.Devices {
		d, at := &c.Devices[i], r.At("devices", i)
		if first, ok := names[d.Name]; ok && d.Name != "" {
			at.At("name").Errorf("give each device a name of its own", "device %q is there twice (the first is devices[%d])", d.Name, first)
		} else {
			names[d.Name] = i
		}
		d.validate(at, known, reserved)
		tables.validate(at.At("tables"), d.Tables, d.protocols(known))
	}
}

// Schema is every table, those of the config included.
func (c *Config) Schema() *pipeline.Schema { return snmp.Extend(pipeline.NewSchema(), c.SNMPTables) }

// Advice lists what could be better, though nothing is wrong with it.
func (c *Config) Advice() []string { return snmp.Advice(c.SNMPTables) }

// ReadRarely names the lanes and tables that the config, of all devices or of one, reads no oftener than once in a
// while; sorted, as the config writes them.
func (c *Config) ReadRarely(while time.Duration) []string {
	rare := map[string]bool{}
	look := func(lanes Lanes, tables map[string]TableConfig) {
		lanes.Each(func(name string, period configs.Duration) {
			if period.Std() >= while {
				rare["lane "+name] = true
			}
		})
		for name, t := range tables {
			if t.On && t.Every.Std() >= while {
				rare["table "+name] = true
			}
		}
	}
	look(c.Lanes, c.Tables)
	for i := range c.Devices {
		look(c.Devices[i].Lanes, c.Devices[i].Tables)
	}
	for i := range c.SNMPTables {
		if t := &c.SNMPTables[i]; t.Every.Std() >= while {
			rare["table "+t.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(rare))
}

// protocols are those that a device has credentials for.
func (d *DeviceConfig) protocols(known map[string]*Credential) []string {
	names := []string{}
	for _, name := range d.Credentials {
		switch c := known[name]; {
		case c == nil:
		case c.SNMP != nil:
			names = append(names, sourceSNMP)
		case c.RouterOS != nil:
			names = append(names, sourceAPI)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *Credential) validate(r *configs.Report, known map[string]*Credential) {
	switch {
	case c.Name == "":
		r.Errorf("add name: something that devices can refer to", "a credential needs a name")
	case known[c.Name] != nil:
		r.At("name").Errorf("give each credential a name of its own", "credential %q is there twice", c.Name)
	default:
		known[c.Name] = c
	}
	if (c.SNMP == nil) == (c.RouterOS == nil) {
		r.Errorf("write either snmp: or routeros: under it; a device may refer to one of each", "credential %q must be of one protocol", c.Name)
		return
	}
	if c.SNMP != nil {
		c.SNMP.Validate(r.At("snmp"))
	} else {
		c.RouterOS.Validate(r.At("routeros"))
	}
}

func (l Lanes) validate(r *configs.Report) {
	l.Each(func(name string, period configs.Duration) {
		if period != 0 && (period.Std() < time.Second || period.Std() > 24*time.Hour) {
			r.At(name).Errorf("a router's counters do not move faster", "%s: the period must be between 1s and 1d", period)
		}
	})
}

// Device names go into URLs and channel names; tag keys into line protocol and PromQL.
var (
	deviceName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._:@-]{0,127}$`)
	hostName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
	tagKey     = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,62}$`)
)

func (d *DeviceConfig) validate(r *configs.Report, known map[string]*Credential, reserved map[string]bool) {
	switch {
	case d.Name == "":
		r.Errorf("add name: core-1", "a device needs a name")
	case !deviceName.MatchString(d.Name):
		r.At("name").Errorf("use letters, digits and . _ : @ -, at most 128", "%q cannot name a device", d.Name)
	}
	if _, err := netip.ParseAddr(d.Address); err != nil && !hostName.MatchString(d.Address) {
		r.At("address").Errorf("an IP address or a host name; the port goes into snmp: { port: … } or routeros: { port: … }", "%q is no address", d.Address)
	}
	d.Lanes.validate(r.At("lanes"))
	d.Limits.validate(r.At("limits"))
	for name, port := range map[string]int{"snmp": d.SNMP.Port, "routeros": d.RouterOS.Port} {
		if port < 0 || port > 65535 {
			r.At(name, "port").Errorf("1 to 65535", "%d is no port", port)
		}
	}
	if n := d.SNMP.InFlight; n < 0 || n > snmp.MaxInFlight {
		r.At("snmp", "in_flight").Errorf("1 to "+strconv.Itoa(snmp.MaxInFlight), "%d requests cannot be in flight", n)
	}
	d.validateCredentials(r, known)
	d.validateTags(r.At("tags"), reserved)
}

func (d *DeviceConfig) validateCredentials(r *configs.Report, known map[string]*Credential) {
	if len(d.Credentials) == 0 {
		r.Errorf("add credentials: [name], with a name from the list credentials", "device %q has no credentials", d.Name)
	}
	count := map[string]int{}
	for i, name := range d.Credentials {
		c := known[name]
		switch {
		case c == nil:
			r.At("credentials", i).Errorf("known: "+strings.Join(sortedNames(known), ", "), "there is no credential %q", name)
		case c.SNMP != nil:
			count["snmp"]++
		case c.RouterOS != nil:
			count["routeros"]++
		}
	}
	for _, protocol := range []string{"snmp", "routeros"} {
		if count[protocol] > 1 {
			r.At("credentials").Errorf("keep the one that works", "device %q has %d credentials for %s; it may have one for each protocol", d.Name, count[protocol], protocol)
		}
	}
}

// reservedTags are the names that no tag may have.
func reservedTags(schema *pipeline.Schema) map[string]bool {
	reserved := map[string]bool{"device": true, "time": true}
	for _, t := range schema.Tables {
		for _, k := range t.Keys {
			reserved[k] = true
		}
		for _, f := range t.Fields {
			reserved[f.Name] = true
		}
	}
	return reserved
}

func (d *DeviceConfig) validateTags(r *configs.Report, reserved map[string]bool) {
	for key, value := range d.Tags {
		switch {
		case !tagKey.MatchString(key):
			r.At(key).Errorf("use letters, digits and _", "%q cannot be a tag", key)
		case reserved[key]:
			r.At(key).Errorf("choose another name", "%q is the name of a key or a field of ours", key)
		}
		if clean := pipeline.CleanName(value); clean != value || value == "" {
			r.At(key).Errorf("plain text of 1 to 256 bytes", "%q cannot be a tag's value", value)
		}
	}
}

func (d *DeviceConfig) tags() []pipeline.Tag {
	var tags []pipeline.Tag
	for k, v := range d.Tags {
		tags = append(tags, pipeline.Tag{Key: k, Value: v})
	}
	slices.SortFunc(tags, func(a, b pipeline.Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags
}

func sortedNames(known map[string]*Credential) []string {
	var names []string
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	if len(names) == 0 {
		names = []string{"none"}
	}
	return names
}

package collectors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// The names of the protocols, as TableReads have them.
const (
	sourceAPI  = "routeros"
	sourceSNMP = "snmp"
)

//go:generate go run ./generate

// TableInfo describes a table that can be read.
type TableInfo struct {
	Table *pipeline.Table
	// API and SNMP are when each protocol reads it, unless the config says otherwise; nil: it cannot.
	API, SNMP *TableSource
}

// TableSource is what one protocol has of a table, and its policy.
type TableSource struct {
	Lane   pipeline.Lane
	Every  time.Duration // the least time between two reads; 0: each time the lane is polled
	Costly bool          // off unless the config asks for it
	Cost   string        // what it then costs the router
	Fields []string
}

// TableInfos lists every table that can be read with a config, in the order of the schema.
func (c *Config) TableInfos() []TableInfo {
	catalogue := newCatalogue(c.Schema(), c.SNMPTables)
	var list []TableInfo
	for _, name := range catalogue.names {
		list = append(list, *catalogue.entries[name])
	}
	return list
}

// catalogue is every table that can be read. It is made once for a config.
type catalogue struct {
	names   []string // in the order of the schema
	entries map[string]*TableInfo
}

func newCatalogue(schema *pipeline.Schema, custom []snmp.CustomTable) *catalogue {
	c := &catalogue{entries: map[string]*TableInfo{}}
	of := func(table string) *TableInfo {
		if c.entries[table] == nil {
			c.entries[table] = &TableInfo{}
		}
		return c.entries[table]
	}
	for _, p := range snmp.Policies(custom) {
		of(p.Table).SNMP = &TableSource{p.Lane, p.Every, p.Costly, p.Cost, p.Fields}
	}
	for _, p := range routeros.Policies() {
		of(p.Table).API = &TableSource{p.Lane, p.Every, p.Costly, p.Cost, p.Fields}
	}
	for _, t := range schema.Tables {
		if e := c.entries[t.Name]; e != nil && e.Table == nil {
			c.names, e.Table = append(c.names, t.Name), t
		}
	}
	return c
}

// Protocols names those that can read it.
func (e *TableInfo) Protocols() (names []string) {
	if e.API != nil {
		names = append(names, sourceAPI)
	}
	if e.SNMP != nil {
		names = append(names, sourceSNMP)
	}
	return names
}

func (e *TableInfo) readableOver(protocols []string) bool {
	return slices.ContainsFunc(e.Protocols(), func(p string) bool { return slices.Contains(protocols, p) })
}

// tablePlan says which tables a device gets, in which lane, and how often at most. Devices of equal
// settings share one; it does not change.
type tablePlan struct {
	lanes map[pipeline.Lane]*lanePlan
	timed int // how many tables have an every
}

// lanePlan is the tables of one lane.
type lanePlan struct {
	tables map[string]*plannedTable
	timed  []*plannedTable
}

// plannedTable is one table of a plan. A costly one may be read over one protocol and not over the other.
type plannedTable struct {
	name      string
	lane      pipeline.Lane
	every     time.Duration
	api, snmp bool
	place     int // among those with an every
}

// planner makes plans, one for each kind of settings.
type planner struct {
	catalogue *catalogue
	root      map[string]TableConfig
	plans     map[string]*tablePlan
}

func newPlanner(c *catalogue, root map[string]TableConfig) *planner {
	return &planner{catalogue: c, root: root, plans: map[string]*tablePlan{}}
}

// of is the plan of a device with some protocols and what it says of tables itself.
func (p *planner) of(protocols []string, own map[string]TableConfig) *tablePlan {
	settings := p.settings(own)
	key := strings.Join(protocols, ",")
	for _, name := range slices.Sorted(maps.Keys(own)) { // the root's are the same for all
		key += fmt.Sprintf(" %s:%+v", name, settings[name])
	}
	plan := p.plans[key]
	if plan == nil {
		plan = p.make(protocols, settings)
		p.plans[key] = plan
	}
	return plan
}

func (p *planner) settings(own map[string]TableConfig) map[string]TableConfig {
	if len(own) == 0 {
		return p.root
	}
	settings := maps.Clone(p.root)
	if settings == nil {
		settings = map[string]TableConfig{}
	}
	for name, t := range own {
		settings[name] = t.over(p.root[name])
	}
	return settings
}

func (p *planner) make(protocols []string, settings map[string]TableConfig) *tablePlan {
	plan := &tablePlan{lanes: map[pipeline.Lane]*lanePlan{}}
	for _, name := range p.catalogue.names {
		setting, said := settings[name]
		t := p.catalogue.entries[name].plan(protocols, setting, said)
		if !t.api && !t.snmp {
			continue
		}
		lane := plan.lanes[t.lane]
		if lane == nil {
			lane = &lanePlan{tables: map[string]*plannedTable{}}
			plan.lanes[t.lane] = lane
		}
		lane.tables[name] = &t
		if t.every > 0 {
			t.place = plan.timed
			plan.timed++
			lane.timed = append(lane.timed, &t)
		}
	}
	return plan
}

// plan decides about one table. Where both protocols could read it, the API's lane and pace count, as it
// is asked first; unless it is too costly there.
func (e *TableInfo) plan(protocols []string, setting TableConfig, said bool) plannedTable {
	t := plannedTable{name: e.Table.Name}
	if said && !setting.On {
		return t
	}
	var by *TableSource
	reads := func(protocol string, policy *TableSource) bool {
		if policy == nil || !slices.Contains(protocols, protocol) || policy.Costly && !said {
			return false
		}
		if by == nil {
			by = policy
		}
		return true
	}
	t.api, t.snmp = reads(sourceAPI, e.API), reads(sourceSNMP, e.SNMP)
	if by == nil {
		return t
	}
	t.lane, t.every = by.Lane, by.Every
	if setting.Lane != "" {
		t.lane = pipeline.Lane(setting.Lane)
	}
	if setting.Every != 0 {
		t.every = setting.Every.Std()
	}
	return t
}

// has reports that a lane has any table.
func (p *tablePlan) has(lane pipeline.Lane) bool { return p.lanes[lane] != nil }

// pace is how often a lane gives anything: its period, or longer where every table is read more rarely.
func (p *tablePlan) pace(lane pipeline.Lane, period time.Duration) time.Duration {
	l := p.lanes[lane]
	if l == nil || len(l.timed) < len(l.tables) {
		return period
	}
	least := l.timed[0].every
	for _, t := range l.timed {
		least = min(least, t.every)
	}
	return max(period, least)
}

// PlannedTable is when a device's table is read.
type PlannedTable struct {
	Name      string
	Lane      pipeline.Lane
	Every     time.Duration // the lane's period, or longer
	Protocols []string      // that are asked
}

// PlanOf lists the tables that a device gets, in the order of the schema; not ok if there is no such
// device.
func (c *Config) PlanOf(device string) (plan []PlannedTable, ok bool) {
	i := slices.IndexFunc(c.Devices, func(d DeviceConfig) bool { return d.Name == device })
	if i < 0 {
		return nil, false
	}
	known := map[string]*Credential{}
	for i := range c.Credentials {
		known[c.Credentials[i].Name] = &c.Credentials[i]
	}
	catalogue := newCatalogue(c.Schema(), c.SNMPTables)
	d := c.Devices[i]
	planned := newPlanner(catalogue, c.Tables).of(d.protocols(known), d.Tables)
	periods := map[pipeline.Lane]time.Duration{}
	c.LanesOf(d).Each(func(name string, period configs.Duration) { periods[pipeline.Lane(name)] = period.Std() })
	for _, name := range catalogue.names {
		for lane, l := range planned.lanes {
			if t := l.tables[name]; t != nil {
				plan = append(plan, PlannedTable{name, lane, max(t.every, periods[lane]), t.protocols()})
			}
		}
	}
	return plan, true
}

func (t *plannedTable) protocols() (names []string) {
	if t.api {
		names = append(names, sourceAPI)
	}
	if t.snmp {
		names = append(names, sourceSNMP)
	}
	return names
}

package collectors

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

// settings is everything that one device is built from. Equal settings, the same device.
type settings struct {
	Device      DeviceConfig // with its lanes and limits filled in
	Credentials []credential
	Tables      map[string]TableConfig // the root's
}

// credential is one with a sum of the files that it names, whose content may be replaced.
type credential struct {
	Credential
	Secrets string
}

// files are those that hold secrets and certificates.
func (c Credential) files() (names []configs.File) {
	if s := c.SNMP; s != nil {
		names = append(names, s.CommunityFile, s.AuthPasswordFile, s.PrivPasswordFile)
	}
	if r := c.RouterOS; r != nil {
		names = append(names, r.PasswordFile, r.TLS.CAFile)
	}
	return names
}

func (b *builder) settings(cfg *Config, d DeviceConfig) settings {
	d.Lanes, d.Limits = cfg.LanesOf(d), cfg.LimitsOf(d)
	s := settings{Device: d, Tables: cfg.Tables}
	for _, name := range d.Credentials {
		s.Credentials = append(s.Credentials, b.credentials[name])
	}
	return s
}

// Change is another config, ready to be applied. What both configs have is kept, not built again.
type Change struct {
	Added, Changed, Removed []string // devices

	of      *Collectors
	devices []*polled // in the order of the config
	fresh   []*polled // of these, the added and the changed
	old     []*polled // the changed and the removed, as they were
}

// Prepare builds what a valid config has that the present one has not. Nothing is touched before Apply.
// Tables of snmp_tables are those of the start: see NeedsRestart.
func (c *Collectors) Prepare(cfg Config) (*Change, error) {
	b, change := newBuilder(c, &cfg), &Change{of: c}
	present := map[string]*polled{}
	for _, p := range c.all() {
		present[p.config.Name] = p
	}
	for _, d := range cfg.Devices {
		was, from := present[d.Name], b.settings(&cfg, d)
		delete(present, d.Name)
		if was != nil && reflect.DeepEqual(was.from, from) {
			change.devices = append(change.devices, was)
			continue
		}
		p, err := b.polled(from)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("device %s: %w", d.Name, err), change.discard())
		}
		change.devices, change.fresh = append(change.devices, p), append(change.fresh, p)
		if was == nil {
			change.Added = append(change.Added, d.Name)
			continue
		}
		change.Changed, change.old = append(change.Changed, d.Name), append(change.old, was)
	}
	for _, p := range c.all() { // in their order
		if present[p.config.Name] != nil {
			change.Removed, change.old = append(change.Removed, p.config.Name), append(change.old, p)
		}
	}
	return change, nil
}

// NeedsRestart reports that a config differs in what is compiled once.
func (c *Collectors) NeedsRestart(cfg Config) bool {
	return !reflect.DeepEqual(c.custom, cfg.SNMPTables)
}

func (ch *Change) discard() error {
	var errs []error
	for _, p := range ch.fresh {
		errs = append(errs, p.device.Close())
	}
	return errors.Join(errs...)
}

func (ch *Change) byName() map[string]*polled {
	m := make(map[string]*polled, len(ch.devices))
	for _, p := range ch.devices {
		m[p.config.Name] = p
	}
	return m
}

// Apply makes the change while devices are polled; those that are not concerned do not notice. forget
// is called for each device that is gone or changed, when nothing more will be published of what it was.
// Changes are applied one after the other, each prepared after the one before was applied.
func (ch *Change) Apply(forget func(device string, at time.Time)) error {
	c := ch.of
	c.mu.Lock()
	c.devices, c.byName = ch.devices, ch.byName()
	c.mu.Unlock()
	told, errs := map[string]time.Time{}, []error(nil)
	for _, p := range ch.old {
		name := p.config.Name
		c.sched.Remove(name)
		last := p.retire()
		errs = append(errs, p.device.Close())
		c.metrics.forget(name)
		told[name] = later(c.sched.Now().Truncate(time.Millisecond), last)
		forget(name, told[name])
	}
	for _, p := range ch.fresh {
		p.toldAt = told[p.config.Name] // what it tells comes after what was forgotten
	}
	c.begin(ch.fresh)
	return errors.Join(errs...)
}

// retire waits for what is being published, lets nothing more be, and returns the time of the last status.
func (d *polled) retire() (last time.Time) {
	d.life.Lock()
	d.retired = true
	d.life.Unlock()
	d.told.Lock()
	defer d.told.Unlock()
	return d.toldAt
}

// later is now, or just after what was there last.
func later(now, last time.Time) time.Time {
	if behind := last.Sub(now); behind >= 0 && behind < time.Minute {
		return last.Add(time.Millisecond)
	}
	return now
}

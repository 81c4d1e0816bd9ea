package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/web"
)

// inventory is what the JSON API says of the devices: the config, and what batches told since.
type inventory struct {
	mu      sync.RWMutex
	devices map[string]*web.Device
	sources func(device string) (byTable map[string]string, switches int)
}

func newInventory(cfg collectors.Config, sources func(string) (map[string]string, int)) *inventory {
	inv := &inventory{devices: map[string]*web.Device{}, sources: sources}
	inv.apply(cfg, nil)
	return inv
}

// apply makes it what another config has. Of devices that did not change, what was told stays.
func (inv *inventory) apply(cfg collectors.Config, changed []string) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	was := inv.devices
	inv.devices = make(map[string]*web.Device, len(cfg.Devices))
	for _, name := range changed {
		delete(was, name)
	}
	for _, d := range cfg.Devices {
		if was[d.Name] != nil {
			inv.devices[d.Name] = was[d.Name]
			continue
		}
		device := &web.Device{Name: d.Name, Address: d.Address, Tags: d.Tags, State: "unknown"}
		cfg.LanesOf(d).Each(func(lane string, period configs.Duration) {
			device.Lanes = append(device.Lanes, web.Lane{Name: lane, PeriodSeconds: period.Std().Seconds()})
		})
		inv.devices[d.Name] = device
	}
}

// Devices lists all of them.
func (inv *inventory) Devices() []web.Device {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	list := make([]web.Device, 0, len(inv.devices))
	for _, d := range inv.devices {
		list = append(list, copyOf(d))
	}
	return list
}

// Device finds one by name.
func (inv *inventory) Device(name string) (web.Device, bool) {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	d, ok := inv.devices[name]
	if !ok {
		return web.Device{}, false
	}
	c := copyOf(d)
	c.Sources, c.SourceSwitches = inv.sources(name)
	return c, true
}

func copyOf(d *web.Device) web.Device {
	c := *d
	c.Lanes = append([]web.Lane(nil), d.Lanes...)
	return c
}

// Tap takes note of a batch.
func (inv *inventory) Tap(b pipeline.Batch) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	d := inv.devices[b.Device]
	if d == nil {
		return
	}
	whole, why := true, ""
	for i := range b.Tables {
		t := &b.Tables[i]
		if t.Status == pipeline.Failed && whole {
			whole, why = false, t.Table.Name+": "+t.Reason
		}
		for _, s := range t.Samples {
			noteDevice(d, t.Table, s)
		}
	}
	for i := range d.Lanes {
		if l := &d.Lanes[i]; l.Name == string(b.Lane) {
			l.Error = why
			if whole && len(b.Tables) > 0 && (b.Lane != pipeline.LaneStatus || checkedUp(b)) {
				l.LastGood = b.Time
			}
		}
	}
	if whole && b.Lane == pipeline.LaneLive && len(b.Tables) > 0 {
		d.LastGood = b.Time
	}
}

// checkedUp reports that a status batch tells of a check that was answered.
func checkedUp(b pipeline.Batch) bool {
	for s := range b.Samples() {
		if s.Value("up").Bool() {
			return true
		}
	}
	return false
}

func noteDevice(d *web.Device, table *pipeline.Table, s pipeline.Sample) {
	switch table.Name {
	case "router":
		for field, into := range map[string]*string{"identity": &d.Identity, "model": &d.Model, "version": &d.Version} {
			if v := s.Value(field); !v.IsNone() {
				*into = v.Text()
			}
		}
	case "router_status":
		d.State = table.Field("state").NameOf(s.Value("state").Int())
		d.Reason = s.Value("reason").Text()
		d.Since = time.UnixMilli(int64(s.Value("since_timestamp_seconds").Float() * 1000)).UTC()
	}
}

// rights lets the JSON API ask who may see which device: whoever has an identity, and is
// not limited to some, sees all.
type rights struct{ access *access.Access }

// Visible is for web.Rights.
func (r rights) Visible(req *http.Request) (func(string, map[string]string) bool, error) {
	id, err := r.access.Identify(req)
	if err != nil {
		return nil, errNoIdentity{err}
	}
	if id.Anonymous() {
		return nil, web.ErrNoIdentity
	}
	return func(name string, tags map[string]string) bool {
		if id.Routers == nil {
			return true
		}
		list := make([]pipeline.Tag, 0, len(tags))
		for key, value := range tags {
			list = append(list, pipeline.Tag{Key: key, Value: value})
		}
		return id.Routers.Matches(name, list)
	}, nil
}

// errNoIdentity gives the reason of the access rules the meaning that the web part knows.
type errNoIdentity struct{ error }

// Is makes it web.ErrNoIdentity.
func (errNoIdentity) Is(target error) bool { return target == web.ErrNoIdentity }

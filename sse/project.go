package sse

import (
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

// projector turns batches into rows and events. It is not safe for concurrent use: the hub serialises.
type projector struct {
	topics  *topics
	inbox   *state.Inbox
	devices map[string]*source
	fleet   *state.Handle
	health  map[string]*healthPart
	urgent  bool // an event is pending
}

// source is what the hub knows of one device.
type source struct {
	name string
	tags []pipeline.Tag

	live   *state.Handle
	cells  []state.Value // of router.live, as they were published last
	dirty  bool
	status int64 // the state that was told last

	interfaces []*state.Handle // in the order of the last read

	restored bool // it is known from the last run only
	recalled bool // its state is that of the last run
	doubtful bool // some of its interfaces may be gone since then
}

func newProjector(t *topics) *projector {
	return &projector{
		topics:  t,
		inbox:   state.NewInbox(),
		devices: map[string]*source{},
		fleet:   &state.Handle{Topic: t.stats.Topic, Key: "fleet"},
		health:  map[string]*healthPart{},
	}
}

// publish takes in a batch.
func (p *projector) publish(b pipeline.Batch) {
	if b.Device == "" {
		p.publishFleet(b)
		return
	}
	src := p.source(b.Device)
	src.restored = false
	p.retag(src, b)
	for i := range b.Tables {
		if t := &b.Tables[i]; t.Status != pipeline.Skipped {
			p.publishTable(src, t, b.Time)
		}
	}
	p.gone(src, b.Gone)
	if b.Lane == pipeline.LaneLive && good(b) {
		src.set(liveLastGood, state.IntValue(b.Time.UnixMilli()))
	}
	if src.dirty {
		src.dirty = false
		p.inbox.Set(src.live, p.topics.live.layout, fit(p.topics.live.layout, src.cells))
	}
}

func (p *projector) publishTable(src *source, t *pipeline.TableRead, slot time.Time) {
	switch t.Table.Name {
	case "router":
		src.router(t)
	case "health":
		src.temperature(t)
	case "interface":
		p.interfaces(src, t, slot)
	case "session_count":
		src.sessions(t)
	case "router_status":
		p.status(src, t, slot)
	}
}

// good reports that every table that was asked for came whole.
func good(b pipeline.Batch) bool {
	whole := false
	for i := range b.Tables {
		if b.Tables[i].Status == pipeline.Failed {
			return false
		}
		whole = whole || b.Tables[i].Status == pipeline.Whole
	}
	return whole
}

func (p *projector) source(name string) *source {
	if src := p.devices[name]; src != nil {
		return src
	}
	src := &source{
		name:  name,
		live:  &state.Handle{Topic: p.topics.live.Topic, Device: name, Key: "router/" + name},
		cells: make([]state.Value, len(p.topics.live.layout.Names())),
		dirty: true,
	}
	src.cells[liveStatus] = state.TextValue("unknown")
	p.devices[name] = src
	return src
}

// retag tells the store when the tags of a device's series are other than before.
func (p *projector) retag(src *source, b pipeline.Batch) {
	for s := range b.Samples() {
		if tags := s.Series.DeviceTags(); !slices.Equal(tags, src.tags) {
			src.tags = tags
			p.inbox.Tag(src.name, tags)
		}
		return
	}
}

// gone removes what hung on rows that the device no longer has.
func (p *projector) gone(src *source, rows []*pipeline.Series) {
	keys := map[string]bool{}
	for _, s := range rows {
		switch s.Table().Name {
		case "interface":
			keys[interfaceKey(src.name, s.Row())] = true
		case "router":
			src.clear(liveIdentity, liveModel, liveVersion, liveUptime, liveCPU, liveMemory, liveDisk)
		case "session_count":
			src.clear(livePPP, liveHotspot)
		}
	}
	if len(keys) == 0 {
		return
	}
	src.interfaces = slices.DeleteFunc(src.interfaces, func(h *state.Handle) bool {
		if keys[h.Key] {
			p.inbox.Remove(h)
		}
		return keys[h.Key]
	})
}

// forget removes all rows of a device.
func (p *projector) forget(device string) {
	src := p.devices[device]
	if src == nil {
		return
	}
	delete(p.devices, device)
	p.inbox.Remove(src.live)
	for _, h := range src.interfaces {
		p.inbox.Remove(h)
	}
}

func (s *source) set(i int, v state.Value) {
	if s.cells[i] != v {
		s.cells[i] = v
		s.dirty = true
	}
}

func (s *source) clear(fields ...int) {
	for _, i := range fields {
		s.set(i, state.Value{})
	}
}

// reading returns a field of a sample. keep is true if the row should stay as it was, because the
// table could not be read whole and the field is not among what could.
func reading(t *pipeline.TableRead, s pipeline.Sample, field string) (v pipeline.Value, keep bool) {
	v = s.Value(field)
	return v, v.IsNone() && t.Status != pipeline.Whole
}

package sse

import (
	"fmt"
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

// Restore goes on from what an earlier process kept in a folder: rows, which show at once how old they
// are, and the journal of events, whose positions go on. From now on both are kept there. Call it before
// anything is published. After an error the hub works without the folder.
func (h *Hub) Restore(folder string) error {
	d, err := openDisk(folder, h.store)
	if err != nil {
		return fmt.Errorf("stream state in %s: %w", folder, err)
	}
	h.encoder = newEncoder(h.store.Epoch())
	h.disk = d
	h.in.Lock()
	defer h.in.Unlock()
	if err := d.loadRows(h.topics.saved(), func(name string) { h.proj.restore(h.store.Device(name)) }); err != nil {
		h.log.Warn("rows of the last run cannot be read: the page fills as routers answer", "err", err)
	}
	h.recall()
	h.settled.Store(new(h.store.Place()))
	return nil
}

// saved are the topics whose rows outlive the process, and their fields.
func (t *topics) saved() map[*state.Topic]*state.Layout {
	out := map[*state.Topic]*state.Layout{}
	for _, topic := range t.all() {
		if topic.Mode == state.Rows && topic.layout != nil {
			out[topic.Topic] = topic.layout
		}
	}
	return out
}

// restore makes what is known of a device out of its rows. Until a batch tells of it, nobody knows
// whether it is still in the config.
func (p *projector) restore(d *state.Device) {
	if d == nil || d.Name == "" {
		return
	}
	src := p.source(d.Name)
	src.tags, src.restored, src.recalled, src.doubtful, src.dirty = d.Tags, true, true, true, false
	for _, row := range d.Shelf(p.topics.live.Topic).Slots {
		if row != nil {
			src.cells = row.Values()
			src.status = p.topics.statusCode(src.cells[liveStatus].Text())
		}
	}
	for _, row := range d.Shelf(p.topics.interfaces.Topic).Slots {
		if row != nil {
			src.interfaces = append(src.interfaces, &state.Handle{Topic: row.Topic, Device: d.Name, Key: row.Key})
		}
	}
}

// statusCode is the code of a state's name; unknown if there is none.
func (t *topics) statusCode(name string) int64 {
	for _, e := range t.state.Enum {
		if e.Name == name {
			return e.Code
		}
	}
	return pipeline.StateUnknown
}

// dropStrangers removes the devices of the last run that nobody told of: they are no longer configured.
func (p *projector) dropStrangers() {
	for name, src := range p.devices {
		if src.restored {
			p.forget(name)
		}
	}
}

// confirm removes the interfaces of the last run that a device no longer has, once it has told of all.
func (p *projector) confirm(src *source, samples int) {
	if !src.doubtful {
		return
	}
	src.doubtful = false
	for _, h := range src.interfaces[samples:] {
		p.inbox.Remove(h)
	}
	src.interfaces = slices.Clip(src.interfaces[:samples])
}

// keep saves the rows from time to time, rarely while nobody listens, until the hub closes, and then once more.
func (h *Hub) keep() {
	defer close(h.kept)
	var last state.Place
	var saved time.Time
	wait := h.opt.save
	for more := true; more; {
		if more = h.pause(wait); !more {
			<-h.stopped // the last cut is made
		} else if h.idling.Load() && time.Since(saved) < h.opt.saveIdle {
			continue
		}
		at := state.Place{}
		h.store.Read(func() { at = h.store.Place() })
		if at == last {
			continue
		}
		start := time.Now()
		err := h.disk.saveRows(h.topics.saved())
		h.metrics.saved(err)
		if err != nil {
			if !h.troubled {
				h.log.Error("the rows of the stream cannot be saved; a restart would blank pages", "folder", h.disk.dir, "err", err)
			}
			h.troubled = true
			continue
		}
		h.troubled, last, saved = false, at, time.Now()
		wait = max(h.opt.save, 20*time.Since(start)) // a twentieth of a core at most
	}
}

// record keeps events before anybody is told of them.
func (h *Hub) record(c *state.Cut) {
	if h.disk == nil || len(c.Events) == 0 {
		return
	}
	err := h.disk.add(c.Events)
	if err != nil && h.opt.now().Sub(h.complained) > time.Minute {
		h.complained = h.opt.now()
		h.log.Error("events cannot be kept: after a restart clients will miss them", "folder", h.disk.dir, "err", err)
	}
	if err != nil {
		h.metrics.failed.Inc()
	}
}

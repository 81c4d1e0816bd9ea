package sse

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/routerpulse/routerpulse/sse/state"
)

// healthPart is a row of pipeline.health. Its fields are those that it was given so far.
type healthPart struct {
	handle *state.Handle
	layout *state.Layout
}

// setHealth gives a part its fields. A field that is not named is gone, and so is a part without fields.
func (p *projector) setHealth(name string, fields map[string]any) {
	h := p.health[name]
	if len(fields) == 0 {
		if h != nil {
			p.inbox.Remove(h.handle)
			delete(p.health, name)
		}
		return
	}
	if h == nil {
		h = &healthPart{handle: &state.Handle{Topic: p.topics.health.Topic, Key: name}, layout: state.NewLayout()}
		p.health[name] = h
	}
	h.layout = h.layout.With(slices.Sorted(maps.Keys(fields))...)
	cells := make([]state.Value, len(h.layout.Names()))
	for i, field := range h.layout.Names() {
		cells[i] = anyValue(fields[field])
	}
	p.inbox.Set(h.handle, h.layout, cells)
}

func anyValue(v any) state.Value {
	switch v := v.(type) {
	case nil:
		return state.Value{}
	case string:
		return state.TextValue(v)
	case bool:
		return state.BoolValue(v)
	case int:
		return state.IntValue(int64(v))
	case int64:
		return state.IntValue(v)
	case uint64:
		return state.FloatValue(float64(v), 0)
	case float64:
		return state.FloatValue(v, 3)
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return state.TextValue(err.Error())
	}
	return state.JSONValue(string(encoded))
}

package sse

import (
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

func statusLayout() *state.Layout {
	return state.NewLayout(fieldRouter, "from", "to", "reason", "time")
}

func connectedLayout() *state.Layout {
	return state.NewLayout(fieldRouter, "identity", "model", "version", "time")
}

// status takes in the table router_status, and makes an event of each change of state.
func (p *projector) status(src *source, t *pipeline.TableRead, slot time.Time) {
	for _, sample := range t.Samples {
		code := sample.Value("state")
		if code.IsNone() {
			continue
		}
		def := sample.Series.Table().Field("state")
		from, to := src.status, code.Int()
		if src.recalled && to == pipeline.StateUnknown {
			continue // polling begins, and nothing is known yet: what was known at the end of the last run holds
		}
		src.recalled = false
		reason, since := text(sample.Value("reason")), millis(sample.Value("since_timestamp_seconds"))
		if since.IsNone() {
			since = state.IntValue(slot.UnixMilli())
		}
		src.status = to
		src.set(liveStatus, state.TextValue(def.NameOf(to)))
		src.set(liveSince, since)
		src.set(liveReason, reason)
		if from == to {
			continue
		}
		at := slot.UnixMilli()
		router := state.TextValue(src.name)
		p.event(p.topics.status, src.name, at, router, state.TextValue(def.NameOf(from)), state.TextValue(def.NameOf(to)), reason, state.IntValue(at))
		if away(from) && there(to) {
			p.event(p.topics.connected, src.name, at, router, src.cells[liveIdentity], src.cells[liveModel], src.cells[liveVersion], state.IntValue(at))
		}
	}
}

func (p *projector) event(t *topic, device string, at int64, cells ...state.Value) {
	p.inbox.Add(state.Event{Topic: t.Topic, Device: device, Time: at, Layout: t.layout, Cells: cells})
	p.urgent = true
}

// there reports that a device in this state answers.
func there(code int64) bool {
	return code == pipeline.StateOnline || code == pipeline.StateDegraded
}

// away reports that a device in this state has not answered, or not to us.
func away(code int64) bool {
	return code == pipeline.StateUnknown || code == pipeline.StateOffline || code == pipeline.StateAuthFailed
}

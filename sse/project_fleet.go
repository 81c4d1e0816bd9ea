package sse

import (
	"cmp"
	"slices"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

// topRouters is how long the lists of the busiest routers are.
const topRouters = 5

// statsLayout is the table fleet, then what the hub adds.
func statsLayout(schema *pipeline.Schema) *state.Layout {
	var names []string
	for _, f := range schema.Table("fleet").Fields {
		names = append(names, f.Name)
	}
	return state.NewLayout(append(names, "top_cpu", "top_traffic", "time")...)
}

// publishFleet takes in the table fleet.
func (p *projector) publishFleet(b pipeline.Batch) {
	t := b.Table("fleet")
	if t == nil || len(t.Samples) == 0 {
		return
	}
	layout := p.topics.stats.layout
	cells := make([]state.Value, len(layout.Names()))
	for _, f := range t.Samples[0].Fields {
		if i := layout.Index(f.Def.Name); i >= 0 {
			cells[i] = tenths(f.Value)
		}
	}
	cells[layout.Index("top_cpu")] = p.top([]int{liveCPU}, liveCPU)
	cells[layout.Index("top_traffic")] = p.top([]int{liveRx, liveTx}, liveRx, liveTx)
	cells[layout.Index("time")] = state.IntValue(b.Time.UnixMilli())
	p.inbox.Set(p.fleet, layout, cells)
}

// top lists the routers that answer and have the highest sum of some fields, with the fields to show.
func (p *projector) top(by []int, show ...int) state.Value {
	type entry struct {
		src *source
		sum float64
	}
	var list []entry
	for _, src := range p.devices {
		if e := (entry{src: src}); there(src.status) {
			for _, i := range by {
				e.sum += src.cells[i].Float()
			}
			if e.sum > 0 {
				list = append(list, e)
			}
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.src.name, b.src.name))
	})
	out := []byte{'['}
	for i, e := range list[:min(len(list), topRouters)] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"router":`...)
		out = state.AppendString(out, e.src.name)
		for _, i := range show {
			if v := e.src.cells[i]; !v.IsNone() {
				out = append(append(out, ','), p.topics.live.layout.Quoted(i)...)
				out = v.AppendJSON(out)
			}
		}
		out = append(out, '}')
	}
	return state.JSONValue(string(append(out, ']')))
}

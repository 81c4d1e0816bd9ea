package sse

import (
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/state"
)

// filter narrows a stream to some routers: those that are named and those of a group. A nil filter lets
// everything through.
type filter struct {
	routers map[string]bool
	groups  []pipeline.Tag
}

// scope is what a subscriber wants to see of the routers.
type scope struct {
	routers []string // by name, sorted
	groups  []string // tag:value
	tracked bool     // those that are named come and go: without any, there are none, not all
}

// all reports that nothing is filtered.
func (s scope) all() bool { return len(s.routers)+len(s.groups) == 0 && !s.tracked }

// filter reads the groups; bad is the first that cannot be read.
func (s scope) filter() (f *filter, bad string) {
	if s.all() {
		return nil, ""
	}
	f = &filter{routers: make(map[string]bool, len(s.routers))}
	for _, r := range s.routers {
		f.routers[r] = true
	}
	for _, g := range s.groups {
		key, value, ok := strings.Cut(g, ":")
		if !ok || key == "" {
			return nil, g
		}
		f.groups = append(f.groups, pipeline.Tag{Key: key, Value: value})
	}
	return f, ""
}

func (f *filter) matches(name string, tags []pipeline.Tag) bool {
	return f == nil || f.routers[name] || slices.ContainsFunc(f.groups, func(g pipeline.Tag) bool {
		return slices.Contains(tags, g)
	})
}

// byTags reports that what matches depends on the tags of devices.
func (f *filter) byTags() bool { return f != nil && len(f.groups) > 0 }

// part is a topic in a channel, as one view sees it.
type part struct {
	*carry
	router string // the one that the channel's name holds
	filter *filter
	rights *access.Selector // of the identity
	store  *state.Store     // of its view
}

// sees reports whether what belongs to a device is in view. What belongs to no device is, but for sums
// of all routers before somebody who may see only some.
func (p *part) sees(d *state.Device) bool {
	if d == nil || d.Name == "" {
		return p.rights == nil || p.topic.Mode == state.Log
	}
	return (p.router == "" || p.router == d.Name) && p.filter.matches(d.Name, d.Tags) && p.rights.Matches(d.Name, d.Tags)
}

// byTags reports that what is in view depends on the tags of devices.
func (p *part) byTags() bool { return p.filter.byTags() || p.rights.ByTags() }

// unsure reports that somebody who stands at base may have other rows of a device than are in view,
// because its tags changed since.
func (p *part) unsure(d *state.Device, base uint64) bool {
	return p.byTags() && base < d.Retagged
}

// verdict is what a subscriber has to be told of a row.
type verdict uint8

const (
	nothing verdict = iota
	patched         // the fields that changed
	whole           // the whole row: it came into view
	removed
)

// judge tells what somebody who stands at base has to be told of a row. Such a subscriber may be ahead of
// base in some rows, as a scan shows rows as they are when it comes to them. So the removal of a row that
// came after base is told too.
func (p *part) judge(row *state.Row, base uint64) verdict {
	if row.Seq <= base {
		return nothing
	}
	unsure := p.unsure(row.Device, base)
	switch inView := p.sees(row.Device); {
	case !inView && !unsure:
		return nothing
	case !inView || row.Gone:
		return removed
	case unsure || row.Born > base:
		return whole
	case row.Changed(base):
		return patched
	}
	return nothing
}

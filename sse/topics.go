package sse

import (
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/state"
)

// The topics that a channel can carry.
const (
	topicLive       = "router.live"
	topicInterfaces = "router.interfaces"
	topicStatus     = "router.status"
	topicConnected  = "router.connected"
	topicStats      = "dashboard.stats"
	topicHealth     = "pipeline.health"

	// Of what applications publish, app.<id> is what one of them does, app.* what all do.
	topicApp  = "app"
	appPrefix = "app."
)

// topic is a state.Topic and what subscribers have to know of it.
type topic struct {
	*state.Topic
	layout *state.Layout // nil: the fields vary from row to row
	// rowField is what the last part of a row's key is called when a row has to name itself.
	rowField string
	// narrow topics are refused without a filter in a large fleet.
	narrow bool
}

// topics are all of one hub.
type topics struct {
	live, interfaces, status, connected, stats, health, app *topic

	state *pipeline.FieldDef // router_status.state
}

func newTopics(schema *pipeline.Schema) *topics {
	return &topics{
		live:       &topic{Topic: &state.Topic{Name: topicLive}, layout: liveLayout()},
		interfaces: &topic{Topic: &state.Topic{Name: topicInterfaces}, layout: interfaceLayout(), rowField: "interface", narrow: true},
		status:     &topic{Topic: &state.Topic{Name: topicStatus, Mode: state.Log}, layout: statusLayout()},
		connected:  &topic{Topic: &state.Topic{Name: topicConnected, Mode: state.Log}, layout: connectedLayout()},
		stats:      &topic{Topic: &state.Topic{Name: topicStats}, layout: statsLayout(schema)},
		health:     &topic{Topic: &state.Topic{Name: topicHealth}, rowField: "part"},
		app:        &topic{Topic: &state.Topic{Name: topicApp, Mode: state.Log}, layout: state.NewLayout("data")},
		state:      schema.Table("router_status").Field("state"),
	}
}

func (t *topics) all() []*topic {
	return []*topic{t.live, t.interfaces, t.status, t.connected, t.stats, t.health, t.app}
}

// appOf is the application that a topic is of: "*" for all, "" if it is of none.
func appOf(name string) string {
	id, ok := strings.CutPrefix(name, appPrefix)
	if !ok || id != "*" && !access.PlainName(id) {
		return ""
	}
	return id
}

// named returns the topic of that name, nil if there is none.
func (t *topics) named(name string) *topic {
	if appOf(name) != "" {
		return t.app
	}
	if name == topicApp {
		return nil
	}
	all := t.all()
	i := slices.IndexFunc(all, func(topic *topic) bool { return topic.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

func (t *topics) store(limits state.Limits) *state.Store {
	var list []*state.Topic
	for _, topic := range t.all() {
		list = append(list, topic.Topic)
	}
	return state.NewStore(limits, list...)
}

// hasField reports whether a channel may rename the field.
func (t *topic) hasField(name string) bool {
	if name == fieldRouter || name == t.rowField && name != "" {
		return true
	}
	return t.layout == nil || t.layout.Index(name) >= 0
}

// fieldRouter names the device where a row or an event has to say it.
const fieldRouter = "router"

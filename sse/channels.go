package sse

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/state"
)

// channels are those of the config, and the applications that publish to them. They never change: Apply
// sets others.
type channels struct {
	list []*channel
	apps map[string]*app
}

// channel is one entry of the config.
type channel struct {
	config  ChannelConfig
	name    string
	rule    access.Rule
	carries []*carry
	form    string // stands for what it carries, and how: the same in every process
	// before and after stand around the router's name, if the name has a place for it.
	perRouter     bool
	before, after string
}

// carry is a topic in a channel, ready to be encoded.
type carry struct {
	channel string
	topic   *topic
	event   string
	fields  map[string]string // field to new name
	names   map[string]string // field to `"new name":`
	app     string            // of an application's topic: who published, "*" for anyone; "": it is none
	// head is how each change begins, up to the key; shared carries keep what they encoded for others.
	head      string
	eventHead string
	shared    bool
}

// newChannels takes those that are the same over from the present ones: their streams go on.
func newChannels(all Config, t *topics, present *channels) (*channels, error) {
	apps, err := newApps(all.Apps)
	if err != nil {
		return nil, err
	}
	c := &channels{apps: apps}
	for _, cfg := range all.Channels {
		same := func(ch *channel) bool { return reflect.DeepEqual(ch.config, cfg) }
		if at := slices.IndexFunc(present.list, same); at >= 0 {
			c.list = append(c.list, present.list[at])
			continue
		}
		ch := &channel{config: cfg, name: cfg.Name, rule: cfg.Access, form: fingerprint(fmt.Sprintf("%+v", cfg.Carries))}
		ch.before, ch.after, ch.perRouter = strings.Cut(cfg.Name, placeholder)
		for _, carried := range cfg.Carries {
			topic := t.named(carried.Topic)
			if topic == nil {
				return nil, fmt.Errorf("channel %s: there is no topic %q", cfg.Name, carried.Topic)
			}
			ch.carries = append(ch.carries, newCarry(cfg.Name, carried, topic, !ch.perRouter))
		}
		c.list = append(c.list, ch)
	}
	return c, nil
}

func newCarry(channel string, cfg CarryConfig, t *topic, shared bool) *carry {
	c := &carry{topic: t, event: cfg.As, fields: cfg.Fields, shared: shared, app: appOf(cfg.Topic)}
	if c.event == "" {
		c.event = c.title()
	}
	if len(cfg.Fields) > 0 {
		c.names = make(map[string]string, len(cfg.Fields))
		for from, to := range cfg.Fields {
			c.names[from] = state.Quoted(to)
		}
	}
	c.setChannel(channel)
	return c
}

func (c *carry) setChannel(name string) {
	c.channel = name
	b := state.AppendString([]byte(`{"channel":`), name)
	b = state.AppendString(append(b, `,"topic":`...), c.title())
	c.eventHead = string(state.AppendString(append(b, `,"event":`...), c.event))
	c.head = c.eventHead + `,"key":`
}

// keyFields are the fields that stand in the key of a router's row, under the channel's names.
func (c *carry) keyFields() []string {
	var fields []string
	switch c.topic.Name {
	case topicLive:
		fields = []string{fieldRouter}
	case topicInterfaces:
		fields = []string{fieldRouter, c.topic.rowField}
	}
	for i, name := range fields {
		if to := c.fields[name]; to != "" {
			fields[i] = to
		}
	}
	return fields
}

// title is the name of the topic, as subscribers know it.
func (c *carry) title() string {
	if c.app != "" {
		return appPrefix + c.app
	}
	return c.topic.Name
}

// named returns c for a channel of another name: {router} filled in.
func (c *carry) named(channel string) *carry {
	if c.channel == channel {
		return c
	}
	clone := *c
	clone.setChannel(channel)
	return &clone
}

// resolve finds the channel that a name asks for, and the router that the name holds.
func (c *channels) resolve(name string) (ch *channel, router string) {
	for _, ch := range c.list {
		if !ch.perRouter && ch.name == name {
			return ch, ""
		}
	}
	for _, ch := range c.list {
		if rest, ok := strings.CutPrefix(name, ch.before); ch.perRouter && ok {
			if router, ok := strings.CutSuffix(rest, ch.after); ok && router != "" && router != placeholder {
				return ch, router
			}
		}
	}
	return nil, ""
}

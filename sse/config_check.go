package sse

import (
	"maps"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// placeholder is what stands for a router's name in the name of a channel.
const placeholder = "{router}"

// ours are the names of frames, which no channel may give to its events.
func ours() []string {
	return []string{"hello", "snapshot", "sync", "delta", "event", "gap", "ping", "auth", "bye", "message", "open", "error"}
}

func (c *ChannelConfig) validate(r *configs.Report) {
	bare := strings.Replace(c.Name, placeholder, "", 1)
	switch {
	case c.Name == "":
		r.At("name").Errorf("subscribers ask for it by its name", "the channel has no name")
	case bare == "":
		r.At("name").Errorf("write something beside it: router-{router}", "%q would match every name", c.Name)
	case len(c.Name) > 128 || strings.ContainsFunc(bare, badInName):
		r.At("name").Errorf("use at most 128 letters, digits, - _ . : @ = and one {router}", "%q is no name for a channel", c.Name)
	}
	c.Access.Validate(r.At("access"))
	if len(c.Carries) == 0 {
		r.At("carries").Errorf("carries: [router.live]", "the channel carries nothing")
	}
	topics := newTopics(pipeline.NewSchema())
	seen := map[string]bool{}
	for i := range c.Carries {
		carry := &c.Carries[i]
		at := r.At("carries", i)
		carry.validate(at, topics)
		if seen[carry.Topic] {
			at.Errorf("make a second channel to carry it under another name", "the channel carries %s twice", carry.Topic)
		}
		seen[carry.Topic] = true
	}
}

func badInName(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:@=", r)
}

func (c *CarryConfig) validate(r *configs.Report, topics *topics) {
	t := topics.named(c.Topic)
	if t == nil {
		at := r
		if c.As != "" || c.Fields != nil {
			at = r.At("topic")
		}
		c.unknownTopic(at, topics)
		return
	}
	if appOf(c.Topic) != "" && (c.As != "" || len(c.Fields) > 0) {
		r.Errorf("take as and fields out", "what applications publish keeps the names that they give it")
		return
	}
	if slices.Contains(ours(), c.As) {
		r.At("as").Errorf("choose another", "%q is the name of a frame of the stream itself", c.As)
	} else if len(c.As) > 128 || strings.ContainsFunc(c.As, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\uFFFD' }) {
		r.At("as").Errorf("use at most 128 printable characters", "%q is no name for an event", c.As)
	}
	c.validateFields(r.At("fields"), t)
}

func (c *CarryConfig) validateFields(r *configs.Report, t *topic) {
	names := map[string]string{}
	for _, name := range t.fields() {
		if _, renamed := c.Fields[name]; !renamed {
			names[name] = name
		}
	}
	for _, from := range slices.Sorted(maps.Keys(c.Fields)) {
		to := c.Fields[from]
		switch {
		case !t.hasField(from):
			r.At(from).Errorf("it has "+strings.Join(t.fields(), ", "), "%s has no field %q", c.Topic, from)
		case to == "" || len(to) > 128:
			r.At(from).Errorf("write the name that the page knows", "%q is no name for a field", to)
		case names[to] != "":
			r.At(from).Errorf("give each its own", "%s and %s would have one name, %q", names[to], from, to)
		}
		names[to] = from
	}
}

func (c *CarryConfig) unknownTopic(r *configs.Report, topics *topics) {
	var names []string
	for _, t := range topics.all() {
		if t != topics.app {
			names = append(names, t.Name)
		}
	}
	names = append(names, "app.<id>", "app.*")
	known := "known: " + strings.Join(names, ", ")
	switch {
	case c.Topic == "":
		r.Errorf(known, "the topic has no name")
	case c.Topic == "router.detail" || c.Topic == "sessions":
		r.Errorf(known, "this version does not have the topic %s yet", c.Topic)
	case strings.HasPrefix(c.Topic, appPrefix):
		r.Errorf("use app.* or app. and the id of an application: letters, digits, - _ . @", "%q is no topic of an application", c.Topic)
	default:
		r.Errorf(known, "there is no topic %q", c.Topic)
	}
}

func (t *topic) fields() []string {
	var names []string
	if t.Name != topicStats && t.Name != topicHealth {
		names = append(names, fieldRouter)
	}
	if t.rowField != "" {
		names = append(names, t.rowField)
	}
	if t.layout != nil {
		for _, n := range t.layout.Names() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

package sse

import (
	"slices"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
)

// Config is the live stream's part of the config file.
type Config struct {
	Access   access.Config   `yaml:"access"`
	Stream   StreamConfig    `yaml:"stream"`
	Channels []ChannelConfig `yaml:"channels"`
	Apps     []AppConfig     `yaml:"apps"` // may publish, signed as Pusher signs
}

// StreamConfig says how streams are sent.
type StreamConfig struct {
	// Compress compresses the streams of those who say that they accept gzip.
	Compress bool `yaml:"compress"`
}

// ChannelConfig is a channel that subscribers can ask for.
type ChannelConfig struct {
	// Name may hold {router}: the channel then carries what belongs to the router that is named there.
	Name    string        `yaml:"name"`
	Access  access.Rule   `yaml:"access"`
	Carries []CarryConfig `yaml:"carries"`
}

// CarryConfig is a topic that a channel carries; in YAML its name, or a mapping.
type CarryConfig struct {
	Topic string `yaml:"topic"`
	// As is the name of the events, for pages that know them by another; the topic's if empty.
	As string `yaml:"as"`
	// Fields gives fields other names, for pages that know them by others.
	Fields map[string]string `yaml:"fields"`
}

// UnmarshalText reads the short form.
func (c *CarryConfig) UnmarshalText(text []byte) error {
	*c = CarryConfig{Topic: string(text)}
	return nil
}

// DefaultConfig has a channel for everybody with the list of routers, and channels that need an
// identity for the rest.
func DefaultConfig() Config {
	carry := func(topics ...string) (list []CarryConfig) {
		for _, t := range topics {
			list = append(list, CarryConfig{Topic: t})
		}
		return list
	}
	return Config{
		Access: access.DefaultConfig(),
		Stream: StreamConfig{Compress: true},
		Channels: []ChannelConfig{
			{Name: "public-routers", Access: access.Public(), Carries: carry(topicLive, topicStatus, topicConnected)},
			{Name: "private-router-status", Access: access.Authenticated(), Carries: carry(topicStatus)},
			{Name: "private-dashboard-stats", Access: access.Authenticated(), Carries: carry(topicStats)},
			{Name: "router-{router}", Access: access.Authenticated(), Carries: carry(topicLive, topicInterfaces)},
			{Name: "admin-pipeline", Access: access.ForRoles("admin"), Carries: carry(topicHealth)},
		},
	}
}

// Validate reports what is wrong with it.
func (c *Config) Validate(r *configs.Report) {
	c.Access.Validate(r.At("access"))
	names := map[string]bool{}
	for i := range c.Channels {
		ch := &c.Channels[i]
		at := r.At("channels", i)
		ch.validate(at)
		if ch.Name != "" && names[ch.Name] {
			at.At("name").Errorf("put what it carries into one channel", "duplicate channel %q", ch.Name)
		}
		names[ch.Name] = true
	}
	c.validateApps(r)
}

// validateApps reports what is wrong with the applications, and which topics nobody can publish to.
func (c *Config) validateApps(r *configs.Report) {
	ids := map[string]bool{}
	for i := range c.Apps {
		at := r.At("apps", i)
		c.Apps[i].validate(at)
		if ids[c.Apps[i].ID] {
			at.At("id").Errorf("give each application its own", "duplicate id %q", c.Apps[i].ID)
		}
		ids[c.Apps[i].ID] = true
	}
	if c.Access.KnowsStrangers() {
		return // a user with the role publisher may have any name
	}
	for _, t := range c.Access.Tokens {
		ids[t.Name] = ids[t.Name] || slices.Contains(t.Roles, rolePublisher)
	}
	for i := range c.Channels {
		for j, carry := range c.Channels[i].Carries {
			if id := appOf(carry.Topic); id != "" && id != "*" && !ids[id] {
				r.At("channels", i, "carries", j).Errorf("add it to apps, or a token of that name with the role publisher", "no application publishes to %s", carry.Topic)
			}
		}
	}
}

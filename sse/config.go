package sse

import (
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
)

// Config is the live stream's part of the config file.
type Config struct {
	Access   access.Config   `yaml:"access"`
	Channels []ChannelConfig `yaml:"channels"`
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
}

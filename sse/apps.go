package sse

import (
	"fmt"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
)

// AppConfig is an application that may publish, as Pusher's clients do.
type AppConfig struct {
	ID         string          `yaml:"id"`  // its events are of the topic app.<id>
	Key        string          `yaml:"key"` // names it in requests
	SecretFile configs.File    `yaml:"secret_file" config:"secret"`
	Channels   access.Patterns `yaml:"channels"` // that it may publish to; * stands for any part of a name
}

// minAppSecret is the shortest secret that a signature is worth something with.
const minAppSecret = 16

func (a *AppConfig) validate(r *configs.Report) {
	if !access.PlainName(a.ID) {
		r.At("id").Errorf("use at most 64 letters, digits, - _ . @", "%q is no id for an application", a.ID)
	}
	if a.Key == "" {
		r.At("key").Errorf("write what the application sends as its key", "the application has no key")
	}
	if a.SecretFile.String() == "" {
		r.At("secret_file").Errorf("name the file with the secret that it signs with", "the application has no secret")
	}
	if len(a.Channels) == 0 {
		r.At("channels").Errorf("channels: [private-orders]", "the application may publish to no channel")
	}
	a.Channels.Validate(r.At("channels"))
}

// app is an application, ready to be asked.
type app struct {
	id, key  string
	secret   configs.Secret
	channels access.Patterns
}

func newApps(list []AppConfig) (map[string]*app, error) {
	apps := make(map[string]*app, len(list))
	for _, cfg := range list {
		secret, err := configs.ReadSecretFile(cfg.SecretFile.String())
		if err != nil {
			return nil, fmt.Errorf("app %s: %w", cfg.ID, err)
		}
		if len(secret.Reveal()) < minAppSecret {
			return nil, fmt.Errorf("app %s: the secret in %s is shorter than %d bytes: make a longer one", cfg.ID, cfg.SecretFile, minAppSecret)
		}
		apps[cfg.ID] = &app{id: cfg.ID, key: cfg.Key, secret: secret, channels: cfg.Channels}
	}
	return apps, nil
}

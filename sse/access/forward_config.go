package access

import (
	"net/url"
	"time"

	"github.com/routerpulse/routerpulse/configs"
)

// ForwardConfig has another web application say who its users are. Without a URL none is asked.
type ForwardConfig struct {
	// Type is json: the application answers who asks; or laravel: it says for each channel yes or no, as it
	// does to Laravel Echo.
	Type string `yaml:"type"`
	URL  string `yaml:"url"`
	// Cache is for how long an answer counts: who is no longer known is out after that at the latest.
	Cache       configs.Duration `yaml:"cache"`
	Timeout     configs.Duration `yaml:"timeout"`     // of one question
	Concurrency int              `yaml:"concurrency"` // questions at once
}

// The types of ForwardConfig.
const (
	forwardJSON    = "json"
	forwardLaravel = "laravel"
)

// SetDefaults fills in what the file does not say.
func (c *ForwardConfig) SetDefaults() {
	*c = ForwardConfig{Cache: configs.Duration(30 * time.Second), Timeout: configs.Duration(2 * time.Second), Concurrency: 16}
}

func (c ForwardConfig) validate(r *configs.Report) {
	if c.Type != forwardJSON && c.Type != forwardLaravel {
		r.At("type").Errorf("json: it answers who asks; laravel: it is asked for each channel, as Echo does", "%q is no way to ask an application", c.Type)
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.At("url").Errorf("url: http://app.local/stream/identity", "this is no address of an application")
	} else if u.User != nil {
		r.At("url").Errorf("take user and password out: what the client sends is passed on", "the address has a password in it")
	}
	if c.Cache.Std() < time.Second || c.Cache.Std() > time.Hour {
		r.At("cache").Errorf("1s to 1h", "%v is no time for an answer to count", c.Cache)
	}
	if c.Timeout.Std() <= 0 || c.Timeout.Std() > c.Cache.Std()/2 {
		r.At("timeout").Errorf("at most half of cache, so that an answer can be renewed in time", "%v is no time to wait for an answer", c.Timeout)
	}
	if c.Concurrency < 1 || c.Concurrency > 1000 {
		r.At("concurrency").Errorf("1 to 1000", "%d questions at once", c.Concurrency)
	}
}

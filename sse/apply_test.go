package sse

import (
	"net/http"
	"slices"
	"testing"

	"github.com/routerpulse/routerpulse/sse/access"
)

// apply makes another config the hub's.
func (s *server) apply(change func(*Config)) {
	s.t.Helper()
	cfg := testConfig()
	change(&cfg)
	apply, err := s.hub.Prepare(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	apply()
}

// Whose token is gone, or has other roles, is out, with the sessions that it started; the others stay.
func TestApplyRevokesTokens(t *testing.T) {
	cases := map[string]func(*Config){
		"removed":     func(c *Config) { c.Access.Tokens = c.Access.Tokens[1:] },
		"other roles": func(c *Config) { c.Access.Tokens[0].Roles = []string{"guest"} },
		"other token": func(c *Config) { c.Access.Tokens[0].SHA256 = sha256Hex("new-token") },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s := serve(t, testConfig(), testOptions())
			cookie := s.login()
			streams := []*stream{
				s.open(nil, "channel=private-router-status", "Authorization", "Bearer viewer-token"),
				s.open(nil, "channel=private-router-status", "Cookie", cookie),
			}
			stays := s.open(nil, "channel=private-router-status", "Authorization", "Bearer root-token")
			for _, st := range append(streams, stays) {
				st.untilSync()
			}
			s.apply(func(*Config) {}) // the same
			s.apply(change)
			for _, st := range streams {
				st.untilEnd()
				if b := st.client.bye; b == nil || b.Code != "session-ended" || b.Reconnect {
					t.Errorf("bye %+v", b)
				}
			}
			if resp, text := s.decide("/v1/stream/check?channel=private-router-status", []string{"Cookie", cookie}); resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("with the old cookie: %d %s", resp.StatusCode, text)
			}
			s.hub.Publish(newFleet().status("core-1", "offline", ""))
			stays.until("an event", func(c *client) bool { return len(c.events) == 1 })
		})
	}
}

// A stream of a channel that was changed is asked to come back; it is judged by the new config then.
func TestApplyChangesChannels(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	open := s.open(nil, "channel=private-router-status", "Authorization", "Bearer viewer-token")
	stays := s.open(nil, "channel=public-routers")
	open.untilSync()
	stays.untilSync()
	s.apply(func(c *Config) {
		at := slices.IndexFunc(c.Channels, func(ch ChannelConfig) bool { return ch.Name == "private-router-status" })
		c.Channels[at].Access = access.ForRoles("admin")
		c.Channels = append(c.Channels, ChannelConfig{Name: "more", Access: access.Authenticated(), Carries: []CarryConfig{{Topic: "router.status"}}})
	})
	open.untilEnd()
	if b := open.client.bye; b == nil || b.Code != "reconfigured" || !b.Reconnect {
		t.Errorf("bye %+v", b)
	}
	for path, want := range map[string]int{"private-router-status": http.StatusForbidden, "more": http.StatusOK} {
		if resp, text := s.decide("/v1/stream/check?channel="+path, []string{"Authorization", "Bearer viewer-token"}); resp.StatusCode != want {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
	s.hub.Publish(newFleet().status("core-1", "offline", ""))
	stays.until("an event", func(c *client) bool { return len(c.events) == 1 })
}

// A stream of a channel for each router ends when a channel of its own is made for the router, perhaps for others.
func TestApplyTakesChannelOver(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	open := s.open(nil, "channel=router-core-1", "Authorization", "Bearer viewer-token")
	stays := s.open(nil, "channel=router-core-2", "Authorization", "Bearer viewer-token")
	open.untilSync()
	stays.untilSync()
	s.apply(func(c *Config) {
		c.Channels = append(c.Channels, ChannelConfig{Name: "router-core-1", Access: access.ForRoles("admin"), Carries: []CarryConfig{{Topic: "router.status"}}})
	})
	open.untilEnd()
	if b := open.client.bye; b == nil || b.Code != "reconfigured" || !b.Reconnect {
		t.Errorf("bye %+v", b)
	}
	s.hub.Publish(newFleet().status("core-2", "offline", ""))
	stays.until("a row", func(c *client) bool {
		return c.field("router-core-2", "router.live", "router/core-2", "status") == "offline"
	})
}

// A config that cannot be used changes nothing.
func TestPrepareChangesNothing(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	st := s.open(nil, "channel=private-router-status", "Authorization", "Bearer viewer-token")
	st.untilSync()
	cfg := testConfig()
	cfg.Access.Tokens = nil
	cfg.Channels = []ChannelConfig{{Name: "x", Carries: []CarryConfig{{Topic: "nothing"}}}}
	if _, err := s.hub.Prepare(cfg); err == nil {
		t.Fatal("a topic that does not exist was accepted")
	}
	s.hub.Publish(newFleet().status("core-1", "offline", ""))
	st.until("an event", func(c *client) bool { return len(c.events) == 1 })
}

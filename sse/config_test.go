package sse

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// root is a config that is the stream's alone.
type root struct {
	Stream Config `yaml:",inline"`
}

func (r *root) Validate(report *configs.Report) { r.Stream.Validate(report) }

func parse(t *testing.T, yaml string) (Config, string) {
	t.Helper()
	c := root{DefaultConfig()}
	err := configs.Parse("x.yaml", []byte(yaml), &c)
	if err != nil {
		return c.Stream, err.Error()
	}
	return c.Stream, ""
}

const goodConfig = `
access:
  tokens: [{ name: noc-wall, sha256: "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08", roles: [viewer] }]
  trusted_proxies: [127.0.0.0/8, "::1"]
  limits: { per_identity: 20, per_address: 100, total: 15000 }
channels:
  - { name: public-routers, access: public, carries: [router.live, router.status, router.connected] }
  - { name: private-dashboard-stats, access: authenticated, carries: [dashboard.stats] }
  - { name: admin-pipeline, access: { roles: [admin] }, carries: [pipeline.health] }
  - { name: two, access: { users: [noc-wall] }, carries: [{ topic: router.live, as: RouterLiveDataUpdated, fields: { cpu_percent: cpu } }, router.status] }
  - { name: "router-{router}", access: authenticated, carries: [router.interfaces] }
`

func TestConfig(t *testing.T) {
	c, problem := parse(t, goodConfig)
	if problem != "" {
		t.Fatal(problem)
	}
	if len(c.Channels) != 5 || c.Channels[3].Carries[0].Fields["cpu_percent"] != "cpu" || c.Access.Tokens[0].Roles[0] != "viewer" {
		t.Errorf("%+v", c)
	}
	if _, err := New(c, pipeline.NewSchema(), prometheus.NewRegistry(), nil); err != nil {
		t.Error(err)
	}
	if _, problem := parse(t, "{}"); problem != "" {
		t.Error("the defaults:", problem)
	}
}

func TestBadConfig(t *testing.T) {
	const sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for _, c := range []struct{ yaml, want string }{
		{"access: { tokens: [{ sha256: " + sum + " }] }", "access.tokens[0].name: the token has no name"},
		{"access: { tokens: [{ name: a }] }", "access.tokens[0].sha256: the token has no hash (`routerpulse token` makes a token and its hash)"},
		{"access: { tokens: [{ name: a, sha256: my-secret }] }", "access.tokens[0].sha256: this is no SHA-256 (put the SHA-256 here"},
		{"access: { tokens: [{ name: a, sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 }] }", "the hash of an empty token"},
		{"access: { tokens: [{ name: a, sha256: " + sum + " }, { name: a, sha256: " + strings.ToUpper(sum) + " }] }", `duplicate token "a"`},
		{"access: { tokens: [{ name: a, sha256: " + sum + " }, { name: b, sha256: " + strings.ToUpper(sum) + " }] }", "the same token is listed twice"},
		{"access: { tokens: [{ name: a, sha256: " + sum + ", roles: ['a b'] }] }", `access.tokens[0].roles[0]: "a b" is no name for a role`},
		{"access: { tokens: [{ name: a, sha256: " + sum + ", channels: ['a b'] }] }", `access.tokens[0].channels[0]: "a b" is no name for channels`},
		{"access: { tokens: [{ name: a, sha256: " + sum + ", routers: [nairobi] }] }", `access.tokens[0].routers: "nairobi" does not say which routers`},
		{"access: { trusted_proxies: [localhost] }", `access.trusted_proxies[0]: "localhost" is no address (write an address or a network`},
		{"access: { forward: { url: 'http://app/who' } }", `access.forward.type: "" is no way to ask an application`},
		{"access: { forward: { type: json } }", "access.forward.url: this is no address of an application"},
		{"access: { forward: { type: json, url: 'ftp://app' } }", "access.forward.url: this is no address of an application"},
		{"access: { forward: { type: json, url: 'http://a:b@app' } }", "access.forward.url: the address has a password in it"},
		{"access: { forward: { type: json, url: 'http://app', cache: 10ms } }", "access.forward.cache: 10ms is no time"},
		{"access: { forward: { type: json, url: 'http://app', cache: 10s, timeout: 6s } }", "access.forward.timeout: 6s is no time"},
		{"access: { forward: { type: json, url: 'http://app', concurrency: 0 } }", "access.forward.concurrency: 0 questions"},
		{"access: { users: [{ name: a }] }", "access.users[0].password_bcrypt: the user has no password"},
		{"access: { users: [{ name: a, password_bcrypt: secret }] }", "access.users[0].password_bcrypt: this is no bcrypt hash"},
		{"access: { users: [{ name: a, password_bcrypt: '$2a$04$yNU3sq0Ny1MA4XR2dNeYhO9iVDjWUXGTrzGhRRCKSO5K.yCmBvYN.' }] }", "a hash of cost 4: use 10 to 14"},
		{"access: { users: [{ name: 'a b' }] }", `access.users[0].name: "a b" is no name for a user`},
		{"access: { tokens: [{ name: a, sha256: " + sum + " }], users: [{ name: a }] }", `access.users[0].name: duplicate user "a"`},
		{"access: { jwt: { algorithm: ES256, jwks_url: 'http://login.example/keys' } }", "access.jwt.jwks_url: whoever is on the way could put in keys"},
		{"access: { jwt: { algorithm: HS256, jwks_url: 'https://login.example/keys' } }", "access.jwt.algorithm: a shared secret is not published"},
		{"access: { jwt: { algorithm: ES256, jwks_url: 'https://a:b@login.example/keys' } }", "access.jwt.jwks_url: this is no address of keys"},
		{"access: { limits: { total: 0 } }", "access.limits.total: 0 streams are too few"},
		{"access: { jwt: { issuer: x } }", "access.jwt.audience: jwt needs it"},
		{"access: { jwt: { algorithm: none } }", `access.jwt.algorithm: "none" is no algorithm that can be trusted`},
		{"channels: [{ access: public, carries: [router.live] }]", "channels[0].name: the channel has no name"},
		{"channels: [{ name: a, access: public, carries: [router.live] }, { name: a, access: public, carries: [router.live] }]", `channels[1].name: duplicate channel "a"`},
		{"channels: [{ name: 'a b', access: public, carries: [router.live] }]", `"a b" is no name for a channel`},
		{"channels: [{ name: '{router}', access: public, carries: [router.live] }]", "would match every name"},
		{"channels: [{ name: 'x-{router}-{router}', access: public, carries: [router.live] }]", "is no name for a channel"},
		{"channels: [{ name: 'x-{device}', access: public, carries: [router.live] }]", "one {router}"},
		{"channels: [{ name: a, carries: [router.live] }]", "channels[0].access: it does not say who may listen (write public, authenticated, {roles: […]} or {users: […]})"},
		{"channels: [{ name: a, access: everyone, carries: [router.live] }]", `channels[0].access: "everyone" is no kind of access`},
		{"channels: [{ name: a, access: { roles: [] }, carries: [router.live] }]", "it does not say who may listen"},
		{"channels: [{ name: a, access: { role: [x] }, carries: [router.live] }]", "channels[0].access.role: unknown key (did you mean roles?)"},
		{"channels: [{ name: a, access: public }]", "channels[0].carries: the channel carries nothing"},
		{"channels: [{ name: a, access: public, carries: [router.lives] }]", `channels[0].carries[0]: there is no topic "router.lives" (known: router.live, router.interfaces`},
		{"channels: [{ name: a, access: public, carries: [{ topic: nothing, as: x }] }]", `channels[0].carries[0].topic: there is no topic "nothing"`},
		{"channels: [{ name: a, access: public, carries: [router.detail] }]", "does not have the topic router.detail yet"},
		{"channels: [{ name: a, access: public, carries: [app.shop] }]", "no application publishes to app.shop"},
		{"channels: [{ name: a, access: public, carries: ['app.a b'] }]", `"app.a b" is no topic of an application`},
		{"channels: [{ name: a, access: public, carries: [{ topic: 'app.*', as: x }] }]", "take as and fields out"},
		{"apps: [{ id: 'a b', key: k, channels: [x] }]", `apps[0].id: "a b" is no id for an application`},
		{"apps: [{ id: a, channels: [x] }]", "apps[0].key: the application has no key"},
		{"apps: [{ id: a, key: k, channels: [x] }]", "apps[0].secret_file: the application has no secret"},
		{"apps: [{ id: a, key: k }]", "apps[0].channels: the application may publish to no channel"},
		{"apps: [{ id: a, key: k, channels: ['[a]'] }]", `apps[0].channels[0]: "[a]" is no name for channels`},
		{"apps: [{ id: a, key: k, channels: [x] }, { id: a, key: l, channels: [x] }]", `duplicate id "a"`},
		{"channels: [{ name: a, access: public, carries: [router.live, router.live] }]", "the channel carries router.live twice"},
		{"channels: [{ name: a, access: public, carries: [{ topic: router.live, as: hello }] }]", `"hello" is the name of a frame of the stream itself`},
		{`channels: [{ name: a, access: public, carries: [{ topic: router.live, as: "a\nb" }] }]`, "is no name for an event"},
		{"channels: [{ name: a, access: public, carries: [{ topic: router.live, fields: { cpu: x } }] }]", `channels[0].carries[0].fields.cpu: router.live has no field "cpu" (it has router, status,`},
		{"channels: [{ name: a, access: public, carries: [{ topic: router.live, fields: { cpu_percent: x, disk_percent: x } }] }]", "cpu_percent and disk_percent would have one name"},
		{"channels: [{ name: a, access: public, carries: [{ topic: router.live, fields: { cpu_percent: status } }] }]", "status and cpu_percent would have one name"},
		{"channels: [{ name: a, access: public, carries: [{ topic: router.live, tosic: x }] }]", "unknown key"},
	} {
		if _, got := parse(t, c.yaml); !strings.Contains(got, c.want) {
			t.Errorf("%s\ngave %s\nwant %s", c.yaml, got, c.want)
		}
	}
	if _, got := parse(t, "channels: [{ name: a, access: public, carries: [{ topic: router.live, fields: { cpu_percent: disk_percent, disk_percent: cpu_percent } }] }]"); got != "" {
		t.Errorf("two names may be swapped: %s", got)
	}
}

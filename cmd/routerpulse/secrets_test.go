package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/sse/access"
)

// canaries are secrets that must be nowhere, by what they are for. Some hold what JSON and URLs escape.
func canaries() map[string]string {
	return map[string]string{
		"community":        "canary-Community-4c1d",
		"wrong community":  "canary-NoCommunity-77aa",
		"password":         "canary-Passwort-é-9b2e",
		"wrong password":   "canary-NoPasswort-0f0f",
		"db token":         `canary-"Db&Token\<a5>==`,
		"db token of 2":    "canary-OtherDbToken-31c7",
		"db password":      `canary-Db%Pass"wd&-e8`,
		"token":            "canary-Token-rpulse_d00d",
		"admin token":      "canary-AdminToken-rpulse_ad31",
		"wrong token":      "canary-NoToken-rpulse_beef",
		"broken db token":  "canary-Broken\x01Token",
		"basic":            "canary-Basic-55",
		"token in the URL": "canary-UrlToken-66",
		"user's password":  "canary-UsersPass-é-12",
		"mistyped name":    "canary-TypedAsName-90",
		"app's secret":     "canary-AppSecret-7d7d7d",
	}
}

// traces are the forms in which a secret may show.
func traces(secret string) []string {
	encoded, _ := json.Marshal(secret) // a string always encodes
	quoted := strings.Trim(fmt.Sprintf("%q", secret), `"`)
	whole := secret[:len(secret)/3*3] // in base64 the rest depends on what stands behind
	return distinctSorted([]string{secret, strings.Trim(string(encoded), `"`), strings.ReplaceAll(secret, `"`, `\"`), quoted,
		url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
		base64.StdEncoding.EncodeToString([]byte(whole)), base64.URLEncoding.EncodeToString([]byte(whole))})
}

// search looks for all secrets in a text.
func search(t *testing.T, where, text string, secrets map[string]string) {
	t.Helper()
	for what, secret := range secrets {
		for _, trace := range traces(secret) {
			if at := strings.Index(text, trace); at >= 0 {
				t.Errorf("%s has the %s: …%q…", where, what, text[max(0, at-120):min(len(text), at+len(trace)+40)])
				break
			}
		}
	}
}

// badDatabase refuses everything, each time in another way, and echoes the credentials as an unkind
// proxy does. Its lines are kept.
type badDatabase struct {
	*httptest.Server
	lines, seen output
}

func startBadDatabase(t *testing.T, refuse func(w http.ResponseWriter, authorization string)) *badDatabase {
	t.Helper()
	d := &badDatabase{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(&d.lines, "%s\n", r.URL)
		if body, err := gzip.NewReader(r.Body); err == nil {
			_, _ = io.Copy(&d.lines, body)
		}
		_, _ = fmt.Fprintln(&d.seen, r.Header.Get("Authorization"))
		refuse(w, r.Header.Get("Authorization"))
	}))
	t.Cleanup(d.Close)
	return d
}

const secretsConfig = `
web: { listen: "127.0.0.1:0" }
log: { level: debug, format: %s }
storage:
  embedded: { path: %q }
  influxdb:
    - { name: unauthorized, url: %q, org: o, bucket: b, token_file: token }
    - { name: echo-in-header, url: %q, org: o, bucket: b, token: "${DB_TOKEN_OF_2}" }
    - { name: bad-data, url: %q, database: d, username: writer, password_file: password }
    - { name: redirect, url: %q, org: o, bucket: b, token_file: token }
    - { name: broken-token, url: %q, org: o, bucket: b, token_file: broken }
    - { name: away, url: "http://127.0.0.1:9", database: d, username: writer, password_file: password }
lanes: { status: 4s, live: 2s, sessions: 2s }
access: { tokens: [{ name: noc, sha256: %q, roles: [viewer] }] }
channels:
  - { name: open, access: public, carries: [router.live, router.status, router.interfaces] }
  - { name: closed, access: authenticated, carries: [router.live, router.status, router.connected, pipeline.health] }
credentials:
  - { name: good-snmp, snmp: { version: 2c, community: "${COMMUNITY}" } }
  - { name: bad-snmp, snmp: { version: 1, community: "%s" } }
  - { name: good-api, routeros: { user: telemetry, password: "%s", tls: { pin: %q } } }
  - { name: bad-api, routeros: { user: telemetry, password_file: wrong, tls: { pin: %[12]q } } }
  - { name: untrusting-api, routeros: { user: telemetry, password_file: wrong } }
devices:
`

// secretsBench is the program with canaries for secrets, everything around it refusing.
type secretsBench struct {
	*process
	base, data, config string
	fleet              *simulator.Fleet
	databases          []*badDatabase
}

func startSecretsBench(t *testing.T, format string) *secretsBench {
	t.Helper()
	c := canaries()
	b := &secretsBench{data: t.TempDir(), fleet: openFleet(t, simulator.Options{Routers: 6, Seed: 3, Interfaces: 4,
		Community: c["community"], User: "telemetry", Password: c["password"]})}
	for _, refuse := range []func(http.ResponseWriter, string){
		func(w http.ResponseWriter, authorization string) {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"code": "unauthorized", "message": "who is " + authorization + "?"})
		},
		func(w http.ResponseWriter, authorization string) {
			w.Header().Set("X-Influxdb-Error", "who is "+authorization+"?")
			w.WriteHeader(http.StatusForbidden)
		},
		func(w http.ResponseWriter, authorization string) {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "unable to parse: " + authorization})
		},
		func(w http.ResponseWriter, authorization string) {
			w.Header().Set("Location", "http://elsewhere.test/?auth="+url.QueryEscape(authorization))
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusNoContent) },
	} {
		b.databases = append(b.databases, startBadDatabase(t, refuse))
	}
	sum := sha256.Sum256([]byte(c["token"]))
	t.Setenv("COMMUNITY", c["community"])
	t.Setenv("DB_TOKEN_OF_2", c["db token of 2"])
	config := fmt.Sprintf(secretsConfig, format, b.data, b.databases[0].URL, b.databases[1].URL, b.databases[2].URL, b.databases[3].URL, b.databases[4].URL,
		hex.EncodeToString(sum[:]), c["wrong community"], c["password"], b.fleet.Fingerprint(), b.fleet.Fingerprint())
	for i, credential := range []string{"good-snmp", "bad-snmp", "good-api", "bad-api", "untrusting-api", "good-api"} {
		config += fmt.Sprintf("  - { name: %s-%d, address: %s, credentials: [%s], snmp: { port: %d }, routeros: { port: %d } }\n",
			credential, i, b.fleet.Routers()[i].Address(), credential, b.fleet.SNMPPort(), b.fleet.APITLSPort())
	}
	admin := sha256.Sum256([]byte(c["admin token"]))
	config = strings.Replace(config, "roles: [viewer] }]", fmt.Sprintf("roles: [viewer] }, { name: root, sha256: %q, roles: [admin] }]", hex.EncodeToString(admin[:])), 1)
	hash, err := access.HashPassword(c["user's password"])
	if err != nil {
		t.Fatal(err)
	}
	config = strings.Replace(config, "access: { ", fmt.Sprintf("access: { users: [{ name: ann, password_bcrypt: %q, roles: [viewer] }], ", hash), 1)
	config = strings.Replace(config, "channels:\n", "apps: [{ id: shop, key: shop-key, secret_file: shop, channels: [\"*\"] }]\nchannels:\n", 1)
	b.config = writeFile(t, "routerpulse.yaml", config)
	for name, what := range map[string]string{"token": "db token", "password": "db password", "wrong": "wrong password", "broken": "broken db token", "shop": "app's secret"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(b.config), name), []byte(c[what]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.fleet.Routers()[5].RefuseLogin(true)
	b.process = start(t, "serve", "--config.file", b.config)
	b.base = b.url(t)
	return b
}

// Fault 39: everything that can refuse a secret does, and the secret is in no log, page, metric, profile,
// stream, file of the data folder (spools and dead letters too), or command that reads them.
func TestFault39SecretsAreNowhere(t *testing.T) {
	trials, held := 0, 0
	for _, format := range []string{"logfmt", "json"} {
		trials++
		if t.Run(format, func(t *testing.T) { secretsAreNowhere(t, format) }) {
			held++
		}
	}
	sinktest.Fault{Row: "39", Wrong: trials - held, Trials: trials,
		Figures: fmt.Sprintf("%d canary secrets, each in %d forms, looked for in all that the program says and keeps", len(canaries()), len(traces(`a"b`)))}.Report(t)
}

func secretsAreNowhere(t *testing.T, format string) {
	c := canaries()
	b := startSecretsBench(t, format)
	streams := []*output{tapStream(t, b.base+"/v1/stream?channel=open", ""), tapStream(t, b.base+"/v1/stream?channel=closed&channel=open&history=100", c["token"])}
	var cookies []string
	if format == "logfmt" { // while everything starts; pages do not depend on it
		cookies = b.askEverything(t)
	}
	for name, states := range map[string][]string{"good-snmp-0": {"online"}, "good-api-2": {"online"}, "bad-snmp-1": {"offline"},
		"bad-api-3": {"auth-failed"}, "untrusting-api-4": {"offline"}, "good-api-5": {"auth-failed"}} {
		await(t, fmt.Sprintf("%s is %s", name, states), func() bool {
			_, body := get(t, b.base+"/v1/devices/"+name, c["token"])
			return strings.Contains(body, `"state":"`+states[0]+`"`)
		})
	}
	await(t, "each database has refused, and it was said", func() bool {
		for _, word := range []string{"401 Unauthorized", "403 Forbidden", "400 Bad Request", "307 Temporary Redirect", "connection refused", "destination=broken-token"} {
			if format == "json" {
				word = strings.ReplaceAll(word, "destination=broken-token", `"destination":"broken-token"`)
			}
			if !b.err.contains(word) {
				return false
			}
		}
		return true
	})
	cookies = append(cookies, b.askEverything(t)...)
	for _, args := range [][]string{{"doctor", "--url", b.base, "--wait", "1s"}, {"doctor", "--listen", "127.0.0.1:1"}, {"spool"}, {"spool", "dead"}, {"check"}} {
		_, out, errOut := run(t, append(args, "--config.file", b.config)...)
		search(t, strings.Join(args, " "), out+errOut, c)
	}
	if code := b.stop(); code != exitOK {
		t.Errorf("exit %d", code)
	}

	for what, secret := range map[string]string{"db token": "Token " + c["db token"], "db token of 2": "Token " + c["db token of 2"], "db password": "Token writer:" + c["db password"]} {
		var sent strings.Builder
		for _, d := range b.databases {
			sent.WriteString(d.seen.String())
		}
		if !strings.Contains(sent.String(), secret) {
			t.Errorf("the %s was not sent: nothing is proved", what)
		}
	}
	search(t, "stdout", b.out.String(), c)
	search(t, "the log", b.err.String(), c)
	if len(cookies) == 0 {
		t.Error("no login worked")
	}
	for i, cookie := range cookies {
		search(t, "the log", b.err.String(), map[string]string{fmt.Sprintf("session cookie %d", i): cookie})
	}
	for i, s := range streams {
		if len(s.String()) < 1000 {
			t.Errorf("stream %d has %d bytes", i, len(s.String()))
		}
		search(t, fmt.Sprintf("stream %d", i), s.String(), c)
	}
	for i, d := range b.databases {
		search(t, fmt.Sprintf("what database %d is told", i), d.lines.String(), c)
	}
	b.searchFiles(t)
}

// askEverything asks all pages in all ways, looks for secrets in the answers, and returns the session
// cookies that it got.
func (b *secretsBench) askEverything(t *testing.T) (cookies []string) {
	t.Helper()
	c := canaries()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path, authorization, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, b.base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		for _, cookie := range resp.Cookies() {
			if cookie.Value != "" { // a logout's is empty
				cookies = append(cookies, cookie.Value)
			}
		}
		// A stream that is granted does not end; its beginning is enough here.
		text, _ := io.ReadAll(io.LimitReader(resp.Body, map[bool]int64{true: 64, false: 1 << 20}[strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")]))
		search(t, fmt.Sprintf("%s %s (%s)", method, path, resp.Status), string(text)+fmt.Sprint(resp.Header), c)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("noc:"+c["basic"]))
	for _, authorization := range []string{"", "Bearer " + c["token"], "Bearer " + c["admin token"], "Bearer " + c["wrong token"], "Bearer " + c["token"] + " " + c["token"], basic} {
		for _, path := range []string{"/", "/metrics", "/v1/me", "/v1/devices", "/v1/devices/bad-api-3", "/v1/devices/nobody", "/v1/stream", "/v1/stream?channel=closed",
			"/v1/stream/check?channel=closed", "/v1/stream?channel=none&es=0", "/api/v1/query?query=router_status_info", "/api/v1/query?query=(",
			"/api/v1/series?match[]={device=~\".%2B\"}", "/api/v1/status/config", "/api/v1/status/flags", "/-/healthy", "/-/ready", "/nowhere", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1",
			"/debug/pprof/allocs", "/debug/vars"} {
			ask(http.MethodGet, path, authorization, "")
		}
		for _, body := range []string{"", `{"token": "` + c["wrong token"] + `"}`, `{"token": ["` + c["wrong token"] + `"]}`, c["wrong token"], `{"token": "` + c["token"] + `"}`} {
			ask(http.MethodPost, "/v1/login", authorization, body)
		}
		ask(http.MethodPost, "/v1/logout", authorization, "")
	}
	for _, body := range []string{`{"user": "ann", "password": "` + c["user's password"] + `"}`, `{"user": "` + c["mistyped name"] + `", "password": "` + c["user's password"] + `"}`,
		`{"user": "ann", "password": "` + c["wrong password"] + `"}`, `{"user": "ann", "password": ["` + c["user's password"] + `"]}`} {
		ask(http.MethodPost, "/v1/login", "", body)
	}
	for _, path := range []string{"/apps/shop/events", "/apps/none/events", "/v1/events", "/v1/stream/ticket", "/v1/stream/00112233445566778899aabbccddeeff/track"} {
		ask(http.MethodPost, path+"?auth_key=shop-key&auth_timestamp=1&auth_version=1.0&body_md5=0&auth_signature="+hex.EncodeToString([]byte(c["app's secret"])), "Bearer "+c["wrong token"], `{"name": "`+c["app's secret"]+`"}`)
	}
	for _, key := range []string{"token", "access_token", "ticket", "code"} {
		for _, path := range []string{"/v1/stream?channel=closed&", "/v1/stream/check?channel=closed&", "/v1/devices?", "/api/v1/query?query=1&", "/login?", "/v1/me?", "/metrics?"} {
			ask(http.MethodGet, path+key+"="+url.QueryEscape(c["token in the URL"]), "", "")
		}
	}
	return cookies
}

// searchFiles looks into every file of the data folder.
func (b *secretsBench) searchFiles(t *testing.T) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(b.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		search(t, path, string(data), canaries())
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files: %v", files, err)
	}
}

// The other commands that are given a secret do not say it either.
func TestCommandsSayNoSecret(t *testing.T) {
	c := canaries()
	fleet := openFleet(t, simulator.Options{Routers: 1, Seed: 3, Community: c["community"], Password: c["password"]})
	r := fleet.Routers()[0]
	address, snmpPort, apiPort := r.Address().String(), fmt.Sprint(fleet.SNMPPort()), fmt.Sprint(fleet.APITLSPort())
	password, wrong := writeFile(t, "password", c["password"]), writeFile(t, "wrong", c["wrong password"])
	sum := sha256.Sum256([]byte(c["token"]))
	server := start(t, "serve", "--log.level", "debug", "--config.file", writeFile(t, "routerpulse.yaml", fmt.Sprintf(`
web: { listen: "127.0.0.1:0" }
storage: { embedded: { path: %q } }
access: { tokens: [{ name: noc, sha256: %q }] }
channels: [{ name: private, access: { roles: [admin] }, carries: [router.status] }]
`, t.TempDir(), hex.EncodeToString(sum[:]))))
	base := server.url(t)
	for name, test := range map[string]struct {
		args []string
		code int
	}{
		"probe":              {[]string{"probe", address, "--snmp-port", snmpPort, "--api-port", apiPort, "--community", c["community"], "--user", "telemetry", "--password-file", password, "--pin", fleet.Fingerprint()}, exitOK},
		"probe as JSON":      {[]string{"probe", address, "--snmp-port", snmpPort, "--community", c["community"], "--json"}, exitOK},
		"probe, wrong":       {[]string{"probe", address, "--snmp-port", snmpPort, "--api-port", apiPort, "--community", c["wrong community"], "--user", "telemetry", "--password-file", wrong, "--pin", fleet.Fingerprint(), "--timeout", "2s"}, exitError},
		"probe, bad flag":    {[]string{"probe", address, "--community", c["community"], "--snmp-port", "many"}, exitUsage},
		"probe, bad version": {[]string{"probe", address, "--community", c["community"], "--snmp-version", "9"}, exitUsage},
		"tail, forbidden":    {[]string{"tail", "private", "--url", base, "--token", c["token"]}, exitError},
		"tail, wrong token":  {[]string{"tail", "private", "--url", base, "--token", c["wrong token"]}, exitError},
		"tail, bad token":    {[]string{"tail", "private", "--url", base, "--token", c["wrong token"] + " x"}, exitError},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, test.args...)
			if code != test.code {
				t.Errorf("exit %d, want %d: %s", code, test.code, errOut)
			}
			search(t, "its output", out+errOut, c)
		})
	}
	server.stop()
	search(t, "the server's log", server.err.String(), c)
}

// Whatever is wrong on the line of a secret, what is said of it does not repeat the secret.
func TestBadConfigSaysNoSecret(t *testing.T) {
	t.Setenv("CANARY", "canary7f3a")
	for _, text := range []string{
		// Not the type.
		"credentials: [{ name: a, snmp: { version: 2c, community: [canary7f3a] } }]",
		"credentials: [{ name: a, snmp: { version: 2c, community: { canary7f3a: 1 } } }]",
		"credentials: [{ name: a, snmp: canary7f3a }]",
		"credentials: [{ name: a, routeros: { user: u, password: [[canary7f3a]] } }]",
		"credentials: [{ name: a, routeros: { user: u, password: { file: canary7f3a } } }]",
		"storage: { influxdb: [{ url: \"http://127.0.0.1:8086\", bucket: b, token: [canary7f3a] }] }",
		"storage: { influxdb: [{ url: \"http://127.0.0.1:8086\", bucket: b, token: { value: canary7f3a } }] }",
		"storage: { influxdb: [{ url: \"http://127.0.0.1:8086\", database: b, username: u, password: [canary7f3a] }] }",
		"storage: { influxdb: canary7f3a }",
		"access: { tokens: [canary7f3a] }",
		"access: { tokens: canary7f3a }",
		"access: { tokens: { noc: canary7f3a } }",
		// Not the place.
		"credentials: [{ name: a, snmp: { version: 2c, comunity: canary7f3a } }]",
		"credentials: [{ name: a, community: canary7f3a }]",
		"community: canary7f3a",
		"access: { tokens: [{ name: a, sha256: canary7f3a }] }",
		"access: { tokens: [{ name: a, token: canary7f3a }] }",
		"storage: { influxdb: [{ url: \"http://u:canary7f3a@127.0.0.1:8086\", bucket: b }] }",
		"storage: { influxdb: [{ url: \"http://u:canary7f3a@127.0.0.1:port\", bucket: b }] }",
		"storage: { influxdb: [{ url: \"http://127.0.0.1:8086/write?p=canary7f3a\", bucket: b }] }",
		// Nor the number: both, twice, without what belongs to it.
		"credentials: [{ name: a, routeros: { password: canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: canary7f3a, password_file: /dev/null } }]",
		"credentials: [{ name: a, snmp: { version: 9, community: canary7f3a } }]",
		"storage: { influxdb: [{ url: \"http://127.0.0.1:8086\", bucket: b, token: canary7f3a, username: u, password: canary7f3a }] }",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password: canary7f3a\n      password: canary7f3a\n",
		// Characters that mean something to YAML.
		"credentials: [{ name: a, routeros: { user: u, password: *canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: !canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: !canary7f3a x } }]",
		"credentials: [{ name: a, routeros: { user: u, password: !!canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: !<canary7f3a> } }]",
		"credentials: [{ name: a, routeros: { user: u, password: !canary7f3a!x } }]",
		"credentials: [{ name: a, routeros: { user: u, password: &canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: @canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: %canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: `canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: |canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: pass,canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: pass, canary7f3a, user: v } }]",
		"credentials: [{ name: a, routeros: { user: u, password: pass,canary7f3a,canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: x: canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: \"x\"canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: \"canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: \"\\canary7f3a\" } }]",
		"credentials: [{ name: a, routeros: { user: u, password: {canary7f3a } }]",
		"credentials: [{ name: a, routeros: { user: u, password: canary7f3a} } }]",
		"credentials: [{ name: a, routeros: { user: u, password: canary7f3a] } }]",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password: *canary7f3a\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password: !canary7f3a\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password: >canary7f3a\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password: x: canary7f3a\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password:\n\tcanary7f3a\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password:\n        canary7f3a:\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password:canary7f3a\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password canary7f3a\n",
		"credentials:\n  - name: a\n    routeros:\n      user: u\n      password: ${canary7f3a\n",
		"credentials: [{ name: a, routeros: { user: u, password: \"\xffcanary7f3a\" } }]",
		"credentials: [{ name: a, routeros: { user: u, password: \"\x01canary7f3a\" } }]",
		// From the environment into the wrong key.
		"credentials: [{ name: a, snmp: { version: \"${CANARY}\", community: public } }]",
		"storage: { influxdb: [{ url: \"${CANARY}\", bucket: b }] }",
		"storage: { influxdb: [{ name: \"x ${CANARY}\", url: \"http://127.0.0.1:8086\", bucket: b }] }",
		"storage: { influxdb: [{ url: \"http://127.0.0.1:8086\", database: d, username: \"${CANARY}\" }] }",
		"access: { tokens: [{ name: \"x ${CANARY}\", sha256: x }] }",
		"access: { trusted_proxies: [\"${CANARY}\"] }",
		"web: { listen: \"${CANARY}\" }",
		"log: { level: \"${CANARY}\" }",
		"lanes: { live: \"${CANARY}\" }",
		"devices: [{ name: \"x ${CANARY}\", address: 10.0.0.1, credentials: [a] }]",
		"devices: [{ name: x, address: \"! ${CANARY}\", credentials: [\"${CANARY}\"], tags: { site: \"${CANARY}\\n\" } }]",
		"channels: [{ name: \"x ${CANARY}\", access: \"${CANARY}\", carries: [\"${CANARY}\"] }]",
		"include: [\"${CANARY}.yaml\"]",
	} {
		code, out, errOut := run(t, "check", "--config.file", writeFile(t, "bad.yaml", text))
		if code != exitError {
			t.Errorf("exit %d: nothing was found wrong with\n%s", code, text)
		}
		if strings.Contains(out+errOut, "canary7f3a") {
			t.Errorf("of\n%s\nit says: %s", text, out+errOut)
		}
	}
}

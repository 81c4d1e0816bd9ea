package sinks

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/embedded"
	"github.com/routerpulse/routerpulse/sinks/influxdb"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parse reads YAML as the program does and returns the problems.
func parse(yaml string) (Config, []string) {
	var root struct{ Storage Config }
	err := configs.Parse("test.yaml", []byte(yaml), &root)
	var problems []string
	if err != nil {
		problems = strings.Split(strings.TrimSpace(err.Error()), "\n")
	}
	return root.Storage, problems
}

func TestConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		yaml string
		want []string // path and what the message must say
	}{
		"nothing":  {"", nil},
		"embedded": {"embedded: {path: /x, retention: 7d}", nil},
		"2.x":      {`influxdb: [{name: main, url: "http://h:8086", org: noc, bucket: routers, token: x}]`, nil},
		"1.8":      {`influxdb: [{url: "http://h:8086", database: net, retention_policy: year, username: u, password: p}]`, nil},
		"none":     {"none: true", nil},
		"none and something": {"none: true, embedded: {path: /x}",
			[]string{"none: none: true says that nothing is kept"}},
		"retention": {"embedded: {retention: 1h}",
			[]string{"embedded.retention: 1h is too short"}},
		"no url": {"influxdb: [{bucket: b}]",
			[]string{"influxdb[0].url: url is missing"}},
		"not a url": {`influxdb: [{bucket: b, url: "://secret"}]`,
			[]string{"influxdb[0].url: not a URL"}},
		"no scheme": {`influxdb: [{bucket: b, url: "h:8086"}]`,
			[]string{"influxdb[0].url: the scheme must be http or https"}},
		"no host": {`influxdb: [{bucket: b, url: "http://"}]`,
			[]string{"influxdb[0].url: the host is missing"}},
		"login in the url": {`influxdb: [{bucket: b, url: "http://u:hunter2@h"}]`,
			[]string{"influxdb[0].url: no user or password in the url"}},
		"query in the url": {`influxdb: [{bucket: b, url: "http://h?org=x"}]`,
			[]string{"influxdb[0].url: the url must end after its path"}},
		"path of the API": {`influxdb: [{bucket: b, url: "http://h/api/v2/write"}]`,
			[]string{"influxdb[0].url: give the server's address only"}},
		"no bucket": {`influxdb: [{url: "http://h"}]`,
			[]string{"influxdb[0].bucket: bucket is missing"}},
		"bucket and database": {`influxdb: [{url: "http://h", bucket: b, database: d}]`,
			[]string{"influxdb[0].database: both bucket and database are given"}},
		"policy of a bucket": {`influxdb: [{url: "http://h", bucket: b, retention_policy: x}]`,
			[]string{"influxdb[0].retention_policy: retention_policy needs a database"}},
		"slash in the database": {`influxdb: [{url: "http://h", database: d/rp}]`,
			[]string{"influxdb[0].database: a database's name has no slash"}},
		"token twice": {`influxdb: [{url: "http://h", bucket: b, token: t, token_file: sinks.go}]`,
			[]string{"influxdb[0].token_file: both token and token_file"}},
		"password twice": {`influxdb: [{url: "http://h", database: b, username: u, password: t, password_file: sinks.go}]`,
			[]string{"influxdb[0].password_file: both password and password_file"}},
		"token and login": {`influxdb: [{url: "http://h", bucket: b, token: t, username: u, password: p}]`,
			[]string{"influxdb[0].username: both a token and a username"}},
		"password without a user": {`influxdb: [{url: "http://h", database: b, password: p}]`,
			[]string{"influxdb[0].username: a password needs a username"}},
		"user without a password": {`influxdb: [{url: "http://h", database: b, username: u}]`,
			[]string{`influxdb[0].password_file: the password of "u" is missing`}},
		"token file is not there": {`influxdb: [{url: "http://h", bucket: b, token_file: nowhere}]`,
			[]string{"influxdb[0].token_file: "}},
		"timeout": {`influxdb: [{url: "http://h", bucket: b, timeout: 1ms}]`,
			[]string{"influxdb[0].timeout: 1ms is too short"}},
		"spool": {`influxdb: [{url: "http://h", bucket: b, spool: { max_bytes: 1000, fsync: never }}]`,
			[]string{"influxdb[0].spool.max_bytes: 1000 is too small", `influxdb[0].spool.fsync: there is no "never"`}},
		"name twice": {`influxdb: [{url: "http://h", bucket: b}, {url: "http://h", bucket: c}]`,
			[]string{`influxdb[1].name: the name "influxdb" is taken by influxdb[0]`}},
		"empty name": {`influxdb: [{name: "", url: "http://h", bucket: b}]`,
			[]string{`influxdb[0].name: "" cannot name`}},
		"everything": {`influxdb: [{url: "https://h:8086", bucket: b, token: x, setup: true, retention: 30d, tags: {site: [a, b]}, not_tags: {device: [c]},
			headers: {X-Scope: y}, proxy: "socks5://u:p@h:1080", tls: {insecure: true, server_name: influx}}]`, nil},
		"retention without setup": {`influxdb: [{url: "http://h", bucket: b, retention: 30d}]`,
			[]string{"influxdb[0].retention: it is for what setup creates"}},
		"short retention": {`influxdb: [{url: "http://h", bucket: b, setup: true, retention: 1m}]`,
			[]string{"influxdb[0].retention: 1m is too short"}},
		"tls over http": {`influxdb: [{url: "http://h", bucket: b, tls: {insecure: true}}]`,
			[]string{"influxdb[0].tls: the url is http"}},
		"no certificates": {`influxdb: [{url: "https://h", bucket: b, tls: {ca_file: sinks.go}}]`,
			[]string{"influxdb[0].tls.ca_file: "}},
		"certificate without a key": {`influxdb: [{url: "https://h", bucket: b, tls: {cert_file: sinks.go}}]`,
			[]string{"influxdb[0].tls.cert_file: cert_file and key_file belong together"}},
		"certificate that is none": {`influxdb: [{url: "https://h", bucket: b, tls: {cert_file: sinks.go, key_file: sinks.go}}]`,
			[]string{"influxdb[0].tls.cert_file: cert_file and key_file cannot be used together"}},
		"header of ours": {`influxdb: [{url: "https://h", bucket: b, headers: {authorization: hunter2}}]`,
			[]string{"influxdb[0].headers.authorization: authorization cannot be set here"}},
		"name of a header": {`influxdb: [{url: "https://h", bucket: b, headers: {"a b": hunter2}}]`,
			[]string{`influxdb[0].headers.a b: "a b" cannot be the name`}},
		"header of two lines": {`influxdb: [{url: "https://h", bucket: b, headers: {X-A: "hunter2\nX-B: 1"}}]`,
			[]string{"influxdb[0].headers.X-A: its value cannot be sent"}},
		"proxy": {`influxdb: [{url: "https://h", bucket: b, proxy: "hunter2:3128"}]`,
			[]string{"influxdb[0].proxy: not the address of a proxy"}},
		"tag without values": {`influxdb: [{url: "https://h", bucket: b, tags: {site: []}, not_tags: {role: []}}]`,
			[]string{"influxdb[0].tags.site: no value is given", "influxdb[0].not_tags.role: no value is given"}},
		"a name that leaves its folder": {`influxdb: [{name: "../x", url: "http://h", bucket: b}]`,
			[]string{`influxdb[0].name: "../x" cannot name`}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, problems := parse("storage: {" + tc.yaml + "}")
			cfg.Validate(configs.NewReport(func(path, message, hint string) {
				if hint == "" {
					t.Errorf("%s: no hint what to do", path)
				}
				problems = append(problems, path+": "+message)
			}))
			if len(problems) != len(tc.want) {
				t.Fatalf("got %q, want %q", problems, tc.want)
			}
			for i, want := range tc.want {
				if !strings.Contains(problems[i], want) || strings.Contains(problems[i], "hunter2") {
					t.Errorf("got %q, want %q", problems[i], want)
				}
			}
		})
	}
}

func TestWhichSinks(t *testing.T) {
	dest := func(name string) influxdb.Config {
		return influxdb.Config{Name: name, URL: "http://127.0.0.1:1", Bucket: "b"}
	}
	for name, tc := range map[string]struct {
		cfg   Config
		want  []string
		store bool
	}{
		"nothing configured": {Config{}, []string{"embedded"}, true},
		"InfluxDB only":      {Config{InfluxDB: []influxdb.Config{dest("main")}}, []string{"influxdb/main"}, false},
		"both":               {Config{Embedded: &embedded.Config{}, InfluxDB: []influxdb.Config{dest("a"), dest("b")}}, []string{"embedded", "influxdb/a", "influxdb/b"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(tc.cfg, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range s.Named() {
				got = append(got, n.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if (s.Embedded() != nil) != tc.store {
				t.Errorf("store is %v", s.Embedded())
			}
		})
	}
}

func open(t *testing.T, cfg Config, reg prometheus.Registerer) (*Sinks, error) {
	t.Helper()
	s, err := New(cfg, pipeline.NewSchema(), reg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Open()
}

// TestOpenAndClose: the database is away, which delays neither the start nor, much, the end; after that
// the same sinks can be opened anew with the same registry.
func TestOpenAndClose(t *testing.T) {
	cfg := Config{
		Folder: t.TempDir(), Embedded: &embedded.Config{Path: t.TempDir()},
		InfluxDB: []influxdb.Config{{Name: "away", URL: "http://127.0.0.1:1", Bucket: "b"}, {Name: "away, too", URL: "http://127.0.0.1:1", Bucket: "b"}},
	}
	reg := prometheus.NewRegistry()
	for range 2 {
		s, err := open(t, cfg, reg)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range s.Named() {
			if err := n.Sink.Write(t.Context(), sinktest.NewFleet(pipeline.NewSchema(), "core-1").Poll(0)); err != nil {
				t.Errorf("%s: %v", n.Name, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		if metrics, err := reg.Gather(); err != nil || len(metrics) > 0 {
			t.Errorf("%d metrics are left, %v", len(metrics), err)
		}
	}
}

// TestOpenFailsAsAWhole: when one sink cannot be opened, none is left open.
func TestOpenFailsAsAWhole(t *testing.T) {
	cfg := Config{
		Folder: t.TempDir(), Embedded: &embedded.Config{Path: t.TempDir()},
		InfluxDB: []influxdb.Config{{Name: "main", URL: "http://h", Bucket: "b", TokenFile: configs.File("/does/not/exist")}},
	}
	reg := prometheus.NewRegistry()
	if _, err := open(t, cfg, reg); err == nil || !strings.Contains(err.Error(), "influxdb/main") || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("got %v", err)
	}
	cfg.InfluxDB = nil
	s, err := open(t, cfg, reg)
	if err != nil {
		t.Fatalf("the folder is still taken: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFolderInUse: a second program says so and leaves the first alone.
func TestFolderInUse(t *testing.T) {
	cfg := Config{Embedded: &embedded.Config{Path: t.TempDir()}}
	first, err := open(t, cfg, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	_, err = open(t, cfg, prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "another routerpulse") || !strings.Contains(err.Error(), cfg.Embedded.Path) {
		t.Errorf("got %v", err)
	}
	fleet := sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	if err := first.Named()[0].Sink.Write(t.Context(), fleet.Poll(0)); err != nil {
		t.Errorf("the first was disturbed: %v", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDefaultsAreValid(t *testing.T) {
	cfg := DefaultConfig()
	var problems []string
	r := configs.NewReport(func(path, message, _ string) { problems = append(problems, path+": "+message) })
	cfg.Validate(r)
	cfg.Store().Validate(r)
	if len(problems) > 0 {
		t.Errorf("%s", slices.Collect(slices.Values(problems)))
	}
}

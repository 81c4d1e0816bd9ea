package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// Parts that really fail are found by the doctor, with what to do about them.
func TestDoctorFindsWhatFails(t *testing.T) {
	t.Parallel()
	db := sinktest.NewInfluxd(t, "")
	sinktest.QueryInfluxQL(t, db.URL, "", "CREATE DATABASE pulse")
	fleet := openFleet(t, simulator.Options{Routers: 2, Seed: 3, Interfaces: 2, Community: "public"})
	good := fleet.Routers()[0].Address().String()
	text := fmt.Sprintf(`
data: %q
web: { listen: "127.0.0.1:0" }
storage:
  embedded: {}
  influxdb:
    - { name: main, url: %q, database: pulse, timeout: 1s }
    - { name: other, url: %q, database: nowhere }
lanes: { live: 1s, status: 2s }
credentials: [{ name: c, snmp: { version: 2c, community: public } }]
devices:
  - { name: good, address: %s, credentials: [c], snmp: { port: %d } }
  - { name: dead, address: 127.0.0.1, credentials: [c], snmp: { port: 9 } }
`, t.TempDir(), db.URL, db.URL, good, fleet.SNMPPort())
	file := writeFile(t, "routerpulse.yaml", text)
	p := start(t, "serve", "--config.file", file)
	base := p.url(t)
	says := func(code int, words ...string) {
		t.Helper()
		await(t, strings.Join(words, "; "), func() bool {
			got, out, _ := run(t, "doctor", "--config.file", file, "--url", base, "--wait", "100ms")
			for _, w := range words {
				if !regexp.MustCompile(w).MatchString(out) {
					return false
				}
			}
			return got == code
		})
	}
	says(exitError, `ok +influxdb +main takes`, `WRONG +influxdb +other takes nothing: it has no such database or bucket \(404\)`, `→ make it`,
		`WRONG +routers +1 of 2 have given nothing since the start: dead\n.*→ 'routerpulse probe`, `ok +store`, `ok +data`, `ok +database +main answers`)

	db.Stop()
	if err := os.WriteFile(file, []byte(text+"\nnonsense: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(exitError, `WRONG +influxdb +main takes nothing: it does not answer`, `→ start it`,
		`WRONG +config +\S+:\d+:1: nonsense`, `WRONG +reload +the config that was read last is no good`)
}

// Without an instance it asks for itself.
func TestDoctorWithoutAnInstance(t *testing.T) {
	fleet := openFleet(t, simulator.Options{Routers: 1, Seed: 3, Community: "public", User: "telemetry", Password: "telemetry"})
	r := fleet.Routers()[0]
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	config := func(listen, password, influx string) string {
		return writeFile(t, "routerpulse.yaml", fmt.Sprintf(`
data: %q
web: { listen: %q }
storage: { influxdb: [{ name: main, url: %q, database: d }] }
credentials: [{ name: c, routeros: { user: telemetry, password: %s, tls: { pin: %s } } }]
devices: [{ name: core-1, address: %s, credentials: [c], routeros: { port: %d } }]
`, t.TempDir(), listen, influx, password, fleet.Fingerprint(), r.Address(), fleet.APITLSPort()))
	}
	db := sinktest.StartInfluxd(t)
	for name, c := range map[string]struct {
		file string
		code int
		says []string
	}{
		"all is well":     {config("127.0.0.1:1", "telemetry", db), exitOK, []string{`ok +routers +all 1 answer`, `ok +data`, `ok +web`, `ok +database`, `all is well`}},
		"wrong password":  {config("127.0.0.1:1", "other", db), exitError, []string{`WRONG +routers +1 of 1 refuse the credentials: core-1`, `→ compare user and password`}},
		"database away":   {config("127.0.0.1:1", "telemetry", "http://127.0.0.1:1"), exitError, []string{`WRONG +database +main does not answer: .*connection refused`}},
		"port taken":      {config(taken.Addr().String(), "telemetry", db), exitError, []string{`WRONG +web .*address already in use`}},
		"no such config":  {"/nowhere/x.yaml", exitError, []string{`WRONG +config +.*/nowhere/x.yaml`}},
		"bad config":      {writeFile(t, "bad.yaml", "webb: 1\n"), exitError, []string{`WRONG +config +\S+bad.yaml:1:1: webb`}},
		"instance wanted": {"", exitError, []string{`WRONG +running +http://127.0.0.1:1: .*refused`}},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"doctor", "--config.file", c.file}
			if c.file == "" {
				t.Chdir(t.TempDir())
				args = []string{"doctor", "--url", "http://127.0.0.1:1"}
			}
			if name == "port taken" {
				go refuseAll(taken)
			}
			code, out, errOut := run(t, args...)
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			for _, w := range c.says {
				if !regexp.MustCompile(w).MatchString(out) {
					t.Errorf("it does not say %s:\n%s%s", w, out, errOut)
				}
			}
		})
	}
}

// refuseAll closes each connection at once.
func refuseAll(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

// What figures mean, one by one.
func TestDoctorReadsFigures(t *testing.T) {
	const healthy = `
routerpulse_devices{state="online"} 2
routerpulse_device_up{device="a"} 1
process_open_fds 10
process_max_fds 100
`
	for name, c := range map[string]struct {
		before, now string
		says        []string
		severity    severity
	}{
		"healthy":           {"", "", nil, fine},
		"auth-failed":       {"", `routerpulse_devices{state="auth-failed"} 1`, []string{"1 of 3 refuse the credentials"}, wrong},
		"went away":         {"", "routerpulse_device_up{device=\"b\"} 0\nrouterpulse_device_last_success_timestamp_seconds{device=\"b\"} 1", []string{"answered before and do not now: b"}, wrong},
		"overrun, now":      {`routerpulse_polls_skipped_total{lane="live",reason="overrun"} 3`, `routerpulse_polls_skipped_total{lane="live",reason="overrun"} 5`, []string{"5 were left out", "and it goes on"}, wrong},
		"overrun, once":     {`routerpulse_polls_skipped_total{lane="live",reason="overrun"} 5`, `routerpulse_polls_skipped_total{lane="live",reason="overrun"} 5`, []string{"just now none"}, note},
		"backoff":           {"", `routerpulse_polls_skipped_total{lane="live",reason="backoff"} 5`, nil, fine},
		"late":              {"", "# TYPE routerpulse_poll_lateness_seconds histogram\nrouterpulse_poll_lateness_seconds_bucket{le=\"1\"} 900\nrouterpulse_poll_lateness_seconds_bucket{le=\"+Inf\"} 1000\nrouterpulse_poll_lateness_seconds_count 1000\nrouterpulse_poll_lateness_seconds_sum 9", []string{"10.0 % start more than 1 s late"}, wrong},
		"panics":            {"", "routerpulse_poll_panics_total 1", []string{"1 panicked"}, wrong},
		"stands still":      {"", `routerpulse_heartbeat_age_seconds{part="scheduler"} 100`, []string{"the scheduler has stood still for 100 s"}, wrong},
		"dropped":           {"", `routerpulse_sink_dropped_samples_total{sink="influxdb/main",reason="queue_full"} 7`, []string{"influxdb/main did not get 7 samples"}, wrong},
		"401":               {"", "routerpulse_influxdb_failing_seconds{destination=\"m\"} 60\nrouterpulse_influxdb_requests_total{destination=\"m\",code=\"401\"} 2\nrouterpulse_influxdb_requests_total{destination=\"m\",code=\"204\"} 900", []string{"m takes nothing: it does not know the token or the user (401); for 1m0s"}, wrong},
		"500":               {"", "routerpulse_influxdb_failing_seconds{destination=\"m\"} 60\nrouterpulse_influxdb_requests_total{destination=\"m\",code=\"500\"} 2", []string{"it answers with 500", "its disk"}, wrong},
		"spool fills":       {`routerpulse_spool_samples{destination="m"} 10`, "routerpulse_spool_samples{destination=\"m\"} 20\nrouterpulse_spool_time_to_full_seconds{destination=\"m\"} 3600\nrouterpulse_spool_oldest_age_seconds{destination=\"m\"} 300", []string{"20 samples wait, the oldest for 5m0s; full in 1h0m0s"}, wrong},
		"spool drains":      {`routerpulse_spool_samples{destination="m"} 30`, "routerpulse_spool_samples{destination=\"m\"} 20\nrouterpulse_spool_time_to_full_seconds{destination=\"m\"} 3600\nrouterpulse_spool_oldest_age_seconds{destination=\"m\"} 3000", []string{"they become fewer"}, note},
		"shed":              {"", "routerpulse_spool_samples{destination=\"m\"} 0\nrouterpulse_spool_shed_samples_total{destination=\"m\",reason=\"disk_full\"} 4", []string{"m: 4 samples were given up (disk_full)", "make room"}, wrong},
		"dead letters":      {"", "routerpulse_spool_samples{destination=\"m\"} 0\nrouterpulse_spool_dead_samples_total{destination=\"m\"} 4", []string{"will never take 4 samples", "routerpulse spool dead"}, wrong},
		"spool degraded":    {"", "routerpulse_spool_samples{destination=\"m\"} 0\nrouterpulse_spool_degraded{destination=\"m\"} 1", []string{"cannot be written to the disk"}, wrong},
		"store, full":       {"routerpulse_embedded_rows 1", "routerpulse_embedded_rows 1\nrouterpulse_embedded_disk_full 1", []string{"takes no samples", "make room"}, wrong},
		"store, coarse":     {"routerpulse_embedded_rows 1", "routerpulse_embedded_rows 1\nrouterpulse_embedded_coarse_failures_total 1", []string{"coarse store cannot be written"}, wrong},
		"store, max":        {"routerpulse_embedded_rows 1", "routerpulse_embedded_rows 1\nrouterpulse_embedded_rejected_values_total{reason=\"max_series\"} 4", []string{"refused 4 values (max_series)", "raise storage: embedded: max_series"}, wrong},
		"reload":            {"", "routerpulse_config_last_reload_successful 0", []string{"read last is no good"}, wrong},
		"restart":           {"", "routerpulse_config_last_reload_successful 1\nrouterpulse_config_restart_needed 1", []string{"after a restart"}, note},
		"clock, 2098":       {"", "routerpulse_clock_trusted 0\nrouterpulse_clock_offset_seconds 7200", []string{"cannot be believed (it is 2h0m0s off what ran on): samples get the time that ran on"}, wrong},
		"clock, not set":    {"", "routerpulse_clock_trusted 0\nrouterpulse_clock_held_samples 50", []string{"cannot be believed: 50 samples are held", "chrony"}, wrong},
		"clock, dropped":    {"", "routerpulse_clock_trusted 1\nrouterpulse_clock_dropped_samples_total 7", []string{"7 samples were given up"}, wrong},
		"clock, was set":    {"", "routerpulse_clock_trusted 1\nrouterpulse_clock_steps_total{result=\"believed\"} 1", []string{"was set by more than 10 minutes, or for the first time, 1 times"}, note},
		"streams, limit":    {"", `routerpulse_stream_refused_total{status="503"} 4`, []string{"4 were refused with 503"}, wrong},
		"streams, no token": {"", `routerpulse_stream_refused_total{status="401"} 4`, []string{"token is missing, wrong or expired"}, note},
		"descriptors":       {"", "process_open_fds 85", []string{"95 of 100 file descriptors"}, wrong},
	} {
		t.Run(name, func(t *testing.T) {
			d := &diagnosis{}
			(&checkup{d, parseFigures(t, healthy+c.before), parseFigures(t, healthy+c.now)}).everything()
			var out strings.Builder
			_ = d.print(&out) // its error is what severity says
			worst := fine
			for _, f := range d.findings {
				worst = max(worst, f.severity)
				if (f.severity == wrong) && f.do == "" {
					t.Errorf("of %q it does not say what to do", f.what)
				}
			}
			if worst != c.severity {
				t.Errorf("severity %d, want %d:\n%s", worst, c.severity, &out)
			}
			for _, w := range c.says {
				if !strings.Contains(out.String(), w) {
					t.Errorf("it does not say %q:\n%s", w, &out)
				}
			}
		})
	}
}

func parseFigures(t *testing.T, text string) figures {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	f, err := parser.TextToMetricFamilies(strings.NewReader(strings.TrimSpace(text) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Every metric that the doctor asks for exists, so that a renamed one is noticed.
func TestDoctorNamesRealMetrics(t *testing.T) {
	doc, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("doctor*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`"(routerpulse_[a-z_]+)"|sum\("([a-z]+_[a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			name := m[1]
			if name == "" {
				if strings.HasPrefix(m[2], "process_") || strings.HasPrefix(m[2], "go_") || strings.HasPrefix(m[2], "routerpulse_") {
					continue
				}
				name = "routerpulse_spool_" + m[2]
			}
			if seen++; !strings.Contains(string(doc), "| `"+name+"` |") {
				t.Errorf("%s asks for %s, and there is none", file, name)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d names seen", seen)
	}
}

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/routerpulse/routerpulse/configs"
)

var updateDocs = flag.Bool("update", false, "write docs/metrics.md")

// runningApp is the program with every kind of sink, looked at while it runs.
func runningApp(t *testing.T, look func(*app)) {
	t.Helper()
	file := writeFile(t, "routerpulse.yaml", fmt.Sprintf("data: %q\nweb: { listen: \"127.0.0.1:0\" }\n"+
		"storage: { embedded: {}, influxdb: [{ name: main, url: \"http://127.0.0.1:9\", org: o, bucket: b, token: x }] }\n", t.TempDir()))
	read := func() (Config, *configs.Files, error) { return readConfig(file, newServe(streams{}).Flags()) }
	cfg, files, err := read()
	if err != nil {
		t.Fatal(err)
	}
	log, level := newLogger(LogConfig{Level: "error"}, io.Discard)
	a, err := build(cfg, prometheus.NewRegistry(), log)
	if err != nil {
		t.Fatal(err)
	}
	a.reloads = newReloads(a, files, level, read)
	ctx, cancel := context.WithCancel(t.Context())
	if err := a.run(ctx, func() { look(a); cancel() }); err != nil {
		t.Fatal(err)
	}
}

// described are the lines of docs/metrics.md: every metric of ours, whether it has a value yet or not.
func described(a *app) (lines []string, names map[string]bool) {
	ch := make(chan *prometheus.Desc, 1000)
	a.reg.Describe(ch)
	a.perDevice.Describe(ch)
	close(ch)
	pattern := regexp.MustCompile(`^Desc\{fqName: "(routerpulse_[^"]+)", help: "(.*?)"(?:, unit: "[^"]*")?, constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)
	names = map[string]bool{}
	for d := range ch {
		m := pattern.FindStringSubmatch(d.String())
		if m == nil || names[m[1]] {
			continue // Go's own, or another part's of the same name
		}
		names[m[1]] = true
		var labels []string
		for label := range strings.SplitSeq(m[3], ",") {
			if name, _, ok := strings.Cut(label, "="); ok {
				labels = append(labels, name)
			}
		}
		if m[4] != "" {
			labels = append(labels, strings.Split(m[4], ",")...)
		}
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s |", m[1], strings.Join(labels, ", "), strings.ReplaceAll(m[2], `\"`, `"`)))
	}
	slices.Sort(lines)
	return lines, names
}

// docs/metrics.md lists every metric that there is, and no other. With -update it does.
func TestMetricsAreDocumented(t *testing.T) {
	const file, mark = "../../docs/metrics.md", "| metric | labels | what it is |\n|---|---|---|\n"
	var want []string
	var names map[string]bool
	runningApp(t, func(a *app) { want, names = described(a) })
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, got, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("%s has no table that begins\n%s", file, mark)
	}
	if list := strings.Join(want, "\n") + "\n"; got != list {
		if !*updateDocs {
			t.Errorf("%s is not what the program has; go test ./cmd/routerpulse -run %s -update writes it", file, t.Name())
		} else if err := os.WriteFile(file, []byte(before+mark+list), 0o600); err != nil {
			t.Error(err)
		}
	}
	for prefix := range healthParts() {
		if strings.HasPrefix(prefix, "routerpulse_") && !slices.ContainsFunc(want, func(line string) bool { return strings.HasPrefix(line, "| `"+prefix) }) {
			t.Errorf("pipeline.health wants %s…, and there is none", prefix)
		}
	}
	for _, name := range regexp.MustCompile("routerpulse_[a-z_]+[a-z]").FindAllString(before, -1) {
		if !names[strings.TrimSuffix(name, "_bucket")] {
			t.Errorf("%s says %s, and there is none", file, name)
		}
	}
}

// Names, units and kinds are as Prometheus wants them.
func TestMetricsAreWellNamed(t *testing.T) {
	var families []*dto.MetricFamily
	runningApp(t, func(a *app) {
		var err error
		if families, err = (prometheus.Gatherers{a.reg, a.perDevice}).Gather(); err != nil {
			t.Error(err)
		}
	})
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(families) < 40 {
		t.Fatalf("%d families: %v", len(families), err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "routerpulse_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	allowed := regexp.MustCompile(`^(go|process|prometheus_tsdb|prometheus_engine)_|^routerpulse_[a-z]+(_[a-z0-9]+)*$`)
	for _, f := range families {
		if !allowed.MatchString(f.GetName()) {
			t.Errorf("%s is not called routerpulse_<part>_<what>_<unit>", f.GetName())
		}
	}
}

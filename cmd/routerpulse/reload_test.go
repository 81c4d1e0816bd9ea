package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

const reloadBase = `
web: { listen: "127.0.0.1:0", loopback_read: true }
storage: { none: true }
credentials: [{ name: c, snmp: { version: 2c, community: public } }]
`

// reloading is a running program and its config file.
type reloading struct {
	*process
	t    *testing.T
	file string
	base string
}

func startReloading(t *testing.T, text string) *reloading {
	t.Helper()
	r := &reloading{t: t, file: writeFile(t, "routerpulse.yaml", text)}
	r.process = start(t, "serve", "--config.file", r.file)
	r.base = r.url(t)
	return r
}

// write replaces the file as editors do.
func (r *reloading) write(text string) {
	r.t.Helper()
	next := r.file + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(next, r.file); err != nil {
		r.t.Fatal(err)
	}
}

// answer is what POST /-/reload says, whichever way it goes.
type answer struct {
	Status   int      `json:"-"`
	Added    int      `json:"devices_added"`
	Changed  int      `json:"devices_changed"`
	Removed  int      `json:"devices_removed"`
	Restart  []string `json:"restart_needed"`
	Problems []struct {
		File, Path, Message, Hint string
		Line, Column              int
	}
}

func (r *reloading) post(header ...string) (a answer) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+"/-/reload", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	a.Status = resp.StatusCode
	if a.Status == http.StatusOK || a.Status == http.StatusUnprocessableEntity {
		if err := json.Unmarshal(body, &a); err != nil {
			r.t.Fatalf("%v: %s", err, body)
		}
	}
	return a
}

// get returns the body of a path.
func (r *reloading) get(path string) string {
	r.t.Helper()
	resp, err := http.Get(r.base + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d %v", path, resp.StatusCode, err)
	}
	return string(body)
}

// devices are the names and tags of what is polled.
func (r *reloading) devices() map[string]map[string]string {
	r.t.Helper()
	var list struct {
		Devices []struct {
			Name string
			Tags map[string]string
		}
	}
	if err := json.Unmarshal([]byte(r.get("/v1/devices")), &list); err != nil {
		r.t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, d := range list.Devices {
		out[d.Name] = d.Tags
	}
	return out
}

func (r *reloading) hasMetric(line string) bool {
	return strings.Contains(r.get("/metrics"), "\n"+line+"\n")
}

func deviceLines(names ...string) string {
	text := "devices:\n"
	for _, name := range names {
		text += fmt.Sprintf("  - { name: %s, address: 127.0.0.1, snmp: { port: 9 }, credentials: [c] }\n", name)
	}
	return text
}

func namesOf(devices map[string]map[string]string) map[string]bool {
	names := map[string]bool{}
	for name := range devices {
		names[name] = true
	}
	return names
}

func TestReloadByRequest(t *testing.T) {
	r := startReloading(t, reloadBase+deviceLines("r1", "r2"))
	page := subscribe(t, r.base+"/v1/stream?channel=public-routers", "")
	defer page.close()
	rows := func(want int) func() bool {
		return func() bool { n, synced := page.count("router.live"); return synced && n == want }
	}
	await(t, "a row of each router on the stream", rows(2))
	r.write(reloadBase + deviceLines("r2"))
	if a := r.post(); a.Status != http.StatusOK || a.Removed != 1 {
		t.Errorf("%+v", a)
	}
	await(t, "the row of the removed router to be gone from the stream", rows(1))
	r.write(reloadBase + deviceLines("r1", "r2"))
	if a := r.post(); a.Status != http.StatusOK || a.Added != 1 {
		t.Errorf("%+v", a)
	}
	await(t, "the row of the router that is back", rows(2))
	r.write(reloadBase + "log: { level: debug }\n" + deviceLines("r2", "r3"))
	a := r.post()
	if a.Status != http.StatusOK || a.Added != 1 || a.Removed != 1 || a.Changed != 0 || len(a.Restart) != 0 {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff(map[string]bool{"r2": true, "r3": true}, namesOf(r.devices())); diff != "" {
		t.Error(diff)
	}
	r.write(reloadBase + "devices:\n  - { name: r2, address: 127.0.0.1, credentials: [c], tag: {} }\n")
	a = r.post()
	if a.Status != http.StatusUnprocessableEntity || len(a.Problems) == 0 || a.Problems[0].Line != 6 || a.Problems[0].Column != 55 || a.Problems[0].Hint == "" {
		t.Errorf("%+v", a)
	}
	if !strings.Contains(r.err.String(), r.file+":6:55: ") {
		t.Error("the log does not say where the problem is")
	}
	if !r.hasMetric("routerpulse_config_last_reload_successful 0") {
		t.Error("the metric says that all is well")
	}
	if diff := cmp.Diff(map[string]bool{"r2": true, "r3": true}, namesOf(r.devices())); diff != "" {
		t.Errorf("a bad file changed something: %s", diff)
	}
	r.write(strings.Replace(reloadBase, "127.0.0.1:0", "127.0.0.1:1", 1) + deviceLines("r2", "r3"))
	if a = r.post(); a.Status != http.StatusOK || cmp.Diff([]string{"web"}, a.Restart) != "" {
		t.Errorf("%+v", a)
	}
	if !r.hasMetric("routerpulse_config_last_reload_successful 1") || !r.hasMetric("routerpulse_config_restart_needed 1") {
		t.Error("the metrics do not say that a restart is needed")
	}
}

// A destination that a reload adds is written to, and shown; one that it removes is shown no more.
func TestReloadChangesDestinations(t *testing.T) {
	t.Parallel()
	server := sinktest.StartInfluxd(t)
	for _, db := range []string{"one", "two"} {
		sinktest.QueryInfluxQL(t, server, "", "CREATE DATABASE "+db)
	}
	folder := t.TempDir()
	text := func(name string) string {
		storage := fmt.Sprintf("data: %q\nstorage: { influxdb: [{ name: %s, url: %q, database: %s }] }\n", folder, name, server, name)
		return strings.Replace(reloadBase, "storage: { none: true }\n", storage, 1) + deviceLines("r1")
	}
	r := startReloading(t, text("one"))
	has := func(db string) bool {
		return len(sinktest.QueryInfluxQL(t, server, db, "SELECT * FROM router_status LIMIT 1")) > 0
	}
	await(t, "the first destination to have something", func() bool { return has("one") })
	r.write(text("two"))
	if a := r.post(); a.Status != http.StatusOK || len(a.Restart) != 0 {
		t.Fatalf("%+v", a)
	}
	await(t, "the second destination to have something", func() bool { return has("two") })
	if metrics := r.get("/metrics"); strings.Contains(metrics, `destination="one"`) || strings.Contains(metrics, `sink="influxdb/one"`) {
		t.Error("the metrics still have the destination that was removed")
	}
}

// What cannot change while it runs must not make what can unsafe.
func TestReloadKeepsAnOpenAddressGuarded(t *testing.T) {
	_, out, _ := run(t, "token")
	sum := strings.Fields(out)[3]
	tokens := fmt.Sprintf("access: { tokens: [{ name: boss, sha256: %q, roles: [admin] }] }\n", sum)
	open := strings.Replace(reloadBase, "127.0.0.1:0", "0.0.0.0:0", 1)
	r := startReloading(t, open+tokens+deviceLines("r1"))
	r.base = strings.Replace(r.base, "[::]", "127.0.0.1", 1)
	if a := r.post(); a.Status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", a.Status)
	}
	token := []string{"Authorization", "Bearer " + strings.Fields(out)[1]}
	r.write(reloadBase + deviceLines("r1"))
	if a := r.post(token...); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("no token any more, on an open address: %+v", a)
	}
	if a := r.post(token...); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("the token was revoked by a config that was refused: %d", a.Status)
	}
}

// Another site's page cannot ask for a reload in the name of who reads it on this machine.
func TestReloadIsNotForOtherPages(t *testing.T) {
	r := startReloading(t, reloadBase+deviceLines("r1"))
	if a := r.post("Sec-Fetch-Site", "cross-site"); a.Status != http.StatusForbidden {
		t.Errorf("%d", a.Status)
	}
}

func TestReloadOnSignalAndOnChange(t *testing.T) {
	t.Parallel()
	r := startReloading(t, reloadBase+deviceLines("r1"))
	r.write(reloadBase + deviceLines("r1", "r2"))
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, "the device of the new file, after SIGHUP", func() bool { return len(r.devices()) == 2 })
	other := filepath.Join(filepath.Dir(r.file), "v3.yaml")
	if err := os.WriteFile(other, []byte(reloadBase+deviceLines("r1", "r2", "r3")), 0o600); err != nil {
		t.Fatal(err)
	}
	link := r.file + ".link"
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link, r.file); err != nil {
		t.Fatal(err)
	}
	await(t, "the device of the file behind the new symlink", func() bool { return len(r.devices()) == 3 })
}

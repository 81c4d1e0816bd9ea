package routeros

import (
	"bytes"
	"encoding/csv"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// notRead are menus of the catalogue that are left out on purpose.
func notRead() map[string]string {
	return map[string]string{
		"/log":                       "a log is no table of readings; what happens is told by listening",
		"/interface/monitor-traffic": "rates come from the counters of /interface, for all interfaces at once",
		"/queue/monitor":             "sums of what /queue/simple and /queue/tree say queue by queue",
		"/interface/bridge/host":     "a row for each host on each bridge, which comes and goes: too many to be rows",
		"/interface/wifi/radio":      "what the radio could do, which the board tells",
		"/caps-man/radio":            "says again which CAP a radio of /caps-man/interface is on",
	}
}

// catalogued is one field of a menu in the catalogue of the project's wider documentation.
type catalogued struct{ path, field, kind string }

// catalogue reads that list, which lies beside this repository. Without it the test is not run.
func catalogue(t *testing.T) []catalogued {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "shared", "catalogue", "routeros_api_fields.tsv"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("NOT RUN: the catalogue is not in ../shared/catalogue/routeros_api_fields.tsv")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []catalogued
	for _, row := range rows[1:] {
		out = append(out, catalogued{row[1], row[3], row[4]})
	}
	return out
}

// menuOf is a command as the catalogue names it: prints by their menu, anything else whole.
func menuOf(q *plannedRequest) string { return strings.TrimSuffix(q.id, "/print") }

// requests are all that any table asks for.
func requests(t *testing.T) []*plannedRequest {
	t.Helper()
	p, err := newPlan(pipeline.NewSchema())
	if err != nil {
		t.Fatal(err)
	}
	var out []*plannedRequest
	for _, table := range p.tables {
		for _, s := range table.sources {
			out = append(out, s.requests...)
		}
		for _, j := range table.joins {
			out = append(out, j.request)
		}
	}
	return out
}

// TestEveryMenu: each menu of the catalogue is read, or is on a list that says why not.
func TestEveryMenu(t *testing.T) {
	list := catalogue(t)
	asked := map[string]map[string]bool{}
	for _, q := range requests(t) {
		if asked[menuOf(q)] == nil {
			asked[menuOf(q)] = map[string]bool{}
		}
		for _, name := range q.names {
			asked[menuOf(q)][name] = true
		}
	}
	fields := map[string][]string{}
	for _, c := range list {
		fields[c.path] = append(fields[c.path], c.field)
	}
	left := notRead()
	read, known := 0, 0
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		reason, omitted := left[path]
		switch {
		case asked[path] != nil && omitted:
			t.Errorf("%s is read: take it off the list", path)
		case asked[path] == nil && !omitted:
			t.Errorf("%s is not read", path)
		case omitted && reason == "":
			t.Errorf("%s: no reason", path)
		}
		for _, field := range fields[path] {
			if known++; asked[path][field] {
				read++
			}
		}
	}
	for path := range left {
		if fields[path] == nil {
			t.Errorf("%s is not in the catalogue", path)
		}
	}
	t.Logf("%d menus in the catalogue, %d left out on purpose; %d of %d fields are asked for", len(fields), len(left), read, known)
}

// TestThePageNamesEveryTable: whoever decides what to turn off finds it there.
func TestThePageNamesEveryTable(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "routeros.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Policies() {
		if !bytes.Contains(page, []byte("`"+p.Table+"`")) {
			t.Errorf("docs/routeros.md does not say what %s is read from", p.Table)
		}
	}
}

// TestNoSecretIsAskedFor: none that the catalogue marks, by our tables or by those of a config.
func TestNoSecretIsAskedFor(t *testing.T) {
	secrets := 0
	all := requests(t)
	for _, c := range catalogue(t) {
		if c.kind != "SECRET" {
			continue
		}
		secrets++
		for _, q := range all {
			if slices.Contains(q.names, c.field) {
				t.Errorf("%s asks for %s", q.id, c.field)
			}
		}
		if _, err := planRequest(request{path: c.path, props: "name," + c.field}, nil); err == nil {
			t.Errorf("%s of %s could be asked for", c.field, c.path)
		}
	}
	if secrets < 11 {
		t.Errorf("the catalogue has %d secrets", secrets)
	}
}

// TestOverTheWire: all tables of all models, looked at between collector and router. No secret comes,
// and no command that does more than show is sent.
func TestOverTheWire(t *testing.T) {
	const canary = "canary-of-a-secret" // the simulator's
	f := still(t, 30)
	for _, r := range f.Routers() {
		w := listenIn(t, plainTarget(f, r))
		everyTable(t, w.target)
		asked, answered := w.said()
		if bytes.Contains(answered, []byte(canary)) {
			t.Errorf("%s: a secret came", r.Name())
		}
		if len(answered) < 10_000 || !bytes.Contains(asked, []byte("/ip/cloud/print")) {
			t.Fatalf("%s: %d bytes in, %d out: the test does not see what is said", r.Name(), len(answered), len(asked))
		}
		for _, word := range commandsIn(asked) {
			if verb := word[strings.LastIndexByte(word, '/')+1:]; !slices.Contains([]string{"print", "monitor", "info", "login"}, verb) {
				t.Errorf("%s: %s was sent", r.Name(), word)
			}
		}
	}
}

// commandsIn finds the words that begin with a slash.
func commandsIn(sent []byte) []string {
	var out []string
	for len(sent) > 0 {
		size, head := int(sent[0]), 1
		if size >= 0x80 && len(sent) > 1 {
			size, head = (size&0x3f)<<8|int(sent[1]), 2
		}
		if head+size > len(sent) {
			return out
		}
		if word := sent[head : head+size]; bytes.HasPrefix(word, []byte{'/'}) {
			out = append(out, string(word))
		}
		sent = sent[head+size:]
	}
	return out
}

// goBetween passes on what a collector and a router say, and keeps it.
type goBetween struct {
	target Target

	mu   sync.Mutex
	sent [2]bytes.Buffer // to the router, and from it
}

func listenIn(t *testing.T, to Target) *goBetween {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &goBetween{target: to}
	w.target.Address, w.target.Port = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port
	w.target.Credential.Password = configs.NewSecret("telemetry")
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			router, err := net.DialTimeout("tcp", net.JoinHostPort(to.Address, strconv.Itoa(to.Port)), 5*time.Second)
			if err != nil {
				t.Error(err)
				_ = conn.Close()
				return
			}
			wg.Go(func() { w.pass(0, conn, router) })
			wg.Go(func() { w.pass(1, router, conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return w
}

func (w *goBetween) pass(way int, from, to net.Conn) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		w.sent[way].Write(buffer[:n])
		w.mu.Unlock()
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

func (w *goBetween) said() (asked, answered []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.sent[0].Bytes()), bytes.Clone(w.sent[1].Bytes())
}

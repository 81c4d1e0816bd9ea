package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/routerpulse/routerpulse"

// allowed says, for each root folder, which others its packages may import, and why no more. A root
// always sees its own subfolders.
var allowed = map[string]struct {
	imports []string
	why     string
}{
	"configs":              {nil, "configs is a leaf: anyone may import it, so it may import nothing of ours"},
	"pipeline":             {nil, "the vocabulary knows no protocol, no driver and no YAML"},
	"collectors":           {[]string{"pipeline", "configs"}, "collectors know how to read, not where it goes"},
	"sinks":                {[]string{"pipeline", "configs"}, "sinks keep what they are given, from wherever it comes"},
	"sse":                  {[]string{"pipeline", "configs"}, "the hub tells what batches say, from wherever they come"},
	"web":                  {[]string{"pipeline", "configs"}, "the page sees the others through interfaces that it declares"},
	"dashboards":           {[]string{"pipeline"}, "dashboards name tables and fields of the schema"},
	"collectors/simulator": {nil, "the simulator is a router: it shares nothing with those who read it"},
	"bench":                {[]string{"pipeline", "configs", "collectors", "sinks", "sse"}, "measurements use the parts; nothing imports them"},
	"cmd":                  {[]string{"pipeline", "configs", "collectors", "sinks", "sse", "web"}, "only cmd knows them all"},
}

// forTests may be imported by any test.
var forTests = []string{"collectors/simulator", "sinks/sinktest", "web/webtest"}

// onlyIn names dependencies that must stay behind one package.
var onlyIn = map[string]string{
	"github.com/prometheus/prometheus/": "sinks/embedded",
	"github.com/influxdata/":            "sinks/influxdb",
	"github.com/gosnmp/":                "collectors/snmp",
	"github.com/go-routeros/":           "collectors/routeros",
	"github.com/r3labs/":                "cmd/routerpulse",
}

type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestLayers(t *testing.T) {
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			checkImport(t, from, imported, false)
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			checkImport(t, from, imported, true)
		}
	}
}

func listPackages(t *testing.T) (packages []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-pgo=off", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	return packages
}

func checkImport(t *testing.T, from, imported string, test bool) {
	t.Helper()
	for prefix, owner := range onlyIn {
		if strings.HasPrefix(imported, prefix) && from != owner && !test {
			t.Errorf("%s imports %s: it stays behind %s", from, imported, owner)
		}
	}
	to, ours := strings.CutPrefix(imported, module+"/")
	if !ours || test && slices.Contains(forTests, to) {
		return
	}
	rule, ok := allowed[from]
	root, _, _ := strings.Cut(from, "/")
	if !ok {
		rule, ok = allowed[root]
	}
	if !ok {
		t.Errorf("%s: no rule says what folder %s may import", from, root)
		return
	}
	toRoot, _, _ := strings.Cut(to, "/")
	if toRoot == root && from != "collectors/simulator" || slices.Contains(rule.imports, toRoot) {
		return
	}
	t.Errorf("%s imports %s: %s", from, to, rule.why)
}

package dashboards_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/dashboards"
	"github.com/routerpulse/routerpulse/pipeline"
)

func generated(t *testing.T) map[string]dashboards.Dashboard {
	t.Helper()
	files, err := dashboards.Generate(pipeline.NewSchema())
	if err != nil {
		t.Fatal(err)
	}
	boards := map[string]dashboards.Dashboard{}
	for _, f := range files {
		var d dashboards.Dashboard
		decoder := json.NewDecoder(bytes.NewReader(f.JSON))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&d); err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		boards[f.Path] = d
	}
	return boards
}

// TestCommittedIsGenerated: the JSON in this folder is what the generator makes today, twice the same.
func TestCommittedIsGenerated(t *testing.T) {
	first, err := dashboards.Generate(pipeline.NewSchema())
	if err != nil {
		t.Fatal(err)
	}
	second, err := dashboards.Generate(pipeline.NewSchema())
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range first {
		committed, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(committed, f.JSON) {
			t.Errorf("%s is not what the generator makes: run go generate ./dashboards", f.Path)
		}
		if !bytes.Equal(f.JSON, second[i].JSON) {
			t.Errorf("%s differs from run to run", f.Path)
		}
	}
}

// TestUnknownNamesAreRefused: a board cannot be made from a schema that lacks what it names.
func TestUnknownNamesAreRefused(t *testing.T) {
	if _, err := dashboards.Generate(&pipeline.Schema{}); err == nil || !strings.Contains(err.Error(), "no table router_status") {
		t.Errorf("got %v", err)
	}
	poor := pipeline.NewSchema()
	router := poor.Table("router")
	router.Fields = slices.DeleteFunc(slices.Clone(router.Fields), func(f *pipeline.FieldDef) bool { return f.Name == "cpu_percent" })
	if _, err := dashboards.Generate(poor); err == nil || !strings.Contains(err.Error(), "no field cpu_percent in table router") {
		t.Errorf("got %v", err)
	}
}

func TestBoardRules(t *testing.T) {
	uids := map[string]string{}
	for path, d := range generated(t) {
		if d.ID != nil {
			t.Errorf("%s: an id of another Grafana", path)
		}
		if !regexp.MustCompile(`^[a-z0-9-]{3,40}$`).MatchString(d.UID) || uids[d.UID] != "" {
			t.Errorf("%s: uid %q is bad or also that of %q", path, d.UID, uids[d.UID])
		}
		uids[d.UID] = path
		if d.Editable || d.Title == "" || d.Description == "" || !slices.Contains(d.Tags, "routerpulse") || d.SchemaVersion < 39 || d.SchemaVersion > 41 {
			t.Errorf("%s: editable, untitled, undescribed, untagged or of a format that not every Grafana reads", path)
		}
		checkVariables(t, path, d.Templating.List)
		checkLayout(t, path, d.Panels)
		for _, p := range d.Panels {
			if p.Type != "row" {
				checkPanel(t, path, p)
			}
		}
	}
}

func checkVariables(t *testing.T, path string, variables []dashboards.Variable) {
	t.Helper()
	i := slices.IndexFunc(variables, func(v dashboards.Variable) bool { return v.Name == "datasource" })
	if i != 0 || variables[0].Type != "datasource" || variables[0].Query != "influxdb" {
		t.Errorf("%s: the data source must be the first variable", path)
	}
	for _, v := range variables {
		if v.Label == "" {
			t.Errorf("%s: variable %s has no label", path, v.Name)
		}
		if v.Type == "query" && (v.Refresh != 2 || v.Datasource == nil || v.Datasource.UID != "${datasource}") {
			t.Errorf("%s: variable %s must ask the chosen data source again when the time changes", path, v.Name)
		}
	}
}

func checkPanel(t *testing.T, path string, p dashboards.Panel) {
	t.Helper()
	name := path + ": " + p.Title
	if p.Title == "" || len(p.Description) < 20 || !strings.HasSuffix(p.Description, ".") {
		t.Errorf("%s: title or description is missing: %q", name, p.Description)
	}
	if p.Datasource == nil || p.Datasource.UID != "${datasource}" {
		t.Errorf("%s: the data source is not the variable", name)
	}
	if p.FieldConfig == nil || p.FieldConfig.Defaults.Unit == "" {
		t.Errorf("%s: no unit", name)
	}
	if p.Interval == "" {
		t.Errorf("%s: no shortest step: it would show gaps between two polls", name)
	}
	if len(p.Targets) == 0 {
		t.Errorf("%s: no query", name)
	}
	refs := map[string]bool{}
	for _, target := range p.Targets {
		if target.RefID == "" || refs[target.RefID] {
			t.Errorf("%s: query %q is there twice", name, target.RefID)
		}
		refs[target.RefID] = true
		if target.Datasource == nil || target.Datasource.UID != "${datasource}" || target.Datasource.Type != "influxdb" {
			t.Errorf("%s: query %s has another data source", name, target.RefID)
		}
		if !strings.Contains(target.Query, "$timeFilter") {
			t.Errorf("%s: query %s has no bound in time", name, target.RefID)
		}
	}
}

// checkLayout: ids are unique, nothing overlaps and nothing leaves the grid.
func checkLayout(t *testing.T, path string, panels []dashboards.Panel) {
	t.Helper()
	ids, cells := map[int]bool{}, map[[2]int]string{}
	titles := map[string]bool{}
	for _, p := range panels {
		if ids[p.ID] || titles[p.Title] {
			t.Errorf("%s: id %d or title %q is there twice", path, p.ID, p.Title)
		}
		ids[p.ID], titles[p.Title] = true, true
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%s: %s leaves the grid: %+v", path, p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" {
					t.Fatalf("%s: %s covers %s", path, p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
	}
}

var (
	fromTable  = regexp.MustCompile(`FROM "(\w+)"`)
	named      = regexp.MustCompile(`AS "([^"]+)"`)
	identifier = regexp.MustCompile(`"([^"]+)"`)
	keyword    = regexp.MustCompile(`\b(SELECT|FROM|WHERE|GROUP BY|AND|AS|SHOW TAG VALUES|WITH KEY)\b`)
)

// TestNamesAreInTheSchema reads every query as text, whatever made it: each quoted word is a table, a
// field or a tag of it, or a name that the query gives itself.
func TestNamesAreInTheSchema(t *testing.T) {
	schema := pipeline.NewSchema()
	for path, d := range generated(t) {
		for title, query := range queries(d) {
			if !keyword.MatchString(query) {
				t.Errorf("%s: %s: not InfluxQL: %s", path, title, query)
			}
			from := fromTable.FindStringSubmatch(query)
			if from == nil || schema.Table(from[1]) == nil {
				t.Errorf("%s: %s: no table of the schema: %s", path, title, query)
				continue
			}
			table := schema.Table(from[1])
			known := append([]string{table.Name, "device", "mean"}, table.Keys...)
			for _, as := range named.FindAllStringSubmatch(query, -1) {
				known = append(known, as[1])
			}
			for _, id := range identifier.FindAllStringSubmatch(query, -1) {
				if table.Field(id[1]) == nil && !slices.Contains(known, id[1]) {
					t.Errorf("%s: %s: %q is not in table %s: %s", path, title, id[1], table.Name, query)
				}
			}
			if table.Name == "fleet" && strings.Contains(query, `"device"`) {
				t.Errorf("%s: %s: fleet has no devices", path, title)
			}
			if table.Name != "fleet" && strings.HasPrefix(query, "SELECT") && !strings.Contains(query, "/^${device:regex}$/") {
				t.Errorf("%s: %s does not follow the choice of routers", path, title)
			}
		}
	}
}

// queries are all of a board, those of its variables included.
func queries(d dashboards.Dashboard) map[string]string {
	out := map[string]string{}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			out["variable "+v.Name] = v.Query
		}
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			out[p.Title+" "+target.RefID] = target.Query
		}
	}
	return out
}

// TestEveryStateHasAColor: a state that is added to the schema must be told apart on the boards.
func TestEveryStateHasAColor(t *testing.T) {
	for path, d := range generated(t) {
		for _, p := range d.Panels {
			if p.FieldConfig == nil {
				continue
			}
			for _, m := range p.FieldConfig.Defaults.Mappings {
				if len(m.Options) != len(pipeline.NewSchema().Table("router_status").Field("state").Enum) {
					t.Errorf("%s: %s maps %d states", path, p.Title, len(m.Options))
				}
				for code, shown := range m.Options {
					if shown.Color == "" || shown.Text == "" {
						t.Errorf("%s: %s: state %s has no colour or no name", path, p.Title, code)
					}
				}
			}
		}
	}
}

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/pipeline"
)

// docs/tables.md is what "go generate ./collectors" makes of the tables as they are.
func TestThePageIsUpToDate(t *testing.T) {
	want := string(tablesPage())
	got, err := os.ReadFile("../" + pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/tables.md is out of date: run \"go generate ./collectors\"\n%s", diff)
	}
}

func TestEveryTableIsOnThePage(t *testing.T) {
	cfg := collectors.DefaultConfig()
	tables := cfg.TableInfos()
	text := string(page(tables))
	for i := range tables {
		if !strings.Contains(text, "\n## "+tables[i].Table.Name+"\n") {
			t.Errorf("there is no section about %s", tables[i].Table.Name)
		}
		for _, f := range tables[i].Table.Fields {
			if !strings.Contains(text, "\n| `"+f.Name+"` | ") {
				t.Errorf("%s.%s is not there", tables[i].Table.Name, f.Name)
			}
		}
	}
}

// What is off says what it costs, whichever protocol it is costly over.
func TestCostsAreOnThePage(t *testing.T) {
	text := string(page([]collectors.TableInfo{{
		Table: &pipeline.Table{Name: "optics", Doc: "Optics.", Keys: []string{"interface"}, Fields: []*pipeline.FieldDef{
			{Name: "rx_power_dbm", Kind: pipeline.Gauge, Unit: "dbm", Doc: "Light | received."}}},
		API:  &collectors.TableSource{Lane: "slow", Costly: true, Cost: "A monitor for each port.", Fields: []string{"rx_power_dbm"}},
		SNMP: &collectors.TableSource{Lane: "live"}}}))
	for _, want := range []string{"| [`optics`](#optics) | Optics. | routeros | slow |  | off |", "| [`optics`](#optics) | Optics. | snmp | live |  | on |",
		"| [`optics`](#optics) | routeros | A monitor for each port. |", "Rows are named by `interface`.", `| ` + "`rx_power_dbm`" + ` | gauge | dbm | routeros | Light \| received. |`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
}

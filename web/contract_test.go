package web_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/pipeline"
)

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("app/src/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The page adds up the same interfaces for the history of a router as the server does for its rates.
func TestThePageSumsWhatTheServerSums(t *testing.T) {
	_, list, found := strings.Cut(source(t, "model.ts"), "export const carriers")
	if !found {
		t.Fatal("model.ts has no list of carriers")
	}
	list, _, _ = strings.Cut(list, "];")
	page := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(list, -1) {
		page[m[1]] = true
		if pipeline.CarriesTraffic(m[1]) {
			t.Errorf("the server counts %s, the page does not", m[1])
		}
	}
	server, err := os.ReadFile("../pipeline/fleet.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rule, _ := strings.Cut(string(server), "func CarriesTraffic")
	rule, _, _ = strings.Cut(rule, "\n}")
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(rule, -1) {
		if !page[m[1]] {
			t.Errorf("the page counts %s, the server does not", m[1])
		}
	}
}

// History is asked for by names of the schema.
func TestThePageAsksForWhatIsStored(t *testing.T) {
	schema := pipeline.NewSchema()
	for _, name := range []string{"router.cpu_percent", "interface.rx_bits_per_second", "interface.tx_bits_per_second"} {
		table, field, _ := strings.Cut(name, ".")
		if schema.Table(table).Field(field) == nil {
			t.Errorf("the schema has no %s", name)
		}
	}
	for _, metric := range []string{`"router_cpu_percent"`, "`interface_${f}`", `"rx_bits_per_second", "tx_bits_per_second"`} {
		if !strings.Contains(source(t, "tracks.ts"), metric) {
			t.Errorf("tracks.ts no longer asks for %s", metric)
		}
	}
}

// The page knows every state that the schema knows.
func TestThePageKnowsEveryState(t *testing.T) {
	for _, e := range pipeline.NewSchema().Table("router_status").Field("state").Enum {
		if !regexp.MustCompile(`"?` + regexp.QuoteMeta(e.Name) + `"?: "`).MatchString(source(t, "model.ts")) {
			t.Errorf("model.ts has no word for the state %s", e.Name)
		}
	}
}

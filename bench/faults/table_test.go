package main

import (
	"os"
	"strings"
	"testing"
)

// The page of what was seen has a line for each row that has a test, and none that it does not have.
func TestReliabilityPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(page)) {
		if len(line) > 6 && strings.HasPrefix(line, "| ") && line[2] >= '0' && line[2] <= '9' {
			lines[line[2:4]] = line
		}
	}
	for _, r := range rows() {
		line := lines[r.number]
		delete(lines, r.number)
		if !strings.HasPrefix(line, "| "+r.number+" | "+r.name+" | ") || !strings.HasSuffix(line, "| `make fault ROW="+r.number+"` |\n") {
			t.Errorf("row %s, %s: the page says %q", r.number, r.name, line)
		}
	}
	for number := range lines {
		t.Errorf("the page has a row %s, which has no test", number)
	}
}

func TestTable(t *testing.T) {
	out := table(map[string]result{"01": {Row: "01", Trials: 100, OK: true}, "02": {Row: "02", Lost: 3, Trials: 5}})
	for _, want := range []string{
		"\n| 01 | kill -9 of RouterPulse | 0 | 0 | 0 | 100 | `make fault ROW=01` |\n",
		"\n| 02 | power loss | 3, DOES NOT HOLD | 0 | 0 | 5 | `make fault ROW=02` |\n",
		"\n| 03 | database down for hours | not run | not run | not run | 0 | `make fault ROW=03` |\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

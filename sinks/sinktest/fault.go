package sinktest

import (
	"encoding/json"
	"os"
	"testing"
)

// Fault is the outcome of one row of the fault matrix in docs/reliability.md.
type Fault struct {
	Row        string // two digits
	Lost       int    // samples that were promised and are not there
	Duplicated int    // samples that a query sees more than once
	Wrong      int    // values that differ, or should not be there
	Trials     int    // how often the fault was injected
	Figures    string // what else was measured, for people
}

// Report logs the outcome as the line that bench/faults collects, and fails the test unless nothing
// was lost, doubled or wrong in at least one trial.
func (f Fault) Report(tb testing.TB) {
	tb.Helper()
	ok := !tb.Failed() && f.Trials > 0 && f.Lost == 0 && f.Duplicated == 0 && f.Wrong == 0
	line, err := json.Marshal(struct {
		Row        string `json:"row"`
		Lost       int    `json:"lost"`
		Duplicated int    `json:"duplicated"`
		Wrong      int    `json:"wrong"`
		Trials     int    `json:"trials"`
		OK         bool   `json:"ok"`
		Figures    string `json:"figures,omitempty"`
	}{f.Row, f.Lost, f.Duplicated, f.Wrong, f.Trials, ok, f.Figures})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Logf("fault: %s", line)
	if !ok {
		tb.Errorf("row %s of the fault matrix does not hold", f.Row)
	}
}

// Trials is few in an ordinary run of the tests and full when ROUTERPULSE_FAULTS=full asks for the
// whole figure.
func Trials(few, full int) int {
	if os.Getenv("ROUTERPULSE_FAULTS") == "full" {
		return full
	}
	return few
}

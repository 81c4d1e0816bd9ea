package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// patience is how long one row may take.
const patience = 40 * time.Minute

// result is what the tests of a row found, together.
type result struct {
	Row        string `json:"row"`
	Lost       int    `json:"lost"`
	Duplicated int    `json:"duplicated"`
	Wrong      int    `json:"wrong"`
	Trials     int    `json:"trials"`
	OK         bool   `json:"ok"`
	Figures    string `json:"figures,omitempty"`
}

func (r result) String() string {
	verdict := "holds"
	if !r.OK {
		verdict = "DOES NOT HOLD"
	}
	return fmt.Sprintf("%s %s: lost %d, duplicated %d, wrong %d in %d trials. %s", r.Row, verdict, r.Lost, r.Duplicated, r.Wrong, r.Trials, r.Figures)
}

// run runs the row's tests in each of its packages. A package without a figure, a skipped test and a
// failed one make the row not hold.
func (r row) run(ctx context.Context, full bool) result {
	sum := result{Row: r.number, OK: true}
	for _, pkg := range r.packages {
		out, err := r.test(ctx, pkg, full)
		sum.collect(pkg, out, err)
	}
	return sum
}

// raced is the row whose figure asks for the race detector, which would spoil what others measure.
const raced = "38"

func (r row) test(ctx context.Context, pkg string, full bool) ([]byte, error) {
	args := []string{"test", "-tags", "gosnmp_nodebug", "-run", "^TestFault" + r.number, "-count", "1", "-timeout", patience.String(), "-v"}
	if r.number == raced {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Env = os.Environ()
	if full {
		cmd.Env = append(cmd.Env, "ROUTERPULSE_FAULTS=full")
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.CombinedOutput()
}

// collect adds what the output of a package's tests says.
func (r *result) collect(pkg string, out []byte, err error) {
	found := 0
	for line := range bytes.Lines(out) {
		text := strings.TrimSpace(string(line))
		if strings.HasPrefix(text, "--- SKIP") || strings.Contains(text, "NOT RUN:") {
			r.fail(text)
		}
		_, object, ok := strings.Cut(text, "fault: {")
		var one result
		if !ok || json.Unmarshal([]byte("{"+object), &one) != nil || one.Row != r.Row {
			continue
		}
		found++
		r.add(one)
	}
	switch {
	case err != nil:
		r.fail(fmt.Sprintf("%s: %v", pkg, err))
		_, _ = os.Stderr.Write(lastLines(out, 60))
	case found == 0:
		r.fail(pkg + " has no figure for it")
	}
}

func (r *result) add(one result) {
	r.Lost += one.Lost
	r.Duplicated += one.Duplicated
	r.Wrong += one.Wrong
	r.Trials += one.Trials
	r.OK = r.OK && one.OK
	r.say(one.Figures)
}

func (r *result) fail(why string) {
	r.OK = false
	r.say(why)
}

func (r *result) say(text string) {
	if text == "" {
		return
	}
	if r.Figures != "" {
		r.Figures += "; "
	}
	r.Figures += text
}

func lastLines(out []byte, n int) []byte {
	lines := bytes.SplitAfter(out, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], nil)
}

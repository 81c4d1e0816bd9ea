package snmp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := NewEngine(pipeline.NewSchema(), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// collector reads the agent as device "r1", with short timeouts.
func (a *agent) collector(t testing.TB, change ...func(*Target)) *Collector {
	t.Helper()
	target := Target{Device: "r1", Address: "127.0.0.1", Port: a.port(), Timeout: 200 * time.Millisecond,
		Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}
	for _, f := range change {
		f(&target)
	}
	c, err := newEngine(t).New(target, pipeline.NewRows("r1", nil))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func version1(t *Target) { t.Credential.Version = "1" }

func collect(t testing.TB, c *Collector, tables ...string) ([]pipeline.TableRead, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var want func(string) bool
	if len(tables) > 0 {
		want = func(table string) bool { return slices.Contains(tables, table) }
	}
	return c.Collect(ctx, pipeline.LaneLive, want)
}

// mustCollect reads tables that must all be whole or skipped.
func mustCollect(t testing.TB, c *Collector, tables ...string) []pipeline.TableRead {
	t.Helper()
	reads, err := collect(t, c, tables...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reads {
		if r.Status == pipeline.Failed {
			t.Errorf("table %s failed: %s", r.Table.Name, r.Reason)
		}
	}
	return reads
}

// mustCollectLane is mustCollect for all tables of another lane.
func mustCollectLane(t testing.TB, c *Collector, lane pipeline.Lane) []pipeline.TableRead {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	reads, err := c.Collect(ctx, lane, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reads {
		if r.Status == pipeline.Failed {
			t.Errorf("table %s failed: %s", r.Table.Name, r.Reason)
		}
	}
	return reads
}

func tableOf(t testing.TB, reads []pipeline.TableRead, name string) pipeline.TableRead {
	t.Helper()
	for _, r := range reads {
		if r.Table.Name == name {
			return r
		}
	}
	t.Fatalf("no table %s was read", name)
	return pipeline.TableRead{}
}

// dump writes reads as text, one row a line, for comparison with what a test expects.
func dump(reads ...pipeline.TableRead) string {
	var b strings.Builder
	for _, r := range reads {
		if r.Status != pipeline.Whole {
			fmt.Fprintf(&b, "%s: %s: %s\n", r.Table.Name, r.Status, r.Reason)
		}
		for _, s := range r.Samples {
			fmt.Fprintf(&b, "%s[%s]", r.Table.Name, s.Series.Row())
			for _, f := range s.Fields {
				fmt.Fprintf(&b, " %s=%s", f.Def.Name, f.Value)
				if f.Value.Kind() == pipeline.Counter32 {
					b.WriteString("(32)")
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

package influxdb

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// counts are the sink's own figures.
type counts struct{ written, rejected int }

func countsOf(s *Sink) counts {
	return counts{int(testutil.ToFloat64(s.own.written)), int(testutil.ToFloat64(s.own.rejected))}
}

// left is how many samples a closed sink keeps for its next start.
func left(t *testing.T, folder string) int {
	t.Helper()
	sum, err := spool.Inspect(filepath.Join(folder, defaultName))
	if err != nil {
		t.Fatal(err)
	}
	return sum.Points
}

// mustNew makes a sink; its URL may be left out where a stand-in is opened.
func mustNew(t *testing.T, cfg Config) *Sink {
	t.Helper()
	return newIn(t, cfg, t.TempDir())
}

// newIn makes a sink whose spool is in a folder.
func newIn(t *testing.T, cfg Config, folder string) *Sink {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = "http://database"
	}
	s, err := New(cfg, folder, prometheus.NewRegistry(), discard())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testCode(s *Sink, code string) int {
	return int(testutil.ToFloat64(s.own.requests.WithLabelValues(code)))
}

// testTable is small: one key, a counter, a gauge, a text.
func testTable() *pipeline.Table {
	return &pipeline.Table{Name: "interface", Keys: []string{"interface"}, Fields: []*pipeline.FieldDef{
		{Name: "rx_bytes", Kind: pipeline.Counter},
		{Name: "temperature_celsius", Kind: pipeline.Gauge},
		{Name: "comment", Kind: pipeline.Text},
	}}
}

// batchOf has rows samples; each is named by batch and row, so that a test can follow it.
func batchOf(t *pipeline.Table, batch, rows int) pipeline.Batch {
	b := pipeline.Batch{Device: "core-1", Lane: pipeline.LaneLive, Time: time.UnixMilli(1_700_000_000_000 + int64(batch)*1000)}
	read := pipeline.TableRead{Table: t}
	for row := range rows {
		name := "b" + itoa(batch) + "r" + itoa(row)
		read.Samples = append(read.Samples, pipeline.Sample{
			Series: pipeline.NewSeries(t, "core-1", nil, name),
			Fields: []pipeline.Field{{Def: t.Fields[0], Value: pipeline.CounterValue(uint64(batch))}},
		})
	}
	b.Tables = append(b.Tables, read)
	return b
}

func mustWrite(t *testing.T, s *Sink, b pipeline.Batch) {
	t.Helper()
	if err := s.Write(context.Background(), b); err != nil {
		t.Fatal(err)
	}
}

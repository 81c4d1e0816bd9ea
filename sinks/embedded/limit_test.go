package embedded

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// TestMaxSeries: beyond the cap new series are refused and counted, with one warning; known ones go on,
// after a restart too.
func TestMaxSeries(t *testing.T) {
	var log bytes.Buffer
	dir, fleet := t.TempDir(), sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	open := func(limit uint64) *Store {
		s := New(Config{Path: dir, MaxSeries: limit}, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.NewTextHandler(&log, nil)))
		if err := s.Open(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open(0)
	if err := s.Write(context.Background(), fleet.Poll(0)); err != nil {
		t.Fatal(err)
	}
	held := s.db.Head().NumSeries()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(held)
	other := sinktest.NewFleet(pipeline.NewSchema(), "core-2")
	for n := 1; n <= 2; n++ {
		if err := s.Write(context.Background(), fleet.Poll(n)); err != nil {
			t.Errorf("known series: %v", err)
		}
		var rejected *pipeline.RejectedError
		if err := s.Write(context.Background(), other.Poll(n)); !errors.As(err, &rejected) {
			t.Errorf("new series: %v", err)
		}
	}
	gone := other.Poll(3)
	for _, table := range gone.Tables {
		for _, sample := range table.Samples {
			gone.Gone = append(gone.Gone, sample.Series)
		}
	}
	gone.Tables = nil
	if err := s.Write(context.Background(), gone); err != nil {
		t.Errorf("end of series that were never stored: %v", err)
	}
	if got := s.db.Head().NumSeries(); got != held {
		t.Errorf("%d series, the cap is %d", got, held)
	}
	if got := testutil.ToFloat64(s.own.rejected.WithLabelValues("max_series")); got != float64(2*held) {
		t.Errorf("%v values counted, want %d", got, 2*held)
	}
	if got := strings.Count(log.String(), "Raise max_series"); got != 1 {
		t.Errorf("%d warnings, want 1: %s", got, log.String())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

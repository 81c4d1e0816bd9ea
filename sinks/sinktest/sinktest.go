// Package sinktest holds what the tests of every sink share: the contract that a sink has to keep,
// batches to write, and a real InfluxDB to write to.
package sinktest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Target is a sink under test, open, with a way to see what it stored.
type Target struct {
	Sink pipeline.Sink
	// Read returns the points that are stored for a row, by time. It is called until the answer fits, or
	// some seconds are over, because a sink may store later.
	Read func(tb testing.TB, s *pipeline.Series) []Point
}

// Point is what is stored for a row at one time: every number as float64 (a bool as 0 or 1), every text.
type Point struct {
	Time    time.Time // UTC
	Numbers map[string]float64
	Texts   map[string]string
}

// Run tests the contract. open makes a fresh sink, with an empty store, for one test.
func Run(t *testing.T, schema *pipeline.Schema, open func(t *testing.T) Target) {
	t.Run("every field of every table comes back", func(t *testing.T) { everyField(t, schema, open(t)) })
	t.Run("hostile names and texts stay text", func(t *testing.T) { hostile(t, schema, open(t)) })
	t.Run("a batch offered twice is stored once", func(t *testing.T) { twice(t, schema, open(t)) })
	t.Run("a row that is gone may come back", func(t *testing.T) { gone(t, schema, open(t)) })
	t.Run("an empty batch is fine", func(t *testing.T) { empty(t, open(t)) })
	t.Run("close while writing", func(t *testing.T) { closing(t, schema, open(t)) })
}

func everyField(t *testing.T, schema *pipeline.Schema, target Target) {
	fleet := NewFleet(schema, "core-1", pipeline.Tag{Key: "site", Value: "nairobi"})
	var batches []pipeline.Batch
	for n := range 3 {
		batches = append(batches, fleet.Poll(n))
	}
	write(t, target, batches...)
	expect(t, target, batches...)
}

func hostile(t *testing.T, schema *pipeline.Schema, target Target) {
	fleet := NewFleet(schema, "core 1,a=b\"")
	fleet.Names, fleet.Text = HostileNames(), HostileNames()
	batches := []pipeline.Batch{fleet.Poll(0), fleet.Poll(1)}
	write(t, target, batches...)
	expect(t, target, batches...)
}

func twice(t *testing.T, schema *pipeline.Schema, target Target) {
	b := NewFleet(schema, "core-1").Poll(0)
	write(t, target, b, b)
	expect(t, target, b)
}

func gone(t *testing.T, schema *pipeline.Schema, target Target) {
	fleet := NewFleet(schema, "core-1")
	first, second, third := fleet.Poll(0), fleet.Poll(1), fleet.Poll(2)
	for i := range second.Tables {
		for _, s := range second.Tables[i].Samples {
			second.Gone = append(second.Gone, s.Series)
		}
		second.Tables[i].Samples = nil
	}
	write(t, target, first, second, third)
	expect(t, target, first, third)
}

func empty(t *testing.T, target Target) {
	write(t, target, pipeline.Batch{Device: "core-1", Lane: pipeline.LaneLive, Time: Start})
	if err := target.Sink.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// closing closes the sink while batches come in. Which of them are stored is open; that nothing panics,
// races or hangs is not.
func closing(t *testing.T, schema *pipeline.Schema, target Target) {
	fleet := NewFleet(schema, "core-1")
	var wg sync.WaitGroup
	started := make(chan struct{})
	wg.Go(func() {
		for n := range 1000 {
			err := target.Sink.Write(context.Background(), fleet.Poll(n))
			var rejected *pipeline.RejectedError
			if err != nil && !errors.As(err, &rejected) {
				return // closed
			}
			if n == 3 {
				close(started)
			}
		}
	})
	<-started
	for range 2 {
		wg.Go(func() {
			if err := target.Sink.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	wg.Wait()
	if err := target.Sink.Write(context.Background(), fleet.Poll(5000)); err == nil {
		t.Error("a write after close returned no error")
	}
}

func write(t *testing.T, target Target, batches ...pipeline.Batch) {
	t.Helper()
	for _, b := range batches {
		if err := target.Sink.Write(t.Context(), b); err != nil {
			t.Fatalf("write of %s: %v", b.Time.UTC(), err)
		}
	}
}

// expect waits until every row holds what the batches said, and nothing else.
func expect(t *testing.T, target Target, batches ...pipeline.Batch) {
	t.Helper()
	for s, want := range Points(batches...) {
		var diff string
		if !Eventually(10*time.Second, func() bool {
			diff = cmp.Diff(want, target.Read(t, s))
			return diff == ""
		}) {
			t.Errorf("row %q (-written +stored):\n%s", s, diff)
		}
	}
}

// Eventually asks until cond is true, or the time is over.
func Eventually(limit time.Duration, cond func() bool) bool {
	deadline := time.Now().Add(limit)
	for !cond() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// Points is what a store should hold after these batches, for each row.
func Points(batches ...pipeline.Batch) map[*pipeline.Series][]Point {
	out := map[*pipeline.Series][]Point{}
	for _, b := range batches {
		for s := range b.Samples() {
			p := Point{Time: b.Time.UTC(), Numbers: map[string]float64{}, Texts: map[string]string{}}
			for _, f := range s.Fields {
				switch f.Value.Kind() {
				case pipeline.None:
				case pipeline.Text:
					p.Texts[f.Def.Name] = f.Value.Text()
				default:
					p.Numbers[f.Def.Name] = f.Value.Float()
				}
			}
			out[s.Series] = append(out[s.Series], p)
		}
	}
	return out
}

// Describe prints a point for a failure.
func (p Point) String() string { return fmt.Sprintf("%s %v %v", p.Time, p.Numbers, p.Texts) }

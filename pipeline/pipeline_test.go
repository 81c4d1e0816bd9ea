package pipeline

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// memory is a sink that fails for as long as fail says so.
type memory struct {
	mu   sync.Mutex
	fail error
	got  []Batch
}

func (m *memory) Write(_ context.Context, b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.got = append(m.got, b)
	return nil
}

func (m *memory) Close() error { return nil }

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) batches() []Batch {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Batch(nil), m.got...)
}

// poll makes a batch of the interface table with the rows named.
func poll(rows *Rows, table *Table, at time.Time, status TableStatus, names ...string) Batch {
	read := TableRead{Table: table, Status: status, Source: "snmp", ReadAt: at}
	var keys []RowKey
	for _, n := range names {
		keys = append(keys, RowKey{"1", []string{n}})
	}
	for _, s := range rows.Of(table, keys) {
		read.Samples = append(read.Samples, Sample{s, []Field{{table.Field("rx_bytes"), CounterValue(uint64(at.Unix()) * 125)}}})
	}
	return Batch{Device: "r1", Lane: LaneLive, Time: at, Tables: []TableRead{read}}
}

func TestPipelineShowsTapsAndSinksTheSame(t *testing.T) {
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	var tapped []Batch
	sink := &memory{}
	p := New([]Tap{func(b Batch) { tapped = append(tapped, b) }}, []NamedSink{{"memory", sink}}, nil, prometheus.NewRegistry(), quiet())
	p.Open()
	p.Publish(poll(rows, table, start, Whole, "ether1"))
	p.Publish(poll(rows, table, start.Add(10*time.Second), Whole, "ether1"))
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(tapped) != 2 || len(sink.got) != 2 {
		t.Fatalf("%d tapped, %d stored", len(tapped), len(sink.got))
	}
	for _, b := range []Batch{tapped[1], sink.got[1]} {
		if got := b.Tables[0].Samples[0].Value("rx_bits_per_second"); got != GaugeValue(1000) {
			t.Errorf("rate = %v", got)
		}
	}
}

func TestPipelineTellsWhatIsGone(t *testing.T) {
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	steps := []struct {
		status TableStatus
		names  []string
		gone   []string
	}{
		{Whole, []string{"a", "b", "c"}, nil},
		{Failed, []string{"a"}, nil},
		{Skipped, nil, nil},
		{Whole, []string{"a", "c", "d"}, []string{"b"}},
		{Failed, []string{"e"}, nil},
		{Whole, []string{"a", "c", "d"}, []string{"e"}},
		{Whole, nil, []string{"a", "c", "d"}},
	}
	var got []string
	p := New([]Tap{func(b Batch) {
		got = nil
		for _, s := range b.Gone {
			got = append(got, s.Row())
		}
	}}, nil, nil, prometheus.NewRegistry(), quiet())
	for i, step := range steps {
		p.Publish(poll(rows, table, start.Add(time.Duration(i)*time.Second), step.status, step.names...))
		if diff := cmp.Diff(step.gone, sorted(got)); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
	p.Publish(poll(rows, table, start.Add(time.Hour), Whole, "z"))
	p.Forget("r1", start.Add(2*time.Hour))
	if diff := cmp.Diff([]string{"z"}, got); diff != "" {
		t.Errorf("forgotten: %s", diff)
	}
}

func TestPipelineOffersAgainUntilTheSinkTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
		sink := &memory{fail: errors.New("database is away")}
		p := New(nil, []NamedSink{{"memory", sink}}, nil, prometheus.NewRegistry(), quiet())
		p.Open()
		for i := range 3 {
			p.Publish(poll(rows, table, start.Add(time.Duration(i)*time.Second), Whole, "a"))
		}
		time.Sleep(time.Minute)
		sink.setFail(nil)
		time.Sleep(time.Minute)
		got := sink.batches()
		if len(got) != 3 || !got[0].Time.Equal(start) {
			t.Errorf("%d of 3 batches, first of %v", len(got), got[0].Time)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if testutil.ToFloat64(p.metrics.retries.WithLabelValues("memory")) == 0 {
			t.Error("retries are not counted")
		}
	})
}

func TestPipelineCountsWhatIsRejected(t *testing.T) {
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	p := New(nil, []NamedSink{{"memory", &memory{fail: &RejectedError{Samples: 1, Reason: "bad"}}}}, nil, prometheus.NewRegistry(), quiet())
	p.Open()
	p.Publish(poll(rows, table, start, Whole, "a"))
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := testutil.ToFloat64(p.metrics.dropped.WithLabelValues("memory", "rejected")); n != 1 {
		t.Errorf("%v rejected samples counted", n)
	}
}

func TestPipelineShedsTheOldestAndCounts(t *testing.T) {
	m := newMetrics(prometheus.NewRegistry())
	q := newSinkQueue(NamedSink{Name: "memory"}, m, quiet())
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	big := poll(rows, table, start, Whole, "a")
	big.Tables[0].Samples = make([]Sample, sinkQueueSamples/4)
	for i := range 10 {
		big.Time = start.Add(time.Duration(i) * time.Second)
		q.put(big)
	}
	kept := 0
	first := time.Time{}
	for b, ok, _ := q.take(); ok; b, ok, _ = q.take() {
		if first.IsZero() {
			first = b.Time
		}
		kept++
	}
	dropped := testutil.ToFloat64(m.dropped.WithLabelValues("memory", "queue_full"))
	if kept != 3 || !first.Equal(start.Add(7*time.Second)) || dropped != 7*sinkQueueSamples/4 {
		t.Errorf("kept %d from %v, dropped %v", kept, first, dropped)
	}
}

func TestPipelineCloseGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
		p := New(nil, []NamedSink{{"memory", &memory{fail: errors.New("away")}}}, nil, prometheus.NewRegistry(), quiet())
		p.Open()
		p.Publish(poll(rows, table, start, Whole, "a", "b"))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := p.Close(ctx); err == nil || err.Error() != "sink memory: 2 samples were not written before the end" {
			t.Errorf("err = %v", err)
		}
		if n := testutil.ToFloat64(p.metrics.dropped.WithLabelValues("memory", "shutdown")); n != 2 {
			t.Errorf("%v samples counted", n)
		}
	})
}

package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// The gauge of the queue grows while the sink takes nothing, which is when somebody looks at it.
func TestQueueGaugeMovesWhileTheSinkIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
		sink := &memory{fail: errors.New("disk full")}
		p := New(nil, []NamedSink{{"memory", sink}}, nil, prometheus.NewRegistry(), quiet())
		p.Open()
		for i := range 10 {
			p.Publish(poll(rows, table, start.Add(time.Duration(i)*time.Second), Whole, "ether1"))
			synctest.Wait()
		}
		gauge := p.metrics.queued.WithLabelValues("memory")
		if n := testutil.ToFloat64(gauge); n < 9 {
			t.Errorf("the gauge says %v, and 9 batches wait", n)
		}
		sink.setFail(nil)
		time.Sleep(time.Minute)
		if n := testutil.ToFloat64(gauge); n != 0 {
			t.Errorf("the gauge says %v, and nothing waits", n)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// What is counted as lost are samples: that a row is gone is none.
func TestQueueCountsSamplesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
		p := New(nil, []NamedSink{{"memory", &memory{fail: errors.New("away")}}}, nil, prometheus.NewRegistry(), quiet())
		p.Open()
		p.Publish(poll(rows, table, start, Whole, "a", "b", "c"))
		p.Publish(poll(rows, table, start.Add(time.Second), Whole, "a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); err == nil || err.Error() != "sink memory: 4 samples were not written before the end" {
			t.Errorf("err = %v", err)
		}
	})
}

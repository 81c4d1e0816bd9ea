package collectors

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/pipeline"
)

// endless has a table of so many rows.
type endless struct {
	rows  *pipeline.Rows
	table *pipeline.Table
	n     int
}

func (e *endless) Collect(context.Context, pipeline.Lane, func(string) bool) ([]pipeline.TableRead, error) {
	keys := make([]pipeline.RowKey, e.n)
	for i := range keys {
		keys[i] = pipeline.RowKey{Index: fmt.Sprint(i), Values: []string{fmt.Sprintf("ether%d", i)}}
	}
	read := pipeline.TableRead{Table: e.table, Source: "snmp"}
	for _, s := range e.rows.Of(e.table, keys) {
		read.Samples = append(read.Samples, pipeline.Sample{Series: s})
	}
	return []pipeline.TableRead{read}, nil
}

func (e *endless) Check(context.Context) error { return nil }

func TestRowsBeyondTheLimitAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d := device(nil, &fake{})
		d.log, d.rowLimit = slog.New(slog.NewTextHandler(&log, nil)), 30
		d.snmp = &endless{pipeline.NewLimitedRows("r1", nil, 30), pipeline.NewSchema().Table("interface"), 100}
		for range 21 { // 10 minutes and a bit
			b, err := d.Collect(t.Context(), pipeline.LaneLive)
			if err != nil || len(b.Tables[0].Samples) != 30 || b.Tables[0].Samples[29].Series.Row() != "ether29" {
				t.Fatalf("%d rows, %v", len(b.Tables[0].Samples), err)
			}
			time.Sleep(30 * time.Second)
		}
		if n := testutil.ToFloat64(d.metrics.refused.WithLabelValues("r1", "interface")); n != 21*70 {
			t.Errorf("%v rows are counted, want %d", n, 21*70)
		}
		if n := strings.Count(log.String(), "left out"); n != 1 || !strings.Contains(log.String(), "interface (70 of 100)") || !strings.Contains(log.String(), "device=r1") {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
	})
}

func TestLimitsOfADevice(t *testing.T) {
	for _, c := range []struct{ own, root, want int }{{0, 0, 5000}, {0, 100, 100}, {7, 100, 7}} {
		cfg := Config{Limits: Limits{c.root}}
		if got := cfg.LimitsOf(DeviceConfig{Limits: Limits{c.own}}).RowsPerTable; got != c.want {
			t.Errorf("%+v gave %d", c, got)
		}
	}
}

// Where each table came from, and how often that changed, can be asked for.
func TestSourcesOfADevice(t *testing.T) {
	whole := map[string]pipeline.TableStatus{"router": pipeline.Whole, "interface": pipeline.Whole}
	api, snmp := &fake{source: "routeros", statuses: whole}, &fake{source: "snmp", statuses: whole}
	c := &Collectors{byName: map[string]*polled{"r1": {device: device(api, snmp)}}}
	poll := func() { _, _ = c.byName["r1"].device.Collect(t.Context(), pipeline.LaneLive) }
	poll()
	api.statuses = map[string]pipeline.TableStatus{"router": pipeline.Whole, "interface": pipeline.Failed}
	poll()
	poll()
	got, switches := c.Sources("r1")
	if diff := cmp.Diff(map[string]string{"router": "routeros", "interface": "snmp"}, got); diff != "" || switches != 1 {
		t.Errorf("%d switches; %s", switches, diff)
	}
	if got, switches := c.Sources("nobody"); got != nil || switches != 0 {
		t.Errorf("of nobody: %v, %d", got, switches)
	}
}

// The metrics of a device exist once there is something to say.
func TestDeviceMetrics(t *testing.T) {
	up, down := &polled{config: DeviceConfig{Name: "up"}}, &polled{config: DeviceConfig{Name: "down"}}
	c := &Collectors{devices: []*polled{up, down, {config: DeviceConfig{Name: "new"}}}}
	up.up.Store(isUp)
	up.lastGood.Store(1767225600500)
	down.up.Store(isDown)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c.DeviceMetrics())
	want := `# HELP routerpulse_device_last_success_timestamp_seconds When the device last gave complete live data.
# TYPE routerpulse_device_last_success_timestamp_seconds gauge
routerpulse_device_last_success_timestamp_seconds{device="up"} 1.7672256005e+09
# HELP routerpulse_device_up 1 if the device answered the last check.
# TYPE routerpulse_device_up gauge
routerpulse_device_up{device="down"} 0
routerpulse_device_up{device="up"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

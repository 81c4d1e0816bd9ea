package pipeline

import (
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// start is the instant that tests count from.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// iface makes a read of the interface table with one Ethernet row of 1 Gbit/s.
func iface(s *Series, at time.Time, values map[string]Value) TableRead {
	t := s.Table()
	fields := []Field{{t.Field("type"), TextValue("ether")}, {t.Field("speed_bits_per_second"), GaugeValue(1e9)}}
	for name, v := range values {
		fields = append(fields, Field{t.Field(name), v})
	}
	return TableRead{Table: t, Source: "snmp", ReadAt: at, Samples: []Sample{{Series: s, Fields: fields}}}
}

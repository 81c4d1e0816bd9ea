package routeros

import (
	"bytes"
	"net/netip"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// sized is an amount of memory in bytes: 2048KiB, 1.5GiB, or a number of plain units.
func sized(field, attr string, plain float64) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if f, ok := parseSize(b, plain); ok {
			return pipeline.GaugeValue(f)
		}
		return pipeline.Value{}
	})
}

func parseSize(b []byte, plain float64) (float64, bool) {
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if digits, ok := bytes.CutSuffix(b, []byte(unit)); ok {
			f, ok := parseDecimal(bytes.TrimRight(digits, " "), "")
			return f * float64(uint64(1024)<<(10*i)), ok
		}
	}
	f, ok := parseDecimal(b, "")
	return f * plain, ok
}

// share is a gauge: one attribute as percent of another.
func share(field, part, total string) column {
	return column{field: field, kind: pipeline.Gauge, reads: []string{part, total}, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		p, okPart := parseSize(r.get(part), 1)
		t, okTotal := parseSize(r.get(total), 1)
		if !okPart || !okTotal || t <= 0 || p < 0 {
			return pipeline.Value{}
		}
		return pipeline.GaugeValue(p / t * 100)
	}}
}

// leading is the number that a text begins with, whatever follows it: 103.5m, 0.12 km/h, -3.29 PPM.
func leading(field, attr string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		return gauge(leadingDecimal(b), 1, "")
	})
}

func leadingDecimal(b []byte) []byte {
	return b[:len(b)-len(bytes.TrimLeft(b, "+-.0123456789"))]
}

// inUnits is a length of time that is written as a number of units, which may be named behind it.
func inUnits(field, attr string, unit time.Duration) column {
	return single(field, pipeline.Duration, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if f, ok := parseDecimal(leadingDecimal(b), ""); ok {
			return pipeline.DurationValue(time.Duration(f * float64(unit)))
		}
		return pipeline.Value{}
	})
}

// universal is an instant that does not follow the router's time zone: when something was built, or
// what satellites say.
func universal(field, attr string) column {
	return column{field: field, kind: pipeline.Timestamp, reads: []string{attr}, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		if t, ok := parseTimestamp(r.get(attr)); ok {
			return pipeline.TimestampValue(t)
		}
		return pipeline.Value{}
	}}
}

// set asks whether a row has something in an attribute, which is a flag or the time at which it was set.
func set(attr string) test {
	return test{[]string{attr}, func(r *row) bool {
		b, isBool := parseBool(r.get(attr))
		return b || (!isBool && len(r.get(attr)) > 0)
	}}
}

// enabled is a link by an attribute, of rows that are not disabled: those cannot be monitored.
func enabled(attr string) link {
	return link{[]string{attr, "disabled"}, func(r *row) string {
		if b, _ := parseBool(r.get("disabled")); b {
			return ""
		}
		return r.text(attr)
	}}
}

// degrees is a latitude or a longitude, in either form of RouterOS: -1.286389, or S 1*17'11.2”.
func degrees(field, attr string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if f, ok := parseDegrees(string(b)); ok {
			return pipeline.GaugeValue(f)
		}
		return pipeline.Value{}
	})
}

func parseDegrees(s string) (float64, bool) {
	sign := 1.0
	if strings.ContainsAny(s, "SW-") {
		sign = -1
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if len(parts) == 0 || len(parts) > 3 {
		return 0, false
	}
	total, scale := 0.0, 1.0
	for i, part := range parts {
		f, ok := parseDecimal([]byte(part), "")
		if !ok || (i > 0 && f >= 60) {
			return 0, false
		}
		total, scale = total+f/scale, scale*60
	}
	return sign * total, total <= 180
}

// countAddresses counts IPv4 ranges: 10.0.0.2-10.0.0.254,10.1.0.0/24,10.2.0.1.
func countAddresses(ranges []byte) (float64, bool) {
	total := 0.0
	for _, one := range strings.Split(string(ranges), ",") {
		n, ok := countRange(one)
		if !ok {
			return 0, false
		}
		total += n
	}
	return total, true
}

func countRange(text string) (float64, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil && prefix.Addr().Is4() {
		return float64(uint64(1) << (32 - prefix.Bits())), true
	}
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	from, errFrom := netip.ParseAddr(low)
	to, errTo := netip.ParseAddr(high)
	if errFrom != nil || errTo != nil || !from.Is4() || !to.Is4() || to.Less(from) {
		return 0, false
	}
	return float64(number4(to)-number4(from)) + 1, true
}

func number4(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

package routeros

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"1w2d3h4m5s", 9*24*time.Hour + 3*time.Hour + 4*time.Minute + 5*time.Second, true},
		{"0s", 0, true}, {"10ms", 10 * time.Millisecond, true}, {"9ms445us", 9445 * time.Microsecond, true},
		{"-29ms481us", -29481 * time.Microsecond, true}, {"59s999ms", 59999 * time.Millisecond, true},
		{"2h17m01s", 2*time.Hour + 17*time.Minute + time.Second, true},
		{"00:10:05", 10*time.Minute + 5*time.Second, true}, {"1d02:03:04", 26*time.Hour + 3*time.Minute + 4*time.Second, true},
		{"1w1d00:00:01.5", 8*24*time.Hour + 1500*time.Millisecond, true},
		{"300:00:00", 300 * time.Hour, true},
		{"never", 0, false}, {"", 0, false}, {"-", 0, false}, {"59", 0, false}, {"s", 0, false}, {"1y", 0, false},
		{"2h30", 0, false}, {"3u2h", 0, false}, {"1h1w", 0, false}, {"1s1s", 0, false}, {"1h02:03:04", 0, false},
		{"00:60:00", 0, false}, {"0:1", 0, false}, {"1.5:00:00", 0, false}, {":::", 0, false}, {"--1s", 0, false},
		{"99999999999999999999w", 0, false}, {"15251w", 0, false}, {"15250w6d23h99999999h", 0, false},
	}
	for _, tt := range tests {
		got, ok := parseDuration([]byte(tt.text))
		if got != tt.want || ok != tt.ok {
			t.Errorf("parseDuration(%q) = %v, %v; want %v, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseDurationPublished(t *testing.T) {
	var file struct {
		Durations []struct {
			Text    string
			Seconds float64
		}
		Invalid []struct{ Text, Verdict string } `json:"invalid_or_disputed"`
	}
	vectors(t, "durations_timestamps.json", &file)
	for _, v := range file.Durations {
		if got, ok := parseDuration([]byte(v.Text)); !ok || math.Abs(got.Seconds()-v.Seconds) > 1e-9 {
			t.Errorf("%q: got %v, %v; want %v s", v.Text, got.Seconds(), ok, v.Seconds)
		}
	}
	for _, v := range file.Invalid {
		if v.Text == "20ms" {
			continue // disputed among readers of whole seconds; for us it is 20 ms
		}
		if got, ok := parseDuration([]byte(v.Text)); ok {
			t.Errorf("%q: got %v, want none (%s)", v.Text, got, v.Verdict)
		}
	}
	t.Logf("%d durations and %d bad ones of the published vectors", len(file.Durations), len(file.Invalid))
}

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "49.3": 49.3, "-67": -67, "880MHz": 880, "1400": 1400} {
		if got, ok := parseDecimal([]byte(text), "MHz"); !ok || got != want {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "MHz", "NaN", "Inf", "-inf", "1e9", "0x10", "1_0", "1 0", "12%", "-", ".", "1.2.3", "ok"} {
		if got, ok := parseDecimal([]byte(text), "MHz"); ok {
			t.Errorf("%q: got %v, want none", text, got)
		}
	}
}

func TestParseCount(t *testing.T) {
	if n, ok := parseCount([]byte("18446744073709551615")); !ok || n != math.MaxUint64 {
		t.Error(n, ok)
	}
	for _, text := range []string{"", "-1", "+1", "1.5", "18446744073709551616", "1_000", " 1", "0x1"} {
		if n, ok := parseCount([]byte(text)); ok {
			t.Errorf("%q: got %d, want none", text, n)
		}
	}
}

func TestParseBool(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "yes": true, "false": false, "no": false} {
		if got, ok := parseBool([]byte(text)); !ok || got != want {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "1", "on", "True"} {
		if _, ok := parseBool([]byte(text)); ok {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestParseMAC(t *testing.T) {
	for text, want := range map[string]string{
		"48:A9:8A:0F:00:01": "48:a9:8a:0f:00:01", "": "", "T-AA:BB": "T-AA:BB", "ABCDEFGHIJKLMNOPQ": "ABCDEFGHIJKLMNOPQ",
	} {
		if got := parseMAC(text); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

func TestVersion(t *testing.T) {
	tests := []struct {
		text, number string
		want         version
	}{
		{"7.20.6 (stable)", "7.20.6", version{7, 20}}, {"6.49.10 (long-term)", "6.49.10", version{6, 49}},
		{"7.14beta3 (testing)", "7.14beta3", version{7, 14}}, {"7", "7", version{7, 0}}, {"", "", version{}},
		{"x", "x", version{}}, {"7.", "7.", version{7, 0}}, {"99999999.1", "99999999.1", version{9999, 0}},
	}
	for _, tt := range tests {
		if got := parseVersion(tt.text); got != tt.want {
			t.Errorf("%q: got %v", tt.text, got)
		}
		if got := versionNumber(tt.text); got != tt.number {
			t.Errorf("%q: got %q", tt.text, got)
		}
	}
	if v := (version{7, 1}); !v.atLeast(version{7, 1}) || !v.atLeast(version{6, 49}) || v.atLeast(version{7, 2}) || v.atLeast(version{8, 0}) {
		t.Error("atLeast")
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"1w2d3h4m5s", "10ms", "never", "00:10:05", "1d02:03:04.5", "-29ms", "7.20.6 (stable)", "18446744073709551615", "49.3", "AA:BB:CC:DD:EE:FF"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := parseDuration([]byte(text)); ok {
			if negative := len(text) > 0 && text[0] == '-'; (d < 0) != negative && d != 0 {
				t.Errorf("%q: %v has the wrong sign", text, d)
			}
		}
		if x, ok := parseDecimal([]byte(text), "MHz"); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
			t.Errorf("%q: %v", text, x)
		}
		if v := parseVersion(text); v.major < 0 || v.minor < 0 {
			t.Errorf("%q: %v", text, v)
		}
		if n, ok := parseCount([]byte(text)); ok && strings.TrimLeft(text, "0") != strings.TrimLeft(strconv.FormatUint(n, 10), "0") {
			t.Errorf("%q: %d", text, n)
		}
		if len(parseMAC(text)) != len(text) {
			t.Errorf("%q grew", text)
		}
	})
}

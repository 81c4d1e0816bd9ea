package simulator

import (
	"strings"
	"testing"
)

func TestQueries(t *testing.T) {
	var row apiRow
	row.string("name", "ether1")
	row.string("type", "ether")
	row.number("mtu", 1500)
	row.string("comment", "")
	row.string("odd", "a=b=c")
	for query, want := range map[string]bool{
		"":                              true,
		"name=ether1":                   true,
		"name=ether2":                   false,
		"=name=ether1":                  true,
		"name":                          true,
		"disabled":                      false,
		"-disabled":                     true,
		"-name":                         false,
		"odd=a=b=c":                     true,
		"comment=":                      true,
		"missing=":                      false,
		"type=ether name=ether1":        true,
		"type=ether name=other":         false,
		"name=ether1 name=ether2 #|":    true,
		"name=ether1 name=ether2 #&":    false,
		"name=ether2 #!":                true,
		"name=ether1 #!":                false,
		"name=a name=b name=ether1 #||": true,
		"mtu>1400":                      false,
		">mtu=1400":                     true,
		"<mtu=1400":                     false,
		"<mtu=9000":                     true,
		">name=abc":                     true,
		"name=ether1 #.":                true,
		"name=ether2 #.!|":              true,
		"name=ether1 name=ether2 #1":    true,
		"name=ether2 name=ether1 #1":    false,
		"name=ether1 name=ether2 #1.&!": true,
		"#!":                            false,
		"#9":                            true,
		"#99999999999999999999":         true,
	} {
		if got := matches(strings.Fields(query), &row); got != want {
			t.Errorf("%q: %v", query, got)
		}
	}
}

func TestDurations(t *testing.T) {
	for seconds, want := range map[int64]string{
		-5: "0s", 0: "0s", 1: "1s", 59: "59s", 60: "1m", 90: "1m30s", 3600: "1h", 86399: "23h59m59s", 86400: "1d", 604800: "1w",
		788645: "1w2d3h4m5s", 4233603: "7w3s", 604860: "1w1m",
	} {
		if got := string(appendDuration(nil, seconds)); got != want {
			t.Errorf("%d: %s, want %s", seconds, got, want)
		}
	}
}

func TestRowFormats(t *testing.T) {
	var row apiRow
	row.id(0xf0001a)
	row.tenths("volts", 493)
	row.tenths("whole", 240)
	row.mac("mac", [6]byte{0x48, 0x8f, 0x5a, 0, 1, 0xab})
	row.address("ip", [4]byte{10, 0, 255, 1})
	row.timestamp("new", &view{router: &Router{model: ccr2116(), index: 1}}, 1772446034000)
	row.timestamp("old", &view{router: &Router{model: ccr1036()}}, 1772446034000)
	row.optional("nothing", "")
	for name, want := range map[string]string{
		".id": "*F0001A", "volts": "49.3", "whole": "24", "mac": "48:8F:5A:00:01:AB", "ip": "10.0.255.1",
		"new": "2026-03-02 10:07:14", "old": "mar/02/2026 13:07:14",
	} {
		if got, _ := row.find(name); string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, ok := row.find("nothing"); ok {
		t.Error("an empty text was set")
	}
}

package snmp

import (
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

const gpsGroup = mikrotik + ".12"

// gpsTable: the position is text, in the format that the operator chose. Without a fix it is the last
// one known, or nothing.
func gpsTable() tableDef {
	return tableDef{
		name:   "gps",
		lane:   pipeline.LaneSessions,
		vendor: mikrotikEnterprise,
		scalars: []object{
			{name: "mtxrDate", oid: gpsGroup + ".1.0"},
			{name: "mtxrLongtitude", oid: gpsGroup + ".2.0"},
			{name: "mtxrLatitude", oid: gpsGroup + ".3.0"},
			{name: "mtxrAltitude", oid: gpsGroup + ".4.0"},
			{name: "mtxrSpeed", oid: gpsGroup + ".5.0"},
			{name: "mtxrSattelites", oid: gpsGroup + ".6.0"},
			{name: "mtxrValid", oid: gpsGroup + ".7.0"},
		},
		fields: []rule{
			{"valid", from(read("mtxrValid"))},
			{"latitude_degrees", from(read("mtxrLatitude").parsed(degrees))},
			{"longitude_degrees", from(read("mtxrLongtitude").parsed(degrees))},
			{"altitude_meters", from(read("mtxrAltitude").parsed(leadingNumber))},
			{"speed_kilometers_per_hour", from(read("mtxrSpeed").parsed(leadingNumber))},
			{"satellites", from(read("mtxrSattelites"))},
			{"time_timestamp_seconds", from(read("mtxrDate").dropping(0))},
		},
	}
}

// leadingNumber reads the number that a text begins with: "123.4m", "0.0 km/h".
func leadingNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' && r != '+' })
	if end >= 0 {
		s = s[:end]
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// degrees reads a latitude or longitude as RouterOS writes it: "56.969490", "N 56 58' 10.164”",
// "N 56.969490". South and west are negative.
func degrees(s string) (float64, bool) {
	negative := strings.ContainsAny(s, "SsWw")
	fields := strings.FieldsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' })
	if len(fields) == 0 || len(fields) > 3 {
		return 0, false
	}
	sum, unit := 0.0, 1.0
	for i, f := range fields {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil || i > 0 && (n < 0 || n >= 60) {
			return 0, false
		}
		if i == 0 && strings.HasPrefix(f, "-") {
			n, negative = -n, true
		}
		sum += n / unit
		unit *= 60
	}
	if sum > 180 {
		return 0, false
	}
	if negative {
		sum = -sum
	}
	return sum, true
}

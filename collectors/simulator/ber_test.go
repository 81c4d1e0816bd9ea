package simulator

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestValuesAreEncodedInTheShortestForm(t *testing.T) {
	for _, c := range []struct {
		name  string
		value value
		want  string
	}{
		{"zero", integer(0), "020100"},
		{"127", integer(127), "02017f"},
		{"128 needs a zero before it", integer(128), "02020080"},
		{"-1", integer(-1), "0201ff"},
		{"-128", integer(-128), "020180"},
		{"-129", integer(-129), "0202ff7f"},
		{"smallest", integer(math.MinInt64), "02088000000000000000"},
		{"counter", counter32(0x80000000), "41050080000000"},
		{"counter keeps 32 bits", counter32(0x1_0000_0001), "410101"},
		{"gauge", gauge32(math.MaxUint32), "420500ffffffff"},
		{"ticks", timeTicks(1), "430101"},
		{"largest counter64", counter64(math.MaxUint64), "460900ffffffffffffffff"},
		{"empty text", octets(nil), "0400"},
		{"long text", octets(bytes.Repeat([]byte{'a'}, 200)), "0481c8" + hex.EncodeToString(bytes.Repeat([]byte{'a'}, 200))},
		{"longer text", octets(make([]byte, 300)), "0482012c" + hex.EncodeToString(make([]byte, 300))},
		{"address", ipAddress([]byte{127, 0, 0, 1}), "40047f000001"},
		{"0.0", objectID([]uint32{0, 0}), "060100"},
		{"name", objectID(mustOID("1.3.6.1.4.1.14988.1")), "06082b06010401f50c01"},
		{"large arc", objectID([]uint32{2, 999, 4294967295}), "060788378fffffff7f"},
		{"end", value{tag: tagEndOfMIBView}, "8200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := hex.EncodeToString(appendValue(nil, c.value)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestElementsThatAreNotWhole(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":             "",
		"no length":           "04",
		"content is missing":  "0403aabb",
		"indefinite length":   "0480aabb0000",
		"length is missing":   "048201",
		"five bytes of it":    "04850000000001aa",
		"far more than there": "0484ffffffffaa",
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := element(b); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestNamesThatAreNotNames(t *testing.T) {
	for name, in := range map[string]string{
		"empty":             "",
		"ends in mid-arc":   "2b06ff",
		"more than 32 bits": "2b9fffffff7f",
		"six bytes":         "2b8080808080807f",
		"leading zeros":     "2b8001",
		"too many arcs":     "2b" + hex.EncodeToString(bytes.Repeat([]byte{1}, maxOIDLength)),
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if oid, err := decodeOID(b, nil); err == nil {
			t.Errorf("%s: taken for %v", name, oid)
		}
	}
}

func TestNamesSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		oid := rapid.SliceOfN(rapid.Uint32(), 0, 20).Draw(t, "rest")
		first := rapid.Uint32Range(0, 2).Draw(t, "first")
		second := rapid.Uint32Range(0, 39).Draw(t, "second")
		if first == 2 {
			second = rapid.Uint32Range(0, math.MaxUint32-80).Draw(t, "second of joint-iso-itu-t")
		}
		oid = append([]uint32{first, second}, oid...)
		b := appendOID(nil, oid)
		if len(b) != oidSize(oid) {
			t.Fatalf("size %d, want %d", oidSize(oid), len(b))
		}
		back, err := decodeOID(b, nil)
		if err != nil || !slices.Equal(back, oid) {
			t.Fatalf("got %v, %v; want %v", back, err, oid)
		}
	})
}

func TestIntegersSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32().Draw(t, "n")
		got, rest, err := expectInt(appendValue(nil, integer(int64(n))))
		if err != nil || got != n || len(rest) != 0 {
			t.Fatalf("got %d, %v; want %d", got, err, n)
		}
	})
}

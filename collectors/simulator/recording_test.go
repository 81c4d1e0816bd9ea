package simulator

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
)

func openRecording(t *testing.T, path string) (*Recording, *gosnmp.GoSNMP) {
	t.Helper()
	r, err := OpenRecording(path, RecordingOptions{Community: "walk"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &gosnmp.GoSNMP{
		Target: r.Addr().Addr().String(), Port: r.Addr().Port(), Community: "walk", Version: gosnmp.Version2c,
		Timeout: 5 * time.Second, Retries: 1, MaxRepetitions: 40,
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Conn.Close() })
	return r, c
}

func TestRecordingIsServedInOrder(t *testing.T) {
	r, c := openRecording(t, "testdata/small.snmprec")
	got, err := c.BulkWalkAll(".1.3")
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		name  string
		kind  gosnmp.Asn1BER
		value any
	}
	want := []row{
		{".1.3.6.1.2.1.1.1.0", gosnmp.OctetString, []byte("SwOS of our own <making>")},
		{".1.3.6.1.2.1.1.2.0", gosnmp.ObjectIdentifier, ".1.3.6.1.4.1.14988.2"},
		{".1.3.6.1.2.1.1.3.0", gosnmp.TimeTicks, uint32(123456)},
		{".1.3.6.1.2.1.2.1.0", gosnmp.Integer, -2},
		{".1.3.6.1.2.1.2.2.1.2.2", gosnmp.OctetString, []byte("port|two")},
		{".1.3.6.1.2.1.2.2.1.2.10", gosnmp.OctetString, []byte("port\xc3\xa9\x00\n")},
		{".1.3.6.1.2.1.2.2.1.10.2", gosnmp.Counter32, uint(4294967295)},
		{".1.3.6.1.2.1.2.2.1.10.10", gosnmp.Counter32, uint(7)},
		{".1.3.6.1.2.1.4.20.1.1.10.0.0.1", gosnmp.IPAddress, "10.0.0.1"},
		{".1.3.6.1.2.1.4.20.1.1.192.0.2.7", gosnmp.IPAddress, "192.0.2.7"},
		{".1.3.6.1.2.1.31.1.1.1.6.2", gosnmp.Counter64, uint64(18446744073709551615)},
		{".1.3.6.1.2.1.31.1.1.1.6.10", gosnmp.Counter64, uint64(9007199254740993)},
		{".1.3.6.1.2.1.31.1.1.1.15.2", gosnmp.Gauge32, uint(1000)},
		{".1.3.6.1.2.1.33.1.2.6.0", gosnmp.Null, nil},
		{".1.3.6.1.4.1.14988.1.1.3.8.0", gosnmp.Integer, 237},
	}
	if len(got) != len(want) || r.Len() != len(want) {
		t.Fatalf("%d objects, %d walked, want %d", r.Len(), len(got), len(want))
	}
	for i, w := range want {
		have, isBytes := got[i].Value.([]byte)
		text, _ := w.value.([]byte)
		if got[i].Name != w.name || got[i].Type != w.kind || (isBytes && !bytes.Equal(have, text)) || (!isBytes && got[i].Value != w.value) {
			t.Errorf("got %s %v %v, want %+v", got[i].Name, got[i].Type, got[i].Value, w)
		}
	}
}

func TestRecordingAnswersOnlyItsCommunity(t *testing.T) {
	_, c := openRecording(t, "testdata/small.snmprec")
	c.Community, c.Timeout, c.Retries = "public", 100*time.Millisecond, 0
	if packet, err := c.Get([]string{".1.3.6.1.2.1.1.1.0"}); err == nil {
		t.Errorf("got %v", packet.Variables)
	}
}

func TestBadRecordingsAreRefusedWithTheirLine(t *testing.T) {
	for content, want := range map[string]string{
		"1.3.6|4|ok\n1.3.6.1": "line 2: want OID|type|value",
		"1.x.6|4|no":          `line 1: "1.x.6" is not an object identifier`,
		"1.3.6." + strings.Repeat("1.", 130) + "1|4|": "is not an object identifier",
		"1.3.6|four|no":       `line 1: "four" is not a type`,
		"1.3.6|99|no":         "a type that is not SNMP's",
		"1.3.6|2|no":          "invalid syntax",
		"1.3.6|65|4294967296": "out of range",
		"1.3.6|4x|abc":        "odd length",
		"1.3.6|64|1.2.3":      "1.2.3",
		"1.3.6|6|1.3.a":       "invalid syntax",
	} {
		path := filepath.Join(t.TempDir(), "bad.snmprec")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := OpenRecording(path, RecordingOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
	if _, err := OpenRecording("testdata/none.snmprec", RecordingOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := OpenRecording("testdata/small.snmprec", RecordingOptions{Addr: "nonsense"}); err == nil {
		t.Error("listens on nonsense")
	}
}

// TestRecordingsOfRealDevices walks every recording that is at hand, in both versions.
func TestRecordingsOfRealDevices(t *testing.T) {
	paths := []string{"testdata/small.snmprec"}
	if folder := outside(t, "recordings"); folder != "" {
		more, err := filepath.Glob(filepath.Join(folder, "*", "*.snmprec"))
		if err != nil || len(more) < 20 {
			t.Fatalf("%d recordings, %v", len(more), err)
		}
		paths = append(paths, more...)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".snmprec"), func(t *testing.T) {
			r, c := openRecording(t, path)
			got := walkAll(t, c.BulkWalkAll)
			if len(got) != r.Len() {
				t.Fatalf("walked %d of %d objects", len(got), r.Len())
			}
			compareWithFile(t, path, got)
			if len(got) > 1500 {
				return // v1 goes one by one
			}
			narrow := slices.DeleteFunc(slices.Clone(got), func(p gosnmp.SnmpPDU) bool { return p.Type == gosnmp.Counter64 })
			c.Version = gosnmp.Version1
			if v1 := walkAll(t, c.WalkAll); len(v1) != len(narrow) {
				t.Errorf("v1 walked %d objects, want %d", len(v1), len(narrow))
			}
		})
	}
}

// walkAll walks the trees that devices have: LLDP-MIB lies in 1.0, IEEE 802.11's in 1.2.
func walkAll(t *testing.T, walk func(string) ([]gosnmp.SnmpPDU, error)) []gosnmp.SnmpPDU {
	t.Helper()
	var all []gosnmp.SnmpPDU
	for _, root := range []string{".1.0", ".1.2", ".1.3"} {
		got, err := walk(root)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got...)
	}
	return all
}

// compareWithFile looks for what was walked in the file's own words.
func compareWithFile(t *testing.T, path string, got []gosnmp.SnmpPDU) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n")
	names := map[string]string{}
	for _, line := range slices.Backward(lines) {
		if name, rest, ok := strings.Cut(line, "|"); ok {
			names["."+name] = rest
		}
	}
	for _, pdu := range got {
		rest, ok := names[pdu.Name]
		if !ok {
			t.Fatalf("%s is not in the file", pdu.Name)
		}
		kind, text, _ := strings.Cut(rest, "|")
		if have, isText := pdu.Value.([]byte); isText && kind == "4" && string(have) != text {
			t.Errorf("%s: %q, want %q", pdu.Name, have, text)
		}
		if n := gosnmp.ToBigInt(pdu.Value); (kind == "65" || kind == "70") && n.String() != text {
			t.Errorf("%s: %s, want %s", pdu.Name, n, text)
		}
	}
}

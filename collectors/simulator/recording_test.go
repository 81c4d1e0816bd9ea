package simulator

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
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
		"1.3.6.1":    "line 1: want OID|type|value",
		"":           "there is nothing in it",
		"1.x.6|4|no": `line 1: "1.x.6" is not an object identifier`,
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

// compareWithFile compares what was walked with the file's own words: each name, its type and its value.
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
	if len(got) != len(names) {
		t.Errorf("%d objects, the file has %d names", len(got), len(names))
	}
	wrong := 0
	for _, pdu := range got {
		rest, ok := names[pdu.Name]
		if !ok {
			t.Fatalf("%s is not in the file", pdu.Name)
		}
		kind, text, _ := strings.Cut(rest, "|")
		if have, want := inWords(t, pdu), fileWords(t, kind, text); have != want {
			if wrong++; wrong < 10 {
				t.Errorf("%s: %q, want %q", pdu.Name, have, want)
			}
		}
	}
}

// inWords are the type and the value that came over the wire.
func inWords(t *testing.T, pdu gosnmp.SnmpPDU) string {
	t.Helper()
	switch v := pdu.Value.(type) {
	case []byte:
		return fmt.Sprintf("%d %x", byte(pdu.Type), v)
	case string:
		return fmt.Sprintf("%d %s", byte(pdu.Type), strings.TrimPrefix(v, "."))
	case nil:
		return fmt.Sprintf("%d", byte(pdu.Type))
	default:
		return fmt.Sprintf("%d %s", byte(pdu.Type), gosnmp.ToBigInt(v))
	}
}

// fileWords are the same of a line of the file, read without the code that is tested.
func fileWords(t *testing.T, kind, text string) string {
	t.Helper()
	kind, inHex := strings.CutSuffix(kind, "x")
	switch kind {
	case "4", "68":
		if !inHex {
			text = hex.EncodeToString([]byte(text))
		}
		return kind + " " + strings.ToLower(text)
	case "64":
		if inHex {
			b, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			text = net.IP(b).String()
		}
	case "5":
		return kind
	}
	return kind + " " + text
}

// What is wrong with a recording is said once, and the rest is served.
func TestDamagedRecordingIsServedAndSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "damaged.snmprec")
	content := "1.3.6.1.2.1.1.5.0|4|core\r\n" +
		"1.3.6.1.2.1.1.3.0|67|soon\r\n" + // a value of another type
		"1.3.6.1.2.1.1.1.0|4|first\r\n" + // backwards
		"1.3.6.1.2.1.1.1.0|4|again\r\n" + // twice
		"1.3.6.1.4.1.2021.10.1.6.1|68x|9f78043f800000\r\n" +
		"and half a line\r\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r, err := OpenRecording(path, RecordingOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	want := []string{
		`2 lines cannot be read and are left out, the first: line 2: type 67, value "soon": strconv.ParseUint: parsing "soon": invalid syntax`,
		"6 lines end in CR LF", "1 lines go backwards", "1 lines repeat a name and are left out",
	}
	if !slices.Equal(r.Faults(), want) {
		t.Errorf("got %q", r.Faults())
	}
	c := &gosnmp.GoSNMP{Target: "127.0.0.1", Port: r.Addr().Port(), Community: "public", Version: gosnmp.Version2c, Timeout: 5 * time.Second, MaxRepetitions: 10}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Conn.Close() }()
	got, err := c.BulkWalkAll(".1.3")
	if err != nil || len(got) != 3 || string(got[0].Value.([]byte)) != "first" || string(got[1].Value.([]byte)) != "core" || got[2].Value != float32(1) {
		t.Errorf("%v, %v", got, err)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "6 lines end in CR LF") {
		t.Errorf("it logs %d lines: %s", lines, log.String())
	}
}

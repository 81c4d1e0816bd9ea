package snmp

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
)

// recordings is a folder beside the project with answers of real devices and what another system
// reads from them, the oracle. It is not part of the project: without it these tests only say so.
const recordings = "../../../shared/recordings"

// expectation is one line of the oracle: what it reads at an object, in its own unit.
type expectation struct {
	recording, kind, class, descr, oid string
	value                              float64
	used, size                         float64 // of a memory or disk
}

// index is the last number of the object's name.
func (e expectation) index() string { return e.oid[strings.LastIndex(e.oid, ".")+1:] }

func expectations(t *testing.T, file string) map[string][]expectation {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(recordings, file))
	if err != nil {
		t.Skipf("NOT RUN: the recordings of real devices are not at %s", recordings)
	}
	out := map[string][]expectation{}
	for _, line := range strings.Split(string(data), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) < 11 {
			continue
		}
		e := expectation{recording: f[0], kind: f[2], class: f[3], descr: f[4], oid: f[5]}
		if _, err := fmt.Sscanf(f[10], "used=%f total=%f", &e.used, &e.size); err != nil {
			if _, err := fmt.Sscanf(f[10], "used=%f size=%f", &e.used, &e.size); err != nil {
				if e.value, err = strconv.ParseFloat(f[10], 64); err != nil {
					t.Fatalf("%s: %q is no number", line, f[10])
				}
			}
		}
		out[e.recording] = append(out[e.recording], e)
	}
	return out
}

// outcome is what came of one recording.
type outcome struct {
	name            string
	listed, matched int
	missing         map[reason]int
}

// reason is why a value of the oracle is not among ours. There are no others.
type reason string

const (
	vendorExcepted reason = "another maker's enterprise, excepted"
	noDiagnostics  reason = "0 of an optical module without diagnostics (supply voltage 0)"
	temporaryFiles reason = "a file system in memory, left out on RouterOS"
)

// TestRecordings replays every recording through the collector and compares each value that the oracle
// lists, after conversion of its unit. A value that is not collected must be so for one of the reasons.
func TestRecordings(t *testing.T) {
	for folder, file := range map[string]string{"mikrotik": "expected_mikrotik.tsv", "other": "expected_other.tsv"} {
		t.Run(folder, func(t *testing.T) {
			expected := expectations(t, file)
			var all []outcome
			for _, name := range slices.Sorted(maps.Keys(expected)) {
				result := outcome{name: name, missing: map[reason]int{}}
				t.Run(name, func(t *testing.T) { result = compare(t, folder, name, expected[name]) })
				all = append(all, result)
			}
			printOutcomes(t, all)
			for name, least := range reached()[folder] {
				i := slices.IndexFunc(all, func(x outcome) bool { return x.name == name })
				if i < 0 || all[i].matched < least {
					t.Errorf("%s: fewer than the %d values that matched before", name, least)
				}
			}
		})
	}
}

// printOutcomes prints the table, file by file.
func printOutcomes(t *testing.T, all []outcome) {
	t.Helper()
	var b strings.Builder
	sum := outcome{name: "all", missing: map[reason]int{}}
	line := func(x outcome) {
		fmt.Fprintf(&b, "%-22s %6d %7d %7d", x.name, x.listed, x.matched, x.listed-x.matched)
		for _, why := range slices.Sorted(maps.Keys(x.missing)) {
			fmt.Fprintf(&b, "  %d %s", x.missing[why], why)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%-22s %6s %7s %7s  reasons\n", "recording", "listed", "matched", "missing")
	for _, x := range all {
		line(x)
		sum.listed += x.listed
		sum.matched += x.matched
		for why, n := range x.missing {
			sum.missing[why] += n
		}
	}
	line(sum)
	t.Log(b.String())
}

// compare replays a recording and judges each expectation.
func compare(t *testing.T, folder, name string, expected []expectation) outcome {
	t.Helper()
	path := filepath.Join(recordings, folder, name+".snmprec")
	device := newReplayed(t, path)
	result := outcome{name: name, listed: len(expected), missing: map[reason]int{}}
	for _, e := range expected {
		wrong := device.judge(e)
		if wrong == "" {
			result.matched++
			continue
		}
		if why := device.excuse(e); why != "" {
			result.missing[why]++
			continue
		}
		t.Errorf("%s %s %q at %s: %s", e.kind, e.class, e.descr, e.oid, wrong)
	}
	return result
}

// replayed is a replayed device: what we read of it, and its answers.
type replayed struct {
	reads   map[string]pipeline.TableRead
	objects map[string]entry
	cores   []string // indexes of its processors
	vendor  bool     // MikroTik's
}

func newReplayed(t *testing.T, path string) *replayed {
	t.Helper()
	d := &replayed{reads: replay(t, path), objects: map[string]entry{}}
	for _, e := range recording(t, path) {
		d.objects[e.oid] = e
		if index, ok := strings.CutPrefix(e.oid, ".1.3.6.1.2.1.25.3.3.1.2."); ok {
			d.cores = append(d.cores, index)
		}
	}
	slices.SortFunc(d.cores, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) })
	d.vendor = strings.HasPrefix(d.text(sysObjectID), "1.3.6.1.4.1.14988")
	return d
}

// text is a recorded text, or "".
func (d *replayed) text(oid string) string {
	switch v := d.objects[oid].value.(type) {
	case []byte:
		return strings.TrimRight(string(v), "\x00")
	case string:
		return v
	}
	return ""
}

// judge returns what is wrong with our reading of a value, "" for nothing.
func (d *replayed) judge(e expectation) string {
	switch e.kind {
	case "mempool", "storage":
		return d.judgeStorage(e)
	case "port":
		return d.differs("interface", []string{d.port(e.index())}, portField(e.class), e.value)
	case "processor":
		return d.differs("cpu", []string{strconv.Itoa(slices.Index(d.cores, e.index()))}, "load_percent", e.value)
	}
	for _, o := range objectsOf() {
		if column := strings.TrimSuffix(e.oid, "."+e.index()); column == o.oid || e.oid == o.oid {
			return d.differs(o.table, o.row(d, e), o.fieldOf(e), e.value*o.factorOf())
		}
	}
	return "no table reads it"
}

// differs compares one field of the row with these keys.
func (d *replayed) differs(table string, keys []string, field string, want float64) string {
	r, ok := d.reads[table]
	if !ok {
		return "no table " + table
	}
	for i, k := range keys {
		keys[i] = pipeline.CleanName(k)
	}
	for _, s := range r.Samples {
		if s.Series.Row() != strings.Join(keys, "/") {
			continue
		}
		v := s.Value(field)
		if v.IsNone() {
			return fmt.Sprintf("%s%q has no %s", table, keys, field)
		}
		got := v.Float()
		if v.Kind() == pipeline.Counter || v.Kind() == pipeline.Counter32 {
			want = math.Mod(want, 1<<63) // as the schema stores counters
		}
		if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
			return fmt.Sprintf("%s%q %s is %v, want %v", table, keys, field, got, want)
		}
		return ""
	}
	return fmt.Sprintf("no row %s%q", table, keys)
}

// judgeStorage: the oracle takes what net-snmp counts as used but could free off the main memory, and
// gives buffers and caches the size of the main memory, as the router table does.
func (d *replayed) judgeStorage(e expectation) string {
	wrong := func(table, name, used, size string) string {
		keys := func() []string {
			if name == "" {
				return nil
			}
			return []string{name}
		}
		if w := d.differs(table, keys(), used, e.used); w != "" {
			return w
		}
		return d.differs(table, keys(), size, e.size)
	}
	asListed := wrong("storage", e.descr, "used_bytes", "total_bytes")
	if asListed == "" || e.kind == "storage" {
		return asListed
	}
	class := e.class
	if strings.HasPrefix(e.descr, "Shared ") {
		class = "shared"
	}
	switch class {
	case "system":
		return wrong("router", "", "memory_used_bytes", "memory_total_bytes")
	case "buffers", "cached", "shared":
		return wrong("router", "", "memory_"+class+"_bytes", "memory_total_bytes")
	}
	return asListed
}

// excuse says why a value may be missing; "" if it may not.
func (d *replayed) excuse(e expectation) reason {
	switch {
	case inside(e.oid, ".1.3.6.1.4.1") && !inside(e.oid, mikrotik):
		return vendorExcepted
	case inside(e.oid, opticalEntry) && e.value == 0 && d.objects[opticalEntry+".7."+e.index()].value == uint32(0):
		return noDiagnostics
	case d.vendor && e.kind == "mempool" && strings.Contains(e.descr, "tmpfs"):
		return temporaryFiles
	}
	return ""
}

// port is how our rows call an interface: two of one name are told apart by their index.
func (d *replayed) port(index string) string {
	name := func(index string) string {
		if n := d.text(ifXEntry + ".1." + index); n != "" {
			return n
		}
		if n := d.text(ifEntry + ".2." + index); n != "" {
			return n
		}
		return index
	}
	mine, same := name(index), 0
	for oid := range d.objects {
		if other, ok := strings.CutPrefix(oid, ifEntry+".2."); ok && pipeline.CleanName(name(other)) == pipeline.CleanName(mine) {
			same++
		}
	}
	if same > 1 {
		return pipeline.CleanName(mine) + "~" + index
	}
	return mine
}

func portField(class string) string {
	return map[string]string{"ifInOctets": "rx_bytes", "ifOutOctets": "tx_bytes", "ifInErrors": "rx_errors", "ifOutErrors": "tx_errors",
		"ifInDiscards": "rx_discards", "ifOutDiscards": "tx_discards", "ifInUcastPkts": "rx_unicast_packets",
		"ifOutUcastPkts": "tx_unicast_packets"}[class]
}

// replay polls all lanes of a recorded device twice, which must agree.
func replay(t *testing.T, path string) map[string]pipeline.TableRead {
	t.Helper()
	r, err := simulator.OpenRecording(path, simulator.RecordingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	c := newAgent(t).collector(t, func(target *Target) {
		target.Port, target.Timeout = int(r.Addr().Port()), 2*time.Second
	})
	reads := map[string]pipeline.TableRead{}
	for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
		first := mustCollectLane(t, c, lane)
		if second := mustCollectLane(t, c, lane); dump(first...) != dump(second...) {
			t.Errorf("the second poll differs: first\n%ssecond\n%s", dump(first...), dump(second...))
		}
		for _, r := range first {
			reads[r.Table.Name] = r
		}
	}
	return reads
}

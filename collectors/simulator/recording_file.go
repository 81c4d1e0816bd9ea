package simulator

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// recorded is one object of a recording.
type recorded struct {
	name  []uint32
	value value
}

// recordedMIB is ascending by name, without doubles.
type recordedMIB []recorded

// maxRecordedLine bounds a line of a recording.
const maxRecordedLine = 1 << 20

// readRecording reads the lines in any order. Of two with one name the first counts. Empty lines are
// skipped, a carriage return at the end of a line is not part of its value, a line that cannot be read
// is left out. There is an error if no line can be read.
func readRecording(r io.Reader) (recordedMIB, recordedFaults, error) {
	var (
		m      recordedMIB
		faults recordedFaults
	)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), maxRecordedLine)
	lines.Split(splitLines)
	for number := 1; lines.Scan(); number++ {
		line, hadReturn := bytes.CutSuffix(lines.Bytes(), []byte("\r"))
		if hadReturn {
			faults.returns++
		}
		if len(line) == 0 {
			continue
		}
		object, err := parseRecorded(string(line))
		if err != nil {
			faults.unread(number, err)
			continue
		}
		if len(m) > 0 && slices.Compare(m[len(m)-1].name, object.name) > 0 {
			faults.backwards++
		}
		m = append(m, object)
	}
	if err := lines.Err(); err != nil {
		return nil, faults, err
	}
	if len(m) == 0 {
		return nil, faults, cmp.Or(faults.first, errors.New("there is nothing in it"))
	}
	slices.SortStableFunc(m, func(a, b recorded) int { return slices.Compare(a.name, b.name) })
	all := len(m)
	m = slices.CompactFunc(m, func(a, b recorded) bool { return slices.Equal(a.name, b.name) })
	faults.doubles = all - len(m)
	return m, faults, nil
}

// splitLines is bufio.ScanLines that leaves the carriage return to its caller.
func splitLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// recordedFaults are what is wrong with a recording, and was put up with.
type recordedFaults struct {
	lines     int   // that could not be read
	first     error // of them
	returns   int   // lines that end in CR LF
	backwards int   // lines whose name comes before the one above
	doubles   int   // lines that repeat a name
}

func (f *recordedFaults) unread(line int, err error) {
	if f.lines++; f.first == nil {
		f.first = fmt.Errorf("line %d: %w", line, err)
	}
}

// list says them for people.
func (f *recordedFaults) list() []string {
	var out []string
	for _, fault := range []struct {
		count int
		what  string
	}{
		{f.lines, fmt.Sprintf("lines cannot be read and are left out, the first: %v", f.first)},
		{f.returns, "lines end in CR LF"},
		{f.backwards, "lines go backwards"},
		{f.doubles, "lines repeat a name and are left out"},
	} {
		if fault.count > 0 {
			out = append(out, fmt.Sprintf("%d %s", fault.count, fault.what))
		}
	}
	return out
}

func parseRecorded(line string) (recorded, error) {
	parts := strings.SplitN(line, "|", 3)
	if len(parts) != 3 {
		return recorded{}, errors.New("want OID|type|value")
	}
	name, err := parseOID(parts[0])
	if err != nil || len(name) > maxOIDLength {
		return recorded{}, fmt.Errorf("%q is not an object identifier", parts[0])
	}
	kind, inHex := strings.CutSuffix(parts[1], "x")
	tag, err := strconv.ParseUint(kind, 10, 8)
	if err != nil {
		return recorded{}, fmt.Errorf("%q is not a type", parts[1])
	}
	v, err := parseRecordedValue(byte(tag), inHex, parts[2])
	if err != nil {
		return recorded{}, fmt.Errorf("type %s, value %q: %w", parts[1], parts[2], err)
	}
	return recorded{name, v}, nil
}

func parseRecordedValue(tag byte, inHex bool, s string) (value, error) {
	v := value{tag: tag}
	var err error
	switch tag {
	case tagInteger:
		var n int64
		n, err = strconv.ParseInt(s, 10, 64)
		v.num = uint64(n)
	case tagCounter32, tagGauge32, tagTimeTicks:
		v.num, err = strconv.ParseUint(s, 10, 32)
	case tagCounter64:
		v.num, err = strconv.ParseUint(s, 10, 64)
	case tagOID:
		v.oid, err = parseOID(s)
	case tagNull:
	case tagOctetString, tagOpaque, tagIPAddress:
		v.str, err = parseRecordedBytes(tag, inHex, s)
	default:
		err = errors.New("a type that is not SNMP's")
	}
	return v, err
}

func parseRecordedBytes(tag byte, inHex bool, s string) ([]byte, error) {
	switch {
	case inHex:
		return hex.DecodeString(s)
	case tag == tagIPAddress:
		address, err := netip.ParseAddr(s)
		if err != nil {
			return nil, err
		}
		return address.AsSlice(), nil
	default:
		return []byte(s), nil
	}
}

// search returns the first object from name on, and whether it is the very one.
func (m recordedMIB) search(name []uint32) (int, bool) {
	return slices.BinarySearchFunc(m, name, func(o recorded, name []uint32) int { return slices.Compare(o.name, name) })
}

// get implements mib. An object with a sibling has an instance missing; one without is unknown.
func (m recordedMIB) get(name []uint32) value {
	at, ok := m.search(name)
	if ok {
		return m[at].value
	}
	if len(name) > 1 {
		parent := name[:len(name)-1]
		if at, _ := m.search(parent); at < len(m) && hasPrefix(m[at].name, parent) {
			return value{tag: tagNoSuchInstance}
		}
	}
	return value{tag: tagNoSuchObject}
}

// next implements mib.
func (m recordedMIB) next(name, dst []uint32) ([]uint32, value) {
	at, ok := m.search(name)
	if ok {
		at++
	}
	if at == len(m) {
		return dst, value{tag: tagEndOfMIBView}
	}
	return append(dst, m[at].name...), m[at].value
}

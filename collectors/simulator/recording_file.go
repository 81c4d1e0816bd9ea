package simulator

import (
	"bufio"
	"bytes"
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
// skipped, a carriage return at the end of a line is not part of its value.
func readRecording(r io.Reader) (recordedMIB, error) {
	var m recordedMIB
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), maxRecordedLine)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		if len(line) == 0 {
			continue
		}
		object, err := parseRecorded(string(line))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		m = append(m, object)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(m, func(a, b recorded) int { return slices.Compare(a.name, b.name) })
	return slices.CompactFunc(m, func(a, b recorded) bool { return slices.Equal(a.name, b.name) }), nil
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

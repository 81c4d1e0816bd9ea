package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// A segment begins with a header:
//
//	magic u64 | version u16 | 0 u16 | 0 u32 | first seq u64 | created i64 | 0 … | CRC u32
//
// and a sealed one ends with a footer, a record that sums it up, so that opening a spool needs to read
// no other record than the last segment's.
const (
	segmentMagic   = 0x314c4f4f50535052 // "RPSPOOL1"
	segmentVersion = 2
	segmentHead    = 64
	segmentSuffix  = ".seg"
	footerPayload  = 8 + 8
	footerSize     = headSize + footerPayload
)

// segment is one file of records with consecutive sequence numbers.
type segment struct {
	name     string
	first    uint64 // of its records
	next     uint64 // after its last record
	size     int64  // of what is good
	synced   int64  // of that, what is on the disk
	min, max int64  // times of its lines; 0: it has none

	points     int // all that were ever in it
	left       int // records that are not settled
	leftPoints int
	file       file // while it is written to

	syncing sync.Mutex // one at a time, and none while the file is closed
	syncErr error
}

// sync brings what was written to the file to the disk. Once that failed it fails for ever: a kernel tells
// of what it could not write once, and who asks next would hear that all is well.
func (g *segment) sync(f file) error {
	g.syncing.Lock()
	defer g.syncing.Unlock()
	if g.syncErr == nil {
		g.syncErr = f.Sync()
	}
	return g.syncErr
}

// close ends writing to it.
func (g *segment) close() {
	g.syncing.Lock()
	defer g.syncing.Unlock()
	_ = g.file.Close() // what matters was synced
	g.file = nil
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

// parseName is the first sequence number that a file's name says.
func parseName(name string) (first uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, err == nil
}

func appendSegmentHead(b []byte, first uint64, created int64) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint64(b, segmentMagic)
	b = binary.LittleEndian.AppendUint16(b, segmentVersion)
	b = append(b, make([]byte, 6)...)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint64(b, uint64(created))
	b = append(b, make([]byte, segmentHead-4-(len(b)-start))...)
	return binary.LittleEndian.AppendUint32(b, checksum(b[start:]))
}

var (
	errNoSegment = errors.New("not a segment of a spool")
	errBadHead   = errors.New("the header of the file is damaged")
)

// checkSegment reports why a file cannot be used. One whose header alone is damaged can: its records say
// themselves what they are.
func checkSegment(f io.ReaderAt, size int64, first uint64) error {
	var b [segmentHead]byte
	n, err := f.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err = checkSegmentHead(b[:n], first); !errors.Is(err, errBadHead) {
		return err
	}
	h, _, scanErr := newScanner(f, segmentHead, size).next()
	if scanErr == nil && h.seq >= first && h.seq-first <= uint64(size/headSize) {
		return nil
	}
	return err
}

func checkSegmentHead(b []byte, first uint64) error {
	switch {
	case len(b) < segmentHead || binary.LittleEndian.Uint64(b) != segmentMagic || binary.LittleEndian.Uint32(b[segmentHead-4:]) != checksum(b[:segmentHead-4]):
		return errBadHead
	case binary.LittleEndian.Uint16(b[8:]) != segmentVersion:
		return fmt.Errorf("version %d: %w of this version", binary.LittleEndian.Uint16(b[8:]), errNoSegment)
	case binary.LittleEndian.Uint64(b[16:]) != first:
		return fmt.Errorf("it begins at %d: %w of that name", binary.LittleEndian.Uint64(b[16:]), errNoSegment)
	}
	return nil
}

// appendFooter sums a segment up.
func (g *segment) appendFooter(b []byte) []byte {
	var payload [footerPayload]byte
	binary.LittleEndian.PutUint64(payload[:], g.next-g.first)
	binary.LittleEndian.PutUint64(payload[8:], uint64(g.points))
	return appendRecord(b, head{kind: typeFooter, seq: g.next, min: g.min, max: g.max}, payload[:])
}

// readFooter reads the summary of a sealed segment of a size.
func readFooter(f io.ReaderAt, size int64) (h head, points int, ok bool) {
	var b [footerSize]byte
	if size < segmentHead+footerSize {
		return head{}, 0, false
	}
	if _, err := f.ReadAt(b[:], size-footerSize); err != nil {
		return head{}, 0, false
	}
	h, err := parseHead(b[:])
	if err != nil || h.kind != typeFooter || h.length != footerPayload || checksum(b[headSize:]) != h.payload {
		return head{}, 0, false
	}
	return h, int(binary.LittleEndian.Uint64(b[headSize+8:])), true
}

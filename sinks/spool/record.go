package spool

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// Record is the result of one finished poll.
type Record struct {
	Points  int    // lines, which are samples
	Lines   []byte // line protocol, each line with its end
	MinTime int64  // of the lines, Unix milliseconds
	MaxTime int64
}

// Entry is a record that a reader hands out.
type Entry struct {
	Packed
	Points           int
	MinTime, MaxTime int64 // of the lines, Unix milliseconds
	Seq              uint64
	At               time.Time // when it was appended; from the disk, MaxTime
}

// A record on the disk, 8-byte aligned: this header, then the payload.
//
//	magic u32 | length u32 | type u8 | codec u8 | 0 u16 | points u32 | seq u64 | min i64 | max i64
//	| CRC of the header u32 | CRC of the payload u32
const (
	recordMagic = 0x43525052 // "RPRC"
	headSize    = 48
	align       = 8

	typeLines    = 1
	typeFooter   = 2 // the end of a sealed segment; its payload sums it up
	codecNone    = 0 // of a footer
	codecDeflate = 2
)

// head is the header of a record.
type head struct {
	length   uint32 // of the payload
	kind     uint8
	codec    uint8
	points   uint32
	seq      uint64
	min, max int64
	payload  uint32 // CRC
}

// ErrTooLarge says that a record can never be kept.
var ErrTooLarge = errors.New("one poll is larger than a record may be")

var (
	errNoRecord  = errors.New("no record here")
	errDamaged   = errors.New("the payload of a record is damaged")
	errNotOpen   = errors.New("spool is not open")
	errFull      = errors.New("no room for the spool")
	errSealed    = errors.New("writing failed a moment ago")
	errLostFsync = errors.New("what was written could not be brought to the disk")
)

// checksum is the CRC of headers and payloads. The table behind it is made once, by the library.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// padded is the size of a payload on the disk.
func padded(n int) int64 { return int64(n+align-1) &^ (align - 1) }

// size is how much of the file the record takes.
func (h *head) size() int64 { return headSize + padded(int(h.length)) }

// appendRecord appends a record, header and payload.
func appendRecord(b []byte, h head, payload []byte) []byte {
	start := len(b)
	h.length, h.payload = uint32(len(payload)), checksum(payload)
	b = binary.LittleEndian.AppendUint32(b, recordMagic)
	b = binary.LittleEndian.AppendUint32(b, h.length)
	b = append(b, h.kind, h.codec, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, h.points)
	b = binary.LittleEndian.AppendUint64(b, h.seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.min))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.max))
	b = binary.LittleEndian.AppendUint32(b, checksum(b[start:]))
	b = binary.LittleEndian.AppendUint32(b, h.payload)
	b = append(b, payload...)
	for len(b)%align != start%align {
		b = append(b, 0)
	}
	return b
}

// parseHead reads a header. What it says of lengths can be relied upon.
func parseHead(b []byte) (h head, err error) {
	if len(b) < headSize || binary.LittleEndian.Uint32(b) != recordMagic || binary.LittleEndian.Uint32(b[40:]) != checksum(b[:40]) {
		return head{}, errNoRecord
	}
	h = head{length: binary.LittleEndian.Uint32(b[4:]), kind: b[8], codec: b[9], points: binary.LittleEndian.Uint32(b[12:]), seq: binary.LittleEndian.Uint64(b[16:]),
		min: int64(binary.LittleEndian.Uint64(b[24:])), max: int64(binary.LittleEndian.Uint64(b[32:])), payload: binary.LittleEndian.Uint32(b[44:])}
	if h.length > maxRecord || h.kind != typeLines && h.kind != typeFooter || h.codec != codecNone && h.codec != codecDeflate {
		return head{}, errNoRecord
	}
	return h, nil
}

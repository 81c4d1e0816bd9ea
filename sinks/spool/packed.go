package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Packed is line protocol as it is in the spool, packed so that records can be joined to the body of a request
// without being unpacked: a gzip is a head, any number of blocks, and an end that tells the checksum and the
// length of what was packed. The checksum of two joined texts follows from theirs.
//
// In a record: size u32 | CRC-32 (IEEE) u32 | deflate blocks that end at a byte, none of them the last.
type Packed struct {
	blocks []byte
	size   uint32 // of the lines
	crc    uint32 // of the lines
}

const packedHead = 4 + 4

// lastBlock is an empty block that says that it is the last: its header (last, fixed codes) and the code of
// its end are ten bits that happen to be two bytes 03 00.
const lastBlock = "\x03\x00"

func appendPackedHead(b, lines []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(lines)))
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(lines))
}

func parsePacked(payload []byte) (p Packed, ok bool) {
	if len(payload) < packedHead {
		return Packed{}, false
	}
	p = Packed{blocks: payload[packedHead:], size: binary.LittleEndian.Uint32(payload), crc: binary.LittleEndian.Uint32(payload[4:])}
	return p, p.size <= maxLines
}

// Size is the length of the lines.
func (p Packed) Size() int { return int(p.size) }

// Lines unpacks them.
func (p Packed) Lines() ([]byte, error) {
	r := flate.NewReader(io.MultiReader(bytes.NewReader(p.blocks), bytes.NewReader([]byte(lastBlock))))
	lines := make([]byte, p.size)
	_, err := io.ReadFull(r, lines)
	if err == nil && crc32.ChecksumIEEE(lines) != p.crc {
		err = errors.New("its checksum differs")
	}
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return lines, nil
}

// Gzip is one gzip of all the entries' lines.
func Gzip(entries []Entry) []byte {
	size := gzipHead + len(lastBlock) + 4 + 4
	for i := range entries {
		size += len(entries[i].blocks)
	}
	b := append(make([]byte, 0, size), 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff) // deflate, no name, no time, fastest, any system
	var crc, length uint32
	for i := range entries {
		p := &entries[i].Packed
		b = append(b, p.blocks...)
		crc = joinCRC(crc, p.crc, p.size)
		length += p.size
	}
	b = append(b, lastBlock...)
	b = binary.LittleEndian.AppendUint32(b, crc)
	return binary.LittleEndian.AppendUint32(b, length)
}

const gzipHead = 10

// joinCRC is the CRC-32 of a text whose first part has the CRC a, and whose second, of a length, has b. A CRC
// is a polynomial modulo another: the bytes that follow the first part multiply it by x for each of their bits.
func joinCRC(a, b, length uint32) uint32 {
	shift, square := uint32(1<<31), uint32(1<<23) // x^0 and x^8: the highest bit stands for x^0
	for ; length > 0; length >>= 1 {
		if length&1 != 0 {
			shift = timesCRC(shift, square)
		}
		square = timesCRC(square, square)
	}
	return timesCRC(shift, a) ^ b
}

// timesCRC multiplies two polynomials, modulo that of CRC-32.
func timesCRC(a, b uint32) (product uint32) {
	for bit := uint32(1 << 31); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		odd := b & 1
		b = b>>1 ^ crc32.IEEE&-odd
	}
	return product
}

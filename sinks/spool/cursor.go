package spool

import (
	"encoding/binary"
)

// The cursor file has two slots, written in turn, so that one of them is whole at any time:
//
//	magic u32 | intervals u32 | generation u64 | from u64, to u64 … | CRC of the slot u32 at its end
const (
	cursorName      = "cursor"
	cursorMagic     = 0x43525053 // "SPRC"
	slotSize        = 4096
	cursorIntervals = (slotSize - 16 - 4) / 16
)

// cursor is what is settled, on the disk.
type cursor struct {
	file       file
	generation uint64
}

// openCursor reads the newest whole slot; none: nothing is settled, and all is handed out again.
func openCursor(dir folder) (c cursor, settled intervals, err error) {
	f, err := dir.open(cursorName, false)
	if isNotThere(err) {
		if f, err = dir.open(cursorName, true); err == nil {
			err = dir.sync()
		}
	}
	if err != nil {
		return cursor{}, nil, err
	}
	c.file = f
	for slot := range int64(2) {
		buf := make([]byte, slotSize)
		if n, _ := f.ReadAt(buf, slot*slotSize); n < slotSize {
			continue
		}
		if generation, list, ok := parseSlot(buf); ok && generation >= c.generation {
			c.generation, settled = generation, list
		}
	}
	return c, settled, nil
}

func parseSlot(b []byte) (generation uint64, list intervals, ok bool) {
	if len(b) != slotSize || binary.LittleEndian.Uint32(b) != cursorMagic || binary.LittleEndian.Uint32(b[slotSize-4:]) != checksum(b[:slotSize-4]) {
		return 0, nil, false
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n > cursorIntervals {
		return 0, nil, false
	}
	for i := range n {
		at := b[16+16*i:]
		x := interval{binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])}
		if x.from > x.to || len(list) > 0 && x.from <= list[len(list)-1].to+1 {
			return 0, nil, false
		}
		list = append(list, x)
	}
	return binary.LittleEndian.Uint64(b[8:]), list, true
}

// write brings what is settled to the disk. Of more intervals than a slot holds the lowest are written:
// the others are handed out again after a crash.
func (c *cursor) write(settled intervals) error {
	settled = settled[:min(len(settled), cursorIntervals)]
	b := make([]byte, slotSize)
	binary.LittleEndian.PutUint32(b, cursorMagic)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(settled)))
	binary.LittleEndian.PutUint64(b[8:], c.generation+1)
	for i, x := range settled {
		binary.LittleEndian.PutUint64(b[16+16*i:], x.from)
		binary.LittleEndian.PutUint64(b[24+16*i:], x.to)
	}
	binary.LittleEndian.PutUint32(b[slotSize-4:], checksum(b[:slotSize-4]))
	if _, err := c.file.WriteAt(b, int64((c.generation+1)%2)*slotSize); err != nil {
		return err
	}
	c.generation++
	return c.file.Sync()
}

func (c *cursor) close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

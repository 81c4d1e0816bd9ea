package spool

import (
	"bytes"
	"fmt"
	"sync"
)

// codec packs line protocol. It is safe for concurrent use.
type codec struct {
	mu   sync.Mutex
	pack *packer
	out  []byte // its memory is used again
}

// maxLines bounds the line protocol of one record.
const maxLines = 16 << 20

func newCodec() *codec { return &codec{pack: newPacker()} }

// encode makes the payload of a record of lines.
func (c *codec) encode(lines []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = c.pack.pack(appendPackedHead(c.out[:0], lines), lines)
	return bytes.Clone(c.out)
}

func decode(h *head, payload []byte) (Packed, error) {
	p, ok := parsePacked(payload)
	if !ok || h.codec != codecDeflate {
		return Packed{}, fmt.Errorf("%w: it is not packed as this version packs", errDamaged)
	}
	return p, nil
}

package spool

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/flate"
)

// codec packs line protocol. It is safe for concurrent use.
type codec struct {
	mu   sync.Mutex
	pack *flate.Writer
	out  bytes.Buffer
}

// maxLines bounds the line protocol of one record.
const maxLines = 16 << 20

func newCodec() (*codec, error) {
	pack, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	return &codec{pack: pack}, nil
}

// encode makes the payload of a record of lines.
func (c *codec) encode(lines []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Reset()
	c.out.Write(appendPackedHead(c.out.AvailableBuffer(), lines))
	c.pack.Reset(&c.out)
	if _, err := c.pack.Write(lines); err != nil {
		return nil, err
	}
	// Flush, not Close: the last block does not say that it is the last, so that others may follow it.
	if err := c.pack.Flush(); err != nil {
		return nil, err
	}
	return bytes.Clone(c.out.Bytes()), nil
}

func (c *codec) decode(h *head, payload []byte) (Packed, error) {
	p, ok := parsePacked(payload)
	if !ok || h.codec != codecDeflate {
		return Packed{}, fmt.Errorf("%w: it is not packed as this version packs", errDamaged)
	}
	return p, nil
}

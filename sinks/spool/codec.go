package spool

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// codec packs line protocol. It is safe for concurrent use.
type codec struct {
	pack   *zstd.Encoder
	unpack *zstd.Decoder
}

// maxLines bounds the line protocol of one record.
const maxLines = 16 << 20

func newCodec() (*codec, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithWindowSize(128<<10))
	if err != nil {
		return nil, err
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxLines))
	if err != nil {
		return nil, err
	}
	return &codec{pack, unpack}, nil
}

// encode appends the packed form of lines.
func (c *codec) encode(dst, lines []byte) []byte { return c.pack.EncodeAll(lines, dst) }

func (c *codec) decode(h *head, payload []byte) ([]byte, error) {
	if h.codec == codecNone {
		return payload, nil
	}
	lines, err := c.unpack.DecodeAll(payload, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return lines, nil
}

func (c *codec) close() {
	_ = c.pack.Close() // nothing is in it
	c.unpack.Close()
}

package sse

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
)

// A stream that is compressed costs no compressor: what equal views share is deflated once, with nothing
// before it to refer to and up to a whole byte, so that such segments can follow one another in any order, each
// in the middle of any stream. What only one connection is told is wrapped as it is, and so is never
// compressed together with what others may choose.

// shared is what several connections are sent as it is.
type shared struct {
	bytes  []byte
	alone  bool // when it was made one connection was to be sent it
	once   sync.Once
	packed []byte // once it was asked for
}

// packer deflates. One is enough for all streams, as each segment is deflated once.
type packer struct {
	mu sync.Mutex
	w  *flate.Writer // made when it is needed first: it is large
	to bytes.Buffer
}

// packLevel saves nearly as much as the slowest one, on short segments that begin with nothing.
const packLevel = 3

// Below these sizes a segment is not worth packing: for several connections, and for the only one that looks at a
// view. A short one takes longer to pack than to send.
const (
	minPack      = 128
	minPackAlone = 4 << 10
)

// newShared prepares what those who look at a view are sent.
func newShared(b []byte, v *view) *shared {
	return &shared{bytes: b, alone: v.users.Load() < 2}
}

// deflated returns the segment as blocks of a deflate stream.
func (s *shared) deflated(p *packer) []byte {
	s.once.Do(func() {
		if len(s.bytes) < minPack || s.alone && len(s.bytes) < minPackAlone {
			s.packed = appendStored(nil, s.bytes)
			return
		}
		s.packed = p.pack(s.bytes)
	})
	return s.packed
}

func (p *packer) pack(b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil {
		p.w, _ = flate.NewWriter(nil, packLevel) // the level is one that there is
	}
	p.to.Reset()
	p.w.Reset(&p.to)
	_, _ = p.w.Write(b) // a buffer takes everything
	_ = p.w.Flush()     // ends with a whole byte
	return bytes.Clone(p.to.Bytes())
}

// Pieces of a gzip stream: its head, which says nothing of a name or a time; an empty block, at which readers give
// out what they have; and the last block.
const (
	gzipHead  = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	syncBlock = "\x00\x00\x00\xff\xff"
	lastBlock = "\x01\x00\x00\xff\xff"
	maxStored = 1<<16 - 1
)

// appendStored appends bytes as blocks that are not compressed.
func appendStored(dst, b []byte) []byte {
	for len(b) > 0 {
		n := min(len(b), maxStored)
		dst = binary.LittleEndian.AppendUint16(append(dst, 0), uint16(n))
		dst = binary.LittleEndian.AppendUint16(dst, ^uint16(n))
		dst, b = append(dst, b[:n]...), b[n:]
	}
	return append(dst, syncBlock...)
}

// gzipped is what one compressed stream keeps.
type gzipped struct {
	begun bool
	sum   uint32
	size  uint32
}

// wrap returns frames as they go into the stream. of is what they are shared as, nil if they are not; after the
// last ones the stream ends.
func (g *gzipped) wrap(frames []byte, of *shared, p *packer, last bool) []byte {
	g.sum = crc32.Update(g.sum, crc32.IEEETable, frames)
	g.size += uint32(len(frames))
	if of != nil && g.begun && !last {
		return of.deflated(p)
	}
	out := make([]byte, 0, len(frames)+64)
	if !g.begun {
		g.begun = true
		out = append(out, gzipHead...)
	}
	out = appendStored(out, frames)
	if last {
		out = append(out, lastBlock...)
		out = binary.LittleEndian.AppendUint32(out, g.sum)
		out = binary.LittleEndian.AppendUint32(out, g.size)
	}
	return out
}

// takesGzip reads Accept-Encoding; a q of 0 is a no.
func takesGzip(r *http.Request) bool {
	for offer := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(offer, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, given := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		return !given || strings.Trim(q, "0.") != ""
	}
	return false
}

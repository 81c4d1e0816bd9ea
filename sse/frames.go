package sse

import (
	"slices"
	"strconv"
)

// Sizes of what is written, in bytes. Common readers of event streams break above 64 KiB.
const (
	maxFrame        = 64 << 10
	maxSnapshotPart = 32 << 10
	frameOverhead   = 512 // event, id and data lines, the head and the end of a delta
)

// chunk is what is written at once: whole frames, together no more than one frame may be.
type chunk struct {
	bytes []byte
	idAt  int    // where the last frame's id goes
	told  uint64 // the position of the last event that is whole by its end, 0 for none
}

// withID returns the chunk with an id on its last frame.
func (c chunk) withID(id string) []byte {
	out := make([]byte, 0, len(c.bytes)+len(id)+len("id: \n"))
	out = append(out, c.bytes[:c.idAt]...)
	out = append(append(append(out, "id: "...), id...), '\n')
	return append(out, c.bytes[c.idAt:]...)
}

// appendFrame appends a frame. Event and id are ours or from the config, and data is one line of JSON,
// so nothing that a device says can end a line.
func appendFrame(dst []byte, event, id string, data []byte) []byte {
	dst = append(append(append(dst, "event: "...), event...), '\n')
	if id != "" {
		dst = append(append(append(dst, "id: "...), id...), '\n')
	}
	return append(append(append(dst, "data: "...), data...), "\n\n"...)
}

// writer gathers frames into chunks. Changes in a row share a delta frame, or get a frame each where
// the view is for pages that know only the names of their own events.
type writer struct {
	app  bool
	head []byte // of each delta

	chunks []chunk
	buf    []byte
	idAt   int
	delta  bool   // the last frame in buf is a delta that is still open
	told   uint64 // the position of the last event that is in
}

// deltaHead is how a delta frame's data begins.
func deltaHead(at int64, base, seq uint64) []byte {
	b := strconv.AppendInt([]byte(`{"time":`), at, 10)
	b = strconv.AppendUint(append(b, `,"base":`...), base, 10)
	b = strconv.AppendUint(append(b, `,"seq":`...), seq, 10)
	return append(b, `,"changes":[`...)
}

// fits reports whether a change can go into the last chunk, or nothing is in it.
func (w *writer) fits(size int) bool {
	return len(w.buf) == 0 || len(w.buf)+size+frameOverhead <= maxFrame
}

// change adds a change: an element of a delta, or the row that is the data of a frame of its own.
func (w *writer) change(event string, data []byte) {
	if w.app {
		w.frame(event, data)
		return
	}
	if !w.fits(len(data)) {
		w.flush()
	}
	if w.delta {
		w.buf = append(w.buf, ',')
	} else {
		w.open("delta")
		w.buf = append(append(w.buf, "data: "...), w.head...)
		w.delta = true
	}
	w.buf = append(w.buf, data...)
}

// frame adds a frame, in another chunk if this one is full.
func (w *writer) frame(event string, data []byte) {
	w.close()
	if !w.fits(len(data)) {
		w.flush()
	}
	w.last(event, data)
}

// last adds a frame to the chunk, be it full or not.
func (w *writer) last(event string, data []byte) {
	w.close()
	w.open(event)
	w.buf = append(append(append(w.buf, "data: "...), data...), "\n\n"...)
}

func (w *writer) open(event string) {
	w.buf = append(append(append(w.buf, "event: "...), event...), '\n')
	w.idAt = len(w.buf)
}

// close ends an open delta.
func (w *writer) close() {
	if w.delta {
		w.buf = append(w.buf, "]}\n\n"...)
		w.delta = false
	}
}

// flush ends the chunk.
func (w *writer) flush() {
	w.close()
	if len(w.buf) > 0 {
		w.chunks = append(w.chunks, chunk{slices.Clone(w.buf), w.idAt, w.told})
		w.buf = w.buf[:0]
	}
}

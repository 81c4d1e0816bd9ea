package routeros

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	library "github.com/go-routeros/routeros/v3"
	"github.com/go-routeros/routeros/v3/proto"

	"github.com/routerpulse/routerpulse/pipeline"
)

const wireBufferBytes = 8 << 10

// patience says how long a request may take.
type patience struct {
	total   time.Duration // for the whole answer
	silence time.Duration // for each sentence of it
}

// wire carries sentences over a connection for the length of one exchange. It stands below the
// library as its io.ReadWriter and keeps it from harm: limits by framing, a deadline on every read
// and write, and no byte handed up beyond the end of a sentence, so that nothing of the next reply
// ever hides in the library's buffers.
//
// What is written is held until the next read: requests that are pipelined leave in one segment.
//
// A wire costs 16 KiB, a kept connection should not: idle ones have none.
type wire struct {
	reader proto.Reader
	writer proto.Writer

	conn    net.Conn
	ctx     context.Context // the library's Read and Write have no room for it
	stop    func() bool     // ends the watch over ctx
	until   time.Time       // the deadline of the whole exchange
	silence time.Duration

	frame    framing
	in       []byte
	from, to int // unread bytes are in[from:to]
	out      []byte
	timed    bool  // the read deadline of the current sentence is set
	broken   error // nothing goes on after it

	sent, received int64
}

func newWire() *wire {
	w := &wire{in: make([]byte, wireBufferBytes)}
	w.reader, w.writer = proto.NewReader(w), proto.NewWriter(w)
	return w
}

// attach begins an exchange over conn. It must be ended by detach.
func (w *wire) attach(ctx context.Context, conn net.Conn, p patience) {
	w.conn, w.ctx, w.silence = conn, ctx, p.silence
	w.until = time.Now().Add(p.total)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(w.until) {
		w.until = deadline
	}
	w.sent, w.received, w.timed = 0, 0, false
	w.frame.restart()
	w.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

// detach ends the exchange and reports whether both the wire and the connection are good for another.
func (w *wire) detach() (reusable bool) {
	cancelled := !w.stop()
	clear(w.out[:cap(w.out)])
	w.out = w.out[:0]
	reusable = w.broken == nil && !cancelled && w.from == w.to
	w.conn, w.ctx, w.stop = nil, nil, nil
	return reusable
}

// Read hands the library at most the rest of one sentence.
func (w *wire) Read(p []byte) (int, error) {
	if err := w.flush(); err != nil || len(p) == 0 {
		return 0, err
	}
	for {
		if w.broken != nil {
			return 0, w.broken
		}
		if w.from == w.to {
			w.fill()
			continue
		}
		n, ended, err := w.frame.scan(w.in[w.from:min(w.to, w.from+len(p))])
		copy(p, w.in[w.from:w.from+n])
		w.from += n
		w.broken = err
		if ended {
			w.timed = false
		}
		if n > 0 {
			return n, nil
		}
	}
}

// fill reads what the connection has. The time allowed runs anew for each sentence, not for each
// byte: one byte a second is no answer.
func (w *wire) fill() {
	if !w.timed {
		w.broken = w.conn.SetReadDeadline(w.nextDeadline())
		w.timed = true
	}
	if err := w.ctx.Err(); err != nil {
		w.broken = ioError(w.ctx, err) // it ended before the deadline above was set
	}
	if w.broken != nil {
		return
	}
	n, err := w.conn.Read(w.in)
	w.from, w.to = 0, n
	w.received += int64(n)
	if n == 0 && err != nil {
		w.broken = ioError(w.ctx, err)
	}
}

func (w *wire) nextDeadline() time.Time {
	next := time.Now().Add(w.silence)
	if next.After(w.until) {
		return w.until
	}
	return next
}

// Write holds p until the next read.
func (w *wire) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

func (w *wire) flush() error {
	if len(w.out) == 0 || w.broken != nil {
		return w.broken
	}
	if err := w.conn.SetWriteDeadline(w.nextDeadline()); err != nil {
		w.broken = ioError(w.ctx, err)
		return w.broken
	}
	if err := w.ctx.Err(); err != nil {
		w.broken = ioError(w.ctx, err)
		return w.broken
	}
	n, err := w.conn.Write(w.out)
	clear(w.out) // a password may have been in it
	w.sent, w.out = w.sent+int64(n), w.out[:0]
	if err != nil {
		w.broken = ioError(w.ctx, err)
	}
	return w.broken
}

// Close is for the library's interface; the session closes the connection.
func (w *wire) Close() error { return nil }

// send adds a request to what the next read sends.
func (w *wire) send(tag string, words []string) error {
	w.writer.BeginSentence()
	for _, word := range words {
		w.writer.WriteWord(word)
	}
	w.writer.WriteWord(".tag=" + tag)
	return w.writer.EndSentence()
}

// receive returns the next sentence. A !fatal is an error.
func (w *wire) receive() (*proto.Sentence, error) {
	sentence, err := w.reader.ReadSentence()
	if err == nil && sentence.Word == "!fatal" {
		return nil, w.fatal()
	}
	return sentence, w.explain(err)
}

// explain replaces what the library says of a failed read by what happened below it. Errors that a
// router sent on purpose stay.
func (w *wire) explain(err error) error {
	var said *library.DeviceError
	switch {
	case err == nil:
		return nil
	case len(w.frame.reason) > 0:
		return w.fatal()
	case w.broken != nil:
		return w.broken
	case errors.As(err, &said) && said.Sentence.Word == "!trap":
		return err
	}
	return protocolError("%s", pipeline.CleanName(err.Error()))
}

// fatal is the error for what the router said before it ended the session.
func (w *wire) fatal() error {
	reason := strings.TrimPrefix(pipeline.CleanName(string(w.frame.reason)), "=message=")
	if reason == "" {
		reason = "no reason given"
	}
	return fmt.Errorf("%w: %s", errFatal, reason)
}

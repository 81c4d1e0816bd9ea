package routeros

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	library "github.com/go-routeros/routeros/v3"

	"github.com/routerpulse/routerpulse/pipeline"
)

// wireBufferBytes is what a wire has to begin with; it grows up to a sentence of the largest size, and
// one that grew beyond maxKeptBytes is not used again.
const (
	wireBufferBytes = 8 << 10
	maxKeptBytes    = 64 << 10
)

// patience says how long a request may take.
type patience struct {
	total   time.Duration // for the whole answer
	silence time.Duration // for each sentence of it
}

// wire carries sentences over a connection for the length of one exchange: limits by framing, and a
// deadline on every read and write. It reads sentences where they lie in its buffer. For the login it
// stands below the library as its io.ReadWriter, and hands up whole sentences that were looked at.
//
// What is written is held until the next read: requests that are pipelined leave in one segment.
//
// A wire costs 16 KiB, a kept connection should not: idle ones have none.
type wire struct {
	conn    net.Conn
	ctx     context.Context // the library's Read and Write have no room for it
	stop    func() bool     // ends the watch over ctx
	until   time.Time       // the deadline of the whole exchange
	silence time.Duration

	frame    framing
	sentence sentence
	in       []byte
	from, to int // unread bytes are in[from:to]; a sentence begins at from
	handed   int // bytes of the sentence that the library has not taken yet, before from
	out      []byte
	timed    bool  // the read deadline of the current sentence is set
	broken   error // nothing goes on after it

	at             time.Time // of the last read
	sent, received int64
}

func newWire() *wire { return &wire{in: make([]byte, wireBufferBytes)} }

// attach begins an exchange over conn. It must be ended by detach.
func (w *wire) attach(ctx context.Context, conn net.Conn, p patience) {
	w.conn, w.ctx, w.silence = conn, ctx, p.silence
	w.until = time.Now().Add(p.total)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(w.until) {
		w.until = deadline
	}
	w.sent, w.received, w.timed = 0, 0, false
	w.frame.limit = maxSentenceBytes
	w.frame.restart()
	w.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

// detach ends the exchange and reports whether the connection is good for another.
func (w *wire) detach() (reusable bool) {
	cancelled := !w.stop()
	clear(w.out[:cap(w.out)])
	w.out = w.out[:0]
	reusable = w.broken == nil && !cancelled && w.from == w.to && w.handed == 0
	w.conn, w.ctx, w.stop = nil, nil, nil
	return reusable
}

// keep reports that the wire may serve another exchange, after one that went well.
func (w *wire) keep() bool { return len(w.in) <= maxKeptBytes && cap(w.out) <= maxKeptBytes }

// next reads one sentence, whatever it says.
func (w *wire) next() (*sentence, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	w.frame.restart()
	for {
		more, err := w.frame.scan(w.in[w.from:w.to])
		if err == nil && more == 0 {
			w.timed = false
			from := w.from
			w.from += w.frame.at
			err = w.sentence.take(w.in[from:w.from], w.frame.words)
		}
		if err != nil {
			w.broken = err
			return nil, err
		}
		if more == 0 {
			return &w.sentence, nil
		}
		if w.fill(more); w.broken != nil {
			return nil, w.broken
		}
	}
}

// receive returns the next sentence. A !fatal is an error.
func (w *wire) receive() (*sentence, error) {
	s, err := w.next()
	if err == nil && string(s.reply) == "!fatal" {
		w.broken = fatal(s)
		return nil, w.broken
	}
	return s, err
}

// fatal is the error for what the router said before it ended the session.
func fatal(s *sentence) error {
	said := s.bare
	if said == nil {
		said = s.attribute("message")
	}
	reason := pipeline.CleanName(string(said))
	if reason == "" {
		reason = "no reason given"
	}
	return fmt.Errorf("%w: %s", errFatal, reason)
}

// fill reads what the connection has, with room for a sentence of so many bytes. The time allowed runs
// anew for each sentence, not for each byte: one byte a second is no answer.
func (w *wire) fill(sentence int) {
	w.makeRoom(sentence)
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
	n, err := w.conn.Read(w.in[w.to:])
	w.to += n
	w.received += int64(n)
	w.at = time.Now()
	if n == 0 && err != nil {
		w.broken = ioError(w.ctx, err)
	}
}

// makeRoom brings the sentence to the beginning of the buffer, and makes that larger if need be: in
// few steps, so that all of them together are not much more than the largest.
func (w *wire) makeRoom(sentence int) {
	if w.from+sentence <= len(w.in) && w.to < len(w.in) {
		return
	}
	target := w.in
	for size := len(w.in); sentence > len(target); {
		size *= 8
		target = make([]byte, min(size, maxSentenceBytes+5))
	}
	w.to = copy(target, w.in[w.from:w.to])
	w.in, w.from = target, 0
}

func (w *wire) nextDeadline() time.Time {
	next := time.Now().Add(w.silence)
	if next.After(w.until) {
		return w.until
	}
	return next
}

// send adds a request to what the next read sends.
func (w *wire) send(tag string, words []string) {
	for _, word := range words {
		w.out = appendWord(w.out, word)
	}
	w.out = append(appendWord(w.out, ".tag="+tag), 0)
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

// Read hands the library the rest of one sentence at most, and only when the sentence is whole.
func (w *wire) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if w.handed == 0 {
		w.frame.limit = maxLoginBytes
		s, err := w.receive()
		if err != nil {
			return 0, err
		}
		w.handed = len(s.raw)
	}
	n := copy(p, w.in[w.from-w.handed:w.from])
	w.handed -= n
	return n, nil
}

// Write holds p until the next read.
func (w *wire) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

// Close is for the library's interface; the session closes the connection.
func (w *wire) Close() error { return nil }

// explain replaces what the library says of a failed read by what happened below it. Errors that a
// router sent on purpose stay.
func (w *wire) explain(err error) error {
	var said *library.DeviceError
	switch {
	case err == nil:
		return nil
	case w.broken != nil:
		return w.broken
	case errors.As(err, &said) && said.Sentence.Word == "!trap":
		return err
	}
	return protocolError("%s", pipeline.CleanName(strings.TrimSpace(err.Error())))
}

package routeros

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// heapGrowth runs f and returns how far the heap in use rose above where it began. Garbage is not
// collected meanwhile, so it is an upper bound of what was allocated.
func heapGrowth(f func()) int64 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// repeat sends b until the connection ends.
func repeat(c *stubConn, b []byte) {
	for {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// gone waits until the other side has closed the connection.
func gone(c *stubConn) {
	for c.sentence() != nil {
		continue
	}
}

// TestFault28HostileRouter: whatever comes after the login, the poll ends by its deadline, takes little
// memory, hands out no table, and closes the connection, which is counted.
func TestFault28HostileRouter(t *testing.T) {
	const deadline = time.Second
	word := append(lengthOf(maxWordBytes), bytes.Repeat([]byte{'='}, maxWordBytes)...)
	tests := []struct {
		name  string
		serve func(*stubConn) // after the login and one request
		want  error
	}{
		{"word of 1 GiB", func(c *stubConn) { c.raw([]byte{0xF0, 0x40, 0, 0, 0}); gone(c) }, errLimit},
		{"word of 4 GiB", func(c *stubConn) { c.raw([]byte{0xF0, 0xFF, 0xFF, 0xFF, 0xFF}); gone(c) }, errLimit},
		{"control byte FF", func(c *stubConn) { c.raw([]byte{0xFF}); gone(c) }, errProtocol},
		{"control byte FF in a row", func(c *stubConn) { c.raw([]byte("\x03!re\xFF")); gone(c) }, errProtocol},
		{"a million words", func(c *stubConn) { c.raw(encode("!re")[:4]); repeat(c, bytes.Repeat([]byte{1, '='}, 1000)) }, errLimit},
		{"sentence without end", func(c *stubConn) {
			c.raw(encode("!re")[:4])
			repeat(c, append(lengthOf(60_000), bytes.Repeat([]byte{'='}, 60_000)...))
		}, errLimit},
		{"rows without request", func(c *stubConn) { repeat(c, encode("!re", "=name=x", ".tag=zz")) }, errProtocol},
		{"silence", gone, pipeline.ErrNoAnswer},
		{"silence in mid-word", func(c *stubConn) { c.raw(encode("!re", "=name=ether1")[:9]); gone(c) }, pipeline.ErrNoAnswer},
		{"a byte now and then", func(c *stubConn) {
			for _, err := c.Write([]byte{100}); err == nil; _, err = c.Write([]byte{'='}) {
				time.Sleep(50 * time.Millisecond)
			}
		}, pipeline.ErrNoAnswer},
		{"a byte a second", func(c *stubConn) {
			for _, err := c.Write([]byte{100, '!'}); err == nil; _, err = c.Write([]byte{'='}) {
				time.Sleep(time.Second)
			}
		}, pipeline.ErrNoAnswer},
		{"the largest sentence, not ended", func(c *stubConn) {
			c.raw(encode("!re")[:4])
			for range 15 {
				c.raw(word)
			}
			gone(c)
		}, pipeline.ErrNoAnswer},
		{"close in mid-sentence", func(c *stubConn) { c.say("!re", "=name=a"); c.raw(encode("!re", "=name=b")[:6]) }, errLost},
		{"close between sentences", func(c *stubConn) { c.say("!re", "=name=a") }, errLost},
		{"close at once", func(*stubConn) {}, errLost},
		{"fatal", func(c *stubConn) { c.raw(encode("!fatal", "not logged in")); gone(c) }, errFatal},
		{"fatal after a row", func(c *stubConn) {
			c.say("!re", "=name=a")
			c.raw(encode("!fatal", "session terminated on request"))
			gone(c)
		}, errFatal},
		{"bytes after the end", func(c *stubConn) {
			c.raw(append(encode("!done", c.tag), "garbage"...))
			gone(c)
		}, errProtocol},
		{"answer without tag", func(c *stubConn) { c.raw(encode("!done")); gone(c) }, errProtocol},
		{"answer to nobody", func(c *stubConn) { c.raw(encode("!done", ".tag=zzz")); gone(c) }, errProtocol},
		{"unknown answer", func(c *stubConn) { c.say("!hello"); gone(c) }, errProtocol},
		{"no answer word", func(c *stubConn) { c.say("=name=a"); gone(c) }, errProtocol},
		{"bare word", func(c *stubConn) { c.say("!re", "name"); gone(c) }, errProtocol},
		{"HTTP", func(c *stubConn) {
			c.raw([]byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>" + strings.Repeat(" ", 5000)))
		}, errProtocol},
	}
	var most int64
	var longest time.Duration
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stub := newStub(t, func(c *stubConn) {
				if c.login() && c.sentence() != nil {
					tt.serve(c)
				}
			})
			shared := newShared(t)
			c := collect(t, stub.target(), shared)
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			var reads []pipeline.TableRead
			var err error
			began := time.Now()
			grown := heapGrowth(func() { reads, err = c.Collect(ctx, pipeline.LaneSessions, firstOf(pipeline.LaneSessions)) })
			took := time.Since(began)
			if most, longest = max(most, grown), max(longest, took); took > deadline+10*time.Second {
				t.Errorf("took %v", took)
			}
			if n := testutil.ToFloat64(shared.metrics.drops.WithLabelValues(reasonOf(tt.want))); n != 1 {
				t.Errorf("%v connections counted as closed for this reason", n)
			}
			if !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), "core-1 (127.0.0.1:") {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if grown > 2<<20 {
				t.Errorf("%d KiB were allocated", grown>>10)
			}
			if got := names(reads); !slices.Equal(got, []string{"ppp_session failed", "hotspot_session failed", "session_count failed"}) {
				t.Error(got)
			}
			for _, r := range reads {
				if r.Reason == "" || r.Samples != nil {
					t.Errorf("%+v", r)
				}
			}
			select {
			case <-stub.disconnects:
			case <-time.After(10 * time.Second):
				t.Error("the connection is still open, or never was")
			}
		})
	}
	sinktest.Fault{Row: "28", Trials: len(tests), Figures: fmt.Sprintf("%d kinds; at most %d KiB allocated for one (asked: heap < 2 MiB), closed after %v at most (deadline %v)",
		len(tests), most>>10, longest.Round(time.Millisecond), deadline)}.Report(t)
}

// TestEndlessTable: rows without end are cut, and the memory they take is bounded by the reply's limit.
func TestEndlessTable(t *testing.T) {
	router := v7()
	row := bytes.Repeat([]byte("="), 60_000)
	stub := newStub(t, func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			if prints(words, "/ppp/active") {
				repeat(c, encode("!re", "=name=ann", "=service="+string(row), c.tag))
				return
			}
			router.answer(c, words)
		}
	})
	reads, err := stub.collector().Collect(within(t, 20*time.Second), pipeline.LaneSessions, firstOf(pipeline.LaneSessions))
	if err != nil {
		t.Fatal(err)
	}
	// The tables behind it are read over a new connection: one large table must not hide them.
	if got := names(reads); !slices.Equal(got, []string{"ppp_session failed", "hotspot_session whole", "session_count failed"}) {
		t.Error(got, reads[0].Reason)
	}
	if !strings.Contains(reads[0].Reason, "reply of more than 16777216 bytes") || stub.connections() != 2 {
		t.Error(reads[0].Reason, stub.connections())
	}
}

// TestCloseInMidPoll: the table that was cut and those behind it fail; those before it stand.
func TestCloseInMidPoll(t *testing.T) {
	router := v7()
	stub := newStub(t, func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			if prints(words, "/system/health") {
				c.say("!re", "=.id=*1", "=name=a", "=value=1", "=type=C")
				c.raw(encode("!re", "=.id=*2", "=name=b")[:8])
				return
			}
			router.answer(c, words)
		}
	})
	reads, err := stub.collector().Collect(within(t, 10*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if got := names(reads); !slices.Equal(got, []string{"router whole", "cpu whole", "health failed", "interface failed"}) {
		t.Error(got)
	}
	if !errors.Is(err, errLost) || stub.connections() != 1 {
		t.Error(err, stub.connections())
	}
}

// TestRefusedConnection and its like: what a person needs to know is in the error.
func TestRefusedConnection(t *testing.T) {
	stub := newStub(t, func(*stubConn) {})
	c := stub.collector()
	stub.close()
	_, err := c.Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if !errors.Is(err, pipeline.ErrUnreachable) || errors.Is(err, pipeline.ErrNoAnswer) || !strings.Contains(err.Error(), "/ip service") {
		t.Error(err)
	}
	if err := c.Check(within(t, 5*time.Second)); !errors.Is(err, pipeline.ErrUnreachable) {
		t.Error(err)
	}
}

func TestUnknownName(t *testing.T) {
	c := collect(t, Target{Device: "x", Address: "router.invalid", Credential: Credential{User: "u", Insecure: true}}, newShared(t))
	if err := c.Check(within(t, 10*time.Second)); !errors.Is(err, pipeline.ErrUnreachable) && !errors.Is(err, pipeline.ErrNoAnswer) {
		t.Error(err)
	}
}

// TestClosedBeforeLogin is what a router does to an address that its service does not allow.
func TestClosedBeforeLogin(t *testing.T) {
	c := newStub(t, func(*stubConn) {}).collector()
	if err := c.Check(within(t, 5*time.Second)); !errors.Is(err, pipeline.ErrUnreachable) || errors.Is(err, pipeline.ErrRefused) {
		t.Error(err)
	}
}

// TestSilentLogin: connected, and then nothing.
func TestSilentLogin(t *testing.T) {
	c := newStub(t, gone).collector()
	err := c.Check(within(t, 300*time.Millisecond))
	if !errors.Is(err, pipeline.ErrNoAnswer) || !strings.Contains(err.Error(), "login: no answer") {
		t.Error(err)
	}
}

// TestCancel: a poll whose context is cancelled ends at once, and so does one whose collector is closed.
func TestCancel(t *testing.T) {
	for _, name := range []string{"context", "close"} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{}, 8)
			stub := newStub(t, func(c *stubConn) {
				if c.login() && c.sentence() != nil {
					asked <- struct{}{}
					gone(c)
				}
			})
			c := stub.collector()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error)
			go func() {
				_, err := c.Collect(ctx, pipeline.LaneLive, firstOf(pipeline.LaneLive))
				done <- err
			}()
			<-asked
			want := context.Canceled
			if name == "context" {
				cancel()
			} else {
				want = errClosed
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := <-done; !errors.Is(err, want) || errors.Is(err, pipeline.ErrNoAnswer) {
				t.Error(err)
			}
		})
	}
}

// TestClosed: after Close there are errors, and no connections.
func TestClosed(t *testing.T) {
	stub := newStub(t, v7().serve)
	c := stub.collector()
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Collect(t.Context(), pipeline.LaneLive, firstOf(pipeline.LaneLive)); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	if err := c.Check(t.Context()); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	if stub.connections() != 0 {
		t.Error("connected")
	}
}

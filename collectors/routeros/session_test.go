package routeros

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// pipe is a session with a stub at its other end that is logged in already.
func pipe(t *testing.T, serve func(*stubConn)) *session {
	t.Helper()
	stub := newStub(t, serve)
	conn, err := net.Dial("tcp", stub.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &session{conn: conn, raw: conn, heard: new(atomic.Int64)}
}

// numbered makes calls that expect rows with their own number.
func numbered(t *testing.T, n int) ([]*call, []int) {
	got := make([]int, n)
	calls := make([]*call, n)
	for i := range calls {
		calls[i] = &call{id: "/x", words: []string{"/x/print", fmt.Sprintf("=number=%d", i)}, row: func(words [][]byte, _ time.Time) {
			if len(words) != 1 || string(words[0]) != fmt.Sprintf("=number=%d", i) {
				t.Errorf("call %d got the row %q", i, words)
			}
			got[i]++
		}}
	}
	return calls, got
}

// TestPipelined: answers in any order, mixed, with a trap for some, each reach their own call, in
// many rounds over one connection.
func TestPipelined(t *testing.T) {
	const requests, rounds = 16, 100
	s := pipe(t, func(c *stubConn) {
		random := rand.New(rand.NewPCG(1, 2))
		for {
			var answers [][]string // each: the sentences of one request, last first
			for range requests {
				words := c.sentence()
				if words == nil {
					return
				}
				last := []string{"!done", c.tag}
				all := []string{strings.Join(last, "\n")}
				if words[1] == "=number=3" {
					all = append(all, strings.Join([]string{"!trap", "=message=not this one", c.tag}, "\n"))
				}
				for range random.IntN(4) {
					all = append(all, strings.Join([]string{"!re", c.tag, words[1]}, "\n"))
				}
				answers = append(answers, all)
			}
			var b []byte
			for len(answers) > 0 {
				i := random.IntN(len(answers))
				n := len(answers[i]) - 1
				b = append(b, encode(strings.Split(answers[i][n], "\n")...)...)
				if answers[i] = answers[i][:n]; n == 0 {
					answers = slices.Delete(answers, i, i+1)
				}
			}
			c.raw(b)
		}
	})
	shared := newShared(t)
	for range rounds {
		calls, _ := numbered(t, requests)
		if err := shared.exchange(within(t, 20*time.Second), s, requestPatience(), calls...); err != nil {
			t.Fatal(err)
		}
		for i, c := range calls {
			if (c.trap != nil) != (i == 3) || c.at.IsZero() {
				t.Fatalf("call %d: trap %v", i, c.trap)
			}
		}
	}
}

// bubble runs f with a session whose router is serve, in a bubble with its own time.
func bubble(t *testing.T, serve func(*stubConn), f func(t *testing.T, shared *Shared, s *session)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		var wg sync.WaitGroup
		wg.Go(func() {
			serve(&stubConn{stub: &stub{}, Conn: theirs, r: bufio.NewReader(theirs)})
			_ = theirs.Close()
		})
		f(t, newShared(t), &session{conn: ours, raw: ours, heard: new(atomic.Int64)})
		_ = ours.Close()
		wg.Wait()
	})
}

// TestOneOfManyUnanswered: the others have their answers; the connection is of no more use.
func TestOneOfManyUnanswered(t *testing.T) {
	serve := func(c *stubConn) {
		for words := c.sentence(); words != nil; words = c.sentence() {
			if words[1] != "=number=7" {
				c.say("!re", words[1])
				c.say("!done")
			}
		}
	}
	bubble(t, serve, func(t *testing.T, shared *Shared, s *session) {
		calls, got := numbered(t, 16)
		began := time.Now()
		err := shared.exchange(t.Context(), s, requestPatience(), calls...)
		if took := time.Since(began); !errors.Is(err, pipeline.ErrNoAnswer) || took != 10*time.Second {
			t.Error(err, took)
		}
		for i, n := range got {
			if (n == 1) != (i != 7) {
				t.Errorf("call %d got %d rows", i, n)
			}
		}
	})
}

// TestFault29Pipelined: sixteen requests at once, answered in any order and mixed, often before the next
// was read; in each round one is refused, or never answered, or the router ends the session instead. It
// is that one alone that fails, and nothing ever hangs.
func TestFault29Pipelined(t *testing.T) {
	const requests, rounds = 16, 10_000
	synctest.Test(t, func(t *testing.T) {
		shared, random := newShared(t), rand.New(rand.NewPCG(1, 2))
		succeeded, began := 0, time.Now()
		for round := range rounds {
			victim, kind := random.IntN(requests), round%4
			ours, theirs := net.Pipe()
			var wg sync.WaitGroup
			wg.Go(func() {
				answerRound(&stubConn{stub: &stub{}, Conn: theirs, r: bufio.NewReader(theirs)}, random.Perm(requests), victim, kind)
				_ = theirs.Close()
			})
			calls, got := numbered(t, requests)
			err := shared.exchange(t.Context(), &session{conn: ours, raw: ours, heard: new(atomic.Int64)}, requestPatience(), calls...)
			if want := [...]error{nil, nil, pipeline.ErrNoAnswer, errFatal}[kind]; !errors.Is(err, want) {
				t.Fatalf("round %d of kind %d: %v", round, kind, err)
			}
			for i, c := range calls {
				if fine := c.done && c.trap == nil && got[i] == 1; fine != (i != victim) {
					t.Fatalf("round %d of kind %d: call %d of victim %d: %+v, %d rows", round, kind, i, victim, c, got[i])
				} else if fine {
					succeeded++
				}
			}
			_ = ours.Close()
			wg.Wait()
		}
		sinktest.Fault{Row: "29", Trials: rounds, Figures: fmt.Sprintf("%d of %d requests succeeded in %d rounds (asked: 15 of 16), 0 hangs; the clock of the bubble went on by %v",
			succeeded, rounds*requests, rounds, time.Since(began))}.Report(t)
	})
}

// answerRound reads the requests and answers them in that order; kind says what becomes of the victim.
func answerRound(c *stubConn, order []int, victim, kind int) {
	tags := make([]string, len(order))
	for i := range order {
		c.sentence()
		tags[i] = c.tag
	}
	var b []byte
	for _, i := range order {
		if i != victim {
			b = append(b, encode("!re", fmt.Sprintf("=number=%d", i), tags[i])...)
		}
	}
	for _, i := range slices.Backward(order) {
		switch {
		case i != victim:
			b = append(b, encode("!done", tags[i])...)
		case kind < 2: // refused, with or without a row before it
			b = append(b, encode("!trap", "=message=interrupted", tags[i])...)
			b = append(b, encode("!done", tags[i])...)
		}
	}
	if kind == 3 {
		b = append(b, encode("!fatal", "session terminated")...)
	}
	c.raw(b)
	gone(c)
}

// TestPatience: an answer may take longer than the silence allowed as long as sentences come, but not
// longer than the total; a byte now and then is no sentence. The context may allow less.
func TestPatience(t *testing.T) {
	sentences := func(every time.Duration, n int) func(*stubConn) {
		return func(c *stubConn) {
			for c.sentence() != nil {
				for range n {
					time.Sleep(every)
					c.say("!re")
				}
				c.say("!done")
			}
		}
	}
	bytesOf := func(every time.Duration) func(*stubConn) {
		return func(c *stubConn) {
			c.sentence()
			for _, err := c.Write([]byte{120, '!'}); err == nil; _, err = c.Write([]byte{'='}) {
				time.Sleep(every)
			}
		}
	}
	tests := []struct {
		name    string
		serve   func(*stubConn)
		context time.Duration
		took    time.Duration
		fails   bool
	}{
		{"a row every 9 s, done in 27 s", sentences(9*time.Second, 3), time.Hour, 27 * time.Second, false},
		{"a row every 9 s, too many", sentences(9*time.Second, 4), time.Hour, 30 * time.Second, true},
		{"a row every 11 s", sentences(11*time.Second, 1), time.Hour, 10 * time.Second, true},
		{"a byte a second", bytesOf(time.Second), time.Hour, 10 * time.Second, true},
		{"a byte a millisecond", bytesOf(time.Millisecond), time.Hour, 10 * time.Second, true},
		{"silence", gone, time.Hour, 10 * time.Second, true},
		{"the context ends", gone, 3 * time.Second, 3 * time.Second, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, tt.serve, func(t *testing.T, shared *Shared, s *session) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.context)
				defer cancel()
				began := time.Now()
				err := shared.exchange(ctx, s, requestPatience(), &call{id: "/x", words: []string{"/x/print"}})
				took := time.Since(began)
				if (err != nil) != tt.fails || took != tt.took {
					t.Errorf("%v after %v", err, took)
				}
				if tt.fails && !errors.Is(err, pipeline.ErrNoAnswer) {
					t.Error(err)
				}
			})
		})
	}
}

// TestReturnedValue: =ret= comes with the last sentence.
func TestReturnedValue(t *testing.T) {
	s := pipe(t, func(c *stubConn) {
		for c.sentence() != nil {
			c.raw([]byte{0})
			c.say("!empty")
			c.say("!empty")
			c.say("!done", "=ret=6212")
		}
	})
	c := &call{id: "/x", words: []string{"/x/print", "=count-only="}}
	if err := newShared(t).exchange(within(t, 5*time.Second), s, requestPatience(), c); err != nil || c.ret != "6212" || c.trap != nil {
		t.Error(err, c)
	}
}

// TestCancelledBeforehand: nothing is sent for a context that has ended.
func TestCancelledBeforehand(t *testing.T) {
	s := pipe(t, gone)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &call{id: "/x", words: []string{"/x/print"}}
	if err := newShared(t).exchange(ctx, s, requestPatience(), c); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestMissingMessages(t *testing.T) {
	for message, want := range map[string]bool{
		"no such command prefix": true, "no such command": true, "no such command or directory (hotspot)": true,
		"bad command name ppp (line 1 column 2)": true, "unknown command name": true,
		"no such item": false, "not enough permissions (9)": false, "interrupted": false, "": false, "timeout": false,
	} {
		if got := (&trapError{message: message}).missing(); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}

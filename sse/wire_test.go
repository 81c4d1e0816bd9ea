package sse

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/sse/state"
)

// TestResumeOverTheWire does what TestResume does on real connections, with a hub that makes cuts by
// itself and publishers that do not wait: each subscriber reads a random number of bytes, loses its
// connection, and comes back, until nothing more is published. Then all have the same.
func TestResumeOverTheWire(t *testing.T) {
	opt := testOptions()
	opt.tick = 2 * time.Millisecond
	opt.heartbeat = 30 * time.Millisecond
	s := serve(t, testConfig(), opt)
	stop := make(chan struct{})
	var publishers sync.WaitGroup
	publishers.Go(func() {
		f := newFleet()
		rng := rand.New(rand.NewPCG(1, 2))
		for {
			select {
			case <-stop:
				return
			default:
			}
			name := fmt.Sprintf("r%d", rng.IntN(40))
			switch rng.IntN(10) {
			case 0:
				s.hub.Forget(name)
			case 1, 2:
				s.hub.Publish(f.status(name, []string{"online", "offline", "degraded"}[rng.IntN(3)], strings.Repeat("why", rng.IntN(9))))
			default:
				s.hub.Publish(f.live(name, fields{"cpu_percent": rng.IntN(100), "identity": strings.Repeat("x", rng.IntN(60))}))
			}
			if rng.IntN(20) == 0 {
				time.Sleep(time.Millisecond) // a pace, not a wait
			}
		}
	})
	queries := []string{"channel=public-routers", "channel=public-routers&router=r1&router=r2", "channel=private-router-status&channel=router-r3", "channel=public-routers&channel=private-router-status"}
	type reader struct {
		client *client
		query  string
	}
	var readers []*reader
	var running sync.WaitGroup
	for i := range 12 {
		r := &reader{newClient(), queries[i%len(queries)]}
		readers = append(readers, r)
		running.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 3))
			for range 30 {
				if err := s.readSome(r.client, r.query, rng.Int64N(40_000)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
	close(stop)
	publishers.Wait()
	end := func() uint64 { return s.hub.settled.Load().Cut }
	last := end()
	eventually(t, "quiet", func() bool { before := last; last = end(); return before == last && s.nothingPending() })
	for _, r := range readers {
		st := s.open(r.client, r.query, "Authorization", "Bearer viewer-token")
		st.until("the last cut", func(c *client) bool { return c.synced && c.idCut >= last })
		st.close()
		q, p := s.hub.admit(nil, s.request("GET", "/v1/stream?"+r.query, "", "Authorization", "Bearer viewer-token"))
		if p != nil {
			t.Fatal(p)
		}
		if want, have := s.truth(q), r.client.state(); !reflect.DeepEqual(want, have) {
			t.Errorf("%s has\n%s\nand the hub\n%s", r.query, pretty(have), pretty(want))
		}
	}
}

func (s *server) nothingPending() bool {
	s.hub.in.Lock()
	defer s.hub.in.Unlock()
	return s.hub.proj.inbox.Len() == 0
}

// readSome connects, reads at most n bytes and cuts the connection.
func (s *server) readSome(c *client, query string, n int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r := s.request("GET", "/v1/stream?"+query, "", "Authorization", "Bearer viewer-token").WithContext(ctx)
	if c.lastID != "" {
		r.Header.Set("Last-Event-ID", c.lastID)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	c.connect()
	stop := time.AfterFunc(50*time.Millisecond, cancel) // quiet channels do not have so many bytes
	defer stop.Stop()
	read, _ := io.ReadAll(io.LimitReader(resp.Body, n))
	return c.feed(read)
}

// truth is what a client of the query should have.
func (s *server) truth(q *query) (out map[string]map[string]map[string]any) {
	out = map[string]map[string]map[string]any{}
	s.hub.store.Read(func() {
		for _, p := range q.parts {
			if p.topic.Mode == state.Log {
				continue
			}
			rows := map[string]map[string]any{}
			out[p.channel+" "+p.topic.Name] = rows
			for _, d := range s.hub.store.Devices() {
				if d == nil || !p.sees(d) {
					continue
				}
				for _, row := range d.Shelf(p.topic.Topic).Slots {
					if row != nil && !row.Gone {
						rows[row.Key] = rowTruth(row, p.carry, "cpu")
					}
				}
			}
		}
	})
	return out
}

// TestParserOfTheReferenceClient holds the parser of the reference client to what conforming parsers read.
func TestParserOfTheReferenceClient(t *testing.T) {
	for _, c := range []struct{ name, stream, want string }{
		{"bom", "\ufeffdata:1\n\n\ufeffdata:2\n\ndata:3\n\n", "message 1 ,message 3 "},
		{"cr, lf and crlf", "data:1\r\rdata:2\r\n\r\ndata:3\n\n", "message 1 ,message 2 ,message 3 "},
		{"several lines", "data: a\ndata\ndata:b\n\n", "message a\n\nb "},
		{"one space only", "data:  x\n\n", "message  x "},
		{"id stays", "id: 1\ndata:a\n\ndata:b\n\nid\ndata:c\n\n", "message a 1,message b 1,message c "},
		{"id with NUL", "id: 1\x002\ndata:a\n\n", "message a "},
		{"no data, no event", "event: x\nid: 7\n\ndata:a\n\n", "message a 7"},
		{"event", "event: x\ndata:a\n\ndata:b\n\n", "x a ,message b "},
		{"comments and unknown fields", ":\n: x\nfoo: bar\ndata:a\n\n", "message a "},
		{"unfinished", "data:a\n\ndata:b", "message a "},
	} {
		for _, size := range []int{1, 2, 3, 1000} {
			var p parser
			var got []string
			for rest := []byte(c.stream); len(rest) > 0; {
				n := min(size, len(rest))
				for _, m := range p.feed(rest[:n]) {
					got = append(got, m.event+" "+m.data+" "+m.id)
				}
				rest = rest[n:]
			}
			if s := strings.Join(got, ","); s != c.want {
				t.Errorf("%s, %d bytes at a time: %q, want %q", c.name, size, s, c.want)
			}
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("k3f9.10240.882.a7")
	f.Add("k3f9.010240.882.a7")
	f.Add("....")
	f.Add("a.1.1.b.c")
	f.Add("a.-1.1.b")
	f.Add("a.18446744073709551615.1.b")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseCursor(s)
		if !ok {
			if c != (cursor{}) {
				t.Errorf("%q is refused and yet %+v", s, c)
			}
			return
		}
		if c.String() != s {
			t.Errorf("%q is read as %q: two spellings of one cursor", s, c)
		}
		if strings.ContainsAny(s, "\r\n\x00 ") {
			t.Errorf("%q could not travel as an id", s)
		}
	})
}

// FuzzFrame: no text of a device can end a line of a frame, and what arrives is what was sent.
func FuzzFrame(f *testing.F) {
	f.Add("a\n\ndata: x", "core-1")
	f.Add("\r", "\x00\xff\u2028")
	f.Fuzz(func(t *testing.T, text, name string) {
		data := state.AppendString([]byte(`{"a":`), text)
		data = append(state.AppendString(append(data, `,"b":`...), name), '}')
		var p parser
		got := p.feed(appendFrame(nil, "delta", "a.1.1.b", data))
		if len(got) != 1 || got[0].event != "delta" || got[0].id != "a.1.1.b" {
			t.Fatalf("%d frames: %v", len(got), got)
		}
		var back struct{ A, B string }
		if err := json.Unmarshal([]byte(got[0].data), &back); err != nil {
			t.Fatal(err)
		}
		if back.A != strings.ToValidUTF8(text, "\uFFFD") && strings.ToValidUTF8(text, "") == text || strings.ToValidUTF8(name, "") == name && back.B != name {
			t.Errorf("%q arrived as %q", text, back.A)
		}
	})
}

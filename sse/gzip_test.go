package sse

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// rawGzip opens a stream that is unpacked here, not by net/http.
func (s *server) rawGzip(query string) (*http.Response, *gzip.Reader) {
	s.t.Helper()
	resp, err := s.Client().Do(s.request(http.MethodGet, "/v1/stream?"+query, "", "Accept-Encoding", "br;q=1, GZIP"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, z
}

// Who accepts gzip gets the same frames, at once, in fewer bytes, and an end that is whole; whoever comes later, or
// does not accept it, too.
func TestCompressedStream(t *testing.T) {
	for name, open := range map[string]func(testing.TB, Config, options) *server{"plain": serve, "http2": serveTLS} {
		t.Run(name, func(t *testing.T) {
			s := open(t, testConfig(), testOptions())
			f := newFleet()
			for _, batch := range rounds(f, 200)[0] {
				s.hub.Publish(batch)
			}
			resp, z := s.rawGzip("channel=public-routers")
			if resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("header %v", resp.Header)
			}
			packed := &stream{t: t, client: newClient(), cancel: func() {}, resp: &http.Response{Body: io.NopCloser(z)}}
			packed.client.connect()
			packed.untilSync()
			plain := s.open(nil, "channel=public-routers", "Accept-Encoding", "identity")
			if plain.resp.Header.Get("Content-Encoding") != "" {
				t.Error("who does not accept it is sent gzip")
			}
			plain.untilSync()
			for _, batch := range rounds(f, 200)[1] {
				s.hub.Publish(batch)
			}
			later := s.open(nil, "channel=public-routers") // by net/http, which unpacks by itself
			for _, st := range []*stream{packed, plain, later} {
				st.until("the change", func(c *client) bool {
					return fmt.Sprint(c.field("public-routers", "router.live", "router/core-199", "cpu_percent")) == "11"
				})
			}
			if !later.resp.Uncompressed {
				t.Error("net/http was sent no gzip")
			}
			closed := make(chan error, 1)
			go func() { closed <- s.hub.Close(t.Context()) }()
			packed.untilEnd() // io.EOF: the sum and the length at the end are right
			later.untilEnd()
			if err := <-closed; err != nil {
				t.Error(err)
			}
			if last := packed.client.frames[len(packed.client.frames)-1]; last.event != "bye" {
				t.Errorf("the last frame is %s", last.event)
			}
		})
	}
}

func TestAcceptEncoding(t *testing.T) {
	for header, want := range map[string]bool{"": false, "gzip": true, "deflate, gzip;q=1.0": true, "GZip": true, "gzip;q=0": false,
		"gzip; q=0.0": false, "identity": false, "gzip; q=0.5": true, "x-gzip": false} {
		r, err := http.NewRequest(http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", header)
		if got := takesGzip(r); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

// Where the config says no, nobody gets it; a reload changes that for who comes next.
func TestCompressionOff(t *testing.T) {
	cfg := testConfig()
	cfg.Stream.Compress = false
	s := serve(t, cfg, testOptions())
	if st := s.open(nil, "channel=public-routers"); st.resp.Uncompressed {
		t.Error("the stream is compressed")
	}
	apply, err := s.hub.Prepare(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	apply()
	if st := s.open(nil, "channel=public-routers"); !st.resp.Uncompressed {
		t.Error("the stream is not compressed")
	}
}

// A segment is packed once, whoever asks; what is one connection's own is not packed.
func TestPackedOnce(t *testing.T) {
	h := newTestHub(t, testConfig(), testOptions())
	for _, batch := range rounds(newFleet(), 100)[0] {
		h.Publish(batch)
	}
	h.cut()
	var sessions [2]*session
	var got [2][][]byte
	for i := range sessions {
		q, p := h.admit(nil, httptest.NewRequest(http.MethodGet, "/v1/stream?channel=public-routers", nil))
		if p != nil {
			t.Fatal(p)
		}
		q.gzip = true
		sessions[i] = h.openSession(q, sleeps{})
		defer sessions[i].close()
	}
	for i, s := range sessions {
		next := func() []byte { return s.next(h.opt.now()) }
		for b := next(); b != nil; b = next() {
			got[i] = append(got[i], b)
		}
	}
	same := 0
	for i, b := range got[0] {
		if i < len(got[1]) && &b[0] == &got[1][i][0] {
			same++
		}
	}
	if len(got[0]) < 3 || same != len(got[0])-2 { // all but hello and sync
		t.Errorf("%d of %d segments are shared", same, len(got[0]))
	}
	if !bytes.Contains(got[0][0], []byte("event: hello")) {
		t.Error("hello, which names the stream, is compressed")
	}
}

// Any segments in any order unpack to what they were, however large.
func TestSegments(t *testing.T) {
	var p packer
	texts := []string{"", "x", strings.Repeat("abc", 40), strings.Repeat("event: ping\n\n", 9000), strings.Repeat("0123456789", 13_107) + "tail"}
	g := &gzipped{}
	var packed bytes.Buffer
	var plain strings.Builder
	for i := range 60 {
		text := texts[i%len(texts)]
		s := &shared{bytes: []byte(text)}
		if i%3 == 0 {
			s = nil
		}
		packed.Write(g.wrap([]byte(text), s, &p, i == 59))
		plain.WriteString(text)
	}
	z, err := gzip.NewReader(&packed)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil || string(got) != plain.String() {
		t.Errorf("%d bytes of %d, %v", len(got), plain.Len(), err)
	}
}

// BenchmarkPack: what it costs to pack a segment, and what it saves.
func BenchmarkPack(b *testing.B) {
	h := newTestHub(b, testConfig(), testOptions())
	batches := rounds(newFleet(), 1000)
	for _, batch := range batches[0] {
		h.Publish(batch)
	}
	h.cut()
	_, feed := h.watch(h.benchQuery(b, 0, false), "")
	part := bytes.Clone(feed.next())
	drainFeed(feed)
	segments := map[string][]byte{"snapshot_part": part}
	for _, n := range []int{1, 8, 64} {
		for _, batch := range batches[1][:n] {
			h.Publish(batch)
		}
		batches[1] = batches[1][n:]
		h.cut()
		segments[fmt.Sprintf("delta_of_%d", n)] = bytes.Clone(feed.next())
	}
	for _, name := range []string{"snapshot_part", "delta_of_1", "delta_of_8", "delta_of_64"} {
		b.Run(name, func(b *testing.B) {
			var p packer
			var packed int
			b.ReportAllocs()
			for b.Loop() {
				packed = len(p.pack(segments[name]))
			}
			b.ReportMetric(float64(len(segments[name])), "bytes")
			b.ReportMetric(float64(packed), "packed-bytes")
		})
	}
}

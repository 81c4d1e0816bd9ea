package sse

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/sse/access"
)

func TestStreamIsReadByAPlainClient(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	f := newFleet()
	s.hub.Publish(f.status("core-1", "unknown", ""))
	s.hub.Publish(f.status("core-2", "unknown", ""))
	eventually(t, "two rows", func() bool { rows, _ := s.counts(); return rows >= 2 })

	st := s.open(nil, "channel=public-routers")
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"} {
		if got := st.resp.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	st.untilSync()
	c := st.client
	if retry, _ := strconv.Atoi(c.parser.retry); retry < 2000 || retry > 8000 {
		t.Errorf("retry is %q", c.parser.retry)
	}
	if got := c.field("public-routers", topicLive, "router/core-2", "status"); got != "unknown" {
		t.Errorf("status of core-2 is %v", got)
	}
	s.hub.Publish(f.live("core-1", fields{"cpu_percent": 12.34}))
	st.until("cpu", func(c *client) bool {
		return c.field("public-routers", topicLive, "router/core-1", "cpu_percent") == 12.3
	})
	s.hub.Publish(f.status("core-1", "online", ""))
	st.until("events", func(c *client) bool { return len(c.events) == 2 })
	if e := c.events[0]; e.Topic != topicStatus || e.Event != topicStatus || e.Data["from"] != "unknown" || e.Data["to"] != "online" || e.Time == 0 {
		t.Errorf("event %+v", e)
	}
	if e := c.events[1]; e.Topic != topicConnected || e.Data["router"] != "core-1" {
		t.Errorf("event %+v", e)
	}
	s.hub.Forget("core-2")
	st.until("removal", func(c *client) bool { return len(c.rows["public-routers "+topicLive]) == 1 })
}

func (s *server) counts() (rows, tombstones int) {
	s.hub.store.Read(func() { rows, tombstones = s.hub.store.Count() })
	return rows, tombstones
}

func TestOnlyCompleteStepsHaveAnID(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	f := newFleet()
	for i := range 300 {
		s.hub.Publish(f.live(fmt.Sprintf("core-%d", i), fields{"identity": strings.Repeat("i", 60)}))
	}
	eventually(t, "all rows", func() bool { rows, _ := s.counts(); return rows >= 300 })
	st := s.open(nil, "channel=public-routers")
	st.untilSync()
	for _, m := range st.client.frames {
		if m.id != "" && m.event != "sync" {
			t.Errorf("%s has the id %s", m.event, m.id)
		}
	}
	if n := countFrames(st.client.frames, "snapshot"); n < 2 {
		t.Errorf("300 rows came in %d parts", n)
	}
}

func TestResumeTellsOnlyWhatChanged(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	f := newFleet()
	for i := range 20 {
		s.hub.Publish(f.status(fmt.Sprintf("core-%d", i), "unknown", ""))
	}
	eventually(t, "all rows", func() bool { rows, _ := s.counts(); return rows >= 20 })
	st := s.open(nil, "channel=public-routers")
	st.untilSync()
	st.close()
	stale := st.client.lastID
	s.hub.Publish(f.live("core-3", fields{"cpu_percent": 50}))
	s.hub.Publish(f.status("core-4", "offline", "no answer"))
	eventually(t, "a cut", func() bool { return s.hub.settled.Load().Journal == 1 })

	st = s.open(st.client, "channel=public-routers")
	st.untilSync()
	if st.client.resume != "delta" || countFrames(st.client.frames, "snapshot") > 0 || len(st.client.changed) != 2 || len(st.client.events) != 1 {
		t.Errorf("resume %s told of %v and %v", st.client.resume, st.client.changed, st.client.events)
	}
	fresh := st.client.lastID
	st.close()

	for _, way := range []struct{ name, query, header string }{
		{"query", "&last_event_id=" + fresh, ""},
		{"header before query", "&last_event_id=" + stale, fresh},
	} {
		t.Run(way.name, func(t *testing.T) {
			header := []string{}
			if way.header != "" {
				header = []string{"Last-Event-ID", way.header}
			}
			st := s.open(st.client, "channel=public-routers"+way.query, header...)
			st.untilSync()
			if st.client.resume != "delta" || len(st.client.changed) > 0 {
				t.Errorf("resume %s told of %v", st.client.resume, st.client.changed)
			}
		})
	}
	for name, cursor := range map[string]string{"another life": "zzzz" + fresh[4:], "another view": fresh + "x", "garbage": "\"';--", "the future": strings.Replace(fresh, ".", ".9", 1)} {
		t.Run(name, func(t *testing.T) {
			st := s.open(nil, "channel=public-routers", "Last-Event-ID", cursor)
			st.until("sync", func(c *client) bool { return c.synced })
			if st.client.resume != "snapshot" || len(st.client.rows["public-routers "+topicLive]) != 20 {
				t.Errorf("resume %s, %d rows", st.client.resume, len(st.client.rows["public-routers "+topicLive]))
			}
		})
	}
}

// TestCursorAtTheHorizon: when a tombstone is dropped, whoever stands just before it gets a snapshot,
// and whoever stands at it does not need one.
func TestCursorAtTheHorizon(t *testing.T) {
	opt := testOptions()
	opt.limits.Tombstones = 0
	h := newTestHub(t, testConfig(), opt)
	f := newFleet()
	h.Publish(f.live("core-1", nil))
	h.Publish(f.live("core-2", nil))
	h.cut()
	ask := func(last string) (*feed, *view) {
		q, p := h.admit(nil, httptest.NewRequest("GET", "/v1/stream?channel=public-routers", nil))
		if p != nil {
			t.Fatal(p)
		}
		v, fd := h.watch(q, last)
		return fd, v
	}
	fd, v := ask("")
	defer h.views.leave(v)
	drainFeed(fd)
	before := v.id(h.store.Epoch(), fd.sent)
	h.Forget("core-1")
	h.cut()
	drainFeed(fd)
	at := v.id(h.store.Epoch(), fd.sent)
	h.store.Expire(h.opt.now())
	for cursor, want := range map[string]bool{before: false, at: true} {
		fd, v := ask(cursor)
		if fd.resumed() != want {
			t.Errorf("from %s, horizon %d: resumed is %v", cursor, h.store.Horizon(), fd.resumed())
		}
		h.views.leave(v)
	}
}

// TestSnapshotBeginsAnew: a tombstone that is dropped while a snapshot is under way may be of a row that
// the client was sent. It would never hear of it.
func TestSnapshotBeginsAnew(t *testing.T) {
	opt := testOptions()
	opt.limits.Tombstones = 0
	h := newTestHub(t, testConfig(), opt)
	f := newFleet()
	for i := range 300 {
		h.Publish(f.live(fmt.Sprintf("core-%d", i), fields{"identity": strings.Repeat("i", 60)}))
	}
	h.cut()
	q, p := h.admit(nil, httptest.NewRequest("GET", "/v1/stream?channel=public-routers", nil))
	if p != nil {
		t.Fatal(p)
	}
	v, fd := h.watch(q, "")
	defer h.views.leave(v)
	c := newClient()
	c.connect()
	first := fd.next()
	h.Forget("core-0")
	h.cut()
	h.store.Expire(h.opt.now())
	for b := first; b != nil; b = fd.next() {
		if err := c.feed(b); err != nil {
			t.Fatal(err)
		}
	}
	if rows := c.rows["public-routers "+topicLive]; len(rows) != 299 || countFrames(c.frames, "sync") != 1 {
		t.Errorf("%d rows after %v", len(rows), eventNames(c.frames))
	}
}

func TestHistoryAndGap(t *testing.T) {
	opt := testOptions()
	opt.limits.Events, opt.limits.Stubs = 4, 100
	s := serve(t, testConfig(), opt)
	f := newFleet()
	s.hub.Publish(f.status("core-1", "unknown", ""))
	st := s.open(nil, "channel=private-router-status", "Authorization", "Bearer viewer-token")
	st.untilSync()
	st.close()
	for i := range 10 {
		s.hub.Publish(f.status("core-1", []string{"online", "offline"}[i%2], ""))
	}
	eventually(t, "ten events", func() bool { return s.hub.settled.Load().Journal >= 15 }) // 5 of them router.connected
	st = s.open(st.client, "channel=private-router-status", "Authorization", "Bearer viewer-token")
	st.untilSync()
	if len(st.client.events) != 4 || st.client.gaps["private-router-status "+topicStatus] != 6 {
		t.Errorf("%d events, gaps %v", len(st.client.events), st.client.gaps)
	}
	for history, want := range map[string]int{"0": 0, "3": 3, "100": 4} {
		st := s.open(nil, "channel=private-router-status&history="+history, "Authorization", "Bearer viewer-token")
		st.untilSync()
		if len(st.client.events) != want || len(st.client.gaps) > 0 {
			t.Errorf("history=%s gave %d events and %v", history, len(st.client.events), st.client.gaps)
		}
	}
}

func TestFiltersAndPlaceholders(t *testing.T) {
	cfg := testConfig()
	cfg.Channels = append(cfg.Channels, ChannelConfig{Name: "ports", Access: access.Public(), Carries: []CarryConfig{{Topic: topicInterfaces}}})
	s := serve(t, cfg, testOptions())
	f := newFleet()
	for i := range 60 {
		name := fmt.Sprintf("core-%d", i)
		if i < 2 {
			f.device(name, tag("site", "nairobi"))
		}
		s.hub.Publish(f.interfaces(name, map[string]fields{"ether1": {"oper_status": "up", "rx_bits_per_second": i}}))
	}
	eventually(t, "all rows", func() bool { rows, _ := s.counts(); return rows >= 120 })
	for _, c := range []struct {
		query, channel, topic string
		rows                  int
	}{
		{"channel=public-routers", "public-routers", topicLive, 60},
		{"channel=public-routers&router=core-1&router=core-5", "public-routers", topicLive, 2},
		{"channel=public-routers&group=site:nairobi", "public-routers", topicLive, 2},
		{"channel=public-routers&group=site:nairobi&router=core-9", "public-routers", topicLive, 3},
		{"channel=public-routers&router=nobody", "public-routers", topicLive, 0},
		{"channel=ports&router=core-7", "ports", topicInterfaces, 1},
		{"channel=router-core-7", "router-core-7", topicInterfaces, 1},
		{"channel=router-core-7", "router-core-7", topicLive, 1},
	} {
		st := s.open(nil, c.query, "Authorization", "Bearer viewer-token")
		st.untilSync()
		if n := len(st.client.rows[c.channel+" "+c.topic]); n != c.rows {
			t.Errorf("%s: %d rows of %s, want %d", c.query, n, c.topic, c.rows)
		}
		st.close()
	}
	resp, text := s.do("GET", "/v1/stream?channel=ports", "")
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "&router=NAME") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestPingCarriesTheCursor: a client whose filter matches nothing still comes forward, so that it can
// resume after the tombstones of others are gone.
func TestPingCarriesTheCursor(t *testing.T) {
	opt := testOptions()
	opt.heartbeat = 20 * time.Millisecond
	s := serve(t, testConfig(), opt)
	f := newFleet()
	st := s.open(nil, "channel=public-routers&router=nobody")
	st.untilSync()
	first := st.client.idCut
	s.hub.Publish(f.live("core-1", fields{"cpu_percent": 1}))
	st.until("a ping with a newer cursor", func(c *client) bool { return c.pings > 0 && c.idCut > first })
	if len(st.client.changed) > 0 {
		t.Errorf("it was told of %v", st.client.changed)
	}
}

func TestNamesApp(t *testing.T) {
	cfg := testConfig()
	cfg.Channels = []ChannelConfig{{Name: "public-traidnet", Access: access.Public(), Carries: []CarryConfig{
		{Topic: topicLive, As: "RouterLiveDataUpdated", Fields: map[string]string{"cpu_percent": "cpu", "router": "router_name"}},
		{Topic: topicStatus, As: "RouterStatusUpdated"},
		{Topic: topicInterfaces},
	}}}
	h := newTestHub(t, cfg, testOptions())
	f := newFleet()
	h.Publish(f.live("core-1", fields{"cpu_percent": 5, "version": "7.20"}))
	h.Publish(f.interfaces("core-1", map[string]fields{"a/b": {"oper_status": "up"}}))
	h.cut()
	q, p := h.admit(nil, httptest.NewRequest("GET", "/v1/stream?channel=public-traidnet&names=app", nil))
	if p != nil {
		t.Fatal(p)
	}
	_, fd := h.watch(q, "")
	var parser parser
	read := func() (out []message) {
		for {
			b := fd.next()
			if b == nil {
				return out
			}
			out = append(out, parser.feed(b)...)
		}
	}
	first := read()
	want := []string{"RouterLiveDataUpdated", topicInterfaces, "sync"}
	if names := eventNames(first); strings.Join(names, " ") != strings.Join(want, " ") {
		t.Fatalf("frames %v, want %v", names, want)
	}
	row := map[string]any{}
	if err := json.Unmarshal([]byte(first[0].data), &row); err != nil {
		t.Fatal(err)
	}
	if row["router_name"] != "core-1" || row["cpu"] != 5.0 || row["version"] != "7.20" || row["cpu_percent"] != nil {
		t.Errorf("row %v", row)
	}
	if !strings.HasPrefix(first[1].data, `{"router":"core-1","interface":"a/b","oper_status":"up"`) {
		t.Errorf("row %s", first[1].data)
	}
	h.Publish(f.live("core-1", fields{"cpu_percent": 6, "version": "7.20"}))
	h.Publish(f.status("core-1", "online", ""))
	h.Publish(f.status("core-1", "offline", "gone"))
	h.cut()
	next := read()
	if names := eventNames(next); strings.Join(names, " ") != "RouterLiveDataUpdated RouterStatusUpdated RouterStatusUpdated" {
		t.Fatalf("frames %v", names)
	}
	if !strings.Contains(next[0].data, `"version":"7.20"`) || !strings.Contains(next[0].data, `"cpu":6`) || !strings.Contains(next[0].data, `"status":"offline"`) {
		t.Errorf("not the whole row: %s", next[0].data)
	}
	if next[0].id == next[2].id || next[1].id != next[0].id {
		t.Errorf("ids %s %s %s: only the last of a cut has one", next[0].id, next[1].id, next[2].id)
	}
	if !strings.HasPrefix(next[2].data, `{"router":"core-1","from":"online","to":"offline","reason":"gone"`) {
		t.Errorf("event %s", next[2].data)
	}
	h.Forget("core-1")
	h.cut()
	if gone := read(); gone[0].data != `{"router_name":"core-1","removed":true}` {
		t.Errorf("removal %s", gone[0].data)
	}
}

// Who wants whole rows under a channel's names, and not names=app, finds all names in hello and in each frame.
func TestNamesOfAChannelAreTold(t *testing.T) {
	cfg := testConfig()
	cfg.Channels = []ChannelConfig{{Name: "router-{router}", Access: access.Public(), Carries: []CarryConfig{
		{Topic: topicLive, As: "RouterLiveDataUpdated", Fields: map[string]string{"router": "name"}},
		{Topic: topicInterfaces},
	}}}
	h := newTestHub(t, cfg, testOptions())
	h.Publish(newFleet().live("core-1", fields{"cpu_percent": 5}))
	h.cut()
	q, p := h.admit(nil, httptest.NewRequest("GET", "/v1/stream?channel=router-core-1", nil))
	if p != nil {
		t.Fatal(p)
	}
	hello := string(h.hello(q, newConnID(), false))
	if want := `"keys":{"router-core-1":{"router.interfaces":["router","interface"],"router.live":["name"]}}`; !strings.Contains(hello, want) {
		t.Errorf("%s has no %s", hello, want)
	}
	_, fd := h.watch(q, "")
	if first := string(fd.next()); !strings.Contains(first, `"topic":"router.live","event":"RouterLiveDataUpdated","part":1`) {
		t.Errorf("the snapshot begins %.200s", first)
	}
}

func eventNames(list []message) (names []string) {
	for _, m := range list {
		names = append(names, m.event)
	}
	return names
}

// TestHostileNames: whatever a device calls itself and its interfaces, it makes no frame of its own, and
// the text arrives as it was or as U+FFFD.
func TestHostileNames(t *testing.T) {
	names := []string{"a\n\nevent: bye\ndata: {}", "a\r\rid: 1\r\r", "nul\x00", `quote"back\slash`, "bad\xff\xfeutf8", "ünï ☃ \U0001F600", "\u2028\u2029", strings.Repeat("x", 70000), "</script>", "time", ""}
	h := newTestHub(t, testConfig(), testOptions())
	f := newFleet()
	list := map[string]fields{}
	for _, n := range names {
		list[n] = fields{"comment": n, "oper_status": "up"}
	}
	h.Publish(f.interfaces("core-1", list))
	h.Publish(f.live("core-1", fields{"identity": names[0]}))
	h.Publish(f.status("core-1", "offline", names[1]))
	h.cut()
	r := httptest.NewRequest("GET", "/v1/stream?history=9&channel=router-core-1&channel=public-routers", nil)
	r.Header.Set("Authorization", "Bearer viewer-token")
	q, p := h.admit(nil, r)
	if p != nil {
		t.Fatal(p)
	}
	_, fd := h.watch(q, "")
	c := newClient()
	c.connect()
	if err := c.feed(h.hello(q, newConnID(), fd.resumed())); err != nil {
		t.Fatal(err)
	}
	for {
		b := fd.next()
		if b == nil {
			break
		}
		if err := c.feed(b); err != nil {
			t.Fatal(err)
		}
	}
	if c.bye != nil || !c.synced {
		t.Errorf("bye %v, synced %v", c.bye, c.synced)
	}
	if rows := c.rows["router-core-1 "+topicInterfaces]; len(rows) != len(names) {
		t.Errorf("%d names became %d rows", len(names), len(rows))
	}
	if len(c.events) != 1 || c.events[0].Data["reason"] != "a  id: 1  " {
		t.Errorf("events %v", c.events)
	}
	for _, m := range c.frames {
		if m.event != "hello" && m.event != "snapshot" && m.event != "event" && m.event != "sync" {
			t.Errorf("a frame %s: %.100s", m.event, m.data)
		}
	}
}

func TestExpiryInBand(t *testing.T) {
	opt := testOptions()
	opt.warn = time.Hour
	h := newTestHub(t, testConfig(), opt)
	h.Open()
	defer func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	end := time.Now().Add(200 * time.Millisecond)
	q, p := h.admit(nil, httptest.NewRequest("GET", "/v1/stream?channel=public-routers", nil))
	if p != nil {
		t.Fatal(p)
	}
	q.identity = access.Identity{User: "guest", Expires: end}
	w := httptest.NewRecorder()
	h.serve(w, httptest.NewRequest("GET", "/v1/stream", nil), q, func() {}) // returns when the stream ends
	if late := time.Since(end); late < 0 || late > time.Second {
		t.Errorf("the stream ended %v after the identity", late)
	}
	var parser parser
	names := eventNames(parser.feed(w.Body.Bytes()))
	if got := strings.Join(names, " "); got != "hello snapshot sync auth bye" {
		t.Errorf("frames %s", got)
	}
	if !strings.Contains(w.Body.String(), fmt.Sprintf(`"expires":%d`, end.Unix())) {
		t.Error("hello does not say when the identity ends")
	}
}

package sse

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// track changes what a stream shows.
func (s *server) track(c *client, body string, header ...string) (status int, text string) {
	s.t.Helper()
	resp, text := s.do("POST", "/v1/stream/"+c.conn+"/track", body, header...)
	return resp.StatusCode, text
}

// live lists the routers that a client has in public-routers.
func (c *client) live() string {
	return strings.Join(slices.Sorted(maps.Keys(c.rows["public-routers "+topicLive])), " ")
}

func TestTrack(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %v", http2), func(t *testing.T) {
			s := start(t, newTestHub(t, testConfig(), testOptions()), http2)
			f := newFleet()
			for i := range 6 {
				s.hub.Publish(f.live(fmt.Sprintf("r%d", i), fields{"cpu_percent": i}))
			}
			eventually(t, "all rows", func() bool { rows, _ := s.counts(); return rows >= 6 })
			st := s.open(nil, "channel=public-routers&track=1")
			st.untilSync()
			if got := st.client.live(); got != "" {
				t.Fatalf("before anything is tracked there is %q", got)
			}
			first := st.client.lastID
			step := func(body, want string) {
				t.Helper()
				before := countFrames(st.client.frames, "sync")
				if status, text := s.track(st.client, body); status != 200 {
					t.Fatalf("%s: %d %s", body, status, text)
				}
				st.until("sync after "+body, func(c *client) bool { return countFrames(c.frames, "sync") > before })
				if got := st.client.live(); got != want {
					t.Errorf("after %s there is %q, want %q", body, got, want)
				}
			}
			step(`{"add":["r1","r2"]}`, "router/r1 router/r2")
			step(`{"add":["r3","nobody"],"del":["r1"]}`, "router/r2 router/r3")
			s.hub.Publish(f.live("r2", fields{"cpu_percent": 50}))
			s.hub.Publish(f.live("r1", fields{"cpu_percent": 50}))
			st.until("a change of what is tracked", func(c *client) bool {
				return c.field("public-routers", topicLive, "router/r2", "cpu_percent") == 50.0
			})
			step(`{"del":["r2","r3"]}`, "")
			step(`{"add":["r2"]}`, "router/r2")

			frames := len(st.client.frames)
			step(`{"add":["r2"]}`, "router/r2")
			again := ""
			for _, m := range st.client.frames[frames:] {
				if m.event == "delta" {
					again += m.data
				}
			}
			if !strings.Contains(again, `"key":"router/r2"`) || !strings.Contains(again, `"full":true`) || !strings.Contains(again, `"cpu_percent":50`) {
				t.Errorf("a router that was in view already is told as %s", again)
			}
			last := st.client.lastID
			st.close()

			back := s.open(st.client, "channel=public-routers&track=1&router=r2&router=nobody")
			back.untilSync()
			if back.client.resume != "delta" || back.client.live() != "router/r2" {
				t.Errorf("with what it tracks in the URL it came back with a %s and %q", back.client.resume, back.client.live())
			}
			for name, query := range map[string]string{"the old URL": "channel=public-routers&track=1&last_event_id=" + last, "the old id": "channel=public-routers&router=r2&router=nobody&last_event_id=" + first} {
				st := s.open(nil, query)
				st.untilSync()
				if st.client.resume != "snapshot" {
					t.Errorf("%s is answered with a %s", name, st.client.resume)
				}
			}
		})
	}
}

func TestTrackIsRefused(t *testing.T) {
	s := serve(t, testConfig(), testOptions())
	viewer, root := []string{"Authorization", "Bearer viewer-token"}, []string{"Authorization", "Bearer root-token"}
	mine := s.open(nil, "channel=private-router-status&track=1", viewer...)
	mine.untilSync()
	all := s.open(nil, "channel=public-routers")
	all.untilSync()
	gone := s.open(nil, "channel=public-routers&track=1")
	gone.untilSync()
	gone.close()
	eventually(t, "the stream is gone", func() bool { return s.hub.conns.count() == 2 })
	session := s.login()
	for _, c := range []struct {
		name   string
		client *client
		body   string
		header []string
		status int
		text   string
	}{
		{"by nobody", mine.client, `{"add":["a"]}`, nil, 401, "needs the identity that opened it"},
		{"by somebody else", mine.client, `{"add":["a"]}`, root, 403, "opened by somebody else"},
		{"by its own", mine.client, `{"add":["a"]}`, viewer, 200, `{"routers":1}`},
		{"by its own, in a session", mine.client, `{"add":["b"]}`, []string{"Cookie", session}, 200, `{"routers":2}`},
		{"by another site's page", mine.client, `{"add":["c"]}`, []string{"Cookie", session, "Sec-Fetch-Site", "cross-site"}, 403, "another site's page"},
		{"of what shows all", all.client, `{"add":["a"]}`, nil, 409, "open it with &track=1"},
		{"of what has ended", gone.client, `{"add":["a"]}`, nil, 404, "no such stream"},
		{"of no stream at all", &client{conn: "x"}, `{}`, nil, 404, "no such stream"},
		{"too many", mine.client, `{"add":["a"` + manyNames(maxFilters) + `]}`, viewer, 400, "too many"},
		{"not in the form", mine.client, `["a"]`, viewer, 400, "not of the form"},
		{"huge", mine.client, `{"add":["` + strings.Repeat("x", maxControl) + `"]}`, viewer, 413, "larger than"},
	} {
		if status, text := s.track(c.client, c.body, c.header...); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %.200s", c.name, status, text)
		}
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"n%d"`, i)
	}
	return b.String()
}

// TestTrackKeepsToRights: what somebody may not see does not come by being tracked.
func TestTrackKeepsToRights(t *testing.T) {
	s := serve(t, narrowConfig(), testOptions())
	f := newFleet()
	f.device("mine", tag("site", "x"))
	f.device("other", tag("site", "y"))
	for _, name := range []string{"mine", "other"} {
		s.hub.Publish(f.live(name, fields{"cpu_percent": 1}))
	}
	eventually(t, "rows", func() bool { rows, _ := s.counts(); return rows >= 2 })
	st := s.open(nil, "channel=public-routers&track=1", tenant...)
	st.untilSync()
	if status, text := s.track(st.client, `{"add":["other","mine"]}`, tenant...); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	st.until("the second sync", func(c *client) bool { return countFrames(c.frames, "sync") == 2 })
	if got := st.client.live(); got != "router/mine" {
		t.Errorf("it sees %q", got)
	}
}

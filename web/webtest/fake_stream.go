package webtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// stream is one subscriber.
type stream struct {
	channels []Channel
	routers  []string
	frames   chan string
	gone     chan struct{}
	once     sync.Once
}

// send queues frames; a test never sends more than fit before the browser reads.
func (s *stream) send(frames string) {
	if frames == "" {
		return
	}
	select {
	case s.frames <- frames:
	default:
		s.end()
	}
}

func (s *stream) end() { s.once.Do(func() { close(s.gone) }) }

// carries returns the channel that brings a topic to this stream, "" if none does.
func (s *stream) carries(topic, key string) string {
	if parts := strings.SplitN(key, "/", 3); len(s.routers) > 0 && len(parts) > 1 && !slices.Contains(s.routers, parts[1]) {
		return ""
	}
	for _, c := range s.channels {
		if slices.Contains(c.Topics, topic) {
			return c.Name
		}
	}
	return ""
}

func (f *Fake) serveStream(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if status, why := f.decide(r); status != http.StatusOK {
		f.mu.Unlock()
		writeJSON(w, status, Row{"detail": why})
		return
	}
	s := &stream{routers: r.URL.Query()["router"], frames: make(chan string, 4096), gone: make(chan struct{})}
	for _, name := range r.URL.Query()["channel"] {
		i := slices.IndexFunc(f.channels, func(c Channel) bool { return c.Name == name })
		s.channels = append(s.channels, f.channels[i])
	}
	f.begin(s, r.URL.Query().Get("last_event_id"), r.URL.Query().Has("history"))
	f.streams[s] = true
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.streams, s)
		f.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store, no-transform")
	s.copyTo(w, r)
}

// copyTo writes frames until one side ends; what was queued before the end is still written.
func (s *stream) copyTo(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w).Flush
	for {
		select {
		case text := <-s.frames:
			if _, err := w.Write([]byte(text)); err != nil || flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.gone:
			for len(s.frames) > 0 {
				_, _ = w.Write([]byte(<-s.frames)) // the stream ends anyway
			}
			return
		}
	}
}

// begin queues the initial step: what changed since the cursor, or everything.
func (f *Fake) begin(s *stream, cursor string, history bool) {
	f.opened++
	var epoch int
	var seq int64
	resume := "snapshot"
	if n, _ := fmt.Sscanf(cursor, "e%d.%d.0.v", &epoch, &seq); n == 2 && epoch == f.epoch {
		resume = "delta"
		f.resumed++
	}
	carried := Row{}
	for _, c := range s.channels {
		topics := Row{}
		for _, t := range c.Topics {
			topics[t] = map[bool]string{true: "log", false: "state"}[t == "router.status"]
		}
		carried[c.Name] = topics
	}
	s.send("retry: 3000\n\n" + frame("hello", "", Row{"v": 1, "conn": "c", "heartbeat": 15, "resume": resume, "channels": carried}))
	if resume == "delta" {
		missed := slices.DeleteFunc(slices.Clone(f.changes), func(c change) bool { return c.seq <= seq })
		s.send(f.deltaFrame(s, seq, missed, false))
	} else {
		f.snapshots(s)
	}
	for _, e := range f.events {
		if e.seq > seq && (history || resume == "delta") {
			s.send(f.eventFrame(s, e, false))
		}
	}
	s.send(frame("sync", f.id(), Row{"seq": f.seq, "rows": f.counts(s)}))
}

// counts is how many rows a stream has of each channel and topic.
func (f *Fake) counts(s *stream) map[string]map[string]int {
	n := map[string]map[string]int{}
	for topic, rows := range f.rows {
		for key := range rows {
			channel := s.carries(topic, key)
			if channel == "" {
				continue
			}
			if n[channel] == nil {
				n[channel] = map[string]int{}
			}
			n[channel][topic]++
		}
	}
	return n
}

// snapshots sends each topic in parts of 20 rows.
func (f *Fake) snapshots(s *stream) {
	for _, c := range s.channels {
		for _, topic := range c.Topics {
			if topic == "router.status" {
				continue
			}
			rows := [][]any{}
			for key, r := range f.rows[topic] {
				if s.carries(topic, key) == c.Name {
					rows = append(rows, []any{key, r.seq, r.n, r.value})
				}
			}
			for part := 1; part == 1 || len(rows) > 0; part++ {
				n := min(20, len(rows))
				s.send(frame("snapshot", "", Row{"channel": c.Name, "topic": topic, "part": part, "rows": rows[:n]}))
				rows = rows[n:]
			}
		}
	}
}

func (f *Fake) delta(s *stream, base int64, changes []change) string {
	return f.deltaFrame(s, base, changes, true)
}

func (f *Fake) deltaFrame(s *stream, base int64, changes []change, withID bool) string {
	var list []Row
	for _, c := range changes {
		if channel := s.carries(c.topic, c.key); channel != "" {
			list = append(list, Row{"channel": channel, "topic": c.topic, "event": c.topic, "key": c.key, "seq": c.seq, "n": c.n, "patch": c.patch})
		}
	}
	if len(list) == 0 && !withID {
		return ""
	}
	id := ""
	if withID {
		id = f.id()
	}
	return frame("delta", id, Row{"time": time.Now().UnixMilli(), "base": base, "seq": f.seq, "changes": list})
}

func (f *Fake) eventFrame(s *stream, e event, withID bool) string {
	channel := s.carries(e.topic, "")
	if channel == "" {
		return ""
	}
	id := ""
	if withID {
		id = f.id()
	}
	return frame("event", id, Row{"channel": channel, "topic": e.topic, "event": e.topic, "seq": e.seq, "time": time.Now().UnixMilli(), "data": e.data})
}

func (f *Fake) id() string { return fmt.Sprintf("e%d.%d.0.v", f.epoch, f.seq) }

func frame(event, id string, data any) string {
	body, err := json.Marshal(data)
	if err != nil {
		panic(err) // a test gave something that is no JSON
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	return "event: " + event + "\n" + id + "data: " + string(body) + "\n\n"
}

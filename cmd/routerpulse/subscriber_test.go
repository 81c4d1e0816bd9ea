package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// row is the value of a row, as JSON says it; numbers are json.Number, so that they stay as they came.
type row map[string]any

// subscriber follows the stream and applies what the protocol says. It keeps every value that a row
// ever had, in order.
type subscriber struct {
	mu       sync.Mutex
	rows     map[string]row // topic and key
	history  map[string][]row
	events   []row
	synced   bool
	snapshot int       // rows before the first sync
	first    time.Time // when the first delta came
	id       string
	err      error
	close    func()
	each     func(key string, patch row) // is told of each row that comes
}

// onRow makes each row that comes from now on be told of, at once.
func (s *subscriber) onRow(tell func(key string, patch row)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.each = tell
}

// subscribe opens a stream; it ends with the test.
func subscribe(t *testing.T, url, token string) *subscriber {
	t.Helper()
	s := &subscriber{rows: map[string]row{}, history: map[string][]row{}}
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	transport := &http.Transport{}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", url, resp.Status)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.read(bufio.NewReader(resp.Body))
	}()
	s.close = sync.OnceFunc(func() {
		cancel()
		<-done
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
	})
	t.Cleanup(s.close)
	return s
}

func (s *subscriber) read(r *bufio.Reader) {
	event, id, data := "", "", ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			event = value
		case "id":
			id = value
		case "data":
			data += value
		case "":
			s.frame(event, id, data)
			event, id, data = "", "", ""
		}
	}
}

func (s *subscriber) frame(event, id, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" {
		s.id = id
	}
	var f struct {
		Channel, Topic string
		Rows           json.RawMessage
		Changes        []struct {
			Topic, Key string
			Patch      row
			Full       bool
		}
		Data row
	}
	if data != "" {
		d := json.NewDecoder(strings.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&f); err != nil {
			s.err = fmt.Errorf("%s: %w", event, err)
			return
		}
	}
	switch event {
	case "snapshot":
		var rows [][]json.RawMessage
		if s.err = json.Unmarshal(f.Rows, &rows); s.err != nil {
			return
		}
		for _, r := range rows {
			var key string
			var value row
			_ = json.Unmarshal(r[0], &key)
			d := json.NewDecoder(strings.NewReader(string(r[3])))
			d.UseNumber()
			s.err = d.Decode(&value)
			s.apply(f.Topic+" "+key, value, true)
		}
	case "sync":
		s.synced = true
		if s.snapshot == 0 {
			s.snapshot = len(s.rows)
		}
	case "delta":
		if s.first.IsZero() {
			s.first = time.Now()
		}
		for _, c := range f.Changes {
			s.apply(c.Topic+" "+c.Key, c.Patch, c.Full)
		}
	case "event":
		s.events = append(s.events, f.Data)
	}
}

// apply is RFC 7396 for rows that are flat.
func (s *subscriber) apply(key string, patch row, full bool) {
	if patch == nil {
		delete(s.rows, key)
		return
	}
	if s.each != nil {
		s.each(key, patch)
	}
	next := row{}
	if !full {
		maps.Copy(next, s.rows[key])
	}
	for name, v := range patch {
		if v == nil {
			delete(next, name)
		} else {
			next[name] = v
		}
	}
	s.rows[key] = next
	s.history[key] = append(s.history[key], next)
}

// past returns every value that a row had.
func (s *subscriber) past(key string) []row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]row(nil), s.history[key]...)
}

// count is how many rows of a topic there are, and whether the initial step is complete.
func (s *subscriber) count(topic string) (n int, synced bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.rows {
		if strings.HasPrefix(key, topic+" ") {
			n++
		}
	}
	return n, s.synced
}

// inSnapshot is how many rows there were when the first step was complete.
func (s *subscriber) inSnapshot() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// frame is one event of a stream.
type frame struct{ event, id, data string }

// change is one change of a delta.
type change struct {
	Topic, Key string
	Patch      json.RawMessage
}

// tapStream keeps every byte of a stream until the test ends.
func tapStream(t *testing.T, url, token string) *output {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var out output
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&out, resp.Body)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = resp.Body.Close()
	})
	return &out
}

// parseStream takes the whole frames of a stream apart as a browser does, for which CR ends a line as LF
// does, and refuses everything that is not in the protocol. known are the names of events.
func parseStream(raw string, known []string) ([]frame, error) {
	end := strings.LastIndex(raw, "\n\n")
	if end < 0 {
		return nil, errors.New("no whole frame")
	}
	raw = raw[:end+1]
	if bad := strings.IndexAny(raw, "\r\x00\u2028\u2029"); bad >= 0 || !utf8.ValidString(raw) {
		return nil, fmt.Errorf("a CR, NUL, line separator or invalid UTF-8, the first at %d: %q", bad, raw[max(0, bad-80):min(len(raw), max(0, bad)+80)])
	}
	var frames []frame
	var f frame
	for i, line := range strings.Split(raw, "\n") {
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			if f != (frame{}) {
				frames = append(frames, f)
			}
			f = frame{}
		case field == "retry" && regexp.MustCompile(`^\d+$`).MatchString(value):
		case field == "event" && f.event == "" && slices.Contains(known, value):
			f.event = value
		case field == "id" && f.id == "" && value != "":
			f.id = value
		case field == "data" && f.data == "" && json.Valid([]byte(value)):
			f.data = value
		default:
			return nil, fmt.Errorf("line %d is not of the protocol: %q", i, line)
		}
	}
	for _, f := range frames {
		if f.event == "" || f.data == "" {
			return nil, fmt.Errorf("a frame without event or data: %+v", f)
		}
	}
	return frames, nil
}

func protocolEvents() []string {
	return []string{"hello", "snapshot", "sync", "delta", "event", "gap", "ping", "auth", "bye"}
}

// applied is what the frames say of each row of router.interfaces, in order; nil: it was removed.
func applied(t *testing.T, frames []frame) map[string][]row {
	t.Helper()
	rows := map[string][]row{}
	for _, f := range frames {
		var data struct {
			Topic   string
			Rows    [][]json.RawMessage
			Changes []change
		}
		if f.event != "snapshot" && f.event != "delta" {
			continue
		}
		if err := json.Unmarshal([]byte(f.data), &data); err != nil {
			t.Fatal(err)
		}
		for _, r := range data.Rows {
			c := change{Topic: data.Topic, Patch: r[3]}
			if err := json.Unmarshal(r[0], &c.Key); err != nil {
				t.Fatal(err)
			}
			data.Changes = append(data.Changes, c)
		}
		for _, c := range data.Changes {
			if c.Topic != "router.interfaces" {
				continue
			}
			var patch row
			if err := json.Unmarshal(c.Patch, &patch); err != nil {
				t.Fatal(err)
			}
			rows[c.Key] = append(rows[c.Key], patch)
		}
	}
	return rows
}

// What an interface would have to bring about to forge an event is seen.
func TestParseStreamSeesForgeries(t *testing.T) {
	const good = "retry: 2000\n\nevent: hello\ndata: {\"v\":1}\n\nevent: sync\nid: a.1\ndata: {}\n\n"
	if frames, err := parseStream(good+"event: pi", protocolEvents()); err != nil || len(frames) != 2 || frames[1] != (frame{"sync", "a.1", "{}"}) {
		t.Errorf("%v %v", frames, err)
	}
	for name, text := range map[string]string{
		"line feed":         "event: delta\ndata: {\"a\":\"x\nevent: forged\"}\n\n",
		"carriage return":   "event: delta\ndata: {\"a\":\"x\revent: forged\"}\n\n",
		"NUL":               "event: delta\ndata: {\"a\":\"\x00\"}\n\n",
		"separator":         "event: delta\ndata: {\"a\":\"\u2028\"}\n\n",
		"invalid UTF-8":     "event: delta\ndata: {\"a\":\"\xff\"}\n\n",
		"unknown event":     "event: forged\ndata: {}\n\n",
		"no event":          "data: {}\n\n",
		"no data":           "event: delta\n\n",
		"data on two lines": "event: delta\ndata: {\ndata: }\n\n",
		"two events":        "event: delta\nevent: delta\ndata: {}\n\n",
		"not JSON":          "event: delta\ndata: {]\n\n",
		"a comment":         ": hello\n\n",
		"a word":            "delta\n\n",
	} {
		if frames, err := parseStream(good+text, protocolEvents()); err == nil {
			t.Errorf("%s: taken for %v", name, frames)
		}
	}
}

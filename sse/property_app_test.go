package sse

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A page that knows only addEventListener (names=app): what it has after each frame.

// appPage is the part of the reference client that reads frames that are named after their events. It asks
// for one channel, or it could not tell whose they are.
type appPage struct {
	channel string
	rows    map[string]map[string]map[string]any // event to key to value
}

// appFrame reads a frame that is named by the application, or that is read otherwise by such a page.
func (c *client) appFrame(m message) (done bool, err error) {
	switch m.event {
	case "hello":
		var hello struct{ Resume string }
		if err := json.Unmarshal([]byte(m.data), &hello); err != nil {
			return true, err
		}
		if hello.Resume == "snapshot" {
			c.stale = true
			c.app.rows = map[string]map[string]map[string]any{}
		}
		return false, nil
	case "sync":
		return true, c.appSync(m)
	case "snapshot", "delta", "event":
		return true, fmt.Errorf("a page with names of its own does not know this frame")
	case "ping", "gap", "bye", "auth":
		return false, nil
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(m.data), &data); err != nil {
		return true, err
	}
	if m.event == topicStatus || m.event == topicConnected {
		return true, c.appEvent(refEvent{Channel: c.app.channel, Topic: m.event, Data: data})
	}
	key := "fleet"
	switch {
	case data["interface"] != nil:
		key = fmt.Sprintf("interface/%s/%s", data["router"], data["interface"])
	case data["router"] != nil:
		key = fmt.Sprintf("router/%s", data["router"])
	}
	if c.app.rows[m.event] == nil {
		c.app.rows[m.event] = map[string]map[string]any{}
	}
	if data["removed"] == true {
		delete(c.app.rows[m.event], key)
		return true, nil
	}
	c.app.rows[m.event][key] = data
	return true, nil
}

func (c *client) appSync(m message) error {
	var sync struct{ Rows map[string]map[string]int }
	if err := json.Unmarshal([]byte(m.data), &sync); err != nil {
		return err
	}
	if m.id == "" {
		return fmt.Errorf("sync without an id")
	}
	for topic, n := range sync.Rows[c.app.channel] {
		if have := len(c.app.rows[topic]); have != n {
			return fmt.Errorf("%s: sync says %d rows, the page has %d", topic, n, have)
		}
	}
	c.synced = true
	return nil
}

// appEvent takes an event. It has no position, so that one of a step that was cut off comes again.
func (c *client) appEvent(e refEvent) error {
	for _, old := range c.events {
		if old.Topic == e.Topic && old.what() == e.what() {
			if c.repeats++; !c.torn {
				return fmt.Errorf("an event twice, although no step was cut off")
			}
			return nil
		}
	}
	c.loosely++
	c.events = append(c.events, e)
	return nil
}

// state is what the page has, as rows of the protocol.
func (p *appPage) state() map[string]map[string]map[string]any {
	out := map[string]map[string]map[string]any{}
	for event, rows := range p.rows {
		if len(rows) > 0 {
			out[p.channel+" "+event] = rows
		}
	}
	return out
}

// appTruth is the truth as such a page is told it: with the names that are in the keys.
func appTruth(truth map[string]map[string]map[string]any) map[string]map[string]map[string]any {
	for at, rows := range truth {
		if len(rows) == 0 {
			delete(truth, at)
		}
		for key, row := range rows {
			switch parts := strings.SplitN(key, "/", 3); {
			case len(parts) == 3:
				row["router"], row["interface"] = parts[1], parts[2]
			case len(parts) == 2:
				row["router"] = parts[1]
			}
		}
	}
	return truth
}

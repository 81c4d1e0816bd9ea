package pusher

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// MaxBatch is how many events one batch may hold: Pusher's own bound.
const MaxBatch = 10

// Event is one event as a back end publishes it.
type Event struct {
	Name     string
	Channels []string
	Data     json.RawMessage // JSON: what the text that travels says, or the text itself
	ID       string          // by which it would be published again; not of Pusher's protocol
}

// form is an event as it travels, in a batch or alone.
type form struct {
	Name     string          `json:"name"`
	Channel  string          `json:"channel"`
	Channels []string        `json:"channels"`
	Data     json.RawMessage `json:"data"`
	ID       string          `json:"id"`
}

// ParseEvent reads the body of /apps/{id}/events.
func ParseEvent(body []byte) (Event, error) {
	var f form
	if err := json.Unmarshal(body, &f); err != nil {
		return Event{}, errors.New(`the body is not of the form {"name": "…", "channels": ["…"], "data": "…"}`)
	}
	return f.event()
}

// ParseBatch reads the body of /apps/{id}/batch_events.
func ParseBatch(body []byte) ([]Event, error) {
	var b struct {
		Batch []form `json:"batch"`
	}
	if err := json.Unmarshal(body, &b); err != nil || len(b.Batch) == 0 {
		return nil, errors.New(`the body is not of the form {"batch": [{"name": "…", "channel": "…", "data": "…"}]}`)
	}
	if len(b.Batch) > MaxBatch {
		return nil, fmt.Errorf("%d events in one batch are too many: at most %d", len(b.Batch), MaxBatch)
	}
	var events []Event
	for i, f := range b.Batch {
		e, err := f.event()
		if err != nil {
			return nil, fmt.Errorf("event %d of the batch: %w", i+1, err)
		}
		events = append(events, e)
	}
	return events, nil
}

func (f form) event() (Event, error) {
	e := Event{Name: f.Name, Channels: f.Channels, ID: f.ID, Data: f.Data}
	if f.Channel != "" {
		e.Channels = append(e.Channels, f.Channel)
	}
	if f.Data == nil {
		return Event{}, errors.New("it has no data")
	}
	var text string
	if err := json.Unmarshal(f.Data, &text); err == nil && json.Valid([]byte(text)) {
		e.Data = json.RawMessage(strings.ToValidUTF8(text, "\uFFFD")) // clients of Pusher decode it, too
	}
	return e, nil
}

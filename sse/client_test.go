package sse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// message is what an EventSource dispatches.
type message struct {
	event, data, id string
}

// bom may stand before the first line.
const bom = "\xef\xbb\xbf"

// parser reads an event stream as the HTML standard says, from bytes that come in any pieces.
type parser struct {
	buf         []byte
	started     bool
	skipLF      bool
	event, data string
	hasData     bool
	id, lastID  string
	retry       string
}

// feed takes in bytes and returns the messages that they complete.
func (p *parser) feed(b []byte) (out []message) {
	p.buf = append(p.buf, b...)
	if !p.started {
		if len(p.buf) < len(bom) && strings.HasPrefix(bom, string(p.buf)) {
			return nil
		}
		p.buf = bytes.TrimPrefix(p.buf, []byte(bom))
		p.started = true
	}
	for {
		if p.skipLF && len(p.buf) > 0 {
			p.buf = bytes.TrimPrefix(p.buf, []byte("\n"))
			p.skipLF = false
		}
		end := bytes.IndexAny(p.buf, "\r\n")
		if end < 0 {
			return out
		}
		line := strings.ToValidUTF8(string(p.buf[:end]), "\uFFFD")
		p.skipLF = p.buf[end] == '\r'
		p.buf = p.buf[end+1:]
		if m, ok := p.line(line); ok {
			out = append(out, m)
		}
	}
}

func (p *parser) line(line string) (m message, ok bool) {
	if line == "" {
		p.lastID = p.id
		m, ok = message{p.event, strings.TrimSuffix(p.data, "\n"), p.lastID}, p.hasData
		if m.event == "" {
			m.event = "message"
		}
		p.event, p.data, p.hasData = "", "", false
		return m, ok
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "event":
		p.event = value
	case "data":
		p.data += value + "\n"
		p.hasData = true
	case "id":
		if !strings.Contains(value, "\x00") {
			p.id = value
		}
	case "retry":
		if value != "" && strings.Trim(value, "0123456789") == "" {
			p.retry = value
		}
	}
	return m, false
}

// refRow is a row as the reference client has it.
type refRow struct {
	Seq, N uint64
	Value  map[string]any
}

// refEvent is an event that the reference client has seen.
type refEvent struct {
	Channel, Topic, Event string
	Seq, Pos              uint64
	Time                  int64
	Data                  refData
}

// refData is the data of an event; nil if an application published something else than an object.
type refData map[string]any

// UnmarshalJSON reads an object.
func (d *refData) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '{' {
		return nil
	}
	return json.Unmarshal(b, (*map[string]any)(d))
}

// client is the reference: it applies the client's rules of the protocol, and nothing else. Anything
// that the server must not do is an error.
type client struct {
	parser *parser
	lastID string // what it would send as Last-Event-ID
	idCut  uint64 // of lastID, which a real client does not look into

	rows    map[string]map[string]refRow // "channel topic" to key to row
	events  []refEvent
	marks   map[string]uint64 // "channel topic" to the seq of its last event
	gaps    map[string]int    // "channel topic" to how many were lost
	vague   map[string]bool   // "channel topic" of a gap that does not say how many
	loosely int               // events and gaps since the last id
	torn    bool              // a connection was cut between one of them and the id of its step

	app *appPage // not nil: it asked for names=app

	conn    string // of this connection
	journal string
	stale   bool   // rows were forgotten since lastID came: it stands for nothing that the client has
	epoch   string // a real client does not look into its cursor
	// cursor is the seq of the last frame with an id. loose is what a client has that does so only by
	// deltas, syncs and pings, and that forgets it when it reconnects; 0: it has none.
	cursor, loose uint64
	synced        bool
	resume        string
	denied        map[string]string
	changed       map[string]bool // "channel topic key" told since hello
	here          map[string]bool // "channel topic pos" of the events of this connection
	syncRows      map[string]map[string]int
	bye           *byeFrame
	repeats       int // events that had been seen already
	pings         int
	warnings      int       // that the identity ends
	frames        []message // of this connection
}

type byeFrame struct {
	Code, Why string
	Reconnect bool
}

func newClient() *client {
	return &client{rows: map[string]map[string]refRow{}, marks: map[string]uint64{}, gaps: map[string]int{}, vague: map[string]bool{}}
}

// connect starts another connection.
func (c *client) connect() {
	c.parser = &parser{id: c.lastID, lastID: c.lastID}
	c.synced, c.bye, c.resume = false, nil, ""
	c.changed, c.here = map[string]bool{}, map[string]bool{}
	if c.loosely > 0 {
		c.torn = true
	}
	c.loosely = 0
	c.frames = nil
}

// feed takes in bytes of the connection.
func (c *client) feed(b []byte) error {
	for _, m := range c.parser.feed(b) {
		c.frames = append(c.frames, m)
		if err := c.apply(m); err != nil {
			return fmt.Errorf("frame %s %.300s: %w", m.event, m.data, err)
		}
		if m.id != c.lastID {
			if err := c.advance(m.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance takes note of an id.
func (c *client) advance(id string) error {
	parsed, ok := parseCursor(id)
	if !ok {
		return fmt.Errorf("id %q is no cursor", id)
	}
	if parsed.epoch == c.epoch && parsed.cut < c.idCut {
		return fmt.Errorf("the id went back from %d to %d", c.idCut, parsed.cut)
	}
	c.stale = false
	c.lastID, c.idCut, c.epoch = id, parsed.cut, parsed.epoch
	c.loosely = 0
	return nil
}

func (c *client) apply(m message) error {
	if c.app != nil {
		if done, err := c.appFrame(m); done {
			return err
		}
	}
	if m.id != c.lastID {
		var frame struct{ Seq uint64 }
		if err := json.Unmarshal([]byte(m.data), &frame); err != nil {
			return err
		}
		defer func() { c.cursor = frame.Seq }()
	}
	switch m.event {
	case "hello":
		return c.hello(m.data)
	case "snapshot":
		return c.snapshot(m.data)
	case "sync":
		return c.sync(m)
	case "delta":
		return c.delta(m.data)
	case "event":
		return c.event(m.data)
	case "gap":
		var gap struct {
			Channel, Topic, Why string
			Lost                int
			Pos                 uint64
		}
		if err := json.Unmarshal([]byte(m.data), &gap); err != nil {
			return err
		}
		if at := gap.Channel + " " + gap.Topic; gap.Why != gapRestart {
			if gap.Pos <= c.marks[at] {
				return nil // of a step that was cut off: the client has them
			}
			c.marks[at] = gap.Pos
			c.loosely++
		}
		c.gaps[gap.Channel+" "+gap.Topic] += gap.Lost
		if gap.Lost == 0 || gap.Why == gapRestart {
			c.vague[gap.Channel+" "+gap.Topic] = true
		}
		return nil
	case "ping":
		var ping struct{ Seq uint64 }
		c.pings++
		err := json.Unmarshal([]byte(m.data), &ping)
		c.loose = ping.Seq
		return err
	case "bye":
		c.bye = &byeFrame{}
		return json.Unmarshal([]byte(m.data), c.bye)
	case "auth":
		c.warnings++
		return nil
	}
	return fmt.Errorf("a frame of this name is not in the protocol")
}

func (c *client) hello(data string) error {
	var hello struct {
		V         int
		Conn      string
		Journal   string
		Heartbeat int
		Resume    string
		Channels  map[string]map[string]string
		Denied    map[string]string
	}
	if err := json.Unmarshal([]byte(data), &hello); err != nil {
		return err
	}
	if hello.V != 1 || len(hello.Conn) != 32 || hello.Heartbeat <= 0 {
		return fmt.Errorf("not a hello of version 1")
	}
	if hello.Journal != c.journal {
		clear(c.marks)
		c.journal = hello.Journal
	}
	c.conn = hello.Conn
	c.resume, c.denied = hello.Resume, hello.Denied
	c.loose = 0
	return nil
}

func (c *client) snapshot(data string) error {
	var s struct {
		Channel, Topic string
		Part           int
		Rows           [][4]json.RawMessage
	}
	if err := json.Unmarshal([]byte(data), &s); err != nil {
		return err
	}
	if len(data) > maxSnapshotPart {
		return fmt.Errorf("a part of %d bytes", len(data))
	}
	at := s.Channel + " " + s.Topic
	if s.Part == 1 {
		c.rows[at] = map[string]refRow{}
	}
	for _, r := range s.Rows {
		var key string
		var row refRow
		for i, into := range []any{&key, &row.Seq, &row.N, &row.Value} {
			if err := json.Unmarshal(r[i], into); err != nil {
				return err
			}
		}
		if old, ok := c.rows[at][key]; ok && old.Seq >= row.Seq {
			return fmt.Errorf("row %s twice in a snapshot", key)
		}
		c.rows[at][key] = row
		c.changed[at+" "+key] = true
	}
	return nil
}

func (c *client) sync(m message) error {
	var s struct {
		Seq  uint64
		Rows map[string]map[string]int
	}
	if err := json.Unmarshal([]byte(m.data), &s); err != nil {
		return err
	}
	if m.id == "" {
		return fmt.Errorf("sync without an id")
	}
	for channel, topics := range s.Rows {
		for topic, n := range topics {
			if have := len(c.rows[channel+" "+topic]); have != n {
				return fmt.Errorf("%s %s: sync says %d rows, the client has %d", channel, topic, n, have)
			}
		}
	}
	c.synced, c.loose, c.syncRows = true, s.Seq, s.Rows
	return nil
}

func (c *client) delta(data string) error {
	var d struct {
		Time, Base, Seq uint64
		Changes         []struct {
			Channel, Topic, Event, Key string
			Seq, N                     uint64
			Full                       bool
			Patch                      map[string]any
		}
	}
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		return err
	}
	if d.Base > c.cursor {
		return fmt.Errorf("the client stands at %d and missed what is below %d", c.cursor, d.Base)
	}
	if c.loose > 0 && d.Base > c.loose {
		return fmt.Errorf("a loose client stands at %d and thinks that it missed what is below %d", c.loose, d.Base)
	}
	c.loose = d.Seq
	if len(d.Changes) == 0 {
		return fmt.Errorf("a delta of nothing")
	}
	for _, ch := range d.Changes {
		at := ch.Channel + " " + ch.Topic
		c.changed[at+" "+ch.Key] = true
		old, had := c.rows[at][ch.Key]
		if had && ch.Seq <= old.Seq {
			continue
		}
		if ch.Patch == nil {
			delete(c.rows[at], ch.Key)
			continue
		}
		if had && ch.N < old.N {
			return fmt.Errorf("n of %s went back from %d to %d", ch.Key, old.N, ch.N)
		}
		if !had && !ch.Full {
			return fmt.Errorf("a patch of row %s, which the client does not have", ch.Key)
		}
		value := map[string]any{}
		if !ch.Full {
			for k, v := range old.Value {
				value[k] = v
			}
		}
		for k, v := range ch.Patch {
			if v == nil {
				delete(value, k)
			} else {
				value[k] = v
			}
		}
		if c.rows[at] == nil {
			return fmt.Errorf("a change of %s before its snapshot", at)
		}
		c.rows[at][ch.Key] = refRow{ch.Seq, ch.N, value}
	}
	return nil
}

func (c *client) event(data string) error {
	var e refEvent
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return err
	}
	at := e.Channel + " " + e.Topic
	if c.here[at+" "+fmt.Sprint(e.Pos)] {
		return fmt.Errorf("the event was told before on this connection")
	}
	c.here[at+" "+fmt.Sprint(e.Pos)] = true
	if e.Pos <= c.marks[at] {
		c.repeats++
		return nil
	}
	c.marks[at] = e.Pos
	c.loosely++
	c.events = append(c.events, e)
	return nil
}

package webtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Row is the fields of a row, or a patch of them.
type Row map[string]any

// Channel is one channel of the fake.
type Channel struct {
	Name    string
	Topics  []string
	Private bool // needs the login
}

// Token is what the fake's login takes.
const Token = "let-me-in"

// Fake is a server that speaks the stream's protocol and does what a test tells it. It keeps every
// change for ever, so that any cursor of its own can be resumed.
type Fake struct {
	URL string

	channels []Channel
	mux      *http.ServeMux

	mu      sync.Mutex
	epoch   int
	seq     int64
	rows    map[string]map[string]*row // by topic and key
	changes []change
	events  []event
	streams map[*stream]bool
	opened  int    // streams since the start
	resumed int    // of them with a cursor of this epoch
	refusal string // reason of a 401 for streams; "" is none
	session bool
	history http.HandlerFunc
}

type row struct {
	seq   int64
	n     int64
	value Row
}

// change is one change of one row; a nil patch removes it.
type change struct {
	topic, key string
	seq, n     int64
	patch      Row
}

type event struct {
	topic string
	seq   int64
	data  Row
}

// NewFake serves page at / and fakes everything that it talks to.
func NewFake(t *testing.T, page http.Handler, channels ...Channel) *Fake {
	t.Helper()
	f := Prepare(page, channels...)
	server := httptest.NewServer(f)
	f.URL = server.URL + "/"
	t.Cleanup(func() {
		f.Drop()
		server.Close()
	})
	return f
}

// Prepare is a Fake that does not listen.
func Prepare(page http.Handler, channels ...Channel) *Fake {
	f := &Fake{channels: channels, epoch: 1, rows: map[string]map[string]*row{}, streams: map[*stream]bool{}, mux: http.NewServeMux()}
	f.mux.Handle("/", page)
	f.mux.HandleFunc("GET /v1/me", f.serveMe)
	f.mux.HandleFunc("POST /v1/login", f.serveLogin)
	f.mux.HandleFunc("POST /v1/logout", f.serveLogout)
	f.mux.HandleFunc("GET /v1/stream", f.serveStream)
	f.mux.HandleFunc("GET /v1/stream/check", f.serveCheck)
	f.mux.HandleFunc("GET /api/v1/query_range", f.serveHistory)
	return f
}

// ServeHTTP answers as the real one would.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// Set changes fields of a row and tells all streams; a nil row removes it.
func (f *Fake) Set(topic, key string, patch Row) { f.SetAll(topic, map[string]Row{key: patch}) }

// SetAll changes several rows in one cut.
func (f *Fake) SetAll(topic string, patches map[string]Row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	base := f.seq
	var done []change
	for key, patch := range patches {
		f.seq++
		done = append(done, f.put(topic, key, patch))
	}
	f.changes = append(f.changes, done...)
	for s := range f.streams {
		s.send(f.delta(s, base, done))
	}
}

func (f *Fake) put(topic, key string, patch Row) change {
	table := f.rows[topic]
	if table == nil {
		table = map[string]*row{}
		f.rows[topic] = table
	}
	r := table[key]
	if r == nil {
		r = &row{value: Row{}}
		table[key] = r
	}
	r.seq, r.n = f.seq, r.n+1
	for name, v := range patch {
		if v == nil {
			delete(r.value, name)
		} else {
			r.value[name] = v
		}
	}
	if patch == nil {
		delete(table, key)
	}
	return change{topic, key, f.seq, r.n, patch}
}

// Event sends a discrete event.
func (f *Fake) Event(topic string, data Row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	e := event{topic, f.seq, data}
	f.events = append(f.events, e)
	for s := range f.streams {
		s.send(f.eventFrame(s, e, true))
	}
}

// Drop ends all streams without a word.
func (f *Fake) Drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.streams {
		s.end()
	}
}

// Bye ends all streams with one.
func (f *Fake) Bye(code, why string, reconnect bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.streams {
		s.send(frame("bye", "", Row{"code": code, "why": why, "reconnect": reconnect}))
		s.end()
	}
}

// Restart forgets every cursor, as a new process that lost its rows' history would.
func (f *Fake) Restart() {
	f.Bye("shutdown", "the server is stopping: reconnect in a few seconds", true)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch++
	f.changes = nil
}

// Refuse answers streams with 401 and this reason; "" takes it back.
func (f *Fake) Refuse(why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refusal = why
}

// Login makes everybody a logged-in user, or nobody.
func (f *Fake) Login(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.session = on
}

// History answers range queries; nil is a 403.
func (f *Fake) History(h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.history = h
}

// Streams counts what was opened so far, and how many of them resumed from a cursor.
func (f *Fake) Streams() (opened, resumed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, f.resumed
}

func (f *Fake) serveHistory(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	h := f.history
	f.mu.Unlock()
	if h == nil {
		writeJSON(w, http.StatusForbidden, Row{"title": "Forbidden", "detail": "the role viewer is needed"})
		return
	}
	h(w, r)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the browser went away
}

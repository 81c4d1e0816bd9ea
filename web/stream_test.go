package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/routerpulse/routerpulse/web/webtest"
)

// hostile is a stream as no server of ours writes it, but as the standard allows it, and as proxies make it: a mark at
// its begin, all three ends of lines, comments, unknown fields, data of several lines, an id with odd characters, names
// that look like fields, a row of 60 KB.
func hostile(eol string) string {
	lines := []string{
		"\ufeff: a comment first", "retry: 1", "foo: bar", "",
		"event: hello", `data: {"v":1,"conn":"c","journal":"j","heartbeat":15,"resume":"snapshot",`, `data:"channels":{}}`, "",
		": keep-alive", "",
		"event:snapshot", `data:{"channel":"pub","topic":"t","event":"t","part":1,"rows":[["a/b\n\nevent: bye",5,1,{"v":"` + strings.Repeat("é", 30_000) + `"}]]}`, "",
		"event: snapshot", `data: {"channel":"pub","topic":"t","event":"t","part":2,"rows":[["c",5,1,{"v":1}]]}`, "",
		"event: sync", "id: k:3 {é}\u2028 .9", `data: {"seq":10,"rows":{}}`, "",
		"event: unknown", "data: not json", "",
		"data: a frame without a name", "",
		"event: delta", "id", `data: {"time":1,"base":10,"seq":11,"changes":[`, ":", `data: {"channel":"pub","topic":"t","event":"t","key":"c","seq":11,"n":2,"patch":{"v":2}}]}`, "",
		"event: sync", "id: k:3 {é}\u2028 .11", `data: {"seq":11,"rows":{}}`, "",
		"event: delta", "id: torn", `data: {"time":1,"base":11,"seq":12,"chan`,
	}
	return strings.Join(lines, eol)
}

// The client module in a real browser reads a stream that comes in any pieces, and comes back with the last whole id.
func TestClientReadsHostileStreams(t *testing.T) {
	var opened atomic.Int64
	ids := make(chan string, 100)
	mux := http.NewServeMux()
	mux.Handle("/client/", page(t))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!doctype html>") })
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/v1/stream", func(w http.ResponseWriter, r *http.Request) {
		n := opened.Add(1)
		ids <- r.URL.Query().Get("last_event_id")
		w.Header().Set("Content-Type", "text/event-stream")
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		text := hostile([]string{"\n", "\r", "\r\n"}[n%3])
		if n > 3 {
			<-r.Context().Done()
			return
		}
		for len(text) > 0 {
			k := min(len(text), 1+rng.IntN([]int{3, 50, 20_000}[rng.IntN(3)]))
			fmt.Fprint(w, text[:k])
			_ = http.NewResponseController(w).Flush()
			text = text[k:]
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	b := webtest.Open(t)
	b.Go(server.URL)
	b.Run(webtest.Script(`(async () => {
		const { connect } = await import("/client/index.js");
		window.rows = new Map();
		window.breaks = 0;
		const client = connect();
		client.subscribe("pub", {
			rows: (list) => list.forEach(({ key, value }) => (value ? rows.set(key, value) : rows.delete(key))),
			status: ({ state }) => { if (state === "waiting") { breaks++; setTimeout(() => client.retry()); } },
		});
	})()`))
	b.Until("three streams were read", `window.breaks === 3 && rows.size === 2 && rows.get("c").v === 2`)
	b.Until("the names are whole", `rows.get("a/b\n\nevent: bye").v.length === 30000`)
	for n := range 4 {
		if id, want := <-ids, "k:3 {é}\u2028 .11"; n > 0 && id != want || n == 0 && id != "" {
			t.Errorf("connection %d came with the id %q", n, id)
		}
	}
	noErrors(t, b)
}

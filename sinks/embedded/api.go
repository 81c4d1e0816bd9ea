package embedded

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

const (
	// dialect is the Prometheus whose PromQL this is; Grafana picks what it may ask by it.
	dialect = "3.16.0"

	maxForm     = 1 << 20 // bytes of a POST
	maxNotes    = 10      // warnings and infos in one answer
	gzipFrom    = 1400    // bytes: what fits one packet is not worth packing
	jsonContent = "application/json"
)

// API answers Prometheus' HTTP API for queries and metadata below /api/v1/, so that Grafana's Prometheus
// data source works. It checks no rights: the caller does. While the store is not open it answers 503.
func (s *Store) API() http.Handler {
	mux := http.NewServeMux()
	a := &api{store: s, parser: parser.NewParser(parser.Options{})}
	for path, f := range map[string]func(*call) (answer, error){
		"/api/v1/query":               a.query,
		"/api/v1/query_range":         a.queryRange,
		"/api/v1/series":              a.series,
		"/api/v1/labels":              a.labelNames,
		"/api/v1/label/{name}/values": a.labelValues,
		"/api/v1/metadata":            a.metadata,
		"/api/v1/status/buildinfo":    a.buildInfo,
	} {
		mux.HandleFunc("GET "+path, a.handle(f))
		mux.HandleFunc("POST "+path, a.handle(f))
	}
	return mux
}

type api struct {
	store  *Store
	parser parser.Parser
}

// call is one request, with the open database.
type call struct {
	*http.Request
	ctx    context.Context
	engine *promql.Engine
	db     storage.Queryable
}

// answer is what a request gave: data is JSON already, because a query's result must not outlive it.
type answer struct {
	data  []byte
	query string // for the place that a note points to
	notes annotations.Annotations
}

// badData is an error of the caller's making: 400.
type badData struct{ error }

func badParam(name string, err error) error {
	return badData{fmt.Errorf("invalid parameter %q: %w", name, err)}
}

func (a *api) handle(f func(*call) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		code, body := a.serve(r, f)
		a.store.own.queries.WithLabelValues(strconv.Itoa(code)).Inc()
		send(w, r, code, body)
	}
}

// serve runs f while the store is kept open.
func (a *api) serve(r *http.Request, f func(*call) (answer, error)) (int, []byte) {
	s := a.store
	if !s.gate.enter() {
		return errorBody(ErrClosed)
	}
	defer s.gate.leave()
	if err := r.ParseForm(); err != nil {
		return errorBody(badData{fmt.Errorf("error parsing form values: %w", err)})
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	res, err := f(&call{Request: r, ctx: ctx, engine: s.engine, db: &history{fine: s.db, coarse: s.coarse, own: s.own}})
	if err != nil {
		return errorBody(err)
	}
	return http.StatusOK, successBody(res)
}

func successBody(res answer) []byte {
	warnings, infos := res.notes.AsStrings(res.query, maxNotes, maxNotes)
	b := append([]byte(`{"status":"success","data":`), res.data...)
	b = appendNotes(b, "warnings", warnings)
	b = appendNotes(b, "infos", infos)
	return append(b, '}')
}

func appendNotes(b []byte, name string, notes []string) []byte {
	if len(notes) == 0 {
		return b
	}
	b = append(b, `,"`+name+`":[`...)
	for i, n := range notes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, n)
	}
	return append(b, ']')
}

func errorBody(err error) (int, []byte) {
	code, kind := classify(err)
	b := append([]byte(`{"status":"error","errorType":"`), kind...)
	b = appendString(append(b, `","error":`...), err.Error())
	return code, append(b, '}')
}

// classify finds the status and Prometheus' name for an error.
func classify(err error) (int, string) {
	var (
		bad      badData
		timeout  promql.ErrQueryTimeout
		canceled promql.ErrQueryCanceled
		disk     promql.ErrStorage
	)
	switch {
	case errors.Is(err, ErrClosed):
		return http.StatusServiceUnavailable, "unavailable"
	case errors.As(err, &bad):
		return http.StatusBadRequest, "bad_data"
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "timeout"
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		// The client is gone, or the store closes: then it may ask again.
		return http.StatusServiceUnavailable, "canceled"
	case errors.As(err, &disk):
		return http.StatusInternalServerError, "internal"
	}
	return http.StatusUnprocessableEntity, "execution"
}

func (a *api) buildInfo(*call) (answer, error) {
	// No "features": Grafana would take us for Mimir.
	data, err := json.Marshal(map[string]string{
		"version": dialect, "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	})
	return answer{data: data}, err
}

func send(w http.ResponseWriter, r *http.Request, code int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", jsonContent)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding")
	if len(body) < gzipFrom || !acceptsGzip(r) {
		w.WriteHeader(code)
		_, _ = w.Write(body) // the client is gone: nobody to tell
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(code)
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is valid
	_, _ = z.Write(body)
	_ = z.Close()
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			v, err := strconv.ParseFloat(q, 64)
			return !ok || (err == nil && v > 0)
		}
	}
	return false
}

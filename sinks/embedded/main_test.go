package embedded

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/routerpulse/routerpulse/pipeline"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if os.Getenv(crashDir+"_COARSE") != "" {
			crashCoarse(dir)
			return
		}
		crash(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// openStore opens a store in a folder; it is closed when the test ends.
func openStore(tb testing.TB, dir string) *Store {
	tb.Helper()
	s := New(Config{Path: dir}, pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if err := s.Open(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

// reply is an answer of the API.
type reply struct {
	Status    string
	ErrorType string
	Error     string
	Data      json.RawMessage
	Warnings  []string
	Infos     []string

	code   int
	header http.Header
}

type matrix struct {
	ResultType string
	Result     []struct {
		Metric map[string]string
		Value  [2]any
		Values [][2]any
	}
}

func get(tb testing.TB, s *Store, path string, form url.Values) reply {
	tb.Helper()
	return do(tb, s, httptest.NewRequest(http.MethodGet, path+"?"+form.Encode(), nil))
}

func post(tb testing.TB, s *Store, path string, form url.Values) reply {
	tb.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(tb, s, r)
}

func do(tb testing.TB, s *Store, r *http.Request) reply {
	tb.Helper()
	w := httptest.NewRecorder()
	s.API().ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		tb.Fatal(err)
	}
	out := reply{code: w.Code, header: w.Header()}
	if w.Header().Get("Content-Type") == jsonContent && w.Header().Get("Content-Encoding") == "" {
		if err := json.Unmarshal(body, &out); err != nil {
			tb.Fatalf("%s: %v in %s", r.URL, err, body)
		}
	}
	return out
}

// query runs PromQL at a time and returns its result.
func query(tb testing.TB, s *Store, promQL string, at time.Time) matrix {
	tb.Helper()
	r := post(tb, s, "/api/v1/query", url.Values{"query": {promQL}, "time": {at.Format(time.RFC3339Nano)}})
	if r.code != http.StatusOK {
		tb.Fatalf("query %s: %d %s", promQL, r.code, r.Error)
	}
	var m matrix
	if err := json.Unmarshal(r.Data, &m); err != nil {
		tb.Fatalf("query %s: %v in %s", promQL, err, r.Data)
	}
	return m
}

// count is how many series a selector finds at a time.
func count(tb testing.TB, s *Store, promQL string, at time.Time) int {
	tb.Helper()
	return len(query(tb, s, promQL, at).Result)
}

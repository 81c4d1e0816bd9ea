package embedded

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// filled is a store with ten polls of one interface and two of another device's.
func filled(t *testing.T) *Store {
	t.Helper()
	s := openStore(t, t.TempDir())
	d := newDevice(t, s, "interface")
	for n := range uint64(10) {
		d.must(map[string]fields{"ether1": {
			"rx_bytes": pipeline.CounterValue(1000 * n), "oper_status": pipeline.EnumValue(1), "comment": pipeline.TextValue("uplink"),
		}})
	}
	return s
}

// at is the time of the n-th poll of filled.
func at(n int) time.Time { return sinktest.Start.Add(time.Duration(n+1) * 30 * time.Second) }

func seconds(t time.Time) string { return fmt.Sprint(t.Unix()) }

// TestGrafanaSaveAndTest is what Grafana's Prometheus data source asks when it is set up.
func TestGrafanaSaveAndTest(t *testing.T) {
	s := openStore(t, t.TempDir())
	for name, ask := range map[string]func(testing.TB, *Store, string, url.Values) reply{"GET": get, "POST": post} {
		t.Run(name, func(t *testing.T) {
			r := ask(t, s, "/api/v1/query", url.Values{"query": {"1+1"}, "time": {"4"}})
			if r.code != 200 || r.Status != "success" || string(r.Data) != `{"resultType":"scalar","result":[4,"2"]}` {
				t.Errorf("1+1: %d %s", r.code, r.Data)
			}
		})
	}
	r := get(t, s, "/api/v1/status/buildinfo", nil)
	var info map[string]any
	if err := json.Unmarshal(r.Data, &info); err != nil || r.code != 200 {
		t.Fatalf("buildinfo: %d %s", r.code, r.Data)
	}
	if _, mimir := info["features"]; mimir || info["version"] != dialect {
		t.Errorf("buildinfo: %v", info)
	}
	if ct := r.header.Get("Content-Type"); ct != "application/json" {
		t.Errorf("content type %s", ct)
	}
}

func TestQuery(t *testing.T) {
	s := filled(t)
	for name, tc := range map[string]struct {
		query string
		time  string
		want  string
	}{
		"vector": {`interface_rx_bytes`, seconds(at(3)),
			`{"resultType":"vector","result":[{"metric":{"__name__":"interface_rx_bytes","device":"core-1","interface":"ether1"},"value":[` + seconds(at(3)) + `,"3000"]}]}`},
		"between polls": {`interface_rx_bytes`, seconds(at(3).Add(29 * time.Second)),
			`{"resultType":"vector","result":[{"metric":{"__name__":"interface_rx_bytes","device":"core-1","interface":"ether1"},"value":[` + seconds(at(3).Add(29*time.Second)) + `,"3000"]}]}`},
		"RFC 3339": {`sum(interface_rx_bytes)`, at(3).Format(time.RFC3339),
			`{"resultType":"vector","result":[{"metric":{},"value":[` + seconds(at(3)) + `,"3000"]}]}`},
		"range selector": {`interface_rx_bytes[60s]`, seconds(at(3)),
			`{"resultType":"matrix","result":[{"metric":{"__name__":"interface_rx_bytes","device":"core-1","interface":"ether1"},"values":[[` + seconds(at(2)) + `,"2000"],[` + seconds(at(3)) + `,"3000"]]}]}`},
		"nothing":      {`no_such_metric`, "0", `{"resultType":"vector","result":[]}`},
		"NaN":          {`vector(0/0)`, "1", `{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}`},
		"infinite":     {`-1/0`, "1", `{"resultType":"scalar","result":[1,"-Inf"]}`},
		"milliseconds": {`vector(1)`, "1.5", `{"resultType":"vector","result":[{"metric":{},"value":[1.500,"1"]}]}`},
		"a string":     {`"a\"\\\n✓"`, "1", `{"resultType":"string","result":[1,"a\"\\\u000a✓"]}`},
		"small":        {`1/1e9`, "1", `{"resultType":"scalar","result":[1,"1e-09"]}`},
		"large":        {`1e21`, "1", `{"resultType":"scalar","result":[1,"1e+21"]}`},
		"subquery without a step": {`max_over_time(sum(interface_rx_bytes)[5m:])`, seconds(at(9)),
			`{"resultType":"vector","result":[{"metric":{},"value":[` + seconds(at(9)) + `,"` + subqueryMax() + `"]}]}`},
		"at and negative offset": {`sum(interface_rx_bytes @ ` + seconds(at(2)) + ` offset -30s)`, "1",
			`{"resultType":"vector","result":[{"metric":{},"value":[1,"3000"]}]}`},
		"join with texts": {`interface_rx_bytes * on(device, interface) group_left(comment) interface_info`, seconds(at(1)),
			`{"resultType":"vector","result":[{"metric":{"comment":"uplink","device":"core-1","interface":"ether1"},"value":[` + seconds(at(1)) + `,"1000"]}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			form := url.Values{"query": {tc.query}, "time": {tc.time}}
			for _, r := range []reply{get(t, s, "/api/v1/query", form), post(t, s, "/api/v1/query", form)} {
				if r.code != 200 || string(r.Data) != tc.want {
					t.Errorf("%d %s %s\ngot  %s\nwant %s", r.code, r.ErrorType, r.Error, r.Data, tc.want)
				}
			}
		})
	}
}

// subqueryMax: a subquery without a step is asked at whole minutes.
func subqueryMax() string {
	minute := at(9).Truncate(time.Minute)
	return fmt.Sprint(1000 * (int(minute.Sub(sinktest.Start)/(30*time.Second)) - 1))
}

func TestQueryNowIsTheDefault(t *testing.T) {
	s := openStore(t, t.TempDir())
	r := get(t, s, "/api/v1/query", url.Values{"query": {"time()"}})
	var m struct{ Result [2]any }
	if err := json.Unmarshal(r.Data, &m); err != nil {
		t.Fatal(err)
	}
	if age := float64(time.Now().Unix()) - m.Result[0].(float64); math.Abs(age) > 60 {
		t.Errorf("asked %v s ago", age)
	}
}

// TestQueryRange: every point has the value and the time that were written.
func TestQueryRange(t *testing.T) {
	s := filled(t)
	r := post(t, s, "/api/v1/query_range", url.Values{
		"query": {"interface_rx_bytes"}, "start": {seconds(at(0))}, "end": {seconds(at(9))}, "step": {"30"}})
	var points []string
	for n := range 10 {
		points = append(points, fmt.Sprintf(`[%d,"%d"]`, at(n).Unix(), 1000*n))
	}
	want := `{"resultType":"matrix","result":[{"metric":{"__name__":"interface_rx_bytes","device":"core-1","interface":"ether1"},"values":[` + strings.Join(points, ",") + `]}]}`
	if r.code != 200 || string(r.Data) != want {
		t.Errorf("%d %s\ngot  %s\nwant %s", r.code, r.Error, r.Data, want)
	}
	rate := query(t, s, `rate(interface_rx_bytes[2m])`, at(9))
	if got, err := strconv.ParseFloat(rate.Result[0].Value[1].(string), 64); err != nil || math.Abs(got-100.0/3) > 1e-9 {
		t.Errorf("rate is %v, %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	s := filled(t)
	rangeOf := func(start, end, step string) url.Values {
		return url.Values{"query": {"interface_rx_bytes"}, "start": {start}, "end": {end}, "step": {step}}
	}
	for name, tc := range map[string]struct {
		path string
		form url.Values
		code int
		kind string
		text string
	}{
		"syntax":           {"query", url.Values{"query": {"sum("}}, 400, "bad_data", "parse error"},
		"no query":         {"query", nil, 400, "bad_data", `"query"`},
		"bad time":         {"query", url.Values{"query": {"1"}, "time": {"noon"}}, 400, "bad_data", `"time"`},
		"time is NaN":      {"query", url.Values{"query": {"1"}, "time": {"NaN"}}, 400, "bad_data", `"time"`},
		"bad timeout":      {"query", url.Values{"query": {"1"}, "timeout": {"soon"}}, 400, "bad_data", `"timeout"`},
		"bad limit":        {"query", url.Values{"query": {"1"}, "limit": {"-1"}}, 400, "bad_data", `"limit"`},
		"many to many":     {"query", url.Values{"query": {`interface_rx_bytes * on(device) {__name__=~"interface_.*"}`}, "time": {seconds(at(9))}}, 422, "execution", "many"},
		"times out":        {"query", url.Values{"query": {"sum_over_time(interface_rx_bytes[1h])"}, "timeout": {"0.000000001"}}, 503, "timeout", ""},
		"no start":         {"query_range", rangeOf("", "1", "1"), 400, "bad_data", `"start"`},
		"no end":           {"query_range", rangeOf("1", "", "1"), 400, "bad_data", `"end"`},
		"end before start": {"query_range", rangeOf("2", "1", "1"), 400, "bad_data", "must not be before"},
		"no step":          {"query_range", rangeOf("1", "2", ""), 400, "bad_data", `"step"`},
		"negative step":    {"query_range", rangeOf("1", "2", "-5"), 400, "bad_data", `"step"`},
		"bad step":         {"query_range", rangeOf("1", "2", "1e300"), 400, "bad_data", `"step"`},
		"too many points":  {"query_range", rangeOf("0", "11001", "1"), 400, "bad_data", "11,000 points"},
		"series of what":   {"series", nil, 400, "bad_data", "match[]"},
		"series of all":    {"series", url.Values{"match[]": {`{device=~".*"}`}}, 400, "bad_data", "non-empty"},
		"bad selector":     {"labels", url.Values{"match[]": {`{`}}, 400, "bad_data", "match[]"},
		"bad label":        {"label//values", nil, 404, "", ""},
		"label not UTF-8":  {"label/%ff/values", nil, 400, "bad_data", "invalid label name"},
		"too long a form":  {"query", url.Values{"query": {strings.Repeat("x", maxForm)}}, 400, "bad_data", "too large"},
		"not there":        {"rules", nil, 404, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := post(t, s, "/api/v1/"+tc.path, tc.form)
			if r.code != tc.code && !(tc.code == 404 && r.code == 301) && !(tc.code == 404 && r.code == 307) {
				t.Errorf("status %d, want %d: %s", r.code, tc.code, r.Error)
			}
			if tc.kind != "" && (r.Status != "error" || r.ErrorType != tc.kind || !strings.Contains(r.Error, tc.text)) {
				t.Errorf("%s: %s: %s", r.Status, r.ErrorType, r.Error)
			}
		})
	}
}

func TestTooManyPointsIsExact(t *testing.T) {
	s := filled(t)
	r := get(t, s, "/api/v1/query_range", url.Values{"query": {"vector(1)"}, "start": {"0"}, "end": {"11000"}, "step": {"1"}})
	if r.code != 200 {
		t.Errorf("11,000 steps: %d %s", r.code, r.Error)
	}
}

func TestLimit(t *testing.T) {
	s := filled(t)
	const all = `{__name__=~"interface_.+"}`
	for _, tc := range []struct {
		path, limit string
		want        int
	}{
		{"query", "2", 2}, {"query", "3", 3}, {"query", "0", 3}, {"query_range", "1", 1},
		{"series", "1", 1}, {"series", "3", 3}, {"labels", "2", 2}, {"labels", "4", 4}, {"label/__name__/values", "1", 1}, {"metadata", "5", 5},
	} {
		form := url.Values{"query": {all}, "limit": {tc.limit}, "time": {seconds(at(9))}, "match[]": {all}}
		if tc.path == "query_range" {
			form.Set("start", seconds(at(0)))
			form.Set("end", seconds(at(9)))
			form.Set("step", "30")
		} else if tc.path == "query" {
			form.Del("match[]")
		}
		r := get(t, s, "/api/v1/"+tc.path, form)
		if got := length(t, r.Data); got != tc.want || r.code != 200 {
			t.Errorf("%s with limit %s: %d %d (%s)", tc.path, tc.limit, r.code, got, r.Data)
		}
		if cut := tc.limit < "3" && tc.limit != "0"; cut != (len(r.Warnings) == 1) {
			t.Errorf("%s with limit %s: warnings %q", tc.path, tc.limit, r.Warnings)
		}
	}
}

func length(t *testing.T, data []byte) int {
	t.Helper()
	var list []any
	var object struct{ Result []any }
	var dict map[string]any
	switch {
	case json.Unmarshal(data, &list) == nil:
		return len(list)
	case json.Unmarshal(data, &object) == nil && object.Result != nil:
		return len(object.Result)
	case json.Unmarshal(data, &dict) == nil:
		return len(dict)
	}
	t.Fatalf("cannot read %s", data)
	return 0
}

func TestSeriesAndLabels(t *testing.T) {
	s := filled(t)
	for name, tc := range map[string]struct {
		path string
		form url.Values
		want string
	}{
		"series": {"series", url.Values{"match[]": {"interface_rx_bytes"}},
			`[{"__name__":"interface_rx_bytes","device":"core-1","interface":"ether1"}]`},
		"series of two selectors, each once": {"series", url.Values{"match[]": {"interface_rx_bytes", `{interface="ether1",__name__!~".*info"}`}},
			`[{"__name__":"interface_oper_status","device":"core-1","interface":"ether1"},{"__name__":"interface_rx_bytes","device":"core-1","interface":"ether1"}]`},
		"series at a time when there was none": {"series", url.Values{"match[]": {"interface_rx_bytes"}, "end": {"1000"}}, `[]`},
		"labels":                               {"labels", nil, `["__name__","comment","device","interface"]`},
		"labels of a metric":                   {"labels", url.Values{"match[]": {"interface_rx_bytes"}}, `["__name__","device","interface"]`},
		"values":                               {"label/__name__/values", nil, `["interface_info","interface_oper_status","interface_rx_bytes"]`},
		"values of a metric":                   {"label/device/values", url.Values{"match[]": {"interface_rx_bytes"}}, `["core-1"]`},
		"values of two":                        {"label/__name__/values", url.Values{"match[]": {"interface_rx_bytes", "interface_info", "interface_info"}}, `["interface_info","interface_rx_bytes"]`},
		"values that nobody has":               {"label/nothing/values", nil, `[]`},
		"values, name escaped":                 {"label/U__device/values", nil, `["core-1"]`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []reply{get(t, s, "/api/v1/"+tc.path, tc.form), post(t, s, "/api/v1/"+tc.path, tc.form)} {
				if r.code != 200 || string(r.Data) != tc.want {
					t.Errorf("%d %s\ngot  %s\nwant %s", r.code, r.Error, r.Data, tc.want)
				}
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	s := openStore(t, t.TempDir())
	r := get(t, s, "/api/v1/metadata", nil)
	var got map[string][]struct{ Type, Help, Unit string }
	if err := json.Unmarshal(r.Data, &got); err != nil {
		t.Fatal(err)
	}
	metrics := 0
	for _, table := range pipeline.NewSchema().Tables {
		if slices.ContainsFunc(table.Fields, func(f *pipeline.FieldDef) bool { return f.Kind == pipeline.Text }) {
			metrics++
			if got[table.Name+"_info"][0].Type != "info" {
				t.Errorf("%s_info: %v", table.Name, got[table.Name+"_info"])
			}
		}
		for _, f := range table.Fields {
			if f.Kind == pipeline.Text {
				continue
			}
			metrics++
			if m := got[table.Name+"_"+f.Name]; len(m) != 1 || m[0].Help == "" || m[0].Unit != f.Unit {
				t.Errorf("%s_%s: %v", table.Name, f.Name, m)
			}
		}
	}
	// Each metric once: two tables must not make one name.
	if len(got) != metrics {
		t.Errorf("%d metrics have %d names", metrics, len(got))
	}
	if m := got["interface_rx_bytes"][0]; m.Type != "counter" || m.Unit != "bytes" {
		t.Errorf("rx_bytes: %v", m)
	}
	if m := got["router_status_state"][0]; m.Type != "gauge" || !strings.Contains(m.Help, "1 online") {
		t.Errorf("state: %v", m)
	}
	one := get(t, s, "/api/v1/metadata", url.Values{"metric": {"router_cpu_percent"}})
	if want := `{"router_cpu_percent":[{"type":"gauge","unit":"percent","help":"Load, average over all cores."}]}`; string(one.Data) != want {
		t.Errorf("one metric: %s", one.Data)
	}
}

func TestInfosAndWarnings(t *testing.T) {
	s := filled(t)
	r := get(t, s, "/api/v1/query", url.Values{"query": {"rate(interface_oper_status[2m])"}, "time": {seconds(at(9))}})
	if len(r.Infos) != 1 || !strings.Contains(r.Infos[0], "might not be a counter") {
		t.Errorf("infos %q", r.Infos)
	}
}

// TestReplacementCharacter: a name with U+FFFD in it can be asked for as it is shown.
func TestReplacementCharacter(t *testing.T) {
	s := openStore(t, t.TempDir())
	d := newDevice(t, s, "interface")
	d.must(map[string]fields{"caf\uFFFD": up(1)})
	if n := count(t, s, "interface_rx_bytes{interface=\"caf\uFFFD\"}", d.now); n != 1 {
		t.Errorf("%d series", n)
	}
	r := get(t, s, "/api/v1/series", url.Values{"match[]": {"{interface=\"caf\uFFFD\"}"}})
	if r.code != 200 || length(t, r.Data) != 2 {
		t.Errorf("%d %s", r.code, r.Data)
	}
}

func TestGzip(t *testing.T) {
	s := openStore(t, t.TempDir())
	for accept, packed := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "GZIP": true, "": false, "identity": false, "gzip;q=0": false, "gzip; q=0.0": false, "xgzip": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/metadata", nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		s.API().ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed %v", accept, got)
		}
		var body io.Reader = w.Body
		if packed {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		var data map[string]any
		if err := json.NewDecoder(body).Decode(&data); err != nil {
			t.Errorf("%q: %v", accept, err)
		}
	}
}

// TestCloseEndsQueries: Close does not wait for a query that takes long.
func TestCloseEndsQueries(t *testing.T) {
	s := filled(t)
	started, answered := make(chan struct{}), make(chan reply)
	go func() {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/query_range", strings.NewReader(url.Values{
			"query": {strings.Repeat("vector(1)+", 2000) + "vector(1)"}, "start": {"0"}, "end": {"11000"}, "step": {"1"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r = r.WithContext(&tellingContext{Context: r.Context(), told: started})
		answered <- do(t, s, r)
	}()
	<-started
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if r := <-answered; r.code != 503 {
		t.Errorf("the query was answered %d %s", r.code, r.Error)
	}
}

// TestCloseWithAQueryThatDoesNotEnd: the store is not pulled away under it, and Shutdown does not wait
// for ever.
func TestCloseWithAQueryThatDoesNotEnd(t *testing.T) {
	s := filled(t)
	s.gate.enter()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("got %v", err)
	}
	if err := s.Write(t.Context(), pipeline.Batch{}); !errors.Is(err, ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if r := get(t, s, "/api/v1/labels", nil); r.code != 503 {
		t.Errorf("API: %d", r.code)
	}
	s.gate.leave()
	if err := s.Shutdown(ctx); err != nil { // it is over, but nobody is in
		t.Error(err)
	}
}

// tellingContext tells when somebody begins to watch it.
type tellingContext struct {
	context.Context
	told chan struct{}
}

func (c *tellingContext) Done() <-chan struct{} {
	select {
	case <-c.told:
	default:
		close(c.told)
	}
	return c.Context.Done()
}

func TestEncoding(t *testing.T) {
	for in, want := range map[string]string{
		"plain": `"plain"`, `q"b\`: `"q\"b\\"`, "\x00\x1f\n": `"\u0000\u001f\u000a"`, "é🛰": `"é🛰"`, "\xff": "\"\uFFFD\"", "\u2028": "\"\u2028\"",
	} {
		got := string(appendString(nil, in))
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil {
			t.Errorf("%q: %v", in, err)
		}
	}
	for in, want := range map[int64]string{0: "0", 1: "0.001", 1500: "1.500", -1: "-0.001", 1_700_000_000_000: "1700000000", -62135596800000: "-62135596800"} {
		if got := string(appendTime(nil, in)); got != want {
			t.Errorf("%d: %s, want %s", in, got, want)
		}
	}
	const whole = 1 << 53
	for _, v := range []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, -2.25, 1e6, 123456789012, whole - 1, whole, whole + 2, -whole + 1, -whole - 2, 9.2e18, -9.3e18,
		9007199254740997, 1e20, 1e21, 1e-6, 1e-7, math.MaxInt64, math.MinInt64, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(),
	} {
		want := strconv.FormatFloat(v, 'f', -1, 64)
		if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
			want = strconv.FormatFloat(v, 'e', -1, 64)
		}
		if got := string(appendFloat(nil, v)); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	if _, err := appendResult(nil, promql.String{}); err != nil {
		t.Error(err)
	}
	if got := string(appendLabels(nil, labels.FromStrings("b", "2", "a", "1"))); got != `{"a":"1","b":"2"}` {
		t.Errorf("labels: %s", got)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\xff\u2028🛰")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil {
			t.Fatal(err)
		}
		if back != string([]rune(s)) { // each byte that is not UTF-8 becomes U+FFFD
			t.Fatalf("%q became %q", s, back)
		}
	})
}

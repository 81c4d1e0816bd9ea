package influxdb

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	after := func(v string) http.Header { return http.Header{"Retry-After": {v}} }
	for name, tc := range map[string]struct {
		reply reply
		want  action
		wait  time.Duration
		lost  int
	}{
		"204":                         {reply{Status: 204}, accepted, 0, 0},
		"200, empty":                  {reply{Status: 200}, accepted, 0, 0},
		"200, some text":              {reply{Status: 200, Body: []byte("fine")}, accepted, 0, 0},
		"200, says it is an error":    {reply{Status: 200, Body: []byte(`{"error":"timeout"}`)}, later, 0, 0},
		"200, InfluxDB 3, lines lost": {reply{Status: 200, Body: []byte(`{"error":"partial write","data":[{"line_number":2},{"line_number":9}]}`)}, accepted, 0, 2},

		"400, parse error":  {reply{Status: 400, Body: []byte(`{"code":"invalid","message":"unable to parse 'x y': missing field value"}`)}, refused, 0, 0},
		"400, 1.x":          {reply{Status: 400, Body: []byte(`{"error":"partial write: field type conflict: input field \"a\" dropped=1"}`)}, refused, 0, 0},
		"422, conflict":     {reply{Status: 422, Body: []byte(`{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict"}`)}, refused, 0, 0},
		"400, disk full":    {reply{Status: 400, Body: []byte(`{"error":"partial write: write /var/lib/influxdb/data/x.tsl: no space left on device dropped=1"}`)}, later, 0, 0},
		"400, engine":       {reply{Status: 400, Body: []byte(`{"error":"engine: cache-max-memory-size exceeded: (1/2)"}`)}, later, 0, 0},
		"400, timeout":      {reply{Status: 400, Body: []byte(`timeout`)}, later, 0, 0},
		"400, shard":        {reply{Status: 422, Body: []byte(`{"error":"shard is disabled"}`)}, later, 0, 0},
		"400, our own echo": {reply{Status: 400, Body: []byte(`{"message":"unable to parse 'interface,interface=no\\ space\\ left a=b': timeout 'engine:' bad"}`)}, refused, 0, 0},
		"400, no body":      {reply{Status: 400, Header: http.Header{"X-Influxdb-Error": {"no space left on device"}}}, later, 0, 0},

		"401":           {reply{Status: 401}, denied, 0, 0},
		"403":           {reply{Status: 403}, denied, 0, 0},
		"404":           {reply{Status: 404}, denied, 0, 0},
		"405":           {reply{Status: 405}, denied, 0, 0},
		"301":           {reply{Status: 301, Header: http.Header{"Location": {"https://elsewhere"}}}, denied, 0, 0},
		"413":           {reply{Status: 413}, tooLarge, 0, 0},
		"408":           {reply{Status: 408}, later, 0, 0},
		"500":           {reply{Status: 500}, later, 0, 0},
		"500, is a lie": {reply{Status: 500, Body: []byte(`{"error":"partial write: unable to parse 'x'"}`)}, later, 0, 0},
		"502":           {reply{Status: 502}, later, 0, 0},
		"no answer":     {reply{Err: errors.New("connection refused")}, later, 0, 0},

		"429":                      {reply{Status: 429}, later, 0, 0},
		"429, seconds":             {reply{Status: 429, Header: after("7")}, later, 7 * time.Second, 0},
		"503, seconds":             {reply{Status: 503, Header: after(" 7 ")}, later, 7 * time.Second, 0},
		"503, date":                {reply{Status: 503, Header: after("Sun, 01 Mar 2026 12:01:00 GMT")}, later, time.Minute, 0},
		"503, date in the past":    {reply{Status: 503, Header: after("Sun, 01 Mar 2026 11:01:00 GMT")}, later, 0, 0},
		"503, date far off":        {reply{Status: 503, Header: after("Sun, 01 Mar 2099 11:01:00 GMT")}, later, 5 * time.Minute, 0},
		"503, a billion":           {reply{Status: 503, Header: after("1000000000")}, later, 5 * time.Minute, 0},
		"503, more than a float":   {reply{Status: 503, Header: after(strings.Repeat("9", 400))}, later, 0, 0},
		"503, negative":            {reply{Status: 503, Header: after("-5")}, later, 0, 0},
		"503, NaN":                 {reply{Status: 503, Header: after("NaN")}, later, 0, 0},
		"503, junk":                {reply{Status: 503, Header: after("soon")}, later, 0, 0},
		"500 does not ask to wait": {reply{Status: 500, Header: after("7")}, later, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := tc.reply.judge(now)
			if v.action != tc.want || v.wait != tc.wait || v.rejected != tc.lost {
				t.Errorf("%s after %v, %d lost, want %s after %v, %d lost (%s)", v.action, v.wait, v.rejected, tc.want, tc.wait, tc.lost, v.reason)
			}
		})
	}
}

func TestReason(t *testing.T) {
	for name, tc := range map[string]struct {
		reply reply
		want  string
	}{
		"v2":        {reply{Status: 400, Body: []byte(`{"code":"invalid","message":"unable to parse"}`)}, "400 Bad Request: unable to parse"},
		"v1":        {reply{Status: 404, Body: []byte(`{"error":"database not found: \"x\""}`)}, `404 Not Found: database not found: "x"`},
		"plain":     {reply{Status: 502, Body: []byte("Bad gateway\n")}, "502 Bad Gateway: Bad gateway"},
		"header":    {reply{Status: 500, Header: http.Header{"X-Influxdb-Error": {"timeout"}}}, "500 Internal Server Error: timeout"},
		"redirect":  {reply{Status: 302, Header: http.Header{"Location": {"/login?token=x"}}}, "302 Found to another address; use that in url"},
		"no answer": {reply{Err: errors.New("connection refused")}, "connection refused"},
		"nothing":   {reply{}, "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.reply.reason(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	long := reply{Status: 500, Body: []byte(strings.Repeat("ä", 10_000))}.reason()
	if len(long) > maxReason+4 {
		t.Errorf("a reason of %d bytes", len(long))
	}
}

package sinktest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// InfluxSeries is one series of an InfluxQL answer. Numbers are json.Number, so that 63-bit integers
// stay exact; times are milliseconds.
type InfluxSeries struct {
	Name    string            `json:"name"`
	Tags    map[string]string `json:"tags"`
	Columns []string          `json:"columns"`
	Values  [][]any           `json:"values"`
}

// QueryInfluxQL runs one InfluxQL statement ("CREATE DATABASE x" too) and returns its series. It fails
// the test when the server refuses it.
func QueryInfluxQL(tb testing.TB, server, database, query string) []InfluxSeries {
	tb.Helper()
	form := url.Values{"db": {database}, "q": {query}, "epoch": {"ms"}}
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, server+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		tb.Fatalf("query %s: %v", query, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := direct().Do(req)
	if err != nil {
		tb.Fatalf("query %s: %v", query, err)
	}
	defer func() { _ = resp.Body.Close() }()
	var body struct {
		Error   string
		Results []struct {
			Error  string
			Series []InfluxSeries
		}
	}
	dec := json.NewDecoder(resp.Body)
	dec.UseNumber()
	if err := dec.Decode(&body); err != nil {
		tb.Fatalf("query %s: status %s: %v", query, resp.Status, err)
	}
	if body.Error != "" {
		tb.Fatalf("query %s: %s", query, body.Error)
	}
	var out []InfluxSeries
	for _, r := range body.Results {
		if r.Error != "" {
			tb.Fatalf("query %s: %s", query, r.Error)
		}
		out = append(out, r.Series...)
	}
	return out
}

package sinktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	series, err := AskInfluxQL(tb.Context(), server, database, query)
	if err != nil {
		tb.Fatal(err)
	}
	return series
}

// AskInfluxQL is QueryInfluxQL for a program that is no test.
func AskInfluxQL(ctx context.Context, server, database, query string) ([]InfluxSeries, error) {
	fail := func(err error) ([]InfluxSeries, error) { return nil, fmt.Errorf("query %s: %w", query, err) }
	form := url.Values{"db": {database}, "q": {query}, "epoch": {"ms"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		return fail(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := direct().Do(req)
	if err != nil {
		return fail(err)
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
		return fail(fmt.Errorf("status %s: %w", resp.Status, err))
	}
	if body.Error != "" {
		return fail(errors.New(body.Error))
	}
	var out []InfluxSeries
	for _, r := range body.Results {
		if r.Error != "" {
			return fail(errors.New(r.Error))
		}
		out = append(out, r.Series...)
	}
	return out, nil
}

package influxdb

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// versionClassic is InfluxDB 1.x before 1.8, which has no other way to be written to than classicPath.
const (
	versionClassic = "1"
	classicPath    = "/write"
	queryPath      = "/query" // of all 1.x
)

// classic writes to InfluxDB 1.x before 1.8, and finds out whether a server is one.
type classic struct {
	base  *url.URL // nil: the server has a bucket, so it is none
	query url.Values

	mu    sync.Mutex
	known bool
	old   bool
}

func newClassic(cfg Config) classic {
	if cfg.Database == "" {
		return classic{}
	}
	base, err := url.Parse(strings.TrimSuffix(cfg.URL, "/"))
	if err != nil {
		return classic{} // New refused it
	}
	query := url.Values{"db": {cfg.Database}, "precision": {"ms"}}
	if cfg.RetentionPolicy != "" {
		query.Set("rp", cfg.RetentionPolicy)
	}
	return classic{base: base, query: query, known: cfg.Version != "", old: cfg.Version == versionClassic}
}

// isOld tells whether the server is older than 1.8. It is asked once it answers.
func (c *classic) isOld(ctx context.Context, d *doer) (bool, error) {
	if c.base == nil {
		return false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		return c.old, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+"/ping", nil)
	if err != nil {
		return false, err
	}
	d.dress(req)
	resp, err := d.http.Do(req)
	if err != nil {
		return false, plainError(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= 500 {
		return false, fmt.Errorf("/ping is answered with %s", resp.Status)
	}
	c.known, c.old = true, isBefore18(resp.Header.Get("X-Influxdb-Version"))
	return c.old, nil
}

// isBefore18 reads a version as 1.6.7~rc0. A server that does not say, as one behind a proxy, is taken for
// a newer one.
func isBefore18(version string) bool {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 || parts[0] != "1" {
		return false
	}
	minor, err := strconv.Atoi(parts[1])
	return err == nil && minor < 8
}

// post writes what an exchange carries; ctx has it.
func (c *classic) post(ctx context.Context, d *doer, x *exchange) reply {
	ctx, cancel := context.WithTimeout(ctx, max(d.http.Timeout, time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+classicPath+"?"+c.query.Encode(), nil)
	if err != nil {
		return reply{Err: err}
	}
	resp, err := d.Do(req)
	if err != nil {
		return reply{Err: err}
	}
	_ = resp.Body.Close() // it was read
	return x.reply
}

// isClassicPath tells the paths of 1.x from that of 2.x, which ends alike.
func isClassicPath(path string) bool {
	return strings.HasSuffix(path, queryPath) || strings.HasSuffix(path, classicPath) && !strings.HasSuffix(path, "/api/v2"+classicPath)
}

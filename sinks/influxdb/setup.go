package influxdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// maker creates what is to be written to, if it is missing.
type maker interface {
	create(ctx context.Context) error
}

// create makes the database or the bucket. What is there already is left as it is.
func (c *client) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(c.doer.http.Timeout, time.Second))
	defer cancel()
	if c.cfg.Database != "" {
		return c.createDatabase(ctx)
	}
	return c.doer.clean(c.createBucket(ctx))
}

func (c *client) createBucket(ctx context.Context) error {
	org, err := c.lib.OrganizationsAPI().FindOrganizationByName(ctx, c.cfg.Org)
	if err != nil {
		return fmt.Errorf("organization %q: %w", c.cfg.Org, plainError(err))
	}
	bucket := &domain.Bucket{Name: c.cfg.Bucket, OrgID: org.Id}
	if c.cfg.Retention > 0 {
		bucket.RetentionRules = domain.RetentionRules{{EverySeconds: int64(c.cfg.Retention.Std() / time.Second)}}
	}
	if _, err := c.lib.BucketsAPI().CreateBucket(ctx, bucket); err != nil {
		return fmt.Errorf("bucket %q: %w", c.cfg.Bucket, plainError(err))
	}
	return nil
}

func (c *client) createDatabase(ctx context.Context) error {
	database, policy, duration := quoteName(c.cfg.Database), c.cfg.RetentionPolicy, "INF"
	if c.cfg.Retention > 0 {
		duration = fmt.Sprintf("%ds", int64(c.cfg.Retention.Std()/time.Second))
	}
	statement := "CREATE DATABASE " + database
	if c.cfg.Retention > 0 && policy == "" { // else the policy is made below, and the default one stays as it is
		statement += " WITH DURATION " + duration
	}
	if err := c.query(ctx, statement); err != nil || policy == "" {
		return err
	}
	return c.query(ctx, fmt.Sprintf("CREATE RETENTION POLICY %s ON %s DURATION %s REPLICATION 1", quoteName(policy), database, duration))
}

// quoteName is an identifier of InfluxQL.
func quoteName(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(name) + `"`
}

// query runs a statement of InfluxQL that gives no rows.
func (c *client) query(ctx context.Context, statement string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.classic.base.String()+queryPath, strings.NewReader(url.Values{"q": {statement}}.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	header := c.doer.dress(req)
	resp, err := c.doer.http.Do(req)
	if err != nil {
		return plainError(err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	err = errors.Join(err, resp.Body.Close())
	if err != nil {
		return err
	}
	r := reply{Status: resp.StatusCode, Header: resp.Header, Body: body, hide: append(shades(header), c.doer.hide...)}
	var answer struct {
		Results []struct{ Error string }
	}
	if r.Status != http.StatusOK || json.Unmarshal(body, &answer) != nil {
		return fmt.Errorf("%s: %s", statement, r.reason())
	}
	for _, result := range answer.Results {
		if result.Error != "" {
			return fmt.Errorf("%s: %s", statement, result.Error)
		}
	}
	return nil
}

// create makes what is missing, not more often than a missing database is asked for anyway. True: it did.
func (d *destination) create(ctx context.Context) bool {
	now := time.Now()
	d.mu.Lock()
	if d.maker == nil || !d.made.IsZero() && now.Sub(d.made) < deniedWait {
		d.mu.Unlock()
		return false
	}
	d.made = now
	d.mu.Unlock()
	err := d.maker.create(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err == nil:
		d.log.Info("created what is written to, as setup says")
	case now.Sub(d.madeSaid) >= remind:
		d.madeSaid = now
		d.log.Error("what is to be written to is missing, and cannot be created; create it yourself, or give the login the right to", "err", err)
	}
	return err == nil
}

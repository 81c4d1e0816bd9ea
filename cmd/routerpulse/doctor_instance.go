package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// checkup is two looks at a running instance.
type checkup struct {
	*diagnosis
	before, now figures
}

// grew is by how much a counter has grown between the looks.
func (c *checkup) grew(name string, labels ...string) float64 {
	return c.now.sum(name, labels...) - c.before.sum(name, labels...)
}

// since says of a counter that is not 0 whether it still grows.
func (c *checkup) since(name string, labels ...string) string {
	if c.grew(name, labels...) > 0 {
		return "and it goes on"
	}
	return "since the start; just now none"
}

// instance looks at the one that runs; false if none does. asked says that there has to be one.
func (d *diagnosis) instance(ctx context.Context, i *instance, asked bool) (runs bool) {
	if i.base == "" {
		d.note("running", "where it listens cannot be known", "say it: --url http://127.0.0.1:8080")
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	stage, err := i.stage(ctx)
	switch {
	case err != nil && asked:
		d.wrong("running", fmt.Sprintf("%s: %v", i.base, err), "start it: systemctl start routerpulse, or routerpulse serve; its log says why it ended")
		return false
	case err != nil:
		d.note("running", fmt.Sprintf("no RouterPulse answers at %s (%v): what can be seen without it is looked at", i.base, err), "")
		return false
	case stage != "":
		d.wrong("running", "it runs, but says: "+stage, "while it starts, wait: it reads what was stored; else its log says more")
	default:
		d.fine("running", i.base+" is ready")
	}
	before, skew, err := i.look(ctx)
	if err == nil {
		if skew.Abs() > maxSkew {
			d.wrong("clock", fmt.Sprintf("its clock is %s off ours", skew.Abs().Round(time.Second)), "let chrony or systemd-timesyncd set both")
		}
		select {
		case <-time.After(i.wait):
		case <-ctx.Done():
		}
		var now figures
		if now, _, err = i.look(ctx); err == nil {
			(&checkup{d, before, now}).everything()
		}
	}
	switch {
	case errors.Is(err, errForbidden):
		d.wrong("running", err.Error(), "give --token-file with a token of the role metrics or admin, or ask on its own machine")
	case err != nil && stage == "":
		d.wrong("running", err.Error(), "its log says more")
	}
	return true
}

// stage is what it says of itself unless it is ready and healthy.
func (i *instance) stage(ctx context.Context) (string, error) {
	for _, path := range []string{"/-/ready", "/-/healthy"} {
		resp, err := i.get(ctx, path)
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(io.LimitReader(resp.Body, 512))
		_ = resp.Body.Close() // all that counts was read
		switch {
		case err != nil:
			return "", err
		case !strings.HasPrefix(string(text), "RouterPulse is"):
			return "", fmt.Errorf("what answers there is no RouterPulse (%s)", resp.Status)
		case resp.StatusCode != http.StatusOK:
			return strings.TrimSpace(string(text)), nil
		}
	}
	return "", nil
}

// everything asks all figures in turn, in the order that data flows.
func (c *checkup) everything() {
	c.config()
	c.clock()
	c.devices()
	c.polls()
	c.sinks()
	c.influx()
	c.spools()
	c.store()
	c.streams()
	c.process()
}

func (c *checkup) config() {
	if c.now.has("routerpulse_config_last_reload_successful") && c.now.sum("routerpulse_config_last_reload_successful") == 0 {
		c.wrong("reload", "the config that was read last is no good; the one before goes on", "'routerpulse check' says what is wrong with it; correct it, and it is read again")
	}
	if c.now.sum("routerpulse_config_restart_needed") > 0 {
		c.note("reload", "the config has changes that take effect after a restart", "systemctl restart routerpulse")
	}
}

func (c *checkup) devices() {
	const part = "routers"
	all, refusing := int(c.now.sum("routerpulse_devices")), int(c.now.sum("routerpulse_devices", "state", "auth-failed"))
	once := map[string]bool{}
	for _, one := range c.now.each("routerpulse_device_last_success_timestamp_seconds") {
		once[one.labels["device"]] = true
	}
	var never, away []string
	for _, one := range c.now.each("routerpulse_device_up") {
		switch name := one.labels["device"]; {
		case one.value == 1:
		case once[name]:
			away = append(away, name)
		default:
			never = append(never, name)
		}
	}
	if len(never) > 0 {
		c.wrong(part, fmt.Sprintf("%d of %d have given nothing since the start: %s", len(never), all, someOf(never)), routerAdvice(noAnswer))
	}
	if len(away) > 0 {
		c.wrong(part, fmt.Sprintf("%d of %d answered before and do not now: %s", len(away), all, someOf(away)), "look whether they have power and a way to here; they are asked on, and read as soon as they are back")
	}
	if refusing > 0 {
		c.wrong(part, fmt.Sprintf("%d of %d refuse the credentials (the page and /v1/devices say which)", refusing, all), routerAdvice(noEntry))
	}
	if n := int(c.now.sum("routerpulse_devices", "state", "degraded")); n > 0 {
		c.note(part, fmt.Sprintf("%d of %d answer in part (the page says which tables)", n, all), "a table that a router cannot read can be turned off: tables: in the config")
	}
	for _, one := range c.now.each("routerpulse_rows_dropped_total") {
		if one.value > 0 {
			c.wrong(part, fmt.Sprintf("%s has more rows in %s than are read", one.labels["device"], one.labels["table"]), "raise limits: { rows_per_table: … } for it, or turn the table off")
		}
	}
	if c.silent(part) {
		c.fine(part, fmt.Sprintf("all %d answer, or were not asked yet", all))
	}
}

func (c *checkup) polls() {
	const part = "polls"
	if n := c.now.sum("routerpulse_polls_skipped_total", "reason", "overrun"); n > 0 {
		what := fmt.Sprintf("%.0f were left out because the one before still went on, %s", n, c.since("routerpulse_polls_skipped_total", "reason", "overrun"))
		if c.grew("routerpulse_polls_skipped_total", "reason", "overrun") > 0 {
			c.wrong(part, what, "poll slow routers less often (lanes: for the device), or turn costly tables off; 'routerpulse probe' shows how long one takes")
		} else {
			c.note(part, what, "")
		}
	}
	if share, all := c.now.slower("routerpulse_poll_lateness_seconds", 1); all >= 100 && share > .01 {
		c.wrong(part, fmt.Sprintf("%.1f %% start more than 1 s late", 100*share), "this machine is too busy, or it stood still: look at its load, give it more CPU, or poll less often")
	}
	if n := c.now.sum("routerpulse_poll_panics_total"); n > 0 {
		c.wrong(part, fmt.Sprintf("%.0f panicked", n), "a bug of ours: report it, please, with what the log says")
	}
	for _, one := range c.now.each("routerpulse_heartbeat_age_seconds") {
		if limit := map[string]time.Duration{"scheduler": schedulerQuiet, "pipeline": pipelineQuiet}[one.labels["part"]]; limit > 0 && one.value > limit.Seconds() {
			c.wrong(part, fmt.Sprintf("the %s has stood still for %.0f s", one.labels["part"], one.value), "restart it, and report it, please")
		}
	}
	if c.silent(part) {
		c.fine(part, "in time")
	}
}

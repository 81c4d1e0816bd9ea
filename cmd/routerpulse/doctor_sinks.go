package main

import (
	"fmt"
	"math"
	"time"
)

func (c *checkup) sinks() {
	for _, one := range c.now.each("routerpulse_sink_dropped_samples_total") {
		if sink, why := one.labels["sink"], one.labels["reason"]; one.value > 0 {
			c.wrong("sinks", fmt.Sprintf("%s did not get %.0f samples (%s), %s", sink, one.value, why, c.since("routerpulse_sink_dropped_samples_total", "sink", sink, "reason", why)),
				"its queue was full, or it refused them: the log says why; look at its disk")
		}
	}
	for _, one := range c.now.each("routerpulse_sink_write_retries_total") {
		if c.grew("routerpulse_sink_write_retries_total", "sink", one.labels["sink"]) > 0 {
			c.wrong("sinks", one.labels["sink"]+" takes no batches just now", "the log says why: most often its disk is full, or may not be written to")
		}
	}
}

func (c *checkup) influx() {
	for _, one := range c.now.each("routerpulse_influxdb_failing_seconds") {
		name := one.labels["destination"]
		if one.value == 0 && c.now.sum("routerpulse_influxdb_up", "destination", name) == 1 {
			c.fine("influxdb", name+" takes what it is sent")
			continue
		}
		if one.value == 0 && c.now.sum("routerpulse_influxdb_requests_total", "destination", name) == 0 {
			c.note("influxdb", name+" was not sent anything yet", "")
			continue
		}
		why, do := influxTrouble(c.lastCode(name))
		c.wrong("influxdb", fmt.Sprintf("%s takes nothing: %s; for %s so far; it is tried again, and nothing is lost while the spool has room", name, why, seconds(one.value)), do)
	}
}

// lastCode is the status of the requests that failed last: of those between the looks, else the one that
// came most often.
func (c *checkup) lastCode(destination string) (code string) {
	const name = "routerpulse_influxdb_requests_total"
	best := 0.0
	for _, one := range c.now.each(name) {
		if one.labels["destination"] != destination || one.labels["code"] == "204" || one.labels["code"] == "200" {
			continue
		}
		weight := one.value
		if grew := c.grew(name, "destination", destination, "code", one.labels["code"]); grew > 0 {
			weight = math.MaxInt32 + grew
		}
		if weight > best {
			code, best = one.labels["code"], weight
		}
	}
	return code
}

func influxTrouble(code string) (why, do string) {
	switch code {
	case "", "0":
		return "it does not answer", "start it; look whether its url is right and a firewall lets us through"
	case "401":
		return "it does not know the token or the user (401)", "put a token that may write into token_file: it is read again within half a minute"
	case "403":
		return "the token may not write there (403)", "give it the right to write to the bucket, or put another into token_file: it is read again within half a minute"
	case "404":
		return "it has no such database or bucket (404)", "make it: influx bucket create, or CREATE DATABASE; writing goes on by itself"
	case "429", "503":
		return "it asks to wait (" + code + ")", "it has too much to do: look at its load and its limits"
	}
	return "it answers with " + code, "look at its log and its disk; InfluxDB 1.x goes on refusing after its disk was full until it is restarted"
}

// fullSoon is when a spool that fills up is a matter of now; oldSoon from when on what waits is old.
const (
	fullSoon = 24 * time.Hour
	oldSoon  = 10 * time.Minute
)

func (c *checkup) spools() {
	for _, one := range c.now.each("routerpulse_spool_samples") {
		c.spool(one.labels["destination"], one.value)
	}
}

func (c *checkup) spool(name string, waiting float64) {
	const part = "spool"
	at := []string{"destination", name}
	sum := func(metric string) float64 { return c.now.sum("routerpulse_spool_"+metric, at...) }
	before, full, oldest := len(c.findings), sum("time_to_full_seconds"), time.Duration(sum("oldest_age_seconds")*float64(time.Second))
	grows := c.grew("routerpulse_spool_samples", at...) > 0
	what := fmt.Sprintf("%s: %.0f samples wait, the oldest for %s", name, waiting, oldest.Round(time.Second))
	switch {
	case grows && full < fullSoon.Seconds() && oldest > time.Minute:
		c.wrong(part, fmt.Sprintf("%s; full in %s, then the oldest are given up", what, seconds(full)), "bring the database back; or raise its spool: { max_bytes: … } and restart, if the disk has room")
	case oldest > oldSoon && grows:
		c.wrong(part, what+", and they become more", "bring the database back; it does not take them, or more slowly than they come")
	case oldest > oldSoon:
		c.note(part, what+"; they become fewer", "")
	}
	if sum("degraded") > 0 {
		c.wrong(part, name+": records cannot be written to the disk", "look at the disk of the data folder: is it full, or read-only? (dmesg)")
	}
	for _, one := range c.now.each("routerpulse_spool_shed_samples_total") {
		if why := one.labels["reason"]; one.labels["destination"] == name && one.value > 0 {
			c.wrong(part, fmt.Sprintf("%s: %.0f samples were given up (%s), %s", name, one.value, why, c.since("routerpulse_spool_shed_samples_total", append(at, "reason", why)...)),
				map[string]string{"max_bytes": "raise its spool: { max_bytes: … }", "max_age": "raise its spool: { max_age: … }", "disk_full": "make room on the disk",
					"damaged": "the disk gave back what was not written: look at it (dmesg, smartctl)"}[why])
		}
	}
	if n := sum("dead_samples_total"); n > 0 {
		c.wrong(part, fmt.Sprintf("%s: the database will never take %.0f samples", name, n), "'routerpulse spool dead' shows them with the reason, 'routerpulse spool resend' sends them again once that is mended")
	}
	if n := sum("errors_total"); n > 0 {
		c.wrong(part, fmt.Sprintf("%s: %.0f writes or syncs failed, %s", name, n, c.since("routerpulse_spool_errors_total", at...)), "look at the disk of the data folder (df, dmesg, smartctl)")
	}
	if len(c.findings) == before {
		c.fine(part, what)
	}
}

func (c *checkup) store() {
	const part = "store"
	if !c.now.has("routerpulse_embedded_rows") {
		return
	}
	switch {
	case c.now.sum("routerpulse_embedded_disk_full") > 0:
		c.wrong(part, "the disk is full: the embedded store takes no samples", "make room on the disk of the data folder, or lower storage: embedded: retention")
	case c.grew("routerpulse_embedded_failed_batches_total") > 0:
		c.wrong(part, "the embedded store cannot write", "look at the disk of the data folder: is it full, or read-only?")
	}
	if c.grew("routerpulse_embedded_coarse_failures_total") > 0 {
		c.wrong(part, "a block of the coarse store cannot be written", "look at the log, and at the disk of the data folder; until retention has passed, nothing is lost")
	}
	for _, one := range c.now.each("routerpulse_embedded_rejected_values_total") {
		why := one.labels["reason"]
		if one.value == 0 || why == "duplicate" {
			continue
		}
		do := "are the clocks right, of this machine and of what it stores? timedatectl"
		if why == "max_series" {
			do = "raise storage: embedded: max_series, or read fewer tables"
		}
		what := fmt.Sprintf("the embedded store refused %.0f values (%s), %s", one.value, why, c.since("routerpulse_embedded_rejected_values_total", "reason", why))
		if c.grew("routerpulse_embedded_rejected_values_total", "reason", why) > 0 {
			c.wrong(part, what, do)
		} else {
			c.note(part, what, do)
		}
	}
	if c.silent(part) {
		c.fine(part, fmt.Sprintf("the embedded store takes all; it has %.0f rows at hand", c.now.sum("routerpulse_embedded_rows")))
	}
}

func (c *checkup) streams() {
	const part = "streams"
	for _, one := range c.now.each("routerpulse_stream_refused_total") {
		status := one.labels["status"]
		what := fmt.Sprintf("%.0f were refused with %s, %s", one.value, status, c.since("routerpulse_stream_refused_total", "status", status))
		switch {
		case one.value == 0:
		case status == "429" || status == "503":
			c.wrong(part, what, "more ask than the limits of the stream allow: raise them if this machine can bear it, or look who asks so often")
		default:
			c.note(part, what, map[string]string{"401": "their token is missing, wrong or expired", "403": "they may not see the channel that they ask for: access: of the channel",
				"404": "they ask for a channel that is not in the config"}[status])
		}
	}
	if n := c.grew("routerpulse_stream_save_errors_total"); n > 0 {
		c.wrong(part, "what is to outlive a restart cannot be saved", "look at the disk of the data folder")
	}
	if c.silent(part) {
		c.fine(part, fmt.Sprintf("%.0f are open", c.now.sum("routerpulse_stream_subscribers")))
	}
}

func (c *checkup) process() {
	used, most := c.now.sum("process_open_fds"), c.now.sum("process_max_fds")
	if most > 0 && used > .8*most {
		c.wrong("process", fmt.Sprintf("%.0f of %.0f file descriptors are in use", used, most), "raise LimitNOFILE in its unit, or ulimit -n")
		return
	}
	c.fine("process", fmt.Sprintf("%.0f MiB of memory, %.0f of %.0f file descriptors, %.0f goroutines",
		c.now.sum("process_resident_memory_bytes")/(1<<20), used, most, c.now.sum("go_goroutines")))
}

// seconds says a duration to people.
func seconds(s float64) string {
	return (time.Duration(s) * time.Second).String()
}

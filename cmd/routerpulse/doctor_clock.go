package main

import (
	"fmt"
	"time"
)

// clock says whether the clock of the instance's machine can be believed.
func (c *checkup) clock() {
	const part = "clock"
	if !c.now.has("routerpulse_clock_trusted") {
		return // an older one
	}
	held := c.now.sum("routerpulse_clock_held_samples")
	off := time.Duration(c.now.sum("routerpulse_clock_offset_seconds") * float64(time.Second)).Round(time.Second)
	switch {
	case c.now.sum("routerpulse_clock_trusted") == 1:
	case held > 0:
		c.wrong(part, fmt.Sprintf("the clock of its machine cannot be believed%s: %.0f samples are held until it is clear what time it is", saysOff(off), held),
			"let chrony or systemd-timesyncd set it: what is held is stored then, with the right time")
	default:
		c.wrong(part, fmt.Sprintf("the clock of its machine cannot be believed%s: samples get the time that ran on", saysOff(off)),
			"let chrony or systemd-timesyncd set it, before the next start")
	}
	if n := c.now.sum("routerpulse_clock_dropped_samples_total"); n > 0 {
		c.wrong(part, fmt.Sprintf("%.0f samples were given up because it was not clear what time it is, %s", n, c.since("routerpulse_clock_dropped_samples_total")),
			"let chrony or systemd-timesyncd set the clock before RouterPulse starts: After=time-sync.target in its unit")
	}
	c.jumps(part, "believed", "was set by more than 10 minutes, or for the first time, %.0f times: older samples have the time from before")
	c.jumps(part, "refused", "jumped out of the years that can be, or stood still, %.0f times: samples got the time that ran on")
	if c.silent(part) {
		c.fine(part, "its machine's clock is believed")
	}
}

// jumps notes what the clock did before.
func (c *checkup) jumps(part, result, what string) {
	if n := c.now.sum("routerpulse_clock_steps_total", "result", result); n > 0 {
		c.note(part, "the clock of its machine "+fmt.Sprintf(what, n), "its log says when; charts may have a gap, or times twice, there")
	}
}

// saysOff is how far the clock is from what ran on, where that is known.
func saysOff(off time.Duration) string {
	if off.Abs() < time.Second {
		return ""
	}
	return fmt.Sprintf(" (it is %s off what ran on)", off.Abs())
}

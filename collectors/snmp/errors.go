package snmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// silenceAdvice names the causes that SNMP v1 and v2c cannot tell apart: each is met with silence.
const silenceAdvice = "the community may be wrong, the device's access list may not have this host " +
	"(RouterOS: /snmp community, addresses), a filter on the way may drop UDP, SNMP may be off, or the device is down"

// silenceAdviceV3 names them for SNMP v3, whose agents answer anybody who asks for their engine.
const silenceAdviceV3 = "the device's access list may not have this host (RouterOS: /snmp community, addresses), a filter " +
	"on the way may drop UDP, SNMP may be off or have no version 3, or the device is down"

func (c *Collector) silenceAdvice() string {
	if c.peer != nil {
		return silenceAdviceV3
	}
	return silenceAdvice
}

// noiseAdvice names the causes of answers that are none.
const noiseAdvice = "the device is faulty, something else listens there, or somebody forges answers"

// explain says for people why a poll ended early. It never names the community.
func (c *Collector) explain(err error, rejected string, took time.Duration) error {
	if err == nil {
		return nil
	}
	what := fmt.Sprintf("%s: SNMP v%s at %s", c.target.Device, c.target.Credential.Version, c.target.endpoint())
	switch {
	case errors.Is(err, errSilent) && rejected != "":
		return fmt.Errorf("%s: %w to the request in %s, only datagrams that do not belong to it (%s): %s",
			what, pipeline.ErrNoAnswer, took.Round(100*time.Millisecond), rejected, noiseAdvice)
	case errors.Is(err, errSilent):
		return fmt.Errorf("%s: %w in %s: %s", what, pipeline.ErrNoAnswer, took.Round(100*time.Millisecond), c.silenceAdvice())
	case isUnreachable(err):
		return fmt.Errorf("%s: %w: nothing listens there, or a router on the way says no (%w)", what, pipeline.ErrUnreachable, cause(err))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, context.Canceled)
	}
	if rejected != "" {
		rejected = "; dropped what did not answer the request: " + rejected
	}
	if errors.Is(err, errTimeIsUp) {
		return fmt.Errorf("%s: %w after %s: %w%s", what, err, took.Round(100*time.Millisecond), context.DeadlineExceeded, rejected)
	}
	return fmt.Errorf("%s: %w%s", what, err, rejected)
}

// explainOpen says why there is no socket to the device.
func (c *Collector) explainOpen(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", c.target.Device, ctx.Err())
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return fmt.Errorf("%s: %w: the name %s cannot be resolved: %s", c.target.Device, pipeline.ErrUnreachable, dns.Name, dns.Err)
	}
	return fmt.Errorf("%s: %w: %w", c.target.Device, pipeline.ErrUnreachable, err)
}

// cause digs out the network's own error: the codec wraps it in words of its own.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

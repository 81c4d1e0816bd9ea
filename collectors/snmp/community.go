package snmp

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"
)

// version is SNMP's, as it stands in a message.
type version int64

const (
	v1  version = 0
	v2c version = 1
	v3  version = 3
)

// community is the exchange of SNMP v1 and v2c. Its memory is used again by every request: nothing is
// allocated, and what a reply's values point to is the buffer that it was received in.
type community struct {
	tally   *tally
	line    line
	timeout time.Duration
	tries   int

	guard    guard
	id       uint32
	outgoing encoder
	reply    reply
	flights  flights
	flying   [1]int64 // scratch: the id of a flight
}

// open turns to a device. The line is to it alone: the kernel drops what other hosts send.
func (c *community) open(l line, t *Target, secret string) {
	c.line, c.timeout, c.tries = l, t.timeout(), t.retries()+1
	c.guard.version, c.guard.community = t.Credential.version(), append(c.guard.community[:0], secret...)
	c.id = firstID + rand.Uint32N(1<<29)
}

// firstID is the least request id. From it on an id has four bytes, and a new one can be written over
// the old.
const firstID = 1 << 24

// close forgets the device.
func (c *community) close() {
	clear(c.guard.community)
	c.line, c.guard.community, c.guard.request = line{}, c.guard.community[:0], nil
	c.outgoing.forget()
	c.flights.forget()
}

// ask sends a request, unless it was sent ahead, and waits for its reply.
func (c *community) ask(ctx context.Context, r *request) (*reply, error) {
	c.guard.request, c.guard.ids = r, c.guard.ids[:0]
	one := c.board(r)
	for range c.tries {
		var err error
		if one != nil {
			err, one = c.await(ctx, one), nil
		} else {
			err = c.try(ctx)
		}
		switch {
		case err == nil:
			return &c.reply, nil
		case errors.Is(err, errGarbled), isUnreachable(err):
			return nil, err
		case errors.Is(context.Cause(ctx), context.Canceled):
			return nil, context.Canceled
		case isOver(ctx), errors.Is(err, net.ErrClosed):
			return nil, errSilent
		}
	}
	return nil, errSilent
}

// try sends the request under a new id and waits until the time of one try is up.
func (c *community) try(ctx context.Context) error {
	c.id++
	c.guard.ids = append(c.guard.ids, int64(c.id))
	c.outgoing.encode(c.guard.version, c.guard.community, c.guard.request)
	datagram := c.outgoing.datagram(c.id)
	deadline := time.Now().Add(c.timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := c.line.waitUntil(deadline); err != nil {
		return err
	}
	c.tally.sent(len(datagram))
	return c.exchange(datagram)
}

// exchange sends the request and reads datagrams until one answers it. The connection's deadline bounds
// it, whatever arrives.
func (c *community) exchange(datagram []byte) error {
	for ; ; datagram = nil {
		in, err := c.line.roundTrip(datagram)
		if err != nil {
			return err
		}
		m, why := c.guard.judge(in)
		if why != accepted && c.land(in) {
			continue
		}
		c.tally.got(len(in), why)
		if why == accepted {
			c.reply.size, c.reply.at = len(in), c.line.now()
			return c.reply.decode(&m, c.guard.request)
		}
	}
}

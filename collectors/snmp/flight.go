package snmp

import (
	"context"
	"slices"
	"time"
)

// flights are requests that are sent before the poll asks for them, several at a time, because it is
// known that it will. So a poll waits once for all of them, not once for each.
type flights struct {
	planned []flight  // in the order in which they will be asked
	next    int       // the first of them that is neither sent nor passed over
	open    int       // sent and not answered yet
	most    int       // that may be open at a time
	heard   time.Time // when one was sent or answered last
	lost    bool      // one got no reply in its time: nothing more is sent ahead in this poll
	err     error     // why one could not be sent
}

// flight is one such request, and its reply once that has come.
type flight struct {
	request *request
	claimed bool   // the poll has asked for it
	id      int64  // 0: not sent
	reply   []byte // the datagram; its memory is used again
	landed  bool
	at      time.Time // when the reply came
}

// longestFlight bounds the replies that are kept. A longer one, which the network has cut into fragments,
// counts as lost: it is asked for again when the poll comes to it.
const longestFlight = 4096

// plan takes requests that the poll will ask, of which most may be in flight at a time. They are good until
// the flights are forgotten.
func (f *flights) plan(requests []request, most int) {
	f.forget()
	f.planned, f.most = slices.Grow(f.planned, len(requests))[:len(requests)], most
	for i := range requests {
		f.planned[i].request = &requests[i]
	}
}

// forget wipes everything but the memory for replies.
func (f *flights) forget() {
	for i := range f.planned {
		reply := f.planned[i].reply
		clear(reply)
		f.planned[i] = flight{reply: reply[:0]}
	}
	*f = flights{planned: f.planned[:0]}
}

// claim finds the flight of a request that the poll asks now; nil if there is none. What was planned
// before it and is not sent yet will not be needed.
func (f *flights) claim(r *request) *flight {
	for i := range f.planned {
		if one := &f.planned[i]; !one.claimed && one.request.equals(r) {
			one.claimed = true
			f.next = max(f.next, i)
			return one
		}
	}
	return nil
}

// take returns the next request to be sent; nil if none may be now.
func (f *flights) take() *flight {
	if f.lost || f.err != nil || f.open >= f.most || f.next == len(f.planned) {
		return nil
	}
	f.next++
	return &f.planned[f.next-1]
}

// find returns the flight that waits for a reply with this id; nil if there is none.
func (f *flights) find(id int64) *flight {
	for i := range f.planned[:f.next] {
		if one := &f.planned[i]; one.id == id && id != 0 && !one.landed {
			return one
		}
	}
	return nil
}

// ahead sends requests before they are asked, most of them at a time, and the others as replies are
// taken. What goes wrong is told to whoever asks.
func (c *community) ahead(requests []request, most int) {
	c.flights.plan(requests, most)
	c.depart()
}

// depart sends what may be sent.
func (c *community) depart() {
	for {
		one := c.flights.take()
		if one == nil {
			return
		}
		c.id++
		one.id = int64(c.id)
		c.outgoing.encode(c.guard.version, c.guard.community, one.request)
		datagram := c.outgoing.datagram(c.id)
		c.tally.sent(len(datagram))
		c.flights.open++
		c.flights.heard = time.Now()
		c.flights.err = c.line.socket.post(datagram)
	}
}

// board returns the flight of a request; nil if it is not in the air.
func (c *community) board(r *request) *flight {
	one := c.flights.claim(r)
	if one == nil {
		return nil
	}
	c.depart()
	if one.id == 0 { // there are too many in the air, or nothing may be sent ahead any more
		return nil
	}
	return one
}

// await returns when a flight has landed, as a rule with all others. Its time begins anew whenever another
// one lands: a slow device answers one after the other, as if it had been asked so.
func (c *community) await(ctx context.Context, one *flight) error {
	c.guard.ids = append(c.guard.ids, one.id)
	for !one.landed {
		if c.flights.err != nil {
			return c.flights.err
		}
		heard := c.flights.heard
		deadline := heard.Add(c.timeout)
		if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
			deadline = d
		}
		if err := c.line.waitUntil(deadline); err != nil {
			return err
		}
		err := c.landAll()
		switch {
		case err == nil:
		case isTimeout(err) && c.flights.heard.After(heard) && !isOver(ctx):
		default:
			c.flights.lost = true
			return err
		}
	}
	m, _ := c.guard.judge(one.reply)
	c.reply.size, c.reply.at = len(one.reply), one.at
	return c.reply.decode(&m, c.guard.request)
}

// landAll takes what comes in until nothing is in the air or the time is up.
func (c *community) landAll() error {
	for c.flights.open > 0 {
		in, err := c.line.roundTrip(nil)
		if err != nil {
			return err
		}
		if !c.land(in) {
			_, why := c.guard.judge(in)
			c.tally.got(len(in), why)
		}
	}
	return nil
}

// land keeps a datagram that answers a flight. It is false for any other one.
func (c *community) land(in []byte) bool {
	m, err := parseMessage(in)
	if err != nil {
		return false
	}
	one := c.flights.find(m.id)
	if one == nil {
		return false
	}
	g := guard{version: c.guard.version, community: c.guard.community, request: one.request, ids: c.flying[:]}
	c.flying[0] = one.id
	if _, why := g.judge(in); why != accepted {
		return false
	}
	c.tally.got(len(in), accepted)
	if len(in) > longestFlight {
		return true
	}
	one.reply, one.landed, one.at = append(one.reply[:0], in...), true, c.line.now()
	c.flights.open--
	c.flights.heard = time.Now()
	return true
}

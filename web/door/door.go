// Package door is where connections come in: how many, how fast, and how long each may take to say what it
// wants. Streams leave it, as they are taken out of net/http; what is left are requests, which are short.
//
// Whoever is one too many is closed without an answer: what it wants is not known yet, and a browser's
// EventSource comes back after a broken connection, but never after a status.
package door

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// Times that a client has.
const (
	headerTime = 5 * time.Second
	bodyTime   = 10 * time.Second
	writeTime  = 30 * time.Second // to take a piece of an answer
	idleTime   = 2 * time.Minute
	secure     = time.Second // for which nobody who waits has to make room
)

// Bounds of a request.
const (
	maxHeader = 16 << 10
	maxBody   = 1 << 20
)

// Connections of one address: as many at once as perAddress times the streams that it may have, and as many
// new ones a second as it may have streams.
const perAddress = 4

// maxHouses bounds the addresses of which the door remembers how fast they came.
const maxHouses = 10_000

// Options say who is let in.
type Options struct {
	// Open is how many connections there may be, streams not counted.
	Open int
	// House tells which connections count as one client's. bounded is false for a proxy, which comes in the
	// name of many.
	House func(netip.Addr) (house netip.Prefix, bounded bool)
	// Streams is how many streams one client may have open now.
	Streams func() int
}

// Door is a listener that lets in no more than there is room for. It is safe for concurrent use.
type Door struct {
	net.Listener
	opt     Options
	metrics *metrics
	journal journal
	body    time.Duration
	header  time.Duration
	write   time.Duration

	mu     sync.Mutex
	guests map[*guest]struct{}
	houses map[netip.Prefix]*house
}

// house is one client.
type house struct {
	guests int
	pace   *rate.Limiter
}

// New guards a listener of TCP connections.
func New(l net.Listener, opt Options, reg prometheus.Registerer, log *slog.Logger) *Door {
	d := &Door{Listener: l, opt: opt, header: headerTime, body: bodyTime, write: writeTime,
		guests: map[*guest]struct{}{}, houses: map[netip.Prefix]*house{}}
	d.journal = journal{log: log, said: map[string]*said{}}
	d.metrics = newMetrics(reg, d)
	return d
}

// Server is a server for the connections of the door. It has no write timeout, which would end every stream:
// the door sets a deadline for each write, and so does the stream.
func (d *Door) Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: d.serve(h), ReadHeaderTimeout: d.header, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, guestKey{}, c) },
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Accept waits for the next connection that is let in. After an error net/http waits a little, longer each
// time, before it asks again.
func (d *Door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) { // by us, at the end
				d.cut(whyAccept, netip.Addr{})
			}
			return nil, err
		}
		if g := d.admit(c); g != nil {
			return g, nil
		}
	}
}

// admit lets a connection in, or closes it.
func (d *Door) admit(c net.Conn) *guest {
	from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
	addr := from.Addr().Unmap().WithZone("")
	g := &guest{Conn: c, door: d, addr: addr, since: time.Now()}
	victim, why := d.enter(g)
	if victim != nil {
		_ = victim.Close() // its end is what was wanted
	}
	if why == "" {
		return g
	}
	d.cut(why, addr)
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // nothing of it is to be kept
	}
	_ = c.Close()
	return nil
}

// enter counts a connection in, or says why not. Whoever waits for longest makes room: a client that does
// not get on with its request, or a connection that is kept for another one.
func (d *Door) enter(g *guest) (victim *guest, why string) {
	prefix, bounded := d.opt.House(g.addr)
	streams := d.opt.Streams()
	d.mu.Lock()
	defer d.mu.Unlock()
	if bounded {
		g.house = d.houseOf(prefix, streams)
		if !g.house.pace.AllowN(g.since, 1) {
			return nil, whyPace
		}
		if g.house.guests >= perAddress*streams {
			if victim = d.longest(g.since, g.house); victim == nil {
				return nil, whyAddress
			}
		}
	}
	if victim == nil && len(d.guests) >= d.opt.Open {
		if victim = d.longest(g.since, nil); victim == nil {
			return nil, whyFull
		}
	}
	if victim != nil {
		d.leave(victim)
		d.metrics.cut.WithLabelValues(whyRoom).Inc()
	}
	d.guests[g] = struct{}{}
	if g.house != nil {
		g.house.guests++
	}
	return victim, ""
}

// houseOf finds a client, and forgets others where there are too many.
func (d *Door) houseOf(prefix netip.Prefix, streams int) *house {
	h := d.houses[prefix]
	if h == nil {
		d.forget()
		h = &house{pace: rate.NewLimiter(rate.Limit(streams), perAddress*streams)}
		d.houses[prefix] = h
	}
	if h.pace.Limit() != rate.Limit(streams) { // the config is another one
		h.pace.SetLimit(rate.Limit(streams))
		h.pace.SetBurst(perAddress * streams)
	}
	return h
}

// forget makes room for another client: those go that have no connection.
func (d *Door) forget() {
	if len(d.houses) < maxHouses {
		return
	}
	for prefix, h := range d.houses {
		if h.guests == 0 {
			delete(d.houses, prefix)
		}
	}
}

// longest finds who waits for longest, of a client or of all; nil: nobody has waited for long enough.
func (d *Door) longest(now time.Time, of *house) (found *guest) {
	oldest := now.Add(-secure)
	for g := range d.guests {
		if (of == nil || g.house == of) && !g.busy && g.since.Before(oldest) {
			found, oldest = g, g.since
		}
	}
	return found
}

// leave counts a connection out, once. The lock must be held.
func (d *Door) leave(g *guest) {
	if _, in := d.guests[g]; !in {
		return
	}
	delete(d.guests, g)
	if g.house != nil {
		g.house.guests--
	}
}

func (d *Door) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.guests)
}

// Package snmp reads devices over SNMP v1, v2c and v3. The codec is ours: it writes requests and reads
// replies in memory that is used again, and drops whatever does not answer the request in flight.
//
// Tables are data (tables_*.go): which objects, in which unit, with which numbers that mean "none". A
// poll asks for all scalars in one request, together with the rows of small tables, and walks the
// larger ones several columns at a time, as many rows as fit one datagram. What changes rarely is read
// every few minutes and remembered in between. What a poll will ask of a device that is as it was is known
// (outlook.go), and sent together (flight.go), so that a poll waits once.
package snmp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// maxPoll bounds a poll whose context has no deadline.
const maxPoll = 30 * time.Second

// Collector reads one device. It is safe for concurrent use; polls of one lane wait for each other.
type Collector struct {
	engine *Engine
	target Target
	rows   *pipeline.Rows
	peer   *usmPeer // nil but for SNMPv3

	mu        sync.Mutex
	community string // "" is not read from its file yet
	lanes     map[pipeline.Lane]*lane
}

// lane is the memory of one lane's polls.
type lane struct {
	mu     sync.Mutex
	memory *memory
}

// New prepares to read a device; nothing is opened. rows makes its series.
func (e *Engine) New(target Target, rows *pipeline.Rows) (*Collector, error) {
	if target.Address == "" || target.Port < 0 || target.Port > 65535 {
		return nil, fmt.Errorf("%s: no address to ask by SNMP: %q, port %d", target.Device, target.Address, target.Port)
	}
	c := &Collector{engine: e, target: target, rows: rows, lanes: map[pipeline.Lane]*lane{}}
	if target.Credential.version() == v3 {
		c.peer = newPeer(&c.target.Credential, &e.keys, e.now)
	}
	return c, nil
}

// Tables lists the tables that a lane reads.
func (c *Collector) Tables(lane pipeline.Lane) []string {
	var names []string
	for _, t := range c.engine.library.tables {
		if t.lane == lane {
			names = append(names, t.name)
		}
	}
	return names
}

// Collect reads the tables that want names, whatever their own lane is; a nil want is those of the lane.
// What it managed to read is returned even when err is not nil, with a status for each table that was
// asked for. err says that the device as a whole could not be read, or stopped answering (errors.Is
// pipeline.ErrNoAnswer, pipeline.ErrUnreachable, or the context's error); a table that failed alone is
// no error.
func (c *Collector) Collect(ctx context.Context, name pipeline.Lane, want func(table string) bool) (reads []pipeline.TableRead, err error) {
	wanted := make([]*table, 0, len(c.engine.library.tables))
	for _, t := range c.engine.library.tables {
		if want == nil && t.lane == name || want != nil && want(t.name) {
			wanted = append(wanted, t)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	l := c.lane(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	err = c.with(ctx, l.memory, func(p *poll) error {
		p.run(wanted)
		reads = make([]pipeline.TableRead, 0, len(wanted))
		for _, t := range wanted {
			reads = append(reads, p.read(t, c.rows))
		}
		return p.dead
	})
	if err != nil {
		reads = append(reads, failed(wanted[len(reads):], err)...)
	}
	return reads, err
}

// Check asks the cheapest question, sysUpTime. Any answer of the agent will do: some devices do not
// have it.
func (c *Collector) Check(ctx context.Context) error {
	return c.with(ctx, &memory{}, func(p *poll) error {
		_, err := p.askUpTime()
		var status *statusError
		if errors.As(err, &status) && (status.status == authorizationError || status.status == noAccess) {
			return fmt.Errorf("%w: %w", pipeline.ErrRefused, err)
		}
		return p.dead
	})
}

// with lends a poll a session that is open to the device, and turns what ends the poll, a panic
// included, into an error for people.
func (c *Collector) with(ctx context.Context, m *memory, do func(*poll) error) (err error) {
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > maxPoll {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, maxPoll)
		defer cancel()
	}
	started := time.Now()
	s := c.engine.borrow()
	defer func() {
		if r := recover(); r != nil {
			m.polled = time.Time{}
			s.socket.close() // the session, whose state nobody knows, is not given back
			err = fmt.Errorf("%s: a bug in reading SNMP: %v", c.target.Device, r)
			return
		}
		c.engine.giveBack(s)
	}()
	community, err := c.openSecrets()
	if err != nil {
		return fmt.Errorf("%s: %w", c.target.Device, err)
	}
	closeSession, err := s.open(ctx, &c.target, community, c.peer)
	if err != nil {
		m.polled = time.Time{}
		return c.explainOpen(ctx, err)
	}
	defer closeSession()
	s.poll.begin(ctx, s, c, m)
	defer s.poll.end()
	err = c.explain(do(&s.poll), s.tally.summary(), time.Since(started))
	if errors.Is(err, pipeline.ErrNoAnswer) || errors.Is(err, pipeline.ErrRefused) {
		c.forgetSecrets()
	}
	return err
}

// lane returns the memory of a lane, made when it is first asked for.
func (c *Collector) lane(name pipeline.Lane) *lane {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[name]
	if l == nil {
		l = &lane{memory: newMemory()}
		c.lanes[name] = l
	}
	return l
}

// openSecrets returns the community, or has the passwords of SNMPv3 ready. They are read from their
// files when first needed, and again after a silence or a refusal: new ones may be in them.
func (c *Collector) openSecrets() (string, error) {
	if c.peer != nil {
		return "", c.peer.reveal()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.community == "" {
		community, err := c.target.Credential.revealCommunity()
		if err != nil {
			return "", err
		}
		c.community = community
	}
	return c.community, nil
}

func (c *Collector) forgetSecrets() {
	if c.peer != nil {
		c.peer.forget()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.community = ""
}

// failed reports tables as failed, where nothing could be asked or a poll broke off.
func failed(tables []*table, err error) []pipeline.TableRead {
	reads := make([]pipeline.TableRead, 0, len(tables))
	for _, t := range tables {
		reads = append(reads, pipeline.TableRead{Table: t.schema, Source: sourceName, Status: pipeline.Failed, Reason: err.Error()})
	}
	return reads
}

package snmp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// poll is one read of some tables of one device. It lives in a session, whose next poll uses its
// memory again.
type poll struct {
	library *library
	session *session
	memory  *memory
	version version
	target  *Target
	ctx     context.Context // of the one call that a poll is
	now     func() time.Time

	dead      error // why nothing more is asked
	answered  bool  // the device answered something
	strained  bool  // a request was too much for it
	restarted bool  // it was rebooted since the last poll

	startedAt  time.Time
	answeredAt time.Time     // when the first reply arrived
	uptime     time.Duration // at upAt; 0 if unknown
	upAt       time.Time

	tables  []*table // those asked of this device
	wants   []demand // by place of the source: what the tables need of it
	scalars []scalarState
	grids   []grid // by place of the source
	active  []int
	picked  []int // of columns
	todo    []*source
	names   []name
	arena   []byte // what names are put together in
	outlook outlook
	items   []item
	index   []byte // that a join looks for
	rows    []row  // of the table that is built
	packer  rowPacker
}

// Why a poll ends early, or a table of it.
var (
	errFellSilent = fmt.Errorf("the device fell silent: %w", pipeline.ErrNoAnswer)
	errTimeIsUp   = errors.New("the time of the poll is up")
	errSlow       = errors.New("not read within its share of the poll's time")
	errTooMuch    = fmt.Errorf("more than %d MiB of replies in one poll", maxReceived>>20)
)

// begin prepares the session's poll for a device.
func (p *poll) begin(ctx context.Context, s *session, c *Collector, m *memory) {
	p.library, p.session, p.memory, p.ctx, p.now = c.engine.library, s, m, ctx, c.engine.now
	p.version, p.target = c.target.Credential.version(), &c.target
	p.dead, p.answered, p.strained, p.restarted = nil, false, false, false
	p.startedAt, p.answeredAt, p.upAt, p.uptime = p.now(), time.Time{}, time.Time{}, 0
	if len(p.grids) != len(p.library.mibs) {
		p.grids = make([]grid, len(p.library.mibs))
		p.scalars = make([]scalarState, len(p.library.scalars))
	}
}

// maxItems is for how many items the next poll finds room.
const maxItems = 256

// end lets go of the device.
func (p *poll) end() {
	for i := range p.grids {
		p.grids[i].release()
	}
	clear(p.scalars)
	clear(p.names[:cap(p.names)])
	if clear(p.items[:cap(p.items)]); cap(p.items) > maxItems {
		p.items = nil // so many are asked for when a device is new, and once an hour
	}
	clear(p.rows[:cap(p.rows)])
	clear(p.tables)
	clear(p.todo[:cap(p.todo)])
	p.tables = p.tables[:0]
	p.outlook.start()
	p.memory, p.target, p.ctx, p.dead = nil, nil, nil, nil
}

// ask sends one request, unless it is known that no answer will come.
func (p *poll) ask(ctx context.Context, r request) ([]value, error) {
	if p.dead != nil {
		return nil, p.dead
	}
	for _, n := range r.names {
		if err := p.library.deny.allow(r.kind, n); err != nil {
			return nil, err
		}
	}
	values, err := p.session.ask(ctx, r)
	switch {
	case err == nil || isAnswer(err):
		if !p.answered {
			p.answered, p.answeredAt = true, p.repliedAt()
		}
		if p.session.tally.received > maxReceived {
			p.dead = errTooMuch
		}
	case isUnreachable(err), errors.Is(err, context.Canceled), isRefusal(err):
		p.dead = err
	case !p.answered:
		p.dead = errSilent
	case isOver(p.ctx):
		p.dead = errTimeIsUp
	case isOver(ctx):
		err = errSlow
	}
	return values, err
}

// repliedAt is when the last reply came, which may have been sent ahead.
func (p *poll) repliedAt() time.Time {
	if p.session.answer == nil {
		return p.now()
	}
	return p.session.answer.at
}

// isOver reports that the time of a context is up, which it may not have noticed yet itself.
func isOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// isAnswer reports that an error is something that the device said.
func isAnswer(err error) bool {
	var status *statusError
	return errors.As(err, &status) || errors.Is(err, errGarbled)
}

// run reads the tables.
func (p *poll) run(tables []*table) {
	if !p.isKnown() {
		// What is asked depends on the maker. And a small question first: a device that is too weak
		// for a large one must not look dead.
		p.items = p.items[:0]
		p.addScalar(p.library.objectID, 0)
		p.addScalar(p.library.upTime, 0)
		p.get(p.ctx, p.items)
		p.learn()
	}
	p.tables = p.tables[:0]
	for _, t := range tables {
		if p.mayHave(t) {
			p.tables = append(p.tables, t)
		}
	}
	p.noteWants()
	p.askScalars()
	p.readSources()
	if p.session.sentAhead() {
		p.memory.pace.silencedBy(p.session.lostAhead() && p.isSilent())
	}
	if p.session.lostAhead() && p.dead == nil {
		p.strained = true
		p.memory.pace.lost(p.inFlight())
	}
	if p.dead == nil && !p.strained {
		p.memory.pace.polled()
	}
	if p.dead == nil {
		p.memory.polled = p.answeredAt
	} else {
		p.memory.polled = time.Time{}
	}
}

// isSilent reports that the device says nothing any more.
func (p *poll) isSilent() bool {
	return errors.Is(p.dead, errSilent) || errors.Is(p.dead, errFellSilent) || errors.Is(p.dead, errTimeIsUp)
}

// isKnown reports that the last poll went through, so that this one may ask everything at once.
func (p *poll) isKnown() bool { return !p.memory.polled.IsZero() }

func (p *poll) hasVendor(vendor string) bool {
	return vendor == "" || inside(p.memory.device.objectID, vendor)
}

// mayHave reports that the device is of a kind that has the table.
func (p *poll) mayHave(t *table) bool {
	fits := func(id string) bool { return inside(p.memory.device.objectID, id) }
	return p.hasVendor(t.vendor) && (len(t.match) == 0 || slices.ContainsFunc(t.match, fits))
}

// learn takes the maker and the uptime from the scalars, and notices a reboot.
func (p *poll) learn() {
	if c := p.scalars[p.library.objectID].cell; c.kind == textual {
		if id := "." + c.text; id != p.memory.device.objectID {
			p.memory.device.objectID = id
			p.memory.restart()
			p.restarted = true
		}
	}
	c := p.scalars[p.library.upTime].cell
	if !c.isNumber() || !p.upAt.IsZero() {
		return
	}
	p.uptime, p.upAt = time.Duration(c.num)*10*time.Millisecond, p.answeredAt
	if p.uptime == 0 && p.memory.uptime > 0 {
		p.uptime = time.Millisecond // it has just started, less than a tick ago; 0 stands for unknown
	}
	if p.uptime < p.memory.uptime { // or 497 days went by: no harm in reading everything anew
		p.memory.restart()
		p.restarted = true
	}
	p.memory.uptime = p.uptime
}

// bootDrift is how far two clocks drift apart, and requests are late, before a device's start is taken
// anew.
const bootDrift = 30 * time.Second

// bootedAt is when the device was started, as far as sysUpTime says: the same instant in every poll.
// It is the zero time for a device that does not say.
func (p *poll) bootedAt() time.Time {
	if p.uptime == 0 {
		return time.Time{}
	}
	boot := p.upAt.Add(-p.uptime)
	if moved := boot.Sub(p.memory.booted); moved.Abs() > bootDrift {
		p.memory.booted = boot
	}
	return p.memory.booted
}

// askScalars gets the scalars of all tables, and with them the mibs that are small enough.
func (p *poll) askScalars() {
	p.items, p.arena = p.items[:0], p.arena[:0]
	p.addScalar(p.library.objectID, 0)
	p.addScalar(p.library.upTime, 0)
	p.addScalars(false)
	for _, s := range p.sources() {
		p.addRows(s, len(p.tables)+1+s.place)
	}
	p.addScalars(true)
	if len(p.items) == 0 {
		return
	}
	p.lookAhead()
	p.get(p.ctx, p.items)
	p.learn()
	if p.silenced() {
		p.probe()
	}
}

// addScalars puts those of the tables on the list, or the frail ones, each of which is a group of its own.
func (p *poll) addScalars(frail bool) {
	for i, t := range p.tables {
		for _, part := range t.parts {
			for _, scalar := range part.scalars {
				switch {
				case p.library.scalars[scalar].frail != frail:
				case frail:
					p.addScalar(scalar, -1-scalar)
				default:
					p.addScalar(scalar, i+1)
				}
			}
		}
	}
}

// silenced reports that a request for scalars met silence.
func (p *poll) silenced() bool {
	for i := range p.scalars {
		if errors.Is(p.scalars[i].err, errSilent) {
			return true
		}
	}
	return false
}

// probe finds out after a silence whether the device is still there.
func (p *poll) probe() {
	if p.dead != nil {
		return
	}
	if _, err := p.askUpTime(); errors.Is(err, errSilent) && p.dead == nil {
		p.dead = errFellSilent
	}
}

// askUpTime asks the cheapest question.
func (p *poll) askUpTime() ([]value, error) {
	p.names = append(p.names[:0], p.library.scalars[p.library.upTime].wire)
	return p.ask(p.ctx, request{kind: get, names: p.names})
}

// name is the name of a value: its column's, then the row's index. It is good until the next request.
func (p *poll) name(column name, row index) name {
	start := len(p.arena)
	p.arena = append(append(p.arena, column...), row...)
	return p.arena[start:len(p.arena):len(p.arena)]
}

// addScalar puts a scalar on the list, unless it is there or the device is known not to have it.
func (p *poll) addScalar(scalar, group int) {
	s := &p.library.scalars[scalar]
	if p.scalars[scalar].asked || !p.hasVendor(s.vendor) || !p.memory.dueScalar(scalar, p.startedAt) ||
		s.wide && p.version == v1 || s.spare && p.isKnown() && p.memory.uptime > 0 {
		return
	}
	p.scalars[scalar].asked = true
	p.items = append(p.items, item{name: s.wire, group: group, scalar: scalar, expects: textBytes})
}

// isLarge reports that a device made the memory of a poll grow beyond what others need.
func (p *poll) isLarge() bool {
	for i := range p.grids {
		if cap(p.grids[i].cells) > 1<<15 {
			return true
		}
	}
	return false
}

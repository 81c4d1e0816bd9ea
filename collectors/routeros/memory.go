package routeros

import (
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// recheckAfter is how long it is believed that a router does not have a menu, and which of several
// ways to ask it answers. A new package, or a new version, takes a restart, and that ends it too.
const recheckAfter = 24 * time.Hour

// seldomAfter is how often columns are asked for that change seldom.
const seldomAfter = 5 * time.Minute

// clockAfter is how long a router's offset from UTC is believed: summer begins and ends.
const clockAfter = time.Hour

// memory is what is known of one router from one poll to the next.
type memory struct {
	mu      sync.Mutex
	absent  map[string]time.Time // menus that the router does not have, each with the time until which that is believed
	version version
	uptime  time.Duration
	clock   clock
	clockAt time.Time            // when the clock was told
	starts  int                  // how often the router was seen to have started anew, or to have another version
	tables  map[int]*tableMemory // by position in the plan
}

// learn takes what a vital request says.
func (m *memory) learn(v version, uptime time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if (m.version != version{} && v != m.version) || uptime < m.uptime {
		m.starts++
		m.absent, m.clockAt = nil, time.Time{}
	}
	m.version, m.uptime = v, uptime
}

// facts are how often the router has started anew, and its clock.
func (m *memory) facts() (starts int, c clock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.starts, m.clock
}

func (m *memory) mustAskClock(first bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return first || time.Since(m.clockAt) > clockAfter
}

func (m *memory) setClock(c clock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock, m.clockAt = c, time.Now()
}

// answer answers a call for a menu that the router said not long ago that it does not have.
func (m *memory) answer(c *call) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if until, ok := m.absent[c.id]; !ok || now.After(until) {
		return false
	}
	c.at, c.trap, c.done = now, &trapError{message: "no such command"}, true
	return true
}

// notice remembers that a menu is not there.
func (m *memory) notice(c *call) {
	if c.done && c.trap != nil && c.trap.missing() {
		m.forgo(c.id)
	}
}

// forgo stops asking for a menu for a while.
func (m *memory) forgo(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.absent == nil {
		m.absent = map[string]time.Time{}
	}
	m.absent[id] = time.Now().Add(recheckAfter)
}

// borrow gives the memory of a table, or a new one if somebody else is reading the same table.
func (m *memory) borrow(t *plannedTable) *tableMemory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tables == nil {
		m.tables = map[int]*tableMemory{}
	}
	found := m.tables[t.position]
	switch {
	case found == nil:
		found = &tableMemory{}
		m.tables[t.position] = found
	case found.busy:
		return &tableMemory{}
	}
	found.busy = true
	return found
}

func (m *memory) giveBack(t *tableMemory) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.busy = false
}

// tableMemory is what is known of one table of one router. Reading the same rows again costs no
// strings: they are compared with those of the last time, byte by byte and place by place.
type tableMemory struct {
	busy   bool
	starts int // of memory, when this was learnt

	source     int       // the one that was answered
	sourceTill time.Time // until which that is believed
	checked    []bool    // by request of the source: the number of its rows was compared
	dropped    []string  // attributes not asked for any more: with them the router left rows out
	single     []bool    // by join: the router does not take a list

	fixed   []pipeline.Value // of the columns that change seldom, row by row
	fixedAt time.Time        // when they were asked for; zero: not known
	misses  int              // how often in a row that was in vain, as there were other rows
	rest    int              // polls until it is tried again

	held   []heldJoin // by join
	texts  []heldText
	ids    []byte   // what named the rows, of all of them
	ends   []int    // where the part of each row ends in ids
	links  []string // what the joins call them: one for each join, row by row
	keys   []pipeline.RowKey
	series []*pipeline.Series
}

// heldText is a text as it came, and what was made of it.
type heldText struct {
	raw   string
	value pipeline.Value
}

// renew forgets what a router may have changed with a restart.
func (t *tableMemory) renew(starts int) {
	if t.starts != starts {
		t.starts, t.sourceTill, t.checked, t.dropped, t.single, t.held = starts, time.Time{}, nil, nil, nil, nil
		t.fixedAt = time.Time{}
	}
}

// textOf makes the value of a text, which is the held one if the router says the same as before.
func (t *tableMemory) textOf(at int, raw []byte, form func(string) string) pipeline.Value {
	for at >= len(t.texts) {
		t.texts = append(t.texts, heldText{})
	}
	held := &t.texts[at]
	if held.value.IsNone() || held.raw != string(raw) {
		said := string(raw)
		held.raw = said
		if form != nil {
			said = form(said)
		}
		held.value = pipeline.TextValue(said)
	}
	return held.value
}

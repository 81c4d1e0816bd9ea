package simulator

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Router is one simulated router. All its methods may be called at any time, from any goroutine.
type Router struct {
	fleet    *Fleet
	index    int
	name     string
	address  netip.Addr
	role     role
	model    *model
	tree     tree
	seed     uint64
	firstUp  int64 // boot before the fleet was made, Unix milliseconds
	static   []static
	wan      int
	optical  []int // places of the ports with an SFP cage
	poe      []int // and of those that feed others
	pppSlots int
	hotSlots int
	events   timetable
	source   []byte // control message that sends from address

	scriptRuns atomic.Int64

	mu      sync.Mutex // serialises changes
	changes atomic.Pointer[changes]
}

func newRouter(f *Fleet, i int, c *cast, trees map[*model]tree) *Router {
	role, name, m := c.next(i)
	r := &Router{fleet: f, index: i, name: name, role: role, model: m, tree: trees[m]}
	r.address = offsetAddr(f.opts.FirstAddress, i)
	r.seed = hash(f.opts.Seed, uint64(i)+1)
	up := 3 * 3600_000 * math.Pow(900, unit(hash(r.seed, 20))) // 3 hours to 112 days
	r.firstUp = f.made - int64(up)
	r.static, r.wan = build(m, role, r.seed, i, f.opts.Interfaces)
	r.optical = ports(r.static, func(s *static) bool { return s.kind == kindSFP || s.kind == kindSFPPlus })
	if m.feeds {
		r.poe = ports(r.static, func(s *static) bool { return s.kind == kindEther })
	}
	ppp, hotspot := role.sessions()
	if f.opts.NoSessions {
		ppp, hotspot = [2]int{}, [2]int{}
	}
	r.pppSlots = int(between(hash(r.seed, 21), float64(ppp[0]), float64(ppp[1])))
	r.hotSlots = int(between(hash(r.seed, 22), float64(hotspot[0]), float64(hotspot[1])))
	r.events = newTimetable(f.opts.Seed, i, f.opts.Routers)
	r.source = sourceControl(r.address)
	r.changes.Store(&changes{})
	return r
}

// Name is the router's name, which is also its identity and its sysName.
func (r *Router) Name() string { return r.name }

// Address is where it answers, on the ports of its fleet.
func (r *Router) Address() netip.Addr { return r.address }

// Model is the board's name.
func (r *Router) Model() string { return r.model.board }

// Version is that of its RouterOS, as in 7.20.6.
func (r *Router) Version() string { return r.model.version }

// InterfaceCount is the number of static interfaces. Methods that take an index count from 0; the
// interface's ifIndex is one more.
func (r *Router) InterfaceCount() int { return len(r.static) }

// SetDown makes it answer nothing on either face, until it is called with false. Open API
// connections hang; what was asked meanwhile is answered late, as after a cut link.
func (r *Router) SetDown(down bool) { r.change(func(c *changes) { c.down = down }) }

// SetDelay makes every answer late by d.
func (r *Router) SetDelay(d time.Duration) { r.change(func(c *changes) { c.delay = max(0, d) }) }

// Reboot sets its counters and uptime to zero and ends its sessions. It is away for 5 seconds;
// afterwards API connections from before are reset.
func (r *Router) Reboot() { r.change(func(c *changes) { c.boot = r.fleet.now() }) }

// RenameInterface renames static interface i (from 0). Any bytes are allowed.
func (r *Router) RenameInterface(i int, name string) {
	r.change(func(c *changes) { c.names[i] = name })
}

// SetCounter sets the byte counters of static interface i (from 0). They count on from there, and
// wrap at 64 bits.
func (r *Router) SetCounter(i int, rx, tx uint64) {
	if i < 0 || i >= len(r.static) {
		return
	}
	r.change(func(c *changes) {
		v := newView()
		v.reset(r, r.fleet.now())
		v.changes = c
		delete(c.counters, i)
		have := v.counters(i)
		c.counters[i] = offset{boot: v.boot, rx: rx - have.rxBytes, tx: tx - have.txBytes}
	})
}

// AddPPP logs a user in, with the dynamic interface that goes with it. A user that is there already
// logs in anew.
func (r *Router) AddPPP(user string) {
	r.change(func(c *changes) { c.ppp.add(r.login(c, user, "")) })
}

// RemovePPP logs a PPP user out, also one that came by itself; it stays away until it is added.
func (r *Router) RemovePPP(user string) { r.change(func(c *changes) { c.ppp.remove(user) }) }

// AddHotspot logs a hotspot user in. mac is the client's, as in AA:BB:CC:DD:EE:FF; one is made up
// when it cannot be read. The user may be "", as with a client that needs no login.
func (r *Router) AddHotspot(user, mac string) {
	r.change(func(c *changes) { c.hotspot.add(r.login(c, user, mac)) })
}

// RemoveHotspot logs a hotspot user out, also one that came by itself; it stays away until it is
// added.
func (r *Router) RemoveHotspot(user string) { r.change(func(c *changes) { c.hotspot.remove(user) }) }

// RefuseLogin makes the API refuse every login. Connections that are logged in stay so.
func (r *Router) RefuseLogin(refuse bool) { r.change(func(c *changes) { c.refuse = refuse }) }

// AnswerGarbage makes the SNMP agent answer every request with bytes that mean nothing.
func (r *Router) AnswerGarbage(garbage bool) { r.change(func(c *changes) { c.garbage = garbage }) }

// CutReplies makes the API end every connection after so many bytes of its first reply that is longer,
// in mid-sentence. 0 stops that.
func (r *Router) CutReplies(after int) { r.change(func(c *changes) { c.cut = max(0, after) }) }

func (r *Router) login(c *changes, user, mac string) login {
	c.serial++
	l := login{user: user, start: r.fleet.now(), serial: c.serial, mac: clientMAC(hash(r.seed, uint64(c.serial)+1<<40))}
	if b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "").Replace(mac)); err == nil && len(b) == len(l.mac) {
		copy(l.mac[:], b)
	}
	return l
}

func (r *Router) change(edit func(*changes)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.changes.Load().clone()
	edit(c)
	r.changes.Store(c)
}

// bootTime is when the router last booted.
func (r *Router) bootTime(now int64, c *changes) int64 {
	boot := max(r.firstUp, c.boot)
	if origin := r.fleet.origin.Load(); origin > 0 {
		if at, ok := r.events.lastReboot(now - origin); ok {
			boot = max(boot, origin+at)
		}
	}
	return boot
}

// answers tells whether the router is there at all.
func (r *Router) answers(now int64, c *changes) bool {
	if c.down {
		return false
	}
	if boot := r.bootTime(now, c); boot != r.firstUp && now < boot+rebootAway {
		return false
	}
	origin := r.fleet.origin.Load()
	return origin == 0 || !r.events.out(now-origin)
}

// delay is how late an answer is.
func (r *Router) delay(now int64, c *changes) time.Duration {
	d := c.delay
	if origin := r.fleet.origin.Load(); origin > 0 {
		d += r.events.slowness(now - origin)
	}
	return d
}

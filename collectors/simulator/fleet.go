package simulator

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// Fleet is a set of simulated routers behind one UDP port and two TCP ports.
type Fleet struct {
	opts    Options
	made    int64        // Unix milliseconds
	origin  atomic.Int64 // when the timetables began; 0: they do not run
	routers []*Router
	byName  map[string]*Router
	menus   map[string]apiMenu
	wire    wireCounts
	hook    func(addr netip.Addr, face string, at time.Time)
	server
}

// New makes a fleet that does nothing yet. Its routers can be looked at and prepared.
func New(opts Options) *Fleet {
	opts.setDefaults()
	f := &Fleet{opts: opts, byName: make(map[string]*Router, opts.Routers), menus: apiMenus()}
	f.made = f.now()
	c := &cast{models: catalogue()}
	trees := make(map[*model]tree)
	for _, models := range c.models {
		for _, m := range models {
			trees[m] = routerTree(m)
			if opts.Objects != nil {
				trees[m] = trees[m].only(opts.Objects)
			}
		}
	}
	for i := range opts.Routers {
		r := newRouter(f, i, c, trees)
		f.routers = append(f.routers, r)
		f.byName[r.name] = r
	}
	return f
}

// Routers returns all routers, in the order of their addresses.
func (f *Fleet) Routers() []*Router { return append([]*Router(nil), f.routers...) }

// Router returns the router of that name, nil if there is none.
func (f *Fleet) Router(name string) *Router { return f.byName[name] }

// OnRequest sets what is called for every request datagram and every API sentence, also those to a
// router that is down. Set it before Open. It must be quick, and is called from several goroutines.
func (f *Fleet) OnRequest(hook func(addr netip.Addr, face string, at time.Time)) { f.hook = hook }

// now is the fleet's time, Unix milliseconds.
func (f *Fleet) now() int64 { return f.opts.Clock().UnixMilli() }

// at returns the router of an address, nil if there is none.
func (f *Fleet) at(address netip.Addr) *Router {
	i := addrOffset(f.opts.FirstAddress, address)
	if i < 0 || i >= len(f.routers) {
		return nil
	}
	return f.routers[i]
}

func (f *Fleet) tell(address netip.Addr, face string) {
	if f.hook != nil {
		f.hook(address, face, time.Now())
	}
}

// offsetAddr is the n-th address from first on. There is none from one that is not IPv4, which Open
// refuses.
func offsetAddr(first netip.Addr, n int) netip.Addr {
	if !first.Is4() {
		return netip.Addr{}
	}
	b := first.As4()
	sum := uint32(b[0])<<24 + uint32(b[1])<<16 + uint32(b[2])<<8 + uint32(b[3]) + uint32(n)
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

func addrOffset(first, address netip.Addr) int {
	if !address.Is4() {
		return -1
	}
	a, b := first.As4(), address.As4()
	number := func(x [4]byte) int { return int(x[0])<<24 + int(x[1])<<16 + int(x[2])<<8 + int(x[3]) }
	return number(b) - number(a)
}

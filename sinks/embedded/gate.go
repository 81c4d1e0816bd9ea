package embedded

import "sync"

// gate keeps the database open while somebody uses it. Its files are mapped into memory: a query that
// went on after they are closed would crash the program.
type gate struct {
	mu    sync.Mutex
	open  bool
	users int
	idle  chan struct{} // closed when the gate is shut and the last user has left
}

// enter is false while the gate is shut. A true is answered by one leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		g.users++
	}
	return g.open
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users--
	if !g.open && g.users == 0 {
		close(g.idle)
	}
}

func (g *gate) unlock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.idle = true, make(chan struct{})
}

// shut lets nobody in any more and returns a channel that is closed when nobody is left.
func (g *gate) shut() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		if g.open = false; g.users == 0 {
			close(g.idle)
		}
	}
	return g.idle
}

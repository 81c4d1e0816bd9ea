package sse

import "github.com/routerpulse/routerpulse/sse/access"

// Prepare returns what makes another config the one that counts, and touches nothing before. Streams
// go on unless their token or one of their channels was removed or changed; those end within a second.
// Changes are applied one after the other, each prepared after the one before was applied.
func (h *Hub) Prepare(cfg Config) (apply func(), err error) {
	grant, err := h.access.Prepare(cfg.Access)
	if err != nil {
		return nil, err
	}
	present := h.channels.Load()
	next, err := newChannels(cfg, h.topics, present)
	if err != nil {
		return nil, err
	}
	return func() {
		h.channels.Store(next) // first: who comes now is judged by the new ones
		grant()
		h.gate.limit(cfg.Access.Limits)
		h.compress.Store(cfg.Stream.Compress)
	}, nil
}

// limit sets how many streams there may be. Those that are open stay.
func (g *gate) limit(limits access.LimitsConfig) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits = limits
}

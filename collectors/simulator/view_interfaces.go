package simulator

// Both faces read interfaces through these methods. Rows are numbered through: first the static
// interfaces, then the dynamic ones of the PPP sessions.

func (v *view) interfaceCount() int { return len(v.router.static) + len(v.ppp()) }

// dynamic returns the session of a row, nil when the interface is static.
func (v *view) dynamic(row int) *session {
	if row < len(v.router.static) {
		return nil
	}
	return &v.ppp()[row-len(v.router.static)]
}

func (v *view) interfaceIndex(row int) uint32 {
	if s := v.dynamic(row); s != nil {
		return s.index
	}
	return uint32(row) + 1
}

func (v *view) interfaceName(row int) []byte {
	if s := v.dynamic(row); s != nil {
		start := len(v.arena)
		v.arena = append(append(v.arena, '<'), s.kind.service()...)
		v.arena = append(append(append(v.arena, '-'), s.user...), '>')
		return v.arena[start:len(v.arena):len(v.arena)]
	}
	if name, ok := v.changes.names[row]; ok {
		return v.keep(name)
	}
	return v.keep(v.router.static[row].name)
}

func (v *view) interfaceKind(row int) interfaceKind {
	if s := v.dynamic(row); s != nil {
		return s.kind
	}
	return v.router.static[row].kind
}

func (v *view) interfaceCounters(row int) counters {
	if static := len(v.router.static); row >= static {
		return v.pppCounted()[row-static].counter
	}
	return v.counters(row)
}

func (v *view) mtu(row int) int {
	if v.dynamic(row) != nil {
		return 1480
	}
	return v.router.static[row].mtu
}

// speed is that of the link in Mbit/s; 0 when there is none, or none is known.
func (v *view) speed(row int) int {
	if v.dynamic(row) != nil || !v.linked(row) {
		return 0
	}
	return v.router.static[row].speed
}

func (v *view) enabled(row int) bool {
	return v.dynamic(row) != nil || !v.router.static[row].disabled
}

func (v *view) linked(row int) bool {
	if v.dynamic(row) != nil {
		return true
	}
	s := &v.router.static[row]
	return s.running && !s.disabled
}

func (v *view) comment(row int) string {
	if v.dynamic(row) != nil {
		return ""
	}
	return v.router.static[row].comment
}

// linkDowns is how often the link has gone since boot.
func (v *view) linkDowns(row int) int {
	if v.dynamic(row) != nil || !v.linked(row) || v.boot != v.router.firstUp {
		return 0
	}
	return v.router.static[row].downs
}

// linkedAt is when the link last came up, Unix milliseconds; the boot when it never did.
func (v *view) linkedAt(row int) int64 {
	if s := v.dynamic(row); s != nil {
		return s.start
	}
	if !v.linked(row) {
		return v.boot
	}
	seed := v.router.static[row].seed
	if v.linkDowns(row) > 0 {
		return v.boot + int64(unit(hash(seed, 11))*float64(v.router.fleet.made-v.boot))
	}
	return min(v.now, v.boot+4_000+int64(hash(seed, 12)%30_000))
}

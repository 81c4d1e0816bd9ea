package simulator

// scriptGroups are the trap in MIKROTIK-MIB: reading mtxrScriptRunOutput runs the script. A GETBULK
// that reads on past the end of an earlier table falls into it.
func scriptGroups() []*group {
	index := func(_ *view, _ int, dst []uint32) []uint32 { return append(dst, 1) }
	one := func(*view) rows { return rows{1, index} }
	name, output := []byte("nightly-backup"), []byte("backup done\n")
	return []*group{
		conceptual(mikrotik+".8.1.1", one,
			column{2, func(*view, int) value { return octets(name) }},
			column{3, func(*view, int) value { return integer(0) }},
		),
		conceptual(mikrotik+".18.1.1", one,
			column{2, func(v *view, _ int) value {
				v.router.scriptRuns.Add(1)
				return octets(output)
			}},
		),
	}
}

// ScriptRuns is how often somebody has run the router's script by reading mtxrScriptRunOutput
// (1.3.6.1.4.1.14988.1.1.18.1.1.2), which no collector ever may.
func (r *Router) ScriptRuns() int { return int(r.scriptRuns.Load()) }

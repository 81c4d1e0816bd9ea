package dashboards

// fleet is the board that answers: is everything there, and who is in trouble?
func fleet(b *builder) Dashboard {
	b.overview()
	b.routers()
	b.resources()
	b.interfaces()
	return Dashboard{
		UID: "routerpulse-fleet", Title: "RouterPulse / Fleet",
		Description: "All routers: who is there, how busy they are, and where the errors are. Data: RouterPulse in InfluxDB.",
		Tags:        []string{"routerpulse", "mikrotik"}, Version: 1, SchemaVersion: 39, GraphTooltip: 1,
		Timezone: "browser", Refresh: "30s", Time: Range{"now-3h", "now"},
		Templating: List{[]Variable{datasourceVariable(), b.deviceVariable()}}, Annotations: List{[]Variable{}},
		Links: []any{}, Panels: b.panels,
	}
}

func datasourceVariable() Variable {
	return Variable{Name: "datasource", Label: "Data source", Type: "datasource", Query: "influxdb", Refresh: 1}
}

func (b *builder) deviceVariable() Variable {
	query := `SHOW TAG VALUES FROM "router_status" WITH KEY = "device"`
	b.field("router_status", "state")
	return Variable{Name: "device", Label: "Router", Type: "query", Datasource: source(), Query: query, Definition: query,
		Refresh: 2, Sort: 7, Multi: true, IncludeAll: true, AllValue: ".*",
		Current: &Current{Selected: true, Text: []string{"All"}, Value: []string{"$__all"}}}
}

// fleetStates are the columns of the fleet table that count routers, named as the states.
func (b *builder) fleetStates() (columns []column, names []string, colors map[string]string) {
	colors = map[string]string{}
	for _, e := range b.field("router_status", "state").Enum {
		field := "routers_" + e.Name
		if e.Name == "auth-failed" {
			field = "routers_auth_failed"
		}
		columns = append(columns, column{field, e.Name, "last"})
		names, colors[e.Name] = append(names, e.Name), stateColor(e.Name)
	}
	return columns, names, colors
}

func (b *builder) overview() {
	const everyone = "$timeFilter"
	byState, names, colors := b.fleetStates()
	traffic := []column{{"rx_bits_per_second", "received", "last"}, {"tx_bits_per_second", "sent", "last"}}
	users := []column{{"ppp_sessions", "PPP", "last"}, {"hotspot_sessions", "hotspot", "last"}}
	bits := b.unit(b.field("fleet", "rx_bits_per_second"))

	b.row("Fleet")
	b.add(12, 4, numbers("Routers now", "How many routers are in each state now.", "short", b.over("fleet", everyone, byState)).colored(colors, names...))
	b.add(7, 4, numbers("Traffic now", "What all physical interfaces together receive and send now.", bits, b.over("fleet", everyone, traffic)))
	b.add(5, 4, numbers("Users now", "PPP and hotspot users that are logged in now.", "short", b.over("fleet", everyone, users)))
	b.add(8, 7, curves("Routers by state", "How many routers were in each state.", "short", "$col", b.over("fleet", everyone, byState)).stacked().colored(colors, names...))
	b.add(8, 7, curves("Traffic of the fleet", "Sum over the physical interfaces of all routers.", bits, "$col", b.over("fleet", everyone, mean(traffic))).fromZero())
	b.add(8, 7, curves("Users of the fleet", "PPP and hotspot users that were logged in.", "short", "$col", b.over("fleet", everyone, mean(users))).fromZero())
}

func mean(columns []column) []column {
	out := make([]column, len(columns))
	for i, c := range columns {
		out[i] = column{c.field, c.name, "mean"}
	}
	return out
}

func (b *builder) routers() {
	state := b.field("router_status", "state")
	b.row("Routers")
	b.add(12, 9, timeline("State of each router", "Online, degraded (answers in part), stale (answers checks, gives no data), offline, or refused credentials.",
		states(state), b.over("router_status", chosen, []column{{"state", "state", "last"}}, "device")))
	b.add(12, 9, rows("Routers and their state", "The last check of each router, and why it is in its state.", "State",
		b.latest("router_status", chosen, []column{{"state", "State", "last"}, {"reason", "Reason", "last"}, {"check_seconds", "Check", "last"}}, "device")).
		override("State", Property{"mappings", states(state)}, Property{"custom.cellOptions", map[string]any{"type": "color-text"}}).
		override("Check", Property{"unit", b.unit(b.field("router_status", "check_seconds"))}))
	inventory := []column{{"model", "Model", "last"}, {"version", "Version", "last"}, {"uptime_seconds", "Uptime", "last"},
		{"cpu_percent", "CPU", "last"}, {"memory_percent", "Memory", "last"}, {"disk_percent", "Disk", "last"}}
	p := rows("What they are", "Model, version and resources, as last read.", "CPU", b.latest("router", chosen, inventory, "device"))
	for _, c := range inventory {
		f := b.field("router", c.field)
		properties := []Property{{"unit", b.unit(f)}}
		if f.Unit == "percent" {
			properties = append(properties, Property{"thresholds", share()}, Property{"custom.cellOptions", map[string]any{"type": "color-text"}})
		}
		p = p.override(c.name, properties...)
	}
	b.add(24, 9, p)
}

// resources are curves of one field each, by router.
func (b *builder) resources() {
	b.row("Resources")
	charts := []struct{ table, field, aggregate, title, description string }{
		{"router", "cpu_percent", "mean", "CPU", "Load, average over all cores."},
		{"router", "memory_percent", "mean", "Memory", "Share of the main memory in use."},
		{"health", "temperature_celsius", "max", "Temperature", "The hottest sensor of each router."},
		{"router_status", "check_seconds", "mean", "Duration of checks", "How long the cheapest question to the router took: its network and its CPU together."},
	}
	for _, c := range charts {
		f := b.field(c.table, c.field)
		p := curves(c.title, c.description, b.unit(f), "$tag_device", b.over(c.table, chosen, []column{{c.field, c.field, c.aggregate}}, "device"))
		switch f.Unit {
		case "percent":
			p = p.fromZero().upTo(100)
		case "seconds":
			p = p.fromZero()
		}
		if c.table == "router_status" {
			p.Interval = checkPeriod
		}
		b.add(12, 8, p)
	}
}

// interfaces are the ten that stand out, by average over the range of time.
func (b *builder) interfaces() {
	b.row("Interfaces")
	lists := []struct{ field, title, description string }{
		{"rx_bits_per_second", "Most received", "The ten interfaces that received most."},
		{"tx_bits_per_second", "Most sent", "The ten interfaces that sent most."},
		{"rx_errors_per_second", "Most errors", "The ten interfaces with most errors on receipt: cables, optics, radio, duplex."},
		{"tx_discards_per_second", "Most discards", "The ten interfaces that dropped most good packets instead of sending them: too slow for what is sent."},
	}
	for _, l := range lists {
		const name = "Average"
		unit := b.unit(b.field("interface", l.field))
		b.add(12, 8, rows(l.title, l.description+" Average over the range of time.", name, b.top(10, "interface", l.field, name)).
			override(name, Property{"unit", unit}))
	}
}

package dashboards

// livePeriod is the default of the lane that most fields come from: a shorter step would show gaps.
const livePeriod = "30s"

// checkPeriod is that of the status lane.
const checkPeriod = "60s"

// curves is a chart over time. alias names a curve: $tag_device, $col, …
func curves(title, description, unit, alias string, t Target) Panel {
	t.Alias = alias
	return Panel{Type: "timeseries", Title: title, Description: description, Datasource: source(), Interval: livePeriod,
		FieldConfig: &FieldConfig{Overrides: []Override{}, Defaults: FieldDefaults{Unit: unit,
			Color: map[string]any{"mode": "palette-classic-by-name"},
			Custom: map[string]any{"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never",
				"spanNulls": 120_000, // ms: a missed poll is bridged, a router that was away is not
				"stacking":  map[string]any{"mode": "none", "group": "A"}}}},
		Options: map[string]any{"legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": map[string]any{"mode": "multi", "sort": "desc"}},
		Targets: []Target{t}}
}

// stacked puts the curves on top of each other.
func (p Panel) stacked() Panel {
	p.FieldConfig.Defaults.Custom["stacking"] = map[string]any{"mode": "normal", "group": "A"}
	p.FieldConfig.Defaults.Custom["fillOpacity"] = 60
	return p.fromZero()
}

// fromZero lets the axis begin at 0, for what cannot be less.
func (p Panel) fromZero() Panel {
	p.FieldConfig.Defaults.Min = new(float64)
	return p
}

// upTo gives the axis an end.
func (p Panel) upTo(end float64) Panel {
	p.FieldConfig.Defaults.Max = &end
	return p
}

// colored gives the curves or columns of these names a fixed colour.
func (p Panel) colored(colors map[string]string, names ...string) Panel {
	for _, name := range names {
		p.override(name, Property{"color", map[string]any{"mode": "fixed", "fixedColor": colors[name]}})
	}
	return p
}

func (p Panel) override(name string, properties ...Property) Panel {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, Override{Matcher{"byName", name}, properties})
	return p
}

// numbers shows the last value of each column, large.
func numbers(title, description, unit string, t Target) Panel {
	t.ResultFormat, t.Alias = "time_series", "$col"
	return Panel{Type: "stat", Title: title, Description: description, Datasource: source(), Interval: livePeriod,
		FieldConfig: &FieldConfig{Overrides: []Override{}, Defaults: FieldDefaults{Unit: unit,
			Color: map[string]any{"mode": "fixed", "fixedColor": "text"}}},
		Options: map[string]any{"colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto",
			"textMode": "value_and_name", "reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}},
		Targets: []Target{t}}
}

// rows is a table; sortBy is the column that it is sorted by, largest first.
func rows(title, description, sortBy string, t Target) Panel {
	return Panel{Type: "table", Title: title, Description: description, Datasource: source(), Interval: livePeriod,
		FieldConfig: &FieldConfig{Overrides: []Override{}, Defaults: FieldDefaults{Unit: "short",
			Custom: map[string]any{"align": "auto", "filterable": true}}},
		Options: map[string]any{"showHeader": true, "sortBy": []map[string]any{{"displayName": sortBy, "desc": true}}},
		Targets: []Target{t},
		Transformations: []Transformation{{"organize", map[string]any{ // the time of an aggregate is the range's begin
			"excludeByName": map[string]bool{"Time": true}, "indexByName": map[string]int{}, "renameByName": map[string]string{"device": "Router", "interface": "Interface"}}}}}
}

// timeline shows the words of a code over time.
func timeline(title, description string, mappings []Mapping, t Target) Panel {
	t.Alias = "$tag_device"
	return Panel{Type: "state-timeline", Title: title, Description: description, Datasource: source(), Interval: checkPeriod,
		FieldConfig: &FieldConfig{Overrides: []Override{}, Defaults: FieldDefaults{Unit: "short", Mappings: mappings,
			Custom: map[string]any{"fillOpacity": 70, "lineWidth": 0, "spanNulls": 300_000}}},
		Options: map[string]any{"mergeValues": true, "showValue": "never", "alignValue": "left", "rowHeight": 0.9,
			"legend":  map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": map[string]any{"mode": "single", "sort": "none"}},
		Targets: []Target{t}}
}

package dashboards

// Dashboard is the classic JSON model of Grafana 9 to 13, as far as these boards use it. The order of
// the fields is the order in the file.
type Dashboard struct {
	ID            *int     `json:"id"` // null: Grafana gives one
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	Version       int      `json:"version"`
	SchemaVersion int      `json:"schemaVersion"`
	Editable      bool     `json:"editable"`
	GraphTooltip  int      `json:"graphTooltip"` // 1: one crosshair in all panels
	Timezone      string   `json:"timezone"`
	Refresh       string   `json:"refresh"`
	Time          Range    `json:"time"`
	Templating    List     `json:"templating"`
	Annotations   List     `json:"annotations"`
	Links         []any    `json:"links"`
	Panels        []Panel  `json:"panels"`
}

// Range is a range of time: now-6h to now.
type Range struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// List is how Grafana wraps variables and annotations.
type List struct {
	List []Variable `json:"list"`
}

// Variable is a choice at the top of a board.
type Variable struct {
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Type       string      `json:"type"`
	Datasource *Datasource `json:"datasource,omitempty"`
	Query      string      `json:"query"`
	Definition string      `json:"definition,omitempty"`
	Refresh    int         `json:"refresh"` // 1: when the board is loaded; 2: when the range of time changes, too
	Sort       int         `json:"sort"`
	Multi      bool        `json:"multi"`
	IncludeAll bool        `json:"includeAll"`
	AllValue   string      `json:"allValue,omitempty"`
	Current    *Current    `json:"current,omitempty"`
	Hide       int         `json:"hide"`
	Regex      string      `json:"regex"`
}

// Current is what a variable is set to when a board is opened.
type Current struct {
	Selected bool     `json:"selected"`
	Text     []string `json:"text"`
	Value    []string `json:"value"`
}

// Datasource names a data source: here always by the variable.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Panel is one panel or, with type row, a heading.
type Panel struct {
	ID              int              `json:"id"`
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description,omitempty"`
	GridPos         GridPos          `json:"gridPos"`
	Datasource      *Datasource      `json:"datasource,omitempty"`
	Interval        string           `json:"interval,omitempty"` // the shortest step
	FieldConfig     *FieldConfig     `json:"fieldConfig,omitempty"`
	Options         map[string]any   `json:"options,omitempty"`
	Targets         []Target         `json:"targets,omitempty"`
	Transformations []Transformation `json:"transformations,omitempty"`
	Collapsed       *bool            `json:"collapsed,omitempty"` // rows only
	Panels          []Panel          `json:"panels,omitempty"`
}

// GridPos is a place on the grid of 24 columns.
type GridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// FieldConfig says how values look.
type FieldConfig struct {
	Defaults  FieldDefaults `json:"defaults"`
	Overrides []Override    `json:"overrides"`
}

// FieldDefaults are for all fields of a panel.
type FieldDefaults struct {
	Unit       string         `json:"unit"`
	Decimals   *int           `json:"decimals,omitempty"`
	Min        *float64       `json:"min,omitempty"`
	Max        *float64       `json:"max,omitempty"`
	Color      map[string]any `json:"color,omitempty"`
	Mappings   []Mapping      `json:"mappings,omitempty"`
	Thresholds *Thresholds    `json:"thresholds,omitempty"`
	Custom     map[string]any `json:"custom,omitempty"`
}

// Mapping shows a value as a word in a colour.
type Mapping struct {
	Type    string           `json:"type"`
	Options map[string]Shown `json:"options"`
}

// Shown is what a value is shown as.
type Shown struct {
	Text  string `json:"text"`
	Color string `json:"color"`
	Index int    `json:"index"`
}

// Thresholds colour a number by its size.
type Thresholds struct {
	Mode  string `json:"mode"`
	Steps []Step `json:"steps"`
}

// Step is the colour from a value on; the first has none.
type Step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

// Override is for the fields of one name.
type Override struct {
	Matcher    Matcher    `json:"matcher"`
	Properties []Property `json:"properties"`
}

// Matcher picks fields.
type Matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

// Property is one setting of an Override.
type Property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

// Target is one query.
type Target struct {
	RefID        string      `json:"refId"`
	Datasource   *Datasource `json:"datasource"`
	RawQuery     bool        `json:"rawQuery"`
	Query        string      `json:"query"`
	ResultFormat string      `json:"resultFormat"` // time_series or table
	Alias        string      `json:"alias,omitempty"`
}

// Transformation reshapes what the queries gave.
type Transformation struct {
	ID      string         `json:"id"`
	Options map[string]any `json:"options"`
}

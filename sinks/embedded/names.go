package embedded

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/routerpulse/routerpulse/pipeline"
)

// metricName is the series' name of a number.
func metricName(table, field string) string { return table + "_" + field }

// infoName is the name of the series whose labels are a row's texts.
func infoName(table string) string { return table + "_info" }

// namer builds label sets; it keeps its scratch space from one to the next.
type namer struct{ b labels.ScratchBuilder }

// number is the label set of one field of a row.
func (n *namer) number(s *pipeline.Series, field string) labels.Labels {
	n.start(metricName(s.Table().Name, field), s)
	return n.finish()
}

// info is the label set of a row's texts. A text whose name is taken by a tag (a device tag "location")
// becomes "text_<name>": the tag tells series apart, so it has to keep its name.
func (n *namer) info(s *pipeline.Series, texts []*cell) labels.Labels {
	n.start(infoName(s.Table().Name), s)
	for _, c := range texts {
		name := c.def.Name
		if hasTag(s, name) {
			name = "text_" + name
		}
		if c.text != "" {
			n.b.Add(name, c.text)
		}
	}
	return n.finish()
}

// tags is what all numbers of a row have in common.
func (n *namer) tags(s *pipeline.Series) labels.Labels {
	n.b.Reset()
	n.addTags(s)
	return n.finish()
}

func (n *namer) start(metric string, s *pipeline.Series) {
	n.b.Reset()
	n.b.Add(model.MetricNameLabel, metric)
	n.addTags(s)
}

func (n *namer) addTags(s *pipeline.Series) {
	last := ""
	for _, t := range s.Tags() {
		// The database refuses a name twice, and an empty value is no label.
		if t.Value != "" && t.Key != last {
			n.b.Add(labelName(t.Key), t.Value)
		}
		last = t.Key
	}
}

func (n *namer) finish() labels.Labels {
	n.b.Sort()
	return n.b.Labels()
}

func hasTag(s *pipeline.Series, key string) bool {
	for _, t := range s.Tags() {
		if t.Key == key && t.Value != "" {
			return true
		}
	}
	return false
}

// labelName keeps a device's tag from posing as the metric's name.
func labelName(key string) string {
	if key == model.MetricNameLabel {
		return "tag_" + key
	}
	return key
}

package embedded

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/routerpulse/routerpulse/pipeline"
)

func (a *api) series(c *call) (answer, error) {
	if len(c.Form["match[]"]) == 0 {
		return answer{}, badData{errors.New("no match[] parameter provided")}
	}
	look, err := a.lookup(c)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = look.q.Close() }()
	sets := make([]storage.SeriesSet, 0, len(look.matchers))
	// "series" tells the database that samples are not needed.
	hints := &storage.SelectHints{Start: look.mint, End: look.maxt, Func: "series", Limit: look.hint()}
	for _, m := range look.matchers {
		sets = append(sets, look.q.Select(c.ctx, len(look.matchers) > 1, hints, m...))
	}
	set := storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge)
	data := []byte{'['}
	found := 0
	for set.Next() {
		if err := c.ctx.Err(); err != nil {
			return answer{}, err
		}
		if look.limit > 0 && found == look.limit {
			return answer{data: append(data, ']'), notes: note(set.Warnings(), true)}, nil
		}
		if found++; found > 1 {
			data = append(data, ',')
		}
		data = appendLabels(data, set.At().Labels())
	}
	if err := set.Err(); err != nil {
		return answer{}, err
	}
	return answer{data: append(data, ']'), notes: set.Warnings()}, nil
}

func (a *api) labelNames(c *call) (answer, error) {
	return a.strings(c, func(q storage.LabelQuerier, hints *storage.LabelHints, m []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(c.ctx, hints, m...)
	})
}

func (a *api) labelValues(c *call) (answer, error) {
	name := c.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return answer{}, badData{fmt.Errorf("invalid label name: %q", name)}
	}
	return a.strings(c, func(q storage.LabelQuerier, hints *storage.LabelHints, m []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(c.ctx, name, hints, m...)
	})
}

// strings answers the sorted union of what ask finds for each selector.
func (a *api) strings(c *call, ask func(storage.LabelQuerier, *storage.LabelHints, []*labels.Matcher) ([]string, annotations.Annotations, error)) (answer, error) {
	look, err := a.lookup(c)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = look.q.Close() }()
	selectors := look.matchers
	if len(selectors) == 0 {
		selectors = [][]*labels.Matcher{nil}
	}
	var (
		all   []string
		notes annotations.Annotations
	)
	for _, m := range selectors {
		found, warnings, err := ask(look.q, &storage.LabelHints{Limit: look.hint()}, m)
		if err != nil {
			return answer{}, err
		}
		notes.Merge(warnings)
		all = append(all, found...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	truncated := look.limit > 0 && len(all) > look.limit
	if truncated {
		all = all[:look.limit]
	}
	data := []byte{'['}
	for i, v := range all {
		if i > 0 {
			data = append(data, ',')
		}
		data = appendString(data, v)
	}
	return answer{data: append(data, ']'), notes: note(notes, truncated)}, nil
}

// metadata tells type, unit and meaning of each metric, from the schema.
func (a *api) metadata(c *call) (answer, error) {
	limit, err := c.limit()
	if err != nil {
		return answer{}, err
	}
	only := c.FormValue("metric")
	data, found := []byte{'{'}, 0
	add := func(name, kind, unit, help string) {
		if (only != "" && only != name) || (limit > 0 && found == limit) {
			return
		}
		if found++; found > 1 {
			data = append(data, ',')
		}
		data = appendString(data, name)
		data = appendString(append(data, `:[{"type":`...), kind)
		data = appendString(append(data, `,"unit":`...), unit)
		data = append(appendString(append(data, `,"help":`...), help), `}]`...)
	}
	for _, t := range a.store.schema.Tables {
		texts := false
		for _, f := range t.Fields {
			if f.Kind == pipeline.Text {
				texts = true
				continue
			}
			add(metricName(t.Name, f.Name), promType(f.Kind), f.Unit, help(f))
		}
		if texts {
			add(infoName(t.Name), "info", "", "Texts as labels, value 1. "+t.Doc)
		}
	}
	return answer{data: append(data, '}')}, nil
}

func promType(k pipeline.Kind) string {
	if k == pipeline.Counter || k == pipeline.Counter32 {
		return "counter"
	}
	return "gauge"
}

// help is the field's meaning, with the names of an enumeration's codes.
func help(f *pipeline.FieldDef) string {
	if len(f.Enum) == 0 {
		return f.Doc
	}
	codes := make([]string, len(f.Enum))
	for i, e := range f.Enum {
		codes[i] = strconv.FormatInt(e.Code, 10) + " " + e.Name
	}
	return f.Doc + " " + strings.Join(codes, ", ") + "."
}

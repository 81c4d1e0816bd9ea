package embedded

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

func TestContract(t *testing.T) {
	sinktest.Run(t, pipeline.NewSchema(), func(t *testing.T) sinktest.Target {
		s := openStore(t, t.TempDir())
		return sinktest.Target{Sink: s, Read: func(tb testing.TB, row *pipeline.Series) []sinktest.Point {
			return read(tb, s, row)
		}}
	})
}

// read gets the points of a row by PromQL: its numbers, and the labels of its info series.
func read(tb testing.TB, s *Store, row *pipeline.Series) []sinktest.Point {
	tb.Helper()
	points := map[int64]sinktest.Point{}
	m := query(tb, s, selector(row, ".*")+"[2h]", time.Now().Add(time.Hour))
	for _, series := range m.Result {
		field := strings.TrimPrefix(series.Metric["__name__"], row.Table().Name+"_")
		for _, v := range series.Values {
			ms := int64(v[0].(float64)*1000 + 0.5)
			p, ok := points[ms]
			if !ok {
				p = sinktest.Point{Time: time.UnixMilli(ms).UTC(), Numbers: map[string]float64{}, Texts: map[string]string{}}
				points[ms] = p
			}
			if field == "info" {
				maps.Copy(p.Texts, texts(row, series.Metric))
				continue
			}
			n, err := strconv.ParseFloat(v[1].(string), 64)
			if err != nil {
				tb.Fatal(err)
			}
			p.Numbers[field] = n
		}
	}
	out := make([]sinktest.Point, 0, len(points))
	for _, ms := range slices.Sorted(maps.Keys(points)) {
		out = append(out, points[ms])
	}
	return out
}

// selector finds the series of a row whose field fits a pattern.
func selector(row *pipeline.Series, field string) string {
	var names []string
	for _, f := range row.Table().Fields {
		names = append(names, f.Name)
	}
	name := row.Table().Name + "_(" + strings.Join(append(names, "info"), "|") + ")"
	if field != ".*" {
		name = row.Table().Name + "_" + field
	}
	b := "{" + `__name__=~` + strconv.Quote(name)
	for _, tag := range row.Tags() {
		b += fmt.Sprintf(",%q=%s", tag.Key, strconv.Quote(tag.Value))
	}
	return b + "}"
}

func texts(row *pipeline.Series, metric map[string]string) map[string]string {
	out := map[string]string{}
	for _, f := range row.Table().Fields {
		if f.Kind == pipeline.Text && metric[f.Name] != "" {
			out[f.Name] = metric[f.Name]
		}
	}
	return out
}

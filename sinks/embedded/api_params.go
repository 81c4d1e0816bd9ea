package embedded

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// look is what the metadata endpoints share: selectors, a limit, a querier over the time range.
type look struct {
	matchers   [][]*labels.Matcher
	limit      int
	mint, maxt int64
	q          storage.Querier
}

// hint asks for one more than the limit, to know whether something was left out.
func (l look) hint() int {
	if l.limit == 0 || l.limit == math.MaxInt {
		return 0
	}
	return l.limit + 1
}

func (a *api) lookup(c *call) (look, error) {
	var l look
	var err error
	if l.limit, err = c.limit(); err != nil {
		return l, err
	}
	if l.matchers, err = a.selectors(c.Form["match[]"]); err != nil {
		return l, err
	}
	start, err := c.time("start", time.Time{})
	if err != nil {
		return l, err
	}
	end, err := c.time("end", time.Time{})
	if err != nil {
		return l, err
	}
	l.mint, l.maxt = math.MinInt64, math.MaxInt64
	if !start.IsZero() {
		l.mint = start.UnixMilli()
	}
	if !end.IsZero() {
		l.maxt = end.UnixMilli()
	}
	l.q, err = c.db.Querier(l.mint, l.maxt)
	return l, err
}

// promQL is the text of a query. The parser refuses U+FFFD itself, which is what is stored for bytes of
// a name that cannot be; in a string its escape means the same.
func (c *call) promQL() string { return escapeReplacement(c.FormValue("query")) }

func escapeReplacement(text string) string { return strings.ReplaceAll(text, "\uFFFD", `\ufffd`) }

// selectors parses match[]; one that fits every series is refused.
func (a *api) selectors(texts []string) ([][]*labels.Matcher, error) {
	escaped := make([]string, len(texts))
	for i, text := range texts {
		escaped[i] = escapeReplacement(text)
	}
	sets, err := a.parser.ParseMetricSelectors(escaped)
	if err != nil {
		return nil, badParam("match[]", err)
	}
	for _, set := range sets {
		bounded := false
		for _, m := range set {
			bounded = bounded || !m.Matches("")
		}
		if !bounded {
			return nil, badParam("match[]", errors.New("must contain at least one non-empty matcher"))
		}
	}
	return sets, nil
}

// limit of the answer's length; 0: none.
func (c *call) limit() (int, error) {
	text := c.FormValue("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 0 {
		err = errors.New("limit must be non-negative")
	}
	if err != nil {
		return 0, badParam("limit", err)
	}
	return n, nil
}

// time reads seconds since 1970 or RFC 3339.
func (c *call) time(name string, otherwise time.Time) (time.Time, error) {
	text := c.FormValue(name)
	if text == "" {
		return otherwise, nil
	}
	t, err := parseTime(text)
	if err != nil {
		return t, badParam(name, err)
	}
	return t, nil
}

// maxSeconds keeps a time inside what both time.Time and int64 milliseconds hold.
const maxSeconds = math.MaxInt64 / 1_000_000

func parseTime(text string) (time.Time, error) {
	if sec, err := strconv.ParseFloat(text, 64); err == nil {
		if math.IsNaN(sec) || math.Abs(sec) > maxSeconds {
			return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
		}
		return time.UnixMilli(int64(math.Round(sec * 1000))).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
	}
	return t, nil
}

// duration reads seconds or Prometheus' way of writing (1h30m); 0 if there is none.
func (c *call) duration(name string) (time.Duration, error) {
	text := c.FormValue(name)
	if text == "" {
		return 0, nil
	}
	if sec, err := strconv.ParseFloat(text, 64); err == nil {
		if d := sec * float64(time.Second); !math.IsNaN(d) && math.Abs(d) < math.MaxInt64 {
			return time.Duration(d), nil
		}
		return 0, badParam(name, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", text))
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, badParam(name, fmt.Errorf("cannot parse %q to a valid duration", text))
	}
	return time.Duration(d), nil
}

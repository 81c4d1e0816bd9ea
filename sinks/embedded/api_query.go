package embedded

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
)

// maxPoints per series is Prometheus' own bound: a minute's step for a week.
const maxPoints = 11_000

var errTruncated = errors.New("results truncated due to limit")

func (a *api) query(c *call) (answer, error) {
	at, err := c.time("time", time.Now())
	if err != nil {
		return answer{}, err
	}
	return a.run(c, func(ctx context.Context, opts promql.QueryOpts) (promql.Query, error) {
		return c.engine.NewInstantQuery(ctx, c.db, opts, c.promQL(), at)
	})
}

func (a *api) queryRange(c *call) (answer, error) {
	start, err := c.time("start", time.Time{})
	if err != nil {
		return answer{}, err
	}
	end, err := c.time("end", time.Time{})
	if err != nil {
		return answer{}, err
	}
	step, err := c.duration("step")
	if err != nil {
		return answer{}, err
	}
	if err := checkRange(start, end, step); err != nil {
		return answer{}, err
	}
	return a.run(c, func(ctx context.Context, opts promql.QueryOpts) (promql.Query, error) {
		return c.engine.NewRangeQuery(ctx, c.db, opts, c.promQL(), start, end, step)
	})
}

func checkRange(start, end time.Time, step time.Duration) error {
	switch {
	case start.IsZero():
		return badParam("start", errors.New("missing"))
	case end.IsZero():
		return badParam("end", errors.New("missing"))
	case end.Before(start):
		return badParam("end", errors.New("end timestamp must not be before start time"))
	case step <= 0:
		return badParam("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	case end.Sub(start)/step > maxPoints:
		return badData{errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")}
	}
	return nil
}

// run executes a query and encodes its result before it is closed: its points go back to a pool then.
func (a *api) run(c *call, build func(context.Context, promql.QueryOpts) (promql.Query, error)) (answer, error) {
	limit, err := c.limit()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel, opts, err := c.queryOptions()
	if err != nil {
		return answer{}, err
	}
	defer cancel()
	q, err := build(ctx, opts)
	if err != nil {
		return answer{}, constructionError(err)
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return answer{}, res.Err
	}
	truncated := truncate(res, limit)
	data, err := appendResult(nil, res.Value)
	if err != nil {
		return answer{}, err
	}
	return answer{data: data, query: c.promQL(), notes: note(res.Warnings, truncated)}, nil
}

// constructionError: what is wrong with the text of a query is the caller's error; a wait for a turn
// that was too long is not.
func constructionError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return badParam("query", err)
}

func (c *call) queryOptions() (context.Context, context.CancelFunc, promql.QueryOpts, error) {
	timeout, err := c.duration("timeout")
	if err != nil {
		return nil, nil, nil, err
	}
	if timeout <= 0 || timeout > queryTimeout {
		timeout = queryTimeout
	}
	back, err := c.duration("lookback_delta")
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	return ctx, cancel, promql.NewPrometheusQueryOpts(false, back, nil), nil
}

// truncate leaves at most limit series (0: all).
func truncate(res *promql.Result, limit int) bool {
	if limit == 0 {
		return false
	}
	switch v := res.Value.(type) {
	case promql.Matrix:
		if len(v) > limit {
			res.Value = v[:limit]
			return true
		}
	case promql.Vector:
		if len(v) > limit {
			res.Value = v[:limit]
			return true
		}
	}
	return false
}

func note(notes annotations.Annotations, truncated bool) annotations.Annotations {
	if truncated {
		notes.Add(errTruncated)
	}
	return notes
}

func unknownResult(v any) error { return fmt.Errorf("cannot encode a result of type %T", v) }

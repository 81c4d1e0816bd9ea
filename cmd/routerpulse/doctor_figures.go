package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/routerpulse/routerpulse/configs"
)

// instance is a running RouterPulse.
type instance struct {
	base  string
	token configs.Secret
	wait  time.Duration
}

// maxFigures is how much of /metrics is read: that of 100,000 devices is a fifth of it.
const maxFigures = 128 << 20

// errForbidden: the figures are for others.
var errForbidden = errors.New("it does not show its metrics to us")

// figures are the metrics of one look.
type figures map[string]*dto.MetricFamily

// figure is one of them with its labels.
type figure struct {
	labels map[string]string
	value  float64
}

// look reads the metrics once.
func (i *instance) look(ctx context.Context) (f figures, skew time.Duration, err error) {
	resp, err := i.get(ctx, "/metrics")
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, 0, errForbidden
	default:
		return nil, 0, fmt.Errorf("its metrics: %s", resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	f, err = parser.TextToMetricFamilies(io.LimitReader(resp.Body, maxFigures))
	if err != nil {
		return nil, 0, fmt.Errorf("its metrics cannot be read: %w", err)
	}
	return f, skewOf(resp), nil
}

// get asks the instance, without any proxy.
func (i *instance) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.base+path, nil)
	if err != nil {
		return nil, withoutURL(err)
	}
	if token := i.token.Reveal(); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	return resp, nil
}

// withoutURL takes the address out of an error: somebody may have written a password into it.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// each lists the values of a counter or gauge.
func (f figures) each(name string) (list []figure) {
	for _, m := range f[name].GetMetric() {
		one := figure{labels: map[string]string{}, value: m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()}
		for _, l := range m.GetLabel() {
			one.labels[l.GetName()] = l.GetValue()
		}
		list = append(list, one)
	}
	return list
}

// sum adds up those that have all the given labels, which are pairs of name and value.
func (f figures) sum(name string, labels ...string) (sum float64) {
	for _, one := range f.each(name) {
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && one.labels[labels[i]] == labels[i+1]
		}
		if matches {
			sum += one.value
		}
	}
	return sum
}

// has reports that there is such a metric.
func (f figures) has(name string) bool { return len(f[name].GetMetric()) > 0 }

// slower is the share of a histogram's observations above a bound, which is one of its buckets, and how
// many there are in all.
func (f figures) slower(name string, bound float64) (share, all float64) {
	var within float64
	for _, m := range f[name].GetMetric() {
		all += float64(m.GetHistogram().GetSampleCount())
		for _, b := range m.GetHistogram().GetBucket() {
			if b.GetUpperBound() == bound {
				within += float64(b.GetCumulativeCount())
			}
		}
	}
	if all == 0 {
		return 0, 0
	}
	return 1 - within/all, all
}

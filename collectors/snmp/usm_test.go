package snmp

import (
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/pipeline"
)

func requestsOf(c *Collector) float64 { return testutil.ToFloat64(c.engine.metrics.requests) }

func pipelineRefused(err error) bool { return errors.Is(err, pipeline.ErrRefused) }

var _ testing.TB

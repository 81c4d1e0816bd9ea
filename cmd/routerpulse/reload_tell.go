package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/configs"
)

// reloadMetrics is what reloads tell about themselves.
type reloadMetrics struct {
	successful, lastSuccess, restart prometheus.Gauge
	info                             *prometheus.GaugeVec
	reloads                          *prometheus.CounterVec
}

func newReloadMetrics(reg prometheus.Registerer) *reloadMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "routerpulse_config_" + name, Help: help})
	}
	m := &reloadMetrics{
		successful:  gauge("last_reload_successful", "1 if the config that was read last is good and counts."),
		lastSuccess: gauge("last_reload_success_timestamp_seconds", "When a config was last read that is good."),
		restart:     gauge("restart_needed", "1 if the config has changes that take effect after a restart."),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "routerpulse_config_info",
			Help: "The sum of the files that the config was read from."}, []string{"sha256"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "routerpulse_config_reloads_total",
			Help: "Reloads of the config, by result."}, []string{"result"}),
	}
	reg.MustRegister(m.successful, m.lastSuccess, m.restart, m.info, m.reloads)
	return m
}

// good notes a config that counts.
func (m *reloadMetrics) good(sum string, restart []string) {
	m.successful.Set(1)
	m.lastSuccess.SetToCurrentTime()
	m.restart.Set(map[bool]float64{true: 1}[len(restart) > 0])
	m.info.Reset()
	m.info.WithLabelValues(sum).Set(1)
}

// refuse tells of a config that is no good: what was before goes on.
func (r *reloads) refuse(err error) {
	r.metrics.successful.Set(0)
	r.metrics.reloads.WithLabelValues("refused").Inc()
	const maxLines = 20
	list := problemsOf(err)
	for _, p := range list[:min(len(list), maxLines)] {
		r.app.log.Error("config refused, the one before goes on", "problem", p.Error())
	}
	if more := len(list) - maxLines; more > 0 {
		r.app.log.Error("config refused, the one before goes on", "more_problems", more)
	}
	r.tell(err)
}

// tell sets the row of the config in the topic pipeline.health.
func (r *reloads) tell(err error) {
	row := map[string]any{"last_reload_successful": err == nil, "restart_needed": strings.Join(r.restart, ", "), "time": time.Now().UnixMilli(), "problem": "", "problems": 0}
	if err != nil {
		list := problemsOf(err)
		row["problem"], row["problems"] = list[0].Error(), len(list)
	}
	r.app.hub.Health("config", row)
}

// problemsOf lists what is wrong; an error that has no place in a file is one without.
func problemsOf(err error) configs.Problems {
	var list configs.Problems
	if errors.As(err, &list) {
		return list
	}
	return configs.Problems{{File: "config", Message: err.Error()}}
}

// ServeHTTP answers POST /-/reload once it is done: what changed, or as application/problem+json what is
// wrong.
func (r *reloads) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	asked := r.ask()
	select {
	case <-asked.done:
	case <-req.Context().Done():
		return
	case <-r.ended:
		http.Error(w, "the server is stopping", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if asked.err == nil {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(asked.result) // the client is gone: nobody is left to tell
		return
	}
	type problem struct {
		File    string `json:"file"`
		Line    int    `json:"line,omitempty"`
		Column  int    `json:"column,omitempty"`
		Path    string `json:"path,omitempty"`
		Message string `json:"message"`
		Hint    string `json:"hint,omitempty"`
	}
	problems := []problem{}
	for _, p := range problemsOf(asked.err) {
		problems = append(problems, problem(p))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": "config refused", "status": http.StatusUnprocessableEntity,
		"detail": "the config is no good, the one before goes on: correct the file and reload", "problems": problems})
}

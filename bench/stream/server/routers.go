package main

import (
	"fmt"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// routers makes batches of the table router as collectors do.
type routers struct {
	table  *pipeline.Table
	series []*pipeline.Series
}

func newRouters(n int) *routers {
	r := &routers{table: pipeline.NewSchema().Table("router")}
	for i := range n {
		r.series = append(r.series, pipeline.NewRows(name(i), nil).One(r.table))
	}
	return r
}

func name(i int) string { return fmt.Sprintf("core-%04d", i) }

// first are the polls before anybody listens.
func (r *routers) first() (list []pipeline.Batch) {
	for i := range r.series {
		list = append(list, r.poll(i, name(i), 7))
	}
	return list
}

// change is a poll that differs in two fields. The identity carries the number of the change and when it
// was made, for the client to read.
func (r *routers) change(i int, number, micros uint64) pipeline.Batch {
	return r.poll(i, fmt.Sprintf("#%d@%d", number, micros), float64(number%1000)/10)
}

func (r *routers) poll(i int, identity string, cpu float64) pipeline.Batch {
	values := map[string]pipeline.Value{
		"identity": pipeline.TextValue(identity), "model": pipeline.TextValue("RB5009UPr+S+IN"), "version": pipeline.TextValue("7.20.6 (stable)"),
		"memory_percent": pipeline.GaugeValue(31.5), "disk_percent": pipeline.GaugeValue(12.5), "cpu_percent": pipeline.GaugeValue(cpu),
	}
	now := time.Now()
	sample := pipeline.Sample{Series: r.series[i]}
	for _, def := range r.table.Fields {
		if v, ok := values[def.Name]; ok {
			sample.Fields = append(sample.Fields, pipeline.Field{Def: def, Value: v})
		}
	}
	read := pipeline.TableRead{Table: r.table, Source: "bench", ReadAt: now, Samples: []pipeline.Sample{sample}}
	return pipeline.Batch{Device: name(i), Lane: pipeline.LaneLive, Time: now, Tables: []pipeline.TableRead{read}}
}

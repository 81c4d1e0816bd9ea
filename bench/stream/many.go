package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// manyStreams and manyRouters: that many streams of a fleet so small that the snapshots are not what
// is measured.
const (
	manyStreams = 15_000
	manyRouters = 50
)

// opening is what opening very many streams took.
type opening struct {
	Streams   int     `json:"streams"`
	Routers   int     `json:"routers"`
	Seconds   float64 `json:"seconds"` // until all were in sync
	PerSecond float64 `json:"streams_per_second"`
	CPU       float64 `json:"cpu_seconds"`
	Memory    float64 `json:"memory_bytes_per_connection"`
}

// many opens more streams than anybody should have in one process.
func many(ctx context.Context, b *bench) error {
	fmt.Printf("many: %s, %d streams\n", ours, manyStreams)
	server, to, err := b.start(ctx, trial{server: ours, args: []string{"-routers", strconv.Itoa(manyRouters)}})
	if err != nil {
		return err
	}
	defer server.stop()
	if err := server.collect(); err != nil {
		return err
	}
	resident, cpu, begin := server.memory(), server.cpu(), time.Now()
	c, err := gather(ctx, to, manyStreams, manyStreams)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.inSync(ctx, time.Minute); err != nil {
		return err
	}
	o := opening{Streams: manyStreams, Routers: manyRouters, Seconds: time.Since(begin).Seconds(), CPU: server.cpu() - cpu}
	o.PerSecond = float64(o.Streams) / o.Seconds
	if err := server.collect(); err != nil {
		return err
	}
	o.Memory = (server.memory() - resident) / float64(o.Streams)
	b.report.Opening = &o
	return nil
}

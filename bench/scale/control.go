package main

import (
	"slices"
	"time"
)

// control sleeps and notes how late it wakes.
type control struct {
	end  chan struct{}
	late chan []float64
}

func newControl() *control {
	c := &control{end: make(chan struct{}), late: make(chan []float64)}
	go c.run()
	return c
}

func (c *control) run() {
	const every = 10 * time.Millisecond
	var late []float64
	for due := time.Now().Add(every); ; due = time.Now().Add(every) {
		select {
		case <-c.end:
			c.late <- late
			return
		case <-time.After(time.Until(due)):
			late = append(late, time.Since(due).Seconds()*1000)
		}
	}
}

// stop returns the 99th percentile, in milliseconds.
func (c *control) stop() float64 {
	close(c.end)
	late := <-c.late
	slices.Sort(late)
	if len(late) == 0 {
		return 0
	}
	return late[len(late)*99/100]
}

package main

import "time"

// control sleeps and notes how late it wakes.
type control struct {
	end  chan struct{}
	done chan struct{}
	late histogram
}

func startControl() *control {
	c := &control{end: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

func (c *control) run() {
	defer close(c.done)
	const every = 10 * time.Millisecond
	for due := time.Now().Add(every); ; due = time.Now().Add(every) {
		select {
		case <-c.end:
			return
		case <-time.After(time.Until(due)):
			c.late.add(time.Since(due))
		}
	}
}

// stop returns the 99th percentile and the 99.9th, in milliseconds.
func (c *control) stop() (p99, p999 float64) {
	close(c.end)
	<-c.done
	return c.late.quantile(0.99), c.late.quantile(0.999)
}

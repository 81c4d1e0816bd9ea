package sse

import (
	"sync"
	"testing"
)

// Writers that never get to the end of the queue do not make it grow.
func TestQueueOfBusyWriters(t *testing.T) {
	p := &pump{writers: 1}
	p.work = sync.NewCond(&p.mu)
	const waiting = 2 * maxTake
	conns := make([]pumped, waiting)
	for i := range conns {
		p.enqueue(&conns[i])
	}
	var batch []*pumped
	for range 1000 {
		batch = p.take(batch)
		for i, s := range batch {
			if want := &conns[i]; len(batch) != maxTake || s != want && s != &conns[maxTake+i] {
				t.Fatal("the order is not that in which they came")
			}
			p.enqueue(s)
		}
	}
	if n := cap(p.ready); n > 8*waiting {
		t.Errorf("a queue of %d takes the room of %d", waiting, n)
	}
}

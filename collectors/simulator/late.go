package simulator

import (
	"container/heap"
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// maxLate bounds the answers that wait; more are lost, as in a router that is overrun.
const maxLate = 65536

// lateAnswer is an SNMP answer that a slow router gives later.
type lateAnswer struct {
	due     time.Time
	message []byte
	source  []byte
	to      netip.AddrPort
}

// lateQueue sends answers when their time has come.
type lateQueue struct {
	out  *net.UDPConn
	wake chan struct{}

	mu      sync.Mutex
	waiting lateHeap
}

func newLateQueue(out *net.UDPConn) *lateQueue {
	return &lateQueue{out: out, wake: make(chan struct{}, 1)}
}

// add queues a copy of the message.
func (q *lateQueue) add(d time.Duration, message, source []byte, to netip.AddrPort) {
	a := lateAnswer{due: time.Now().Add(d), message: slices.Clone(message), source: source, to: to}
	q.mu.Lock()
	if len(q.waiting) < maxLate {
		heap.Push(&q.waiting, a)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run sends until ctx ends.
func (q *lateQueue) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(q.send(time.Now()))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-q.wake:
		}
	}
}

// send sends what is due and returns how long there is nothing more to do.
func (q *lateQueue) send(now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > 0 {
		if wait := q.waiting[0].due.Sub(now); wait > 0 {
			return wait
		}
		a := heap.Pop(&q.waiting).(lateAnswer)
		_, _, _ = q.out.WriteMsgUDPAddrPort(a.message, a.source, a.to)
	}
	return time.Hour
}

// lateHeap has the answer that is due first on top.
type lateHeap []lateAnswer

func (h lateHeap) Len() int           { return len(h) }
func (h lateHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h lateHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *lateHeap) Push(x any) { *h = append(*h, x.(lateAnswer)) }

// Pop implements heap.Interface.
func (h *lateHeap) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = lateAnswer{}
	*h = (*h)[:last]
	return a
}

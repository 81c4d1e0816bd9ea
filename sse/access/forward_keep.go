package access

import (
	"context"
	"sync"
	"time"
)

// keeper renews the answers that open streams live on, before they are too old to count, and ends the
// streams of those that cannot be renewed.
type keeper struct {
	access *Access
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

// Open begins to renew what applications said of those who have streams. Close ends it.
func (a *Access) Open() {
	ctx, cancel := context.WithCancel(context.Background())
	a.keeper = &keeper{access: a, cancel: cancel}
	a.keeper.wait.Go(func() { a.keeper.run(ctx) })
}

// keepPeriod is how often answers are looked at: no lease may end much later than it should.
const keepPeriod = 100 * time.Millisecond

func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		f := k.access.rules.Load().forward
		if f == nil {
			continue
		}
		for _, q := range f.due() {
			k.wait.Go(func() { f.settle(q, f.answerTo(ctx, q)) })
		}
	}
}

func (k *keeper) close() {
	k.cancel()
	k.wait.Wait()
}

// due begins the questions that are to be asked again, no more than there are turns for, and ends what
// was not confirmed in time. Nobody's answer that is old is kept.
func (f *forwarder) due() (list []*question) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, cache := f.now(), f.config.Cache.Std()
	free := cap(f.turns) - len(f.turns)
	for k, a := range f.answers {
		age := now.Sub(a.at)
		switch {
		case !a.held():
			if a.asking == nil && !f.fresh(a) {
				f.forget(k, a)
			}
		case age >= cache:
			a.end(ErrUndecided)
		case age >= cache/2 && a.asking == nil && len(list) < free:
			again := *a.question // a question of its own, so that its answer is known from another's
			a.asking, a.question = make(chan struct{}), &again
			list = append(list, &again)
		}
	}
	return list
}

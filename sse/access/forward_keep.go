package access

import (
	"context"
	"sync"
	"time"
)

// keeper renews the answers that open streams live on, before they are too old to count, ends the
// streams of those that cannot be renewed, and reads the keys of issuers again. Where nothing is to be
// asked, it sleeps.
type keeper struct {
	access *Access
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

// Open begins to renew what others say of who has streams. Close ends it.
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
		rules := k.access.rules.Load()
		if rules.forward != nil || rules.signed != nil && rules.signed.keys != nil {
			tick.Reset(keepPeriod)
		} else {
			tick.Stop()
		}
		select {
		case <-ctx.Done():
			return
		case <-k.access.wake:
		case <-tick.C:
		}
		k.look(ctx)
	}
}

func (k *keeper) look(ctx context.Context) {
	rules := k.access.rules.Load()
	if f := rules.forward; f != nil {
		for _, q := range f.due() {
			k.wait.Go(func() { f.settle(q, f.answerTo(ctx, q)) })
		}
	}
	if rules.signed == nil || rules.signed.keys == nil {
		return
	}
	if keys := rules.signed.keys; keys != nil {
		if asking := keys.due(); asking != nil {
			k.wait.Go(func() { keys.read(ctx, asking) })
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
			again.asked = now
			a.asking, a.question = make(chan struct{}), &again
			list = append(list, &again)
		}
	}
	return list
}

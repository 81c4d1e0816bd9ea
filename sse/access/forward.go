package access

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// What came of asking an application, when it is not an identity.
var (
	ErrNotKnown      = errors.New("the application that decides does not know you: log in there again")
	ErrNotAllowed    = errors.New("the application that decides says no")
	ErrUndecided     = errors.New("the application that decides does not answer: try again in a few seconds")
	ErrRightsChanged = errors.New("your rights have changed: reconnect")
)

// Bounds of what is remembered of answers.
const (
	maxAnswers     = 20_000
	rememberNo     = 5 * time.Second // who logs in need not wait longer
	rememberNobody = time.Second     // an application that does not answer is not asked by everybody
)

// forwarder asks another application who its users are, and remembers its answers for a while.
type forwarder struct {
	config ForwardConfig
	client *http.Client
	turns  chan struct{} // one for each question that is under way
	now    func() time.Time
	asked  func(result string)
	salt   string

	mu      sync.Mutex
	answers map[key]*answer
	ended   bool
}

// answer is what an application said last.
type answer struct {
	question *question
	asking   chan struct{} // closed when the question that is under way is answered; nil: none is
	at       time.Time     // of a yes, when it was asked for: it was true then; else when it came
	id       Identity
	err      error
}

func newForwarder(cfg ForwardConfig, now func() time.Time, asked func(string)) *forwarder {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: cfg.Timeout.Std()}).DialContext,
		TLSHandshakeTimeout: cfg.Timeout.Std(), IdleConnTimeout: time.Minute,
		MaxConnsPerHost: cfg.Concurrency, MaxIdleConnsPerHost: cfg.Concurrency, MaxResponseHeaderBytes: maxAnswer,
	}
	// Where an application sends those whom it does not know is none of our business.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &forwarder{config: cfg, client: &http.Client{Transport: transport, CheckRedirect: stay},
		turns: make(chan struct{}, cfg.Concurrency), now: now, asked: asked, salt: newSecret(), answers: map[key]*answer{}}
}

// is reports that a config asks the same application in the same way.
func (f *forwarder) is(cfg *ForwardConfig) bool {
	if f == nil || cfg == nil {
		return f == nil && cfg == nil
	}
	return f.config == *cfg
}

// identify returns what the application says, or said a moment ago.
func (f *forwarder) identify(ctx context.Context, q *question) (Identity, error) {
	for {
		a, fresh := f.begin(q)
		switch {
		case a == nil:
			return Identity{}, ErrUndecided
		case fresh:
			return a.id, a.err
		case a.question == q: // it is for us to ask
			f.settle(q, f.answerTo(context.WithoutCancel(ctx), q)) // others may wait for it, too
			continue
		}
		select {
		case <-a.asking:
		case <-ctx.Done():
			return Identity{}, ErrUndecided
		}
	}
}

// begin returns a copy of the answer to a question. If that is not fresh, either the caller has to ask,
// then it has the caller's question; or somebody does already. nil: there is no room.
func (f *forwarder) begin(q *question) (a *answer, fresh bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := f.answers[q.key]
	if found == nil {
		if f.ended || !f.makeRoom() {
			return nil, false
		}
		found = &answer{}
		f.answers[q.key] = found
	}
	if f.fresh(found) {
		clone := *found
		return &clone, true
	}
	if found.asking == nil {
		q.asked = f.now()
		found.asking, found.question = make(chan struct{}), q
	}
	clone := *found
	return &clone, false
}

func (f *forwarder) fresh(a *answer) bool {
	age := f.now().Sub(a.at)
	switch {
	case a.at.IsZero():
		return false
	case a.err == nil:
		return age < f.config.Cache.Std() && a.id.Err() == nil
	case errors.Is(a.err, ErrUndecided):
		return age < min(rememberNobody, f.config.Cache.Std())
	}
	return age < min(rememberNo, f.config.Cache.Std())
}

// said is an answer as it comes.
type said struct {
	id  Identity
	err error
}

func (f *forwarder) answerTo(ctx context.Context, q *question) said {
	id, err := f.ask(ctx, q)
	return said{id, err}
}

// settle takes note of an answer, and ends what no longer holds.
func (f *forwarder) settle(q *question, s said) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.answers[q.key]
	if a == nil || a.question != q {
		return
	}
	close(a.asking)
	a.asking = nil
	held := a.id.lease != nil && a.id.lease.err() == nil
	switch {
	case s.err == nil && held && a.id.sameRights(s.id):
		a.at, a.err = q.asked, nil
	case s.err == nil:
		a.end(ErrRightsChanged)
		a.at, a.id, a.err = q.asked, s.id, nil
		a.id.lease = newLease(q.asked)
		if f.ended {
			a.end(ErrRevoked)
		}
	case errors.Is(s.err, ErrUndecided) && held && f.now().Sub(a.at) < f.config.Cache.Std():
		// what it said last still counts
	default:
		a.end(s.err)
		a.at, a.id, a.err = f.now(), Identity{}, s.err // from now on, that many seconds: to answer may have taken long
	}
}

func (a *answer) end(cause error) {
	if a.id.lease != nil {
		a.id.lease.end(cause)
	}
}

// makeRoom forgets an answer that nobody lives on, if there are too many.
func (f *forwarder) makeRoom() bool {
	if len(f.answers) < maxAnswers {
		return true
	}
	for k, a := range f.answers { // in random order
		if a.asking == nil && !a.held() {
			f.forget(k, a)
			return true
		}
	}
	return false
}

// forget drops an answer: nobody would renew what it gave.
func (f *forwarder) forget(k key, a *answer) {
	a.end(ErrUndecided)
	delete(f.answers, k)
}

// held reports that a stream lives on the answer.
func (a *answer) held() bool { return a.id.lease != nil && a.id.lease.held.Load() > 0 }

// close ends all that lives on answers, and asks no more.
func (f *forwarder) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for _, a := range f.answers {
		a.end(ErrRevoked)
	}
	f.client.CloseIdleConnections()
}

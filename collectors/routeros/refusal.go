package routeros

import "time"

// refusal remembers that the router refused the login, so that trying again does not look like
// somebody guessing: after 1, 5 and then every 30 minutes. Meanwhile the answer comes from memory.
type refusal struct {
	times int
	until time.Time
	err   error
}

// note remembers one more.
func (r *refusal) note(now time.Time, err error) {
	pauses := [...]time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute}
	r.until = now.Add(pauses[min(r.times, len(pauses)-1)])
	r.times++
	r.err = err
}

// standing is the refusal that is still to be respected, nil if there is none.
func (r *refusal) standing(now time.Time) error {
	if r.err != nil && now.Before(r.until) {
		return r.err
	}
	return nil
}

// forget is called when a login worked.
func (r *refusal) forget() { *r = refusal{} }

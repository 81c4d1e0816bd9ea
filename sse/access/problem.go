package access

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Problem is an error for people and programs, as RFC 9457 has it.
type Problem struct {
	Status int
	Detail string // what is wrong and what to do, one sentence
	// Channels are the ones that it is about, if any.
	Channels []string
	// RetryAfter, if not 0, says when it may be worth another try.
	RetryAfter time.Duration
	// Challenge, if not empty, is the WWW-Authenticate header.
	Challenge string
	// User is whom it was told, "" for nobody who is known. It is not part of the answer.
	User string
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// Write answers the request with the problem.
func (p *Problem) Write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.Challenge != "" {
		h.Set("WWW-Authenticate", p.Challenge)
	}
	body := map[string]any{"type": "about:blank", "title": http.StatusText(p.Status), "status": p.Status, "detail": p.Detail}
	if p.RetryAfter > 0 {
		seconds := int((p.RetryAfter + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.Itoa(seconds))
		body["retry_after"] = seconds
	}
	if len(p.Channels) > 0 {
		body["channels"] = p.Channels
	}
	w.WriteHeader(p.Status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // for people who read it in a terminal
	_ = encoder.Encode(body)     // the client is gone: nobody is left to tell
}

// Challenge is the WWW-Authenticate header of a 401. cause is what Identify said, nil if the request
// showed nothing.
func Challenge(cause error) string {
	if cause == nil {
		return `Bearer realm="routerpulse"`
	}
	challenge := `Bearer realm="routerpulse", error="invalid_token"`
	if why := cause.Error(); !strings.ContainsFunc(why, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		challenge += `, error_description="` + why + `"` // of nothing else may it consist (RFC 6750)
	}
	return challenge
}

// howTo ends the sentence that says that an identity is needed.
func howTo(cause error) string {
	if cause == nil {
		return ": send Authorization: Bearer <token>, or log in"
	}
	return ", and " + cause.Error()
}

// undecidedRetry is Retry-After when an application does not say who asks.
const undecidedRetry = 5 * time.Second

// undecided reports that nobody can say now who asks.
func undecided(err error) bool { return errors.Is(err, ErrUndecided) || errors.Is(err, ErrNoKeys) }

// Unauthorized is a 401, or a 503 if nobody can say now. what is "channel x", or what else needs an identity.
func Unauthorized(what string, cause error) *Problem {
	if errors.Is(cause, ErrTokenInURL) {
		return &Problem{Status: http.StatusUnauthorized, Detail: cause.Error(), Challenge: Challenge(cause)}
	}
	if undecided(cause) {
		return &Problem{Status: http.StatusServiceUnavailable, Detail: cause.Error(), RetryAfter: undecidedRetry}
	}
	return &Problem{Status: http.StatusUnauthorized, Detail: what + howTo(cause), Challenge: Challenge(cause)}
}

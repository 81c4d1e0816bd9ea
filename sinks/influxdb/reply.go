package influxdb

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// action is what a reply asks for.
type action uint8

const (
	accepted action = iota // it is in the database
	later                  // try again: the server, or the way to it, is not well
	denied                 // try again rarely: somebody has to change a config, here or there
	tooLarge               // try again in smaller pieces
	refused                // the data will not be accepted, or some of its lines will not
)

// String names the action for logs and metrics.
func (a action) String() string {
	return [...]string{"accepted", "later", "denied", "too_large", "refused"}[a]
}

// reply is what came back from one request. Status 0: no answer, and Err says why.
type reply struct {
	Status int
	Header http.Header
	Body   []byte // its beginning
	Err    error
	hide   []string // what no reason may repeat
}

// verdict is what to do about a reply.
type verdict struct {
	action   action
	wait     time.Duration // that the server asked for; 0: our own back-off
	reason   string        // for people
	rejected int           // lines that were refused although the others were taken

	serverError bool // the server answered, and it is not well
	missing     bool // there is no such database or bucket
	stuck       bool // later, and others are taken meanwhile: it is these lines
}

const (
	maxRetryAfter = 5 * time.Minute
	maxReason     = 300 // bytes of a server's text in a log
)

// judge decides by the status first and looks at the text only where the status is ambiguous: any text
// may hold an echo of what was sent.
func (r reply) judge(now time.Time) verdict {
	v := verdict{reason: r.reason(), missing: r.Status == http.StatusNotFound,
		serverError: r.Status >= 500 && r.Status != http.StatusServiceUnavailable}
	switch s := r.Status; {
	case s == 0:
		v.action = later
	case s == http.StatusNoContent:
		v.action = accepted
	case s >= 200 && s <= 299:
		v.action, v.rejected = r.judgeSuccess()
	case s == http.StatusBadRequest || s == http.StatusUnprocessableEntity:
		v.action = refused
		if serverTrouble(r.message()) {
			v.action = later
		}
	case s == http.StatusRequestEntityTooLarge:
		v.action = tooLarge
	case s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		v.action, v.wait = later, retryAfter(r.Header.Get("Retry-After"), now)
	case s >= 500 || s == http.StatusRequestTimeout || s == http.StatusTooEarly:
		v.action = later
	default:
		// 401, 403, 404, a redirect, a method that is not known: the config of somebody is wrong.
		v.action = denied
	}
	return v
}

// judgeSuccess reads the body of a 2xx that is no 204: InfluxDB 3 may tell of lines that it left out,
// and a proxy may say sorry with 200.
func (r reply) judgeSuccess() (action, int) {
	var body struct {
		Error string
		Data  []json.RawMessage
	}
	if json.Unmarshal(r.Body, &body) != nil || body.Error == "" {
		return accepted, 0
	}
	if len(body.Data) > 0 {
		return accepted, len(body.Data)
	}
	return later, 0
}

// message is what the server said: InfluxDB 2's "message", 1's "error", or plain text.
func (r reply) message() string {
	var body struct{ Message, Error string }
	if json.Unmarshal(r.Body, &body) == nil {
		if body.Message != "" {
			return body.Message
		}
		if body.Error != "" {
			return body.Error
		}
	}
	if text := strings.TrimSpace(string(r.Body)); text != "" {
		return text
	}
	return r.Header.Get("X-Influxdb-Error")
}

func (r reply) reason() string {
	if r.Status == 0 {
		if r.Err == nil {
			return "no answer"
		}
		return r.Err.Error()
	}
	text := strconv.Itoa(r.Status) + " " + http.StatusText(r.Status)
	if to := r.Header.Get("Location"); to != "" {
		return text + " to another address; use that in url"
	}
	if m := r.message(); m != "" {
		for _, secret := range r.hide {
			m = strings.ReplaceAll(m, secret, "<secret>")
		}
		text += ": " + m
	}
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

// serverTrouble tells a 400 that means a full disk or a broken shard from one that means bad data. The
// echo of our own lines is cut out first: it stands in quotes.
func serverTrouble(message string) bool {
	if first := strings.IndexAny(message, `'"`); first >= 0 {
		message = message[:first] + message[strings.LastIndexAny(message, `'"`)+1:]
	}
	message = strings.ToLower(message)
	for _, phrase := range []string{"no space left", "engine:", "timeout", "shard is disabled", "shard not found"} {
		if strings.Contains(message, phrase) {
			return true
		}
	}
	return false
}

// retryAfter reads both forms of the header, seconds and a date; 0 if it says nothing of use.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if sec, err := strconv.ParseFloat(text, 64); err == nil {
		if math.IsNaN(sec) || sec <= 0 {
			return 0
		}
		return time.Duration(min(sec, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(text)
	if err != nil || !at.After(now) {
		return 0
	}
	return min(at.Sub(now), maxRetryAfter)
}

package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an application's answer.
const maxAnswer = 64 << 10

// question is what an application is asked: who sends this, or whether they may listen to a channel.
type question struct {
	key     key
	header  http.Header
	channel string // of laravel
	asked   time.Time
}

// passedOn are the headers that an application gets, beside the cookies: what its own users are known by.
func passedOn() []string { return []string{"Authorization", "Origin", "Referer", "User-Agent"} }

// questionOf is nil if a request shows nothing that an application could know.
func questionOf(r *http.Request, channel string) *question {
	cookies := foreignCookies(r.Header.Values("Cookie"))
	if cookies == "" && r.Header.Get("Authorization") == "" {
		return nil
	}
	q := &question{header: http.Header{"Accept": {"application/json"}}, channel: channel}
	for _, name := range passedOn() {
		if v := r.Header.Get(name); v != "" {
			q.header.Set(name, v)
		}
	}
	if cookies != "" {
		q.header.Set("Cookie", cookies)
	}
	if c, err := r.Cookie("XSRF-TOKEN"); err == nil { // as a browser's script would
		if token, err := url.QueryUnescape(c.Value); err == nil {
			q.header.Set("X-XSRF-TOKEN", token)
		}
	}
	q.key = keyOf(fmt.Sprintf("%q%q%q", channel, cookies, r.Header.Get("Authorization")))
	return q
}

// foreignCookies are the cookies that are not ours, as they came.
func foreignCookies(headers []string) string {
	var out []string
	for _, header := range headers {
		for pair := range strings.SplitSeq(header, ";") {
			pair = strings.TrimSpace(pair)
			if name, _, _ := strings.Cut(pair, "="); pair != "" && !strings.HasPrefix(name, cookiePrefix) {
				out = append(out, pair)
			}
		}
	}
	return strings.Join(out, "; ")
}

// ask sends a question. An error that is not ErrUndecided is a no.
func (f *forwarder) ask(ctx context.Context, q *question) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, f.config.Timeout.Std())
	defer cancel()
	select {
	case f.turns <- struct{}{}:
		defer func() { <-f.turns }()
	case <-ctx.Done():
		f.asked("busy")
		return Identity{}, ErrUndecided
	}
	status, body, err := f.send(ctx, q)
	switch {
	case err != nil || status >= 500 || status == http.StatusTooManyRequests:
		f.asked("failed")
		return Identity{}, ErrUndecided
	case status == http.StatusForbidden:
		f.asked("no")
		return Identity{}, ErrNotAllowed
	case status < 200 || status > 299:
		f.asked("no")
		return Identity{}, ErrNotKnown
	}
	id, err := f.read(q, body)
	if err != nil {
		f.asked("unreadable")
		return Identity{}, err
	}
	f.asked("yes")
	return id, nil
}

func (f *forwarder) send(ctx context.Context, q *question) (status int, body []byte, err error) {
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if f.config.Type == forwardLaravel {
		form := url.Values{"channel_name": {q.channel}, "socket_id": {fmt.Sprintf("%d.%d", rand.Uint32(), rand.Uint32())}}
		method, content = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, f.config.URL, content)
	if err != nil {
		return 0, nil, err
	}
	r.Header = q.header.Clone()
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	return resp.StatusCode, body, err
}

// read makes an identity of a yes.
func (f *forwarder) read(q *question, body []byte) (Identity, error) {
	var answer map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(&answer)
	if f.config.Type == forwardLaravel {
		return Identity{User: f.userOf(q, answer)}, nil
	}
	if err != nil {
		return Identity{}, fmt.Errorf("%w: its answer is no JSON object", ErrNotKnown)
	}
	user := answer["user"]
	if n, ok := user.(json.Number); ok {
		user = n.String()
	}
	id, err := identityOf(user, answer)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: its answer cannot be used: %w", ErrNotKnown, err)
	}
	return id, nil
}

// userOf is what Laravel says of a user in a presence channel, else a name that stands for the cookies.
func (f *forwarder) userOf(q *question, answer map[string]any) string {
	if text, ok := answer["channel_data"].(string); ok {
		var data struct {
			ID any `json:"user_id"`
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&data) == nil {
			if name := fmt.Sprint(data.ID); PlainName(name) {
				return name
			}
		}
	}
	sum := sha256.Sum256([]byte(f.salt + q.header.Get("Cookie") + "\n" + q.header.Get("Authorization")))
	return "app-" + hex.EncodeToString(sum[:6])
}

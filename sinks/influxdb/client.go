package influxdb

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	influx "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"

	"github.com/routerpulse/routerpulse/configs"
)

// maxReply is how much of an answer is read. The library would read any length.
const maxReply = 64 << 10

// client posts ready lines through influxdb-client-go's blocking API: one call is one request, without
// batching or retry of its own.
type client struct {
	cfg     Config
	write   api.WriteAPIBlocking
	lib     influx.Client
	doer    *doer
	classic classic
}

func newClient(cfg Config) (*client, error) {
	carrier, err := transport(&cfg)
	if err != nil {
		return nil, err
	}
	d := &doer{headers: cfg.Headers, http: &http.Client{
		Timeout:   cfg.Timeout.Std(),
		Transport: carrier,
		// A POST that is redirected becomes a GET, and its answer would look like success.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	opts := influx.DefaultOptions().SetPrecision(time.Millisecond).SetApplicationName("routerpulse")
	opts.HTTPOptions().SetHTTPDoer(d)
	lib := influx.NewClientWithOptions(cfg.URL, "", opts)
	d.hide = append(hidden(cfg.Headers), hiddenIn(cfg.Proxy)...)
	return &client{cfg: cfg, write: lib.WriteAPIBlocking(cfg.Org, cfg.target()), lib: lib, doer: d, classic: newClassic(cfg)}, nil
}

// authorize sets the Authorization header of the requests that follow.
func (c *client) authorize(header string) { c.doer.authorize(header) }

// post sends a gzip of lines and returns what came back.
func (c *client) post(ctx context.Context, body []byte) reply {
	x := &exchange{body: body}
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	switch old, err := c.classic.isOld(ctx, c.doer); {
	case err != nil:
		return reply{Err: err}
	case old:
		return c.classic.post(ctx, c.doer, x)
	}
	// The library makes the request around the body, which is packed already.
	err := c.write.WriteRecord(ctx, "")
	// The library decodes the server's JSON over its error, status and all: ours is what was on the wire.
	if x.reply.Status == 0 {
		x.reply.Err = err
	}
	return x.reply
}

func (c *client) close() {
	c.lib.Close()
	c.doer.http.CloseIdleConnections()
}

// exchange is what a request carries under exchangeKey: its body, and the place for its reply.
type exchange struct {
	body  []byte // gzip
	reply reply
}

type exchangeKey struct{}

// doer does the library's requests: it puts in the body and the credentials, bounds and keeps the reply.
type doer struct {
	http    *http.Client
	headers map[string]configs.Secret
	hide    []string // what no reason may repeat, beside the credentials

	mu     sync.Mutex
	header string
}

func (d *doer) authorize(header string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.header = header
}

// Do is called by the library.
func (d *doer) Do(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if ok {
		carry(req, x.body)
	} else {
		x = &exchange{} // of setting up: the library reads the reply itself
	}
	header := d.dress(req)
	resp, err := d.http.Do(req)
	if err != nil {
		return nil, plainError(err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	_ = resp.Body.Close()
	if err != nil && resp.StatusCode/100 == 2 {
		// The status is the answer; how it was worded is not worth sending everything again.
		err = nil
	}
	x.reply = reply{Status: resp.StatusCode, Header: resp.Header, Body: body, Err: err, hide: append(shades(header), d.hide...)}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// clean takes out of an error what it may repeat of us.
func (d *doer) clean(err error) error {
	if err == nil {
		return nil
	}
	d.mu.Lock()
	header := d.header
	d.mu.Unlock()
	text := err.Error()
	for _, secret := range append(shades(header), d.hide...) {
		text = strings.ReplaceAll(text, secret, "<secret>")
	}
	return errors.New(text)
}

// dress puts in the credentials, which it returns, and the headers of the config.
func (d *doer) dress(req *http.Request) (header string) {
	for name, value := range d.headers {
		req.Header.Set(name, value.Reveal())
	}
	d.mu.Lock()
	header = d.header
	d.mu.Unlock()
	if header != "" {
		req.Header.Set("Authorization", header)
	}
	if login, ok := strings.CutPrefix(header, "Token "); ok && isClassicPath(req.URL.Path) {
		user, password, _ := strings.Cut(login, ":") // before 1.8 there are no tokens
		req.SetBasicAuth(user, password)
	}
	return header
}

// hidden are the forms in which the values of headers may come back.
func hidden(headers map[string]configs.Secret) (forms []string) {
	for _, value := range headers {
		forms = append(forms, shades(value.Reveal())...)
	}
	return forms
}

// hiddenIn are those of the password of a proxy.
func hiddenIn(proxy configs.Secret) []string {
	u, err := parseProxy(proxy)
	if err != nil || u == nil {
		return nil
	}
	password, _ := u.User.Password()
	return shades(password)
}

// shades are the forms in which our credentials may come back: a server or a proxy may echo the request,
// and what it says goes to the log.
func shades(header string) []string {
	token := strings.TrimPrefix(header, "Token ")
	_, password, _ := strings.Cut(token, ":")
	var forms []string
	for _, secret := range []string{token, password} {
		if secret == "" {
			continue
		}
		escaped, _ := json.Marshal(secret) // a text always encodes
		inner := string(escaped[1 : len(escaped)-1])
		plain := strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(inner)
		forms = append(forms, secret, inner, plain, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	return forms
}

// carry gives a request its body. The library's own option to pack streams it through a pipe, so that the
// length is unknown and the request cannot be sent again when a kept connection turns out to be dead.
func carry(req *http.Request, gzip []byte) {
	req.Header.Set("Content-Encoding", "gzip")
	req.ContentLength = int64(len(gzip))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(gzip)), nil }
	req.Body, _ = req.GetBody()
}

// plainError is the cause without the URL, which is the same in every message.
func plainError(err error) error {
	var wrapped interface{ Unwrap() error }
	if errors.As(err, &wrapped) {
		if cause := wrapped.Unwrap(); cause != nil {
			return cause
		}
	}
	return err
}

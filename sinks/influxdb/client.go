package influxdb

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	influx "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"
)

// maxReply is how much of an answer is read. The library would read any length.
const maxReply = 64 << 10

// client posts ready lines through influxdb-client-go's blocking API: one call is one request, without
// batching or retry of its own.
type client struct {
	write   api.WriteAPIBlocking
	lib     influx.Client
	doer    *doer
	classic classic
}

func newClient(cfg Config) *client {
	d := &doer{http: &http.Client{
		Timeout:   cfg.Timeout.Std(),
		Transport: transport(),
		// A POST that is redirected becomes a GET, and its answer would look like success.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	opts := influx.DefaultOptions().SetPrecision(time.Millisecond).SetApplicationName("routerpulse")
	opts.HTTPOptions().SetHTTPDoer(d)
	lib := influx.NewClientWithOptions(cfg.URL, "", opts)
	return &client{write: lib.WriteAPIBlocking(cfg.Org, cfg.target()), lib: lib, doer: d, classic: newClassic(cfg)}
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// authorize sets the Authorization header of the requests that follow.
func (c *client) authorize(header string) { c.doer.authorize(header) }

// post sends lines and returns what came back.
func (c *client) post(ctx context.Context, lines []byte) reply {
	var r reply
	switch old, err := c.classic.isOld(ctx, c.doer); {
	case err != nil:
		return reply{Err: err}
	case old:
		return c.classic.post(ctx, c.doer, lines)
	}
	// Without its last line end: the library puts none after what it joins.
	err := c.write.WriteRecord(context.WithValue(ctx, exchange{}, &r), string(bytes.TrimSuffix(lines, []byte("\n"))))
	// The library decodes the server's JSON over its error, status and all: ours is what was on the wire.
	if r.Status == 0 {
		r.Err = err
	}
	return r
}

func (c *client) close() {
	c.lib.Close()
	c.doer.http.CloseIdleConnections()
}

// exchange is the key under which a request carries the place for its reply.
type exchange struct{}

// doer does the library's requests: it packs the body, adds the credentials, bounds and keeps the reply.
type doer struct {
	http  *http.Client
	packs sync.Pool // of *gzip.Writer: a new one costs 800 KB

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
	r, ok := req.Context().Value(exchange{}).(*reply)
	if !ok {
		return nil, errors.New("influxdb: a request that is not ours")
	}
	if err := d.pack(req); err != nil {
		return nil, err
	}
	d.mu.Lock()
	header := d.header
	d.mu.Unlock()
	if header != "" {
		req.Header.Set("Authorization", header)
	}
	if login, ok := strings.CutPrefix(header, "Token "); ok && isClassicPath(req.URL.Path) {
		user, password, _ := strings.Cut(login, ":") // before 1.8 there are no tokens
		req.SetBasicAuth(user, password)
	}
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
	r.Status, r.Header, r.Body, r.Err, r.hide = resp.StatusCode, resp.Header, body, err, shades(header)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
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

// pack replaces the body by its gzip. The library's own option streams it through a pipe, so that the
// length is unknown and the request cannot be sent again when a kept connection turns out to be dead.
func (d *doer) pack(req *http.Request) error {
	if req.Body == nil {
		return nil
	}
	z, ok := d.packs.Get().(*gzip.Writer)
	if !ok {
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	}
	defer d.packs.Put(z)
	var packed bytes.Buffer
	z.Reset(&packed)
	if _, err := io.Copy(z, req.Body); err != nil {
		return err
	}
	if err := errors.Join(z.Close(), req.Body.Close()); err != nil {
		return err
	}
	data := packed.Bytes()
	req.Header.Set("Content-Encoding", "gzip")
	req.ContentLength = int64(len(data))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.Body, _ = req.GetBody()
	return nil
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

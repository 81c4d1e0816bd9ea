package influxdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/configs"
)

// seen is what a stub server got.
type seen struct {
	path, query, auth, encoding, body, agent string
	length                                   int64
}

func serve(t *testing.T, answer http.HandlerFunc) (url string, got *seen) {
	t.Helper()
	got = &seen{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*got = seen{r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization"), r.Header.Get("Content-Encoding"), "", r.UserAgent(), r.ContentLength}
		got.body, _ = unpack(r.Body)
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, got
}

func postTo(t *testing.T, cfg Config, lines string) reply {
	t.Helper()
	c, err := newClient(cfg.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	header, err := cfg.authorization()
	if err != nil {
		t.Fatal(err)
	}
	c.authorize(header)
	body, err := (&destination{}).pack([]line{{text: []byte(lines)}})
	if err != nil {
		t.Fatal(err)
	}
	return c.post(t.Context(), body)
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

func TestClientRequest(t *testing.T) {
	secret := configs.NewSecret
	for name, tc := range map[string]struct {
		cfg         Config
		path, query string
		auth        string
	}{
		"2.x":              {Config{Org: "noc", Bucket: "routers", Token: secret("t0k")}, "/api/v2/write", "bucket=routers&org=noc&precision=ms", "Token t0k"},
		"3":                {Config{Bucket: "routers", Token: secret("apiv3_x")}, "/api/v2/write", "bucket=routers&org=&precision=ms", "Token apiv3_x"},
		"1.8":              {Config{Database: "net"}, "/api/v2/write", "bucket=net%2F&org=&precision=ms", ""},
		"1.8 with policy":  {Config{Database: "net", RetentionPolicy: "a&b"}, "/api/v2/write", "bucket=net%2Fa%26b&org=&precision=ms", ""},
		"1.8 with a login": {Config{Database: "net", Username: "u", Password: secret("p")}, "/api/v2/write", "bucket=net%2F&org=&precision=ms", "Token u:p"},
		"below a path":     {Config{URL: "/influx", Bucket: "b"}, "/influx/api/v2/write", "bucket=b&org=&precision=ms", ""},
	} {
		t.Run(name, func(t *testing.T) {
			url, got := serve(t, noContent)
			tc.cfg.URL = url + tc.cfg.URL
			r := postTo(t, tc.cfg, "a b=1 1\nc d=2 2\n")
			if r.Status != http.StatusNoContent || r.Err != nil {
				t.Fatalf("status %d, %v", r.Status, r.Err)
			}
			if got.path != tc.path || got.query != tc.query || got.auth != tc.auth {
				t.Errorf("asked %s?%s as %q", got.path, got.query, got.auth)
			}
			if got.body != "a b=1 1\nc d=2 2\n" || got.encoding != "gzip" || got.length <= 0 {
				t.Errorf("sent %q, %s, %d bytes", got.body, got.encoding, got.length)
			}
			if !strings.HasPrefix(got.agent, "routerpulse/") && !strings.Contains(got.agent, "routerpulse") {
				t.Errorf("as %q", got.agent)
			}
		})
	}
}

// TestClientReply: what was on the wire counts, whatever the library makes of it.
func TestClientReply(t *testing.T) {
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   int
		reason string
	}{
		"error of 2.x": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(422)
			_, _ = w.Write([]byte(`{"code":"unprocessable entity","message":"conflict"}`))
		}, 422, "422 Unprocessable Entity: conflict"},
		"body that names another status": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(500)
			_, _ = w.Write([]byte(`{"statusCode":204,"message":"sorry"}`))
		}, 500, "500 Internal Server Error: sorry"},
		"broken JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(502)
			_, _ = w.Write([]byte(`{"mess`))
		}, 502, `502 Bad Gateway: {"mess`},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.WriteHeader(http.StatusOK) // a login page
				return
			}
			http.Redirect(w, r, "/login", http.StatusFound)
		}, 302, "302 Found to another address; use that in url"},
		"endless answer": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := serve(t, tc.answer)
			r := postTo(t, Config{URL: url, Bucket: "b"}, "a b=1 1\n")
			if r.Status != tc.want {
				t.Errorf("status %d, want %d", r.Status, tc.want)
			}
			if tc.reason != "" && r.reason() != tc.reason {
				t.Errorf("reason %q, want %q", r.reason(), tc.reason)
			}
			if len(r.Body) > maxReply {
				t.Errorf("%d bytes kept", len(r.Body))
			}
		})
	}
}

func TestClientTimeout(t *testing.T) {
	block := make(chan struct{})
	url, _ := serve(t, func(http.ResponseWriter, *http.Request) { <-block })
	defer close(block)
	r := postTo(t, Config{URL: url, Bucket: "b", Timeout: configs.Duration(100 * time.Millisecond)}, "a b=1 1\n")
	if r.Status != 0 || r.Err == nil || strings.Contains(r.Err.Error(), url) {
		t.Errorf("status %d, %v", r.Status, r.Err)
	}
}

func TestClientNobodyThere(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(noContent))
	srv.Close()
	r := postTo(t, Config{URL: srv.URL, Bucket: "b"}, "a b=1 1\n")
	if v := r.judge(time.Now()); v.action != later || !strings.Contains(v.reason, "connection refused") {
		t.Errorf("%s: %s", v.action, v.reason)
	}
}

// TestNoReasonRepeatsTheLogin: an answer that echoes the credentials is shown without them, in whatever
// form they come back.
func TestNoReasonRepeatsTheLogin(t *testing.T) {
	const canary = `c4n"4ry&s3<cr\et%`
	for name, echo := range map[string]http.HandlerFunc{
		"plain": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "who is "+r.Header.Get("Authorization"))
		},
		"JSON": func(w http.ResponseWriter, r *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]string{"message": "who is " + r.Header.Get("Authorization")})
		},
		"JSON of another kind": func(w http.ResponseWriter, r *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]string{"who": r.Header.Get("Authorization")})
		},
		"JSON without HTML in mind": func(w http.ResponseWriter, r *http.Request) {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			_ = e.Encode(map[string]string{"who": r.Header.Get("Authorization")})
		},
		"header": func(http.ResponseWriter, *http.Request) {},
		"URL": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, url.QueryEscape(r.Header.Get("Authorization")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Influxdb-Error", "who is "+r.Header.Get("Authorization"))
				w.WriteHeader(http.StatusUnauthorized)
				echo(w, r)
			})
			reason := postTo(t, Config{URL: address, Database: "d", Username: "u", Password: configs.NewSecret(canary)}, "a b=1 1\n").judge(time.Now()).reason
			if !strings.HasPrefix(reason, "401 Unauthorized: ") || !strings.Contains(reason, "<secret>") || strings.Contains(reason, "4ry") {
				t.Error(reason)
			}
		})
	}
}

// TestNoSecretInTheLog: whatever the server answers, the token and the password are not in the log, in
// an error or in the metrics.
func TestNoSecretInTheLog(t *testing.T) {
	const canary = "c4n4ry-s3cret"
	for name, cfg := range map[string]Config{
		"token":    {Bucket: "b", Token: configs.NewSecret(canary)},
		"password": {Database: "d", Username: "u", Password: configs.NewSecret(canary)},
	} {
		for _, code := range []int{200, 400, 401, 413, 500} {
			t.Run(name+" "+itoa(code), func(t *testing.T) {
				t.Parallel()
				cfg, asked := cfg, make(chan struct{}, 100)
				url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(code)
					_ = r.Header.Write(w)
					asked <- struct{}{}
				})
				var log bytes.Buffer
				cfg.URL = url
				reg := prometheus.NewRegistry()
				s, err := New(cfg, t.TempDir(), reg, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Open(); err != nil {
					t.Fatal(err)
				}
				mustWrite(t, s, batchOf(testTable(), 1, 1))
				<-asked
				metrics, err := reg.Gather()
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if err := s.Shutdown(ctx); err != nil {
					t.Fatal(err)
				}
				if all := log.String() + fmt.Sprint(metrics) + fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg); strings.Contains(all, canary) {
					t.Errorf("the secret is in %s", all)
				}
				if code != 200 && !strings.Contains(log.String(), itoa(code)) {
					t.Errorf("the log does not tell of the trouble: %s", log.String())
				}
			})
		}
	}
}

package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/web"
)

func newWeb(t *testing.T, cfg web.Config, d web.Devices, r web.Rights) http.Handler {
	t.Helper()
	w, err := web.New(cfg, d, r, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return w.Handler()
}

func page(t *testing.T) http.Handler {
	t.Helper()
	return newWeb(t, web.DefaultConfig(), inventory{}, anyone{})
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// assets are the files that index.html asks for, and those that they ask for.
func assets(t *testing.T, h http.Handler) []string {
	t.Helper()
	names := regexp.MustCompile(`(?:src|href)="\./(assets/[^"]+)"`).FindAllStringSubmatch(get(h, "/").Body.String(), -1)
	var out []string
	for _, n := range names {
		out = append(out, "/"+n[1])
	}
	if len(out) < 3 {
		t.Fatalf("index.html asks for %q: at least a script, a style sheet and an icon were expected", out)
	}
	return out
}

func TestIndex(t *testing.T) {
	h := page(t)
	for _, path := range []string{"/", "/index.html", "/?login=expired"} {
		w := get(h, path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		if got := w.Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
}

func TestIndexIsFineWithItsPolicy(t *testing.T) {
	w := get(page(t), "/")
	policy := w.Header().Get("Content-Security-Policy")
	for _, must := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, must) {
			t.Errorf("the policy lacks %s: %s", must, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy is open: %s", policy)
	}
	html := w.Body.String()
	for _, never := range []string{"<style", "style=", "onload=", "onclick=", "javascript:", "data:", "http://", "https://"} {
		if strings.Contains(html, never) {
			t.Errorf("index.html holds %q, which the policy forbids", never)
		}
	}
	if regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(html) {
		t.Error("index.html holds an inline script")
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := get(page(t), "/").Header()
	for name, want := range map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestAssetsAreKeptForEver(t *testing.T) {
	h := page(t)
	for _, path := range assets(t, h) {
		w := get(h, path)
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		if !regexp.MustCompile(`-[\w-]{8}\.\w+$`).MatchString(path) {
			t.Errorf("%s has no hash in its name", path)
		}
	}
}

func TestGzip(t *testing.T) {
	h := page(t)
	for _, path := range assets(t, h) {
		if !strings.HasSuffix(path, ".js") && !strings.HasSuffix(path, ".css") {
			continue
		}
		plain, packed := get(h, path), get(h, path, "Accept-Encoding", "br, gzip;q=0.8")
		if packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%s: %v", path, packed.Header())
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%s: what was packed is something else", path)
		}
		if plain.Header().Get("Etag") == packed.Header().Get("Etag") {
			t.Errorf("%s: one ETag for two bodies", path)
		}
	}
}

func TestGzipIsNotForced(t *testing.T) {
	h := page(t)
	for _, accept := range []string{"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip"} {
		if got := get(h, "/", "Accept-Encoding", accept).Header().Get("Content-Encoding"); got != "" {
			t.Errorf("Accept-Encoding %q was answered by %q", accept, got)
		}
	}
}

func TestETagSavesTheBody(t *testing.T) {
	h := page(t)
	first := get(h, "/")
	tag := first.Header().Get("Etag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	again := get(h, "/", "If-None-Match", tag)
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("%d, %d bytes", again.Code, again.Body.Len())
	}
	if get(h, "/", "If-None-Match", `"another"`).Code != http.StatusOK {
		t.Error("another ETag was taken for ours")
	}
}

func TestHead(t *testing.T) {
	w := httptest.NewRecorder()
	page(t).ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/", nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}

func TestNothingElseIsThePage(t *testing.T) {
	h := page(t)
	for _, path := range []string{"/router/core-1", "/assets/", "/assets/nothing.js", "/v1/nothing", "/dist/index.html", "/../web.go", "/favicon.ico"} {
		w := get(h, path)
		if w.Code != http.StatusNotFound && w.Code != http.StatusMovedPermanently && w.Code != http.StatusTemporaryRedirect {
			t.Errorf("%s: %d", path, w.Code)
		}
		if w.Code == http.StatusNotFound && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", path, w.Header().Get("Content-Type"))
		}
	}
}

func TestThePageIsOnlyRead(t *testing.T) {
	w := httptest.NewRecorder()
	page(t).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// The client module is served as it is written: a page of somebody else needs no npm to use it.
func TestTheClientModuleIsServed(t *testing.T) {
	h := page(t)
	for _, name := range []string{"index.js", "hub.js", "state.js", "worker.js"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/client/"+name, nil))
		want, err := os.ReadFile("client/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusOK || w.Body.String() != string(want) || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%s: %d, %v", name, w.Code, w.Header())
		}
	}
}

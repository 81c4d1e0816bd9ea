package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// policy lets the page load its own files and talk to its own server, and nothing else. Styles are
// files and properties set by script; there is no inline code to allow.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const (
	revalidate = "no-cache"
	forEver    = "public, max-age=31536000, immutable"
)

// kindOf is the content type of a file, "" if nothing of this kind was expected. It is written down
// here, because what the machine thinks of an extension may differ.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}

// file is one built file, ready to be sent.
type file struct {
	kind, cache string
	etag        string // without quotes
	plain       []byte
	gzip        func() []byte // packed when it is first asked for; nil if that saves nothing
}

// page serves the built files.
type page struct {
	files map[string]*file // by URL path
}

// newPage reads all files: of dist, the folder that Vite made, and of others.
func newPage(dist fs.FS, others ...fs.FS) (*page, error) {
	p := &page{files: map[string]*file{}}
	for _, folder := range append([]fs.FS{dist}, others...) {
		if err := p.read(folder); err != nil {
			return nil, fmt.Errorf("web: reading the built page: %w", err)
		}
	}
	index := p.files["/index.html"]
	if index == nil {
		return nil, fmt.Errorf("web: the built page has no index.html: run npm run build in web/app")
	}
	p.files["/"] = index
	return p, nil
}

func (p *page) read(folder fs.FS) error {
	return fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := newFile(folder, name)
		if err != nil {
			return err
		}
		p.files["/"+name] = f
		return nil
	})
}

func newFile(folder fs.FS, name string) (*file, error) {
	plain, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, err
	}
	kind := kindOf(name)
	if kind == "" {
		return nil, fmt.Errorf("%s: no content type is known for it", name)
	}
	sum := sha256.Sum256(plain)
	f := &file{kind: kind, cache: revalidate, etag: hex.EncodeToString(sum[:12]), plain: plain}
	f.gzip = sync.OnceValue(func() []byte { return pack(plain) })
	if strings.HasPrefix(name, "assets/") { // their names hold a hash of their content
		f.cache = forEver
	}
	return f, nil
}

// pack compresses once for all clients. Without it the file is sent as it is, so that an error, which a
// write to memory does not have, would cost nothing but bytes.
func pack(plain []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(plain); err != nil || z.Close() != nil || b.Len() >= len(plain) {
		return nil
	}
	return b.Bytes()
}

// ServeHTTP sends a file. The page keeps its state behind the #, so that / is its only address.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.files[r.URL.Path]
	if f == nil {
		WriteProblem(w, http.StatusNotFound, "there is nothing at this address; the page is at /")
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		WriteProblem(w, http.StatusMethodNotAllowed, "this address is only read")
		return
	}
	body := f.headers(w.Header(), r)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// headers sets everything but the length and returns the bytes to send.
func (f *file) headers(h http.Header, r *http.Request) []byte {
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", policy)
	if f.cache == revalidate {
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
	}
	if takesGzip(r) {
		if packed := f.gzip(); packed != nil {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", `"`+f.etag+`-gzip"`)
			return packed
		}
	}
	h.Set("ETag", `"`+f.etag+`"`)
	return f.plain
}

// takesGzip reads Accept-Encoding; a q of 0 is a no.
func takesGzip(r *http.Request) bool {
	for _, offer := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(offer, ";")
		if strings.TrimSpace(name) != "gzip" {
			continue
		}
		q, given := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		return !given || strings.Trim(q, "0.") != ""
	}
	return false
}

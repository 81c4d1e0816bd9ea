package door

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// serve answers requests of guests; their bodies come in time, and are not too large.
func (d *Door) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g, ok := r.Context().Value(guestKey{}).(*guest)
		if !ok { // it came by another way
			next.ServeHTTP(w, r)
			return
		}
		g.begin()
		defer g.end()
		if r.ContentLength != 0 {
			rc := http.NewResponseController(w)
			_ = rc.SetReadDeadline(time.Now().Add(d.body)) // a connection has one
			r.Body = &timely{http.MaxBytesReader(w, r.Body, maxBody), rc, g}
		}
		next.ServeHTTP(w, r)
	})
}

// timely is a body that has to come by a deadline, which ends with it.
type timely struct {
	io.ReadCloser
	rc    *http.ResponseController
	guest *guest
}

// Read takes the deadline away at the end: the answer may take longer.
func (t *timely) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	switch {
	case errors.Is(err, io.EOF):
		_ = t.rc.SetReadDeadline(time.Time{}) // a connection has one
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.guest.door.cut(whyBody, t.guest.addr)
	}
	return n, err
}

package access

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/routerpulse/routerpulse/configs"
)

// What pages of other origins may send and read, beside what every page may.
const (
	sharedRequest  = "Authorization, Content-Type, Last-Event-ID, Cache-Control"
	sharedResponse = "Retry-After, WWW-Authenticate"
	sharedAge      = "600" // seconds for which a browser need not ask again; a reload counts by then
)

// guestPage marks a request of a page whose origin the config names.
type guestPage struct{}

// Shared lets pages of the origins in the config use a handler, with the cookies of whoever looks at them; all
// other pages only see what browsers let them see by themselves.
func (a *Access) Shared(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.share(w, r) {
			r = r.WithContext(context.WithValue(r.Context(), guestPage{}, true))
		}
		next.ServeHTTP(w, r)
	})
}

// Preflight answers OPTIONS, by which a browser asks whether a page may use a method of a shared handler.
func (a *Access) Preflight(method string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.share(w, r) {
			(&Problem{Status: http.StatusForbidden, Detail: "pages of this origin may not use this: add it to access.origins"}).Write(w)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", method)
		h.Set("Access-Control-Allow-Headers", sharedRequest)
		h.Set("Access-Control-Max-Age", sharedAge)
		w.WriteHeader(http.StatusNoContent)
	})
}

// share tells the browser whether the page may read the answer, and reports that.
func (a *Access) share(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !a.rules.Load().origins[origin] {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", sharedResponse)
	return true
}

// fromGuest reports that a page of an origin in the config makes the request.
func fromGuest(r *http.Request) bool { return r.Context().Value(guestPage{}) != nil }

// validateOrigins reports those that no browser would send, and those that would let everybody in.
func validateOrigins(r *configs.Report, list []string) {
	const hint = "write it as the browser does: https://app.example.com, with a port only if it is not the usual one, and nothing after it"
	for i, origin := range list {
		u, err := url.Parse(origin)
		switch {
		case strings.Contains(origin, "*"):
			r.At(i).Errorf("name each origin: any page that a user visits could act in their name", "%q would let pages of many in", origin)
		case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.Scheme+"://"+u.Host != origin, strings.ToLower(origin) != origin,
			u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
			r.At(i).Errorf(hint, "%q is no origin", origin)
		}
	}
}

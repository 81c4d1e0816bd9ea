package access

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// below holds the prefix that a request was made under.
type below struct{}

// prefixOf is the path that a proxy serves the program under, without a slash at its end; "" for none.
func prefixOf(r *http.Request) string {
	prefix, _ := r.Context().Value(below{}).(string)
	return prefix
}

// Below serves a handler under a prefix too: the config's, else what a trusted proxy says in X-Forwarded-Prefix.
// Whether the proxy takes the prefix off the path or leaves it makes no difference. Cookies and redirects have it.
func (a *Access) Below(prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		under := prefix
		if under == "" && a.isTrusted(peerOf(r)) {
			if said := strings.TrimSuffix(r.Header.Get("X-Forwarded-Prefix"), "/"); PlainPrefix(said) {
				under = said
			}
		}
		if under == "" {
			next.ServeHTTP(w, r)
			return
		}
		if r.URL.Path == under {
			http.Redirect(w, r, under+"/", http.StatusPermanentRedirect) //nolint:gosec // G710: it is the path that was asked for
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), below{}, under))
		if path, ok := strings.CutPrefix(r.URL.Path, under); ok && strings.HasPrefix(path, "/") {
			at := new(url.URL)
			*at = *r.URL
			at.Path, at.RawPath = path, strings.TrimPrefix(r.URL.RawPath, under)
			r.URL = at
		}
		next.ServeHTTP(w, r)
	})
}

// PlainPrefix reports that s can stand in a cookie's path and before a path: /pulse, /apps/pulse.
func PlainPrefix(s string) bool {
	if len(s) < 2 || len(s) > 128 || s[0] != '/' || s[len(s)-1] == '/' || strings.Contains(s, "//") || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/", r)
	})
}

package access

import (
	"net/http"
)

// Require lets through who has one of the roles, or with no role named any identity; but nobody who is
// limited to some routers or channels. Others get 401 or 403 with the reason. A request that may change something and that is known by a cookie only must
// come from our own pages.
func (a *Access) Require(roles ...string) func(http.Handler) http.Handler {
	rule := Authenticated()
	if len(roles) > 0 {
		rule = ForRoles(roles...)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, p := a.Permit(r, rule)
			if p == nil && id.Narrowed() {
				p = &Problem{Status: http.StatusForbidden, Detail: "this shows everything, and " + id.User + " is limited to some routers or channels", User: id.User}
			}
			if p != nil {
				a.Deny(r, p)
				p.Write(w)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Permit tells who asks, or why they may not. A request that is known by a cookie only must come from
// our own pages.
func (a *Access) Permit(r *http.Request, rule Rule) (Identity, *Problem) {
	id, err := a.Identify(r)
	if ok, why := rule.Allows(id); !ok {
		if id.Anonymous() {
			return Identity{}, Unauthorized("this needs an identity", err)
		}
		return Identity{}, &Problem{Status: http.StatusForbidden, Detail: "this " + why, User: id.User}
	}
	if p := a.SameSite(r); p != nil {
		return Identity{}, p
	}
	return id, nil
}

// SameSite refuses a request that another site's page makes with what the browser sends by itself.
func (a *Access) SameSite(r *http.Request) *Problem {
	if r.Header.Get("Authorization") != "" || fromGuest(r) {
		return nil
	}
	return a.ownPage(r)
}

// ownPage refuses a request that another site makes in the name of a logged-in browser.
func (a *Access) ownPage(r *http.Request) *Problem {
	if err := a.origin.Check(r); err != nil {
		return &Problem{Status: http.StatusForbidden, Detail: "this request comes from another site's page: send Authorization: Bearer <token> instead of a cookie"}
	}
	return nil
}

package access

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// maxLoginBody bounds the body of a login.
const maxLoginBody = 4 << 10

// Login answers POST: a static token, in the Authorization header or as {"token": "…"}, or a user and a
// password, become a session cookie that scripts cannot read. Who fails often has to wait.
func (a *Access) Login() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			notAllowed(w, http.MethodPost)
			return
		}
		if p := a.ownPage(r); p != nil {
			p.Write(w)
			return
		}
		id, p := a.login(w, r)
		if p != nil {
			a.Deny(r, p)
			p.Write(w)
			return
		}
		a.setCookie(w, r, a.sessions.start(id, a.now()))
		writeJSON(w, map[string]any{"user": id.User, "roles": nonNil(id.Roles)})
	})
}

// loginForm is the body of a login.
type loginForm struct {
	Token    string `json:"token"`
	User     string `json:"user"`
	Password string `json:"password"`
}

func (a *Access) login(w http.ResponseWriter, r *http.Request) (Identity, *Problem) {
	form, p := readLogin(w, r)
	if p != nil {
		return Identity{}, p
	}
	from := a.Address(r)
	if wait := a.throttle.begin(from, form.User, a.now()); wait > 0 {
		return Identity{}, &Problem{Status: http.StatusTooManyRequests, RetryAfter: wait, Detail: "too many logins failed: wait a little"}
	}
	id, err := a.byForm(r.Context(), form)
	if err != nil {
		return Identity{}, &Problem{Status: http.StatusUnauthorized, Detail: err.Error(), Challenge: Challenge(err)}
	}
	a.throttle.undo(from, form.User, a.now())
	return id, nil
}

func (a *Access) byForm(ctx context.Context, form loginForm) (Identity, error) {
	if form.User != "" {
		return a.byPassword(ctx, form.User, form.Password)
	}
	return a.byToken(form.Token)
}

func readLogin(w http.ResponseWriter, r *http.Request) (form loginForm, p *Problem) {
	refuse := func(err error) (loginForm, *Problem) {
		return loginForm{}, &Problem{Status: http.StatusUnauthorized, Detail: err.Error(), Challenge: Challenge(err)}
	}
	if InURL(r) {
		return refuse(ErrTokenInURL)
	}
	var err error
	if form.Token, err = bearer(r.Header); err != nil {
		return refuse(err)
	}
	if form.Token != "" {
		return form, nil
	}
	body, p := ReadBody(w, r, maxLoginBody)
	if p != nil {
		return loginForm{}, p
	}
	if json.Unmarshal(body, &form) != nil || len(form.User) > 64 {
		return refuse(errors.New(`the body is not of the form {"token": "…"} or {"user": "…", "password": "…"}`))
	}
	return form, nil
}

// LoginLink answers GET …?code=: a code of NewLoginCode becomes a session cookie, and the browser is
// sent to next. A code that is used up sends a browser to next?login=expired; others get 401.
func (a *Access) LoginLink(next string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			notAllowed(w, http.MethodGet)
			return
		}
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		id, ok := a.codes.redeem(r.URL.Query().Get("code"), a.now())
		if !ok && strings.Contains(r.Header.Get("Accept"), "text/html") {
			http.Redirect(w, r, prefixOf(r)+next+"?login=expired", http.StatusSeeOther) //nolint:gosec // G710: the prefix is a checked path; the page says it better
			return
		}
		if !ok {
			(&Problem{Status: http.StatusUnauthorized, Challenge: Challenge(ErrInvalidToken),
				Detail: "this login link is used up or too old: it works once and for ten minutes; the program prints a new one when it starts"}).Write(w)
			return
		}
		a.setCookie(w, r, a.sessions.start(id, a.now()))
		http.Redirect(w, r, prefixOf(r)+next, http.StatusSeeOther) //nolint:gosec // G710: the prefix is a checked path
	})
}

// Logout answers POST: the session ends, and with it every stream that was opened with it.
func (a *Access) Logout() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			notAllowed(w, http.MethodPost)
			return
		}
		if p := a.ownPage(r); p != nil {
			p.Write(w)
			return
		}
		if c, err := r.Cookie(cookieName); err == nil {
			a.sessions.end(c.Value, a.now())
		}
		a.setCookie(w, r, "")
		w.WriteHeader(http.StatusNoContent)
	})
}

// setCookie gives the browser the secret of its session; an empty one takes it away.
func (a *Access) setCookie(w http.ResponseWriter, r *http.Request, secret string) {
	c := &http.Cookie{Name: cookieName, Value: secret, Path: prefixOf(r) + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // Secure follows
	c.Secure = a.secure(r)                                                                                                      // plain HTTP on loopback would not send it back
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func notAllowed(w http.ResponseWriter, method string) {
	w.Header().Set("Allow", method)
	(&Problem{Status: http.StatusMethodNotAllowed, Detail: "use " + method + " here"}).Write(w)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody is left to tell
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

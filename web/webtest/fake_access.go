package webtest

import (
	"encoding/json"
	"net/http"
	"slices"
)

const needsLogin = "this channel needs a login"

func (f *Fake) serveMe(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	me := Row{"user": "", "roles": []string{}}
	if f.session {
		me["user"], me["roles"] = "noc", []string{"viewer"}
	}
	var channels []Row
	for _, c := range f.channels {
		row := Row{"name": c.Name, "topics": c.Topics, "allowed": f.allowed(c)}
		if !f.allowed(c) {
			row["reason"] = needsLogin
		}
		channels = append(channels, row)
	}
	me["channels"] = channels
	writeJSON(w, http.StatusOK, me)
}

func (f *Fake) allowed(c Channel) bool { return f.session || !c.Private && f.refusal == "" }

func (f *Fake) serveLogin(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Token != Token {
		writeJSON(w, http.StatusUnauthorized, Row{"title": "Unauthorized", "detail": "this token is not known here"})
		return
	}
	f.mu.Lock()
	f.session, f.refusal = true, ""
	f.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (f *Fake) serveLogout(w http.ResponseWriter, _ *http.Request) {
	f.Login(false)
	w.WriteHeader(http.StatusNoContent)
}

func (f *Fake) serveCheck(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	status, why := f.decide(r)
	writeJSON(w, status, Row{"detail": why})
}

// decide is the answer to a request for a stream.
func (f *Fake) decide(r *http.Request) (status int, why string) {
	if f.refusal != "" && !f.session {
		return http.StatusUnauthorized, f.refusal
	}
	for _, name := range r.URL.Query()["channel"] {
		i := slices.IndexFunc(f.channels, func(c Channel) bool { return c.Name == name })
		if i < 0 {
			return http.StatusNotFound, "there is no channel " + name
		}
		if !f.allowed(f.channels[i]) {
			return http.StatusUnauthorized, name + ": " + needsLogin
		}
	}
	return http.StatusOK, ""
}

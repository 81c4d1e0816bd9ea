package web

import (
	"encoding/json"
	"net/http"
)

// Problem is an error as RFC 9457 writes it.
type Problem struct {
	Title  string `json:"title"`            // the status in words
	Status int    `json:"status"`           // the HTTP status
	Detail string `json:"detail,omitempty"` // what happened and what to do about it, for people
}

// WriteProblem answers with an error. detail is shown to the user: no secret and no internals in it.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(Problem{Title: http.StatusText(status), Status: status, Detail: detail})
	if err != nil { // strings and an int always encode
		body = []byte("{}")
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client went away: nobody is left to be told
}

package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Devices is what the JSON API reports on. Both methods are called for every request and must not block.
type Devices interface {
	Devices() []Device
	Device(name string) (Device, bool)
}

// Device is one device as the configuration and the last polls describe it.
type Device struct {
	Name     string            `json:"name"`
	Address  string            `json:"address"`
	Tags     map[string]string `json:"tags,omitempty"`
	State    string            `json:"state"`              // as in the table router_status
	Reason   string            `json:"reason,omitempty"`   // why, for people
	Since    time.Time         `json:"since,omitzero"`     // when it entered the state
	LastGood time.Time         `json:"last_good,omitzero"` // of the live lane
	Identity string            `json:"identity,omitempty"`
	Model    string            `json:"model,omitempty"`
	Version  string            `json:"version,omitempty"`
	Lanes    []Lane            `json:"lanes,omitempty"`
	// Sources is the protocol that each table came from last, SourceSwitches how often one changed
	// since the start. A list of devices leaves both out.
	Sources        map[string]string `json:"sources,omitempty"`
	SourceSwitches int               `json:"source_switches,omitempty"`
}

// Lane is one poll job of a device.
type Lane struct {
	Name          string    `json:"name"`
	PeriodSeconds float64   `json:"period_seconds"`
	LastGood      time.Time `json:"last_good,omitzero"`
	Error         string    `json:"error,omitempty"` // of the last poll, for people
}

// Rights says what the sender of a request may see.
type Rights interface {
	// Visible returns a filter over devices, by name and tags. ErrNoIdentity (401) and ErrForbidden
	// (403), wrapped or bare, are answered with the error's text as the reason.
	Visible(r *http.Request) (func(name string, tags map[string]string) bool, error)
}

// Why a request may not see anything, to be asked with errors.Is.
var (
	// ErrNoIdentity: nobody, or a token that is not or no longer valid.
	ErrNoIdentity = errors.New("a login or a token is needed")
	// ErrForbidden: somebody who may not.
	ErrForbidden = errors.New("your rights do not include this")
)

func (w *Web) listDevices(rw http.ResponseWriter, r *http.Request) {
	visible, ok := w.visible(rw, r)
	if !ok {
		return
	}
	list := make([]Device, 0)
	for _, d := range w.devices.Devices() {
		if visible(d.Name, d.Tags) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Device) int { return strings.Compare(a.Name, b.Name) })
	writeJSON(rw, struct {
		Devices []Device `json:"devices"`
	}{list})
}

// oneDevice answers alike for a device that is not there and one that may not be seen.
func (w *Web) oneDevice(rw http.ResponseWriter, r *http.Request) {
	visible, ok := w.visible(rw, r)
	if !ok {
		return
	}
	d, found := w.devices.Device(r.PathValue("name"))
	if !found || !visible(d.Name, d.Tags) {
		WriteProblem(rw, http.StatusNotFound, "there is no device of this name that you may see")
		return
	}
	writeJSON(rw, d)
}

// visible returns the filter of a request, or has answered it.
func (w *Web) visible(rw http.ResponseWriter, r *http.Request) (func(string, map[string]string) bool, bool) {
	if w.cfg.LoopbackRead && FromLoopback(r) {
		return func(string, map[string]string) bool { return true }, true
	}
	visible, err := w.rights.Visible(r)
	switch {
	case err == nil:
		return visible, true
	case errors.Is(err, ErrForbidden):
		WriteProblem(rw, http.StatusForbidden, err.Error())
	case errors.Is(err, ErrNoIdentity):
		rw.Header().Set("WWW-Authenticate", `Bearer realm="routerpulse"`)
		WriteProblem(rw, http.StatusUnauthorized, err.Error())
	default:
		w.log.Error("rights of a request cannot be told", "err", err)
		WriteProblem(rw, http.StatusInternalServerError, "who you are could not be found out; the log has the reason")
	}
	return nil, false
}

func writeJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		WriteProblem(w, http.StatusInternalServerError, "the answer could not be written as JSON")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(append(body, '\n')) // the client went away: nobody is left to be told
}

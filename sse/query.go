package sse

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/sse/access"
)

// Bounds of what one request may ask for.
const (
	maxChannels  = 64
	maxFilters   = 1000
	maxHistory   = 1000
	narrowAbove  = 50 // routers, from which router.interfaces needs a filter
	queryChannel = "channel"
)

// query is what a request for a stream asks for, after it was found that it may.
type query struct {
	identity access.Identity
	key      string // of the view
	channels []*channel
	parts    []part
	app      bool
	history  int
	last     string            // the cursor
	denied   map[string]string // with partial=1: channel to why
}

// admit decides on a request for a stream. It takes no account of the limits.
func (h *Hub) admit(r *http.Request) (*query, *access.Problem) {
	if access.InURL(r) || r.URL.Query().Has("ticket") {
		return nil, access.Unauthorized("", access.ErrTokenInURL)
	}
	values := r.URL.Query()
	names := distinct(values[queryChannel])
	routers, groups := distinct(values["router"]), distinct(values["group"])
	f, bad := newFilter(routers, groups)
	q := &query{app: values.Get("names") == "app", last: r.Header.Get("Last-Event-ID")}
	if q.last == "" {
		q.last = values.Get("last_event_id")
	}
	var err error
	if v := values.Get("history"); v != "" {
		if q.history, err = strconv.Atoi(v); err != nil || q.history < 0 {
			return nil, badRequest("history is %q: it is how many past events you want, 0 to %d", v, maxHistory)
		}
		q.history = min(q.history, maxHistory)
	}
	switch {
	case len(names) == 0:
		return nil, badRequest("no channel was asked for: add ?channel=NAME; /v1/me lists them")
	case len(names) > maxChannels:
		return nil, badRequest("%d channels in one stream are too many: at most %d", len(names), maxChannels)
	case len(routers)+len(groups) > maxFilters:
		return nil, badRequest("%d routers and groups in one stream are too many: at most %d", len(routers)+len(groups), maxFilters)
	case bad != "":
		return nil, badRequest("group is %q: it has the form tag:value, as in group=site:nairobi", bad)
	}
	allowed, p := h.permit(r, q, names, values.Get("partial") == "1")
	if p != nil {
		return nil, p
	}
	for _, w := range allowed {
		for _, c := range w.channel.carries {
			if c.topic.narrow && w.router == "" && f == nil && h.fleetIsLarge() {
				return nil, badRequest("channel %s carries %s, which above %d routers needs a filter: add &router=NAME or &group=TAG:VALUE", w.name, c.topic.Name, narrowAbove)
			}
			q.parts = append(q.parts, part{carry: c.named(w.name), router: w.router, filter: f, rights: q.identity.Routers})
		}
	}
	open := make([]string, len(allowed))
	for i, w := range allowed {
		open[i] = fmt.Sprintf("%s#%s", w.name, w.channel.form) // two forms of a channel are two views
		q.channels = append(q.channels, w.channel)
	}
	q.key = viewKey(open, routers, groups, q.identity.Routers.String(), q.app)
	return q, nil
}

// wanted is a channel that was asked for by name.
type wanted struct {
	name    string
	channel *channel
	router  string
}

// permit finds the channels and checks the rights. With partial, those that are not allowed are only
// noted, unless none is left.
func (h *Hub) permit(r *http.Request, q *query, names []string, partial bool) ([]wanted, *access.Problem) {
	var allowed []wanted
	var unknown, foreign, needy []string
	var why []string
	id, cause := h.access.Identify(r)
	q.identity = id
	q.denied = map[string]string{}
	ask := id.Anonymous() && h.access.ByChannel()
	channels := h.channels.Load()
	for _, name := range names {
		ch, router := channels.resolve(name)
		if ch == nil {
			unknown = append(unknown, name)
			q.denied[name] = "there is no such channel"
			continue
		}
		ok, reason := ch.rule.AllowsChannel(id, name)
		if ok && router != "" && !h.seesRouter(id, router) {
			ok, reason = false, "is not among the routers of "+id.User
		}
		refused := false // by the application that decides
		if !ok && ask {
			granted, err := h.access.Permission(r, name)
			q.identity, ok = q.identity.Join(granted), !granted.Anonymous()
			if refused = errors.Is(err, access.ErrNotAllowed); refused {
				reason = "is not for you: " + err.Error()
			} else if err != nil {
				cause = err
			}
		}
		switch {
		case ok:
			allowed = append(allowed, wanted{name, ch, router})
			continue
		case id.Anonymous() && !refused:
			needy = append(needy, name)
			q.denied[name] = access.Unauthorized("channel "+name+" needs an identity", cause).Detail
			continue
		}
		foreign = append(foreign, name)
		why = append(why, "channel "+name+" "+reason)
		q.denied[name] = reason
	}
	switch {
	case len(q.denied) == 0 || partial && len(allowed) > 0:
		return allowed, nil
	case len(needy) > 0:
		p := access.Unauthorized(subject(needy)+" an identity", cause)
		p.Channels = needy
		if errors.Is(cause, access.ErrLoggedOut) {
			p.Status = http.StatusNoContent
		}
		return nil, p
	case len(foreign) > 0:
		return nil, &access.Problem{Status: http.StatusForbidden, Detail: strings.Join(why, "; "), Channels: foreign}
	}
	return nil, &access.Problem{Status: http.StatusNotFound, Channels: unknown,
		Detail: fmt.Sprintf("there is no channel %s: /v1/me lists them", strings.Join(unknown, ", "))}
}

// seesRouter reports whether an identity may see a router, as it is tagged now.
func (h *Hub) seesRouter(id access.Identity, name string) (ok bool) {
	h.store.Read(func() {
		if d := h.store.Device(name); d != nil {
			ok = id.Routers.Matches(name, d.Tags)
		} else {
			ok = id.Routers.Matches(name, nil)
		}
	})
	return ok
}

// subject is "channel a needs" or "channels a, b need".
func subject(names []string) string {
	if len(names) == 1 {
		return "channel " + names[0] + " needs"
	}
	return "channels " + strings.Join(names, ", ") + " need"
}

func (h *Hub) fleetIsLarge() bool {
	h.in.Lock()
	defer h.in.Unlock()
	return len(h.proj.devices) > narrowAbove
}

func badRequest(format string, args ...any) *access.Problem {
	return &access.Problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
}

// distinct sorts a list and drops what is in it twice or empty, so that equal requests look equal.
func distinct(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// carried lists channel to topic to mode, as hello shows it.
func (q *query) carried() map[string]map[string]string {
	out := map[string]map[string]string{}
	for i := range q.parts {
		p := &q.parts[i]
		if out[p.channel] == nil {
			out[p.channel] = map[string]string{}
		}
		out[p.channel][p.title()] = p.topic.Mode.String()
	}
	return out
}

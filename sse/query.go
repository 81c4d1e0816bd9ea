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
	wanted   []wanted
	scope    scope
	parts    []part
	app      bool
	history  int
	gzip     bool
	last     string            // the cursor
	denied   map[string]string // with partial=1: channel to why
}

// admit decides on a request for a stream. It takes no account of the limits. With a w, a ticket is used
// up.
func (h *Hub) admit(w http.ResponseWriter, r *http.Request) (*query, *access.Problem) {
	if access.InURL(r) {
		return nil, access.Unauthorized("", access.ErrTokenInURL)
	}
	values := r.URL.Query()
	names := distinct(values[queryChannel])
	q := &query{gzip: h.compress.Load() && takesGzip(r), app: values.Get("names") == "app", last: r.Header.Get("Last-Event-ID"),
		scope: scope{distinct(values["router"]), distinct(values["group"]), values.Get("track") == "1"}}
	if q.last == "" {
		q.last = values.Get("last_event_id")
	}
	if p := q.read(values.Get("history"), names); p != nil {
		return nil, p
	}
	id, cause := h.access.IdentifyStream(w, r)
	if p := h.permit(r, q, id, cause, names, values.Get("partial") == "1"); p != nil {
		return nil, p
	}
	if q.scope.all() && h.fleetIsLarge() {
		if p := q.needsFilter(); p != nil {
			return nil, p
		}
	}
	q.aim()
	return q, nil
}

// read checks what a request asks for, whoever it is from.
func (q *query) read(history string, names []string) *access.Problem {
	if history != "" {
		n, err := strconv.Atoi(history)
		if err != nil || n < 0 {
			return badRequest("history is %q: it is how many past events you want, 0 to %d", history, maxHistory)
		}
		q.history = min(n, maxHistory)
	}
	filters := len(q.scope.routers) + len(q.scope.groups)
	_, bad := q.scope.filter()
	switch {
	case len(names) == 0:
		return badRequest("no channel was asked for: add ?channel=NAME; /v1/me lists them")
	case len(names) > maxChannels:
		return badRequest("%d channels in one stream are too many: at most %d", len(names), maxChannels)
	case filters > maxFilters:
		return badRequest("%d routers and groups in one stream are too many: at most %d", filters, maxFilters)
	case bad != "":
		return badRequest("group is %q: it has the form tag:value, as in group=site:nairobi", bad)
	}
	return nil
}

// needsFilter refuses what would be too much of a large fleet.
func (q *query) needsFilter() *access.Problem {
	for _, w := range q.wanted {
		for _, c := range w.channel.carries {
			if c.topic.narrow && w.router == "" {
				return badRequest("channel %s carries %s, which above %d routers needs a filter: add &router=NAME or &group=TAG:VALUE", w.name, c.topic.Name, narrowAbove)
			}
		}
	}
	return nil
}

// aim makes the view of what is asked for.
func (q *query) aim() {
	f, _ := q.scope.filter() // it was read before
	q.parts = nil
	open := make([]string, len(q.wanted))
	for i, w := range q.wanted {
		for _, c := range w.channel.carries {
			q.parts = append(q.parts, part{carry: c.named(w.name), router: w.router, filter: f, rights: q.identity.Routers})
		}
		open[i] = fmt.Sprintf("%s#%s", w.name, w.channel.form) // two forms of a channel are two views
	}
	q.key = viewKey(open, q.scope, q.identity.Routers.String(), q.app)
}

// slim lets go of what is no longer needed once the stream is open, of which there may be many.
func (q *query) slim(v *view) {
	q.parts, q.key = v.parts, v.key // equal, and shared
	q.denied, q.last = nil, ""
}

// wanted is a channel that was asked for by name.
type wanted struct {
	name    string
	channel *channel
	router  string
}

// permit finds the channels and checks the rights of who asks. With partial, those that are not allowed
// are only noted, unless none is left.
func (h *Hub) permit(r *http.Request, q *query, id access.Identity, cause error, names []string, partial bool) *access.Problem {
	q.wanted = nil
	var unknown, foreign, needy []string
	var why []string
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
			q.wanted = append(q.wanted, wanted{name, ch, router})
			continue
		case id.Anonymous() && !refused:
			needy = append(needy, name)
			q.denied[name] = access.Unauthorized("channel "+name+" needs an identity", cause).Detail
			continue
		}
		foreign = append(foreign, name)
		q.denied[name] = "channel " + name + " " + reason
		why = append(why, q.denied[name])
	}
	switch {
	case len(q.denied) == 0 || partial && len(q.wanted) > 0:
		return nil
	case len(needy) > 0:
		p := access.Unauthorized(subject(needy)+" an identity", cause)
		p.Channels, p.User = needy, id.User
		if errors.Is(cause, access.ErrLoggedOut) {
			p.Status = http.StatusNoContent
		}
		return p
	case len(foreign) > 0:
		return &access.Problem{Status: http.StatusForbidden, Detail: strings.Join(why, "; "), Channels: foreign, User: id.User}
	}
	return &access.Problem{Status: http.StatusNotFound, Channels: unknown,
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

// keys lists channel to topic to the fields that rows have in their key, for clients that give rows to pages which
// know no keys. Rows that are not a router's have none.
func (q *query) keys() map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for i := range q.parts {
		p := &q.parts[i]
		fields := p.keyFields()
		if len(fields) == 0 {
			continue
		}
		if out[p.channel] == nil {
			out[p.channel] = map[string][]string{}
		}
		out[p.channel][p.title()] = fields
	}
	return out
}

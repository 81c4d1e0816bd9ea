package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/web"
	"github.com/routerpulse/routerpulse/web/door"
)

// ownFiles are those that the stores, their spools, logs and whoever else needs now and then have open at a time.
const ownFiles = 256

// guard puts the door before the listener: requests and streams leave files for polls and stores.
func (a *app) guard(l net.Listener) *door.Door {
	files := door.Files()
	open, streams := door.Share(files, ownFiles+collectors.Files(len(a.cfg.Collectors.Devices)))
	a.hub.Room(streams)
	if total := a.cfg.Stream.Access.Limits.Total; streams < total {
		a.log.Warn("the limit of open files allows fewer streams than access.limits.total: raise LimitNOFILE in the unit, or ulimit -n",
			"open_files", files, "streams", streams, "total", total)
	}
	return door.New(l, door.Options{Open: open, House: a.hub.Access().Client, Streams: a.hub.PerAddress}, a.reg, a.log)
}

// routes is the one table of HTTP routes, and who may ask.
func (a *app) routes() http.Handler {
	access := a.hub.Access()
	viewer, metrics := access.Require("viewer", "admin"), access.Require("metrics", "admin")
	mux := http.NewServeMux()
	for pattern, h := range a.web.Routes() {
		mux.Handle(pattern, h)
	}
	for pattern, h := range map[string]http.Handler{ // pages of access.origins may use them
		"GET /v1/stream":               a.hub.Stream(),
		"GET /v1/stream/check":         a.hub.Check(),
		"POST /v1/stream/ticket":       a.hub.Ticket(),
		"POST /v1/stream/{conn}/track": a.hub.Track(),
		"POST /v1/stream/{conn}/auth":  a.hub.Renew(),
		"GET /v1/me":                   a.hub.Me(),
		"POST /v1/events":              a.hub.Events(),
		"POST /apps/{id}/events":       a.hub.AppEvents(),
		"POST /apps/{id}/batch_events": a.hub.AppBatch(),
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(pattern, access.Shared(h))
		mux.Handle("OPTIONS "+path, access.Preflight(method))
	}
	mux.Handle("GET /login", access.LoginLink("/"))
	mux.Handle("POST /v1/login", access.Login())
	mux.Handle("POST /v1/logout", access.Logout())
	if store := a.sinks.Embedded(); store != nil {
		mux.Handle("/api/v1/", orLoopback(a.cfg.Web.LoopbackRead, viewer, store.API()))
	}
	mux.Handle("GET /metrics", orLoopback(true, metrics, promhttp.HandlerFor(prometheus.Gatherers{a.reg, a.perDevice}, promhttp.HandlerOpts{})))
	if a.reloads != nil {
		open := func(r *http.Request) bool { return access.NobodyIsKnown() && web.FromLoopback(r) }
		mux.Handle("POST /-/reload", http.NewCrossOriginProtection().Handler(unless(open, access.Require("admin"), a.reloads)))
	}
	for _, name := range []string{"heap", "allocs", "goroutine"} {
		mux.Handle("GET /debug/pprof/"+name, access.Require("admin")(pprof.Handler(name)))
	}
	mux.Handle("GET /debug/pprof/profile", access.Require("admin")(http.HandlerFunc(pprof.Profile)))
	mux.HandleFunc("GET /-/healthy", a.life.healthy)
	mux.HandleFunc("GET /-/ready", a.life.ready)
	return access.Below(a.cfg.Web.Prefix, a.life.gate(mux))
}

func plain(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprint(w, text)
	}
}

// orLoopback lets this machine's own users through where open says so, everybody else by the guard.
func orLoopback(open bool, guard func(http.Handler) http.Handler, h http.Handler) http.Handler {
	return unless(func(r *http.Request) bool { return open && web.FromLoopback(r) }, guard, h)
}

// unless lets through what is open, everybody else by the guard.
func unless(open func(*http.Request) bool, guard func(http.Handler) http.Handler, h http.Handler) http.Handler {
	guarded := guard(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if open(r) {
			h.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

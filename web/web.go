// Package web serves the live page, built from app/ into dist/ and embedded here, and a JSON API about
// the devices. It knows neither the stream nor the collectors: what it needs of them it declares as
// interfaces, and cmd fills them in.
package web

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
)

//go:embed all:dist
var dist embed.FS

// client is the module for pages of others, as npm would have it.
//
//go:embed client/*.js
var client embed.FS

// Web is the page and its API.
type Web struct {
	cfg     Config
	devices Devices
	rights  Rights
	log     *slog.Logger
	page    *page
}

// New prepares the embedded page. It opens nothing.
func New(cfg Config, devices Devices, rights Rights, log *slog.Logger) (*Web, error) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	p, err := newPage(built, client)
	if err != nil {
		return nil, err
	}
	return &Web{cfg: cfg, devices: devices, rights: rights, log: log, page: p}, nil
}

// Routes are the paths it answers, as patterns for http.ServeMux. "/" is the page with its files, and a
// 404 for all that nobody else answers.
func (w *Web) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"/":                      w.page,
		"GET /v1/devices":        http.HandlerFunc(w.listDevices),
		"GET /v1/devices/{name}": http.HandlerFunc(w.oneDevice),
	}
}

// Handler answers all of Routes.
func (w *Web) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range w.Routes() {
		mux.Handle(pattern, h)
	}
	return mux
}

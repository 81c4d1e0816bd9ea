// Command server is RouterPulse's stream alone, for bench/stream: a hub behind net/http, told of changes on
// its standard input. bench/stream/peers does the same with other libraries.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse"
)

// options are the flags.
type options struct {
	listen, folder, cert, key string
	routers, sendBuffer       int
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "where to listen")
	flag.StringVar(&o.folder, "folder", "", "where rows and events are kept; empty: nowhere")
	flag.StringVar(&o.cert, "cert", "", "certificate file; empty: no TLS")
	flag.StringVar(&o.key, "key", "", "key file")
	flag.IntVar(&o.routers, "routers", 1000, "routers")
	flag.IntVar(&o.sendBuffer, "send-buffer", 0, "bytes that the kernel keeps of each connection; 0: as it likes")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until the input ends.
func run(o options) error {
	hub, reg, err := newHub(o)
	if err != nil {
		return err
	}
	routers := newRouters(o.routers)
	for _, batch := range routers.first() {
		hub.Publish(batch)
	}
	server := &http.Server{Handler: handler(hub), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn), // clients that end are no news
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if tcp, plain := c.(*net.TCPConn); plain && o.sendBuffer > 0 {
				_ = tcp.SetWriteBuffer(o.sendBuffer) // it is closed already
			}
			return ctx
		}}
	l, err := listen(o)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- serve(server, l, o) }()
	hub.Open()
	fmt.Println(l.Addr())
	told := obey(os.Stdin, os.Stdout, &publisher{hub: hub, routers: routers, reg: reg})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := hub.Close(ctx); err != nil {
		return err
	}
	if err := server.Close(); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return told
}

// newHub makes a hub that lets everybody in.
func newHub(o options) (*sse.Hub, *prometheus.Registry, error) {
	cfg := sse.DefaultConfig()
	cfg.Access.Limits.PerAddress, cfg.Access.Limits.Total = 1<<20, 1<<20
	reg := prometheus.NewRegistry()
	hub, err := sse.New(cfg, pipeline.NewSchema(), reg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err == nil && o.folder != "" {
		err = hub.Restore(o.folder)
	}
	return hub, reg, err
}

func handler(hub *sse.Hub) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/stream", hub.Stream())
	return mux
}

// listen listens at once, also where a server was a moment ago.
func listen(o options) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(context.Background(), "tcp", o.listen)
}

func serve(s *http.Server, l net.Listener, o options) error {
	if o.cert == "" {
		return s.Serve(l)
	}
	s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	return s.ServeTLS(l, o.cert, o.key)
}

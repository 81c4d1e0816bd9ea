// Command peers is what bench/stream compares with: the same stream served by r3labs/sse or by
// tmaxmax/go-sse. It is a module of its own, so that the product does not depend on what it is compared
// with, and does what the command server beside it does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	r3labs "github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"
)

// peer is a server of streams.
type peer struct {
	handler http.Handler
	publish func(data []byte) error
}

func main() {
	kind := flag.String("kind", "r3labs", "r3labs or go-sse")
	sendBuffer := flag.Int("send-buffer", 0, "bytes that the kernel keeps of each connection; 0: as it likes")
	flag.Parse()
	if err := run(*kind, *sendBuffer); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// run serves until the input ends.
func run(kind string, sendBuffer int) error {
	peers := map[string]func() *peer{"r3labs": newR3labs, "go-sse": newGoSSE}
	if peers[kind] == nil {
		return fmt.Errorf("no peer is called %q", kind)
	}
	p := peers[kind]()
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: p.handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if tcp, plain := c.(*net.TCPConn); plain && sendBuffer > 0 {
				_ = tcp.SetWriteBuffer(sendBuffer) // it is closed already
			}
			return ctx
		}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	fmt.Println(l.Addr())
	told := obey(os.Stdin, os.Stdout, p.publish)
	if err := server.Close(); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return told
}

// newR3labs keeps no events for those who come later: it would keep all of them for ever.
func newR3labs() *peer {
	const stream = "public-routers"
	s := r3labs.New()
	s.AutoReplay = false
	s.CreateStream(stream)
	return &peer{s, func(data []byte) error {
		s.Publish(stream, &r3labs.Event{Event: []byte("delta"), Data: data})
		return nil
	}}
}

// newGoSSE sends the header at once: by itself it would with the first event, and who waits for it could
// not tell a stream from a server that hangs.
func newGoSSE() *peer {
	s := &gosse.Server{OnSession: func(w http.ResponseWriter, _ *http.Request) (topics []string, ok bool) {
		w.Header().Set("Content-Type", "text/event-stream")
		return []string{gosse.DefaultTopic}, http.NewResponseController(w).Flush() == nil
	}}
	return &peer{s, func(data []byte) error {
		m := &gosse.Message{Type: gosse.Type("delta")}
		m.AppendData(string(data))
		return s.Publish(m)
	}}
}

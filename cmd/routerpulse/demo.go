package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	listen, data string
	routers      int
	seed         uint64
	every        time.Duration
	verbose      bool
}

func newDemo(io streams) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: "See it with simulated routers: no config, no database, no router needed", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.routers < 1 || o.routers > 10000 {
				return usageError{fmt.Errorf("--routers %d: 1 to 10000", o.routers)}
			}
			if o.every < time.Second {
				return usageError{fmt.Errorf("--every %s: at least 1s", o.every)}
			}
			return demo(cmd.Context(), o, io)
		}}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address of the web server, HOST:PORT")
	f.StringVar(&o.data, "data", "", "folder to keep history in (default a temporary one, removed at exit)")
	f.IntVar(&o.routers, "routers", 25, "how many routers")
	f.Uint64Var(&o.seed, "seed", 1, "the same seed gives the same fleet")
	f.DurationVar(&o.every, "every", 5*time.Second, "how often routers are polled")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log what happens, not only what goes wrong")
	return cmd
}

// demo is the real program with a generated config: simulated routers, real protocols.
func demo(ctx context.Context, o demoOptions, io streams) (err error) {
	level := "error"
	if o.verbose {
		level = "info"
	}
	log, _ := newLogger(LogConfig{Level: level, Format: "logfmt"}, io.err)
	dir, cleanup, err := demoFolder(o.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cleanup()) }()
	sim := simulator.Options{Routers: o.routers, Seed: o.seed, Community: "public", User: "telemetry", Password: "telemetry", Logger: log}
	fleet := simulator.New(sim)
	if err := fleet.Open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close()) }()
	return demoServe(ctx, fleet, sim, o, dir, log, io)
}

func demoServe(ctx context.Context, fleet *simulator.Fleet, sim simulator.Options, o demoOptions, dir string, log *slog.Logger, io streams) error {
	text, err := demoYAML(fleet, sim, o.every)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "demo.yaml") // never the name of a config that is not ours
	if err := writeNew(file, text, true); err != nil {
		return err
	}
	cfg := DefaultConfig()
	if err := configs.Load(file, &cfg); err != nil {
		return fmt.Errorf("the generated config is wrong, which is a bug of ours: %w", err)
	}
	cfg.Web.Listen = o.listen
	cfg.Data = dir
	storeUnder(&cfg.Storage, dir)
	var wrong []error
	cfg.Validate(configs.NewReport(func(_, message, hint string) { wrong = append(wrong, usageError{fmt.Errorf("%s (%s)", message, hint)}) }))
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	app, err := build(cfg, prometheus.NewRegistry(), log)
	if err != nil {
		return err
	}
	return app.run(ctx, func() { greet(io, app, fleet, o, dir) })
}

// demoYAML is the whole config: what never changes, and the fleet.
func demoYAML(fleet *simulator.Fleet, sim simulator.Options, every time.Duration) ([]byte, error) {
	b := bytes.NewBuffer(configs.Demo())
	fmt.Fprintf(b, "\nlanes: { live: %s, status: %s, sessions: %s }\n\n", configs.Duration(every), configs.Duration(min(4*every, time.Minute)), configs.Duration(2*every))
	err := writeFleetConfig(b, fleet, sim)
	return b.Bytes(), err
}

// demoFolder is the given folder, or a temporary one that cleanup removes.
func demoFolder(given string) (dir string, cleanup func() error, err error) {
	if given != "" {
		return given, func() error { return nil }, os.MkdirAll(given, 0o700)
	}
	dir, err = os.MkdirTemp("", "routerpulse-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

func greet(io streams, a *app, fleet *simulator.Fleet, o demoOptions, dir string) {
	kept := "removed at exit; keep it with --data DIR"
	if o.data != "" {
		kept = "kept"
	}
	code := a.hub.Access().NewLoginCode(access.Identity{User: "demo", Roles: []string{"viewer", "admin"}})
	first := fleet.Routers()[0]
	page := a.pageURL()
	fmt.Fprintf(io.out, `RouterPulse demo: %d simulated routers on loopback, read every %s
  SNMP v2c      udp %d, addresses %s to %s
  RouterOS API  tcp %d with TLS, %d without
  data          %s (%s), with the config in demo.yaml

  page          %s
  log in        %slogin?code=%s   (works once, within 10 minutes)

Try also:
  curl -N '%sv1/stream?channel=public-routers'
  %s tail public-routers --url %s
  %s probe %s --snmp-port %d --community public

Ctrl-C ends it.
`, o.routers, o.every, fleet.SNMPPort(), first.Address(), fleet.Routers()[len(fleet.Routers())-1].Address(), fleet.APITLSPort(), fleet.APIPort(),
		dir, kept, page, page, code, page, self(), page, self(), first.Address(), fleet.SNMPPort())
}

// self is how whoever started the program can start it again.
func self() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./cmd/routerpulse"
	}
	return os.Args[0]
}
